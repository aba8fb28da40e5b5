"""The reference runtime: a MindIR graph lowered to ONNX, op by op, in one table, and run by onnxruntime.

It computes what the file says, exactly: attributes that the converter lost are lost here too, mistakes of a runtime
are not repeated.
"""

from diag.runtimes.reference.program import lower
from diag.runtimes.reference.runtime import Reference

__all__ = ["Reference", "lower"]
