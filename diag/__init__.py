"""Ascend Diag, the headless half. A map of the rooms; imports run from the last to the first.

errors cancel events   what goes wrong, how to stop, what long work says
types                  facts, frozen: dtype tensor graph metrics layer finding comparison
formats                foreign bytes to types, nothing is executed: onnx mindir …
workspace              run folders, golden cache, settings files
runtimes               what can run a model: onnxruntime, reference, and workers in another Python
compare                who answers whom, how far apart, whose fault
logs                   log grammar, error codes, cause before consequence
rules                  findings, and their words in English and Chinese
report                 console, JSON, CSV, HTML
cli                    one file per command
"""

__version__ = "0.1.0"
