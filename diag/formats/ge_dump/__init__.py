"""Graphs that Huawei's compiler (GE) wrote down as text: ``ge_proto_*.txt`` and ``ge_onnx_*.pbtxt``.

``read(path)`` gives a GeModel (``diag.types.ge``), ``dumps_in(folder)`` the files of a folder in their order.
"""

from diag.formats.ge_dump.reader import Dump, dumps_in, read, read_strictly, sniff
from diag.formats.ge_dump.stages import StageName

__all__ = ["Dump", "StageName", "dumps_in", "read", "read_strictly", "sniff"]
