"""MindIR files that are a compiled Ascend model (OM) in disguise."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from diag.formats.mindir.tensors import OM_MAGIC
from diag.types.dtype import DType
from diag.types.graph import Graph, Node
from diag.types.tensor import Span, TensorInfo, Weight


def recognise(graph: Graph) -> Graph:
    """The graph itself, or, if a parameter is an OM, with the note and ``metadata["om"]`` that say so.

    ``metadata["om"]`` is "<value> <offset> <length>"; the offset is -1 where the bytes are not at a place in a file
    because it was encrypted: then they are the weight's own. Output shapes that the file leaves open come from the
    ``outputs_shape`` of the node that holds the OM.
    """
    weight = next((w for w in graph.weights.values() if _is_om(w)), None)
    if weight is None:
        return graph
    place = (weight.data.offset, weight.data.length) if isinstance(weight.data, Span) else (-1, len(weight.data))
    note = ("The whole model is compiled for Ascend: it is one node that holds an OM, and the original nodes are not "
            "in this file. Read the OM, or the graph dumps of its compilation, for their names.")
    holder = next((n for n in graph.nodes if weight.name in n.inputs), None)
    shapes = _outputs_shape(holder) if holder is not None else []
    values = dict(graph.values)
    for value, shape in zip(holder.outputs if holder is not None else (), shapes, strict=False):
        values[value] = TensorInfo(value, graph.info(value).dtype, shape)
    outputs = tuple(replace(o, shape=values[o.name].shape) if o.name in values and o.shape is None else o
                    for o in graph.outputs)
    metadata = {**graph.metadata, "om": f"{weight.name} {place[0]} {place[1]}"}
    return replace(graph, outputs=outputs, values=MappingProxyType(values), metadata=MappingProxyType(metadata),
                   notes=(*graph.notes, note))


def _is_om(weight: Weight) -> bool:
    if weight.dtype is not DType.UINT8 or len(weight.shape) != 1 or weight.problem:
        return False
    if isinstance(weight.data, bytes):
        return weight.data.startswith(OM_MAGIC)
    try:
        with weight.data.path.open("rb") as file:
            file.seek(weight.data.offset)
            return file.read(len(OM_MAGIC)) == OM_MAGIC
    except OSError:
        return False


def _outputs_shape(node: Node) -> list[tuple[int, ...]]:
    """The shapes in ``attr``, a flat list of keys and their bytes; "2,1,10," is one output of two dimensions."""
    flat = node.attributes.get("attr")
    if not isinstance(flat, tuple):
        return []
    pairs = {key: value for key, value in zip(flat[::2], flat[1::2], strict=False) if isinstance(key, str)}
    codes = pairs.get("outputs_shape", ())
    text = "".join(chr(c) for c in codes if isinstance(c, int) and 0 < c < 128) if isinstance(codes, tuple) else ""
    numbers = [int(n) for n in text.split(",") if n.strip().isdigit()]
    shapes, at = [], 0
    while at < len(numbers) and at + 1 + numbers[at] <= len(numbers):
        shapes.append(tuple(numbers[at + 1:at + 1 + numbers[at]]))
        at += 1 + numbers[at]
    return shapes
