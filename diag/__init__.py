"""Ascend Diag, the headless half. A map of the rooms; a room imports only from those above it.

errors cancel events   what goes wrong, how to stop, what long work says; telling: errors in the reader's language;
machine                what made a result
types                  facts, frozen: dtype tensor graph metrics layer finding comparison …
formats                foreign bytes to types, nothing is executed: onnx mindir om ge_dump tensor_dump
workspace              run folders, caches by content, facts to JSON and back
runtimes               what can run a model: onnxruntime, reference, and workers in another Python; conformance
graphs                 what a compiler did: two graphs, a compilation pass by pass, a node's life
compare perf logs      who answers whom, how far apart, whose fault, why; recorded: an NPU's tensors · how fast, how
                       sure: samples, intervals, hotspots · lines of logs, the cause first
rules                  findings with their words in English and Chinese
rewrites               ONNX said in other operators, each proved
precision lint         what narrower types do to values, what to keep wide · before a conversion: what will go wrong
pipeline tools         several models in a row: which is at fault · programs of others, command in, output read:
recording              converter benchmark aoe profiles · what to run on an Ascend server, and what came back
fix                    from the cause to a proven change
report                 console, JSON, CSV, HTML
jobs                   long work in a process of its own
cli                    one file per command
"""

__version__ = "0.1.0"
