"""Reader of ONNX models: the whole graph, large weights left in the file."""

from diag.formats.onnx.infer import infer
from diag.formats.onnx.reader import ONNX, OnnxFile, load

__all__ = ["ONNX", "OnnxFile", "infer", "load"]
