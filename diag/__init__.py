"""Ascend Diag, the headless half. A map of the rooms; a room imports only from those above it.

errors cancel events   what goes wrong, how to stop, what long work says
types                  facts, frozen: dtype tensor graph metrics layer finding comparison
formats                foreign bytes to types, nothing is executed: onnx mindir om ge_dump tensor_dump
workspace              run folders, caches by content, facts to JSON and back
runtimes               what can run a model: onnxruntime, reference, and workers in another Python; conformance
graphs                 what a compiler did: two graphs, a compilation pass by pass, a node's life
compare logs           who answers whom, how far apart, whose fault, why; recorded: an NPU's tensors · logs, cause first
perf                   how fast, how sure, what changed: samples, intervals, ratios, hotspots
rewrites lint          ONNX said in other operators, proved · before a conversion: what will fail or be wrong
rules precision        findings with their words in English and Chinese · what narrower types do to values
pipeline               several models in a row: which of them is at fault
tools                  external programs, command in, output read: converter benchmark aoe, profiles of every profiler
report                 console, JSON, CSV, HTML
jobs                   long work in a process of its own
cli                    one file per command
"""

__version__ = "0.1.0"
