"""The compiled model inside a MindIR that was converted with ``ascend_oriented``: bytes of a one-dimensional weight."""

from __future__ import annotations

from pathlib import Path

from diag.formats.cursor import map_file
from diag.formats.om.container import MAGIC
from diag.formats.om.reader import Compiled, parse
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import Span, Weight


def within(graph: Graph) -> list[Compiled]:
    """The compiled models in a MindIR's weights; none for an ordinary one. Raises FormatError where one is damaged."""
    return [_parsed(graph.path or Path(), w) for w in graph.weights.values() if _holds(w)]


def _holds(weight: Weight) -> bool:
    if weight.dtype not in (DType.UINT8, DType.INT8) or len(weight.shape) != 1 or weight.size < len(MAGIC):
        return False
    if isinstance(weight.data, Span):
        with weight.data.path.open("rb") as file:
            file.seek(weight.data.offset)
            return file.read(len(MAGIC)) == MAGIC
    return weight.data[:len(MAGIC)] == MAGIC


def _parsed(path: Path, weight: Weight) -> Compiled:
    if not isinstance(weight.data, Span):
        return parse(weight.data, path)
    span = weight.data
    whole = memoryview(map_file(span.path))
    return parse(whole[span.offset:span.offset + span.length], span.path, span.offset)
