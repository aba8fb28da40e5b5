"""What a rewrite changed, as lines of a difference: one node a line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from diag.formats.onnx.infos import text
from diag.rewrites.model import Model

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Line:
    """``kind``: "-" only before, "+" only after, " " both, "@" a new place; ``text``: the node."""

    kind: str
    text: str


def difference(before: Model, after: Model) -> Iterator[Line]:
    """Only what changed, each place with one unchanged node before and behind it."""
    changed = _changed_weights(before, after)
    old, new = _lines(before, changed), _lines(after, changed)
    for line in difflib.unified_diff(old, new, lineterm="", n=1):
        if line.startswith(("---", "+++")):
            continue
        yield Line("@", "") if line.startswith("@@") else Line(line[0], line[1:])


def _changed_weights(before: Model, after: Model) -> frozenset[str]:
    """Names of weights that both have, with other elements."""
    old = {text(t.name): t for t in before.graph.initializer}
    return frozenset(text(t.name) for t in after.graph.initializer
                     if text(t.name) in old and old[text(t.name)].raw_data != t.raw_data)


def _weight(model: Model, name: str) -> str:
    array = model.constant(name)
    if array is None or not array.size:
        return f"weight {name}"
    return f"weight {name} {array.dtype}{list(array.shape)}, {array.min():.6g} … {array.max():.6g}"


def _lines(model: Model, changed: frozenset[str]) -> list[str]:
    inputs = [f"input {text(i.name)} {_shape(i)}" for i in model.graph.input]
    nodes = [_line(model, node) for node in model.nodes if node.op_type != "Constant"]
    opset = [f"opset {model.opset}"]
    weights = [_weight(model, text(t.name)) for t in model.graph.initializer if text(t.name) in changed]
    return [*opset, *inputs, *weights, *nodes]


def _line(model: Model, node: onnx.NodeProto) -> str:
    attributes = ", ".join(f"{a.name}={_value(a)}" for a in node.attribute)
    reads = ", ".join(_operand(model, text(v)) for v in node.input)
    writes = ", ".join(text(v) for v in node.output)
    return f"{writes} = {text(node.op_type)}({reads})" + (f" {{{attributes}}}" if attributes else "")


def _operand(model: Model, value: str) -> str:
    """The value's name; a scalar or a few integers as their elements."""
    if not value or not model.is_constant(value):
        return value or "-"
    array = model.constant(value)
    if array is None or array.size > _SHOWN or (array.size > 1 and array.dtype.kind != "i"):
        return value
    return np.array2string(array, separator=",", precision=6).replace(" ", "").replace("\n", "")


def _value(attribute: onnx.AttributeProto) -> str:
    if attribute.type == onnx.AttributeProto.TENSOR:
        return f"tensor{list(attribute.t.dims)}"
    if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
        return "graph"
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(list(value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def _shape(info: onnx.ValueInfoProto) -> str:
    sizes = (str(d.dim_value) if d.HasField("dim_value") else text(d.dim_param) or "?"
             for d in info.type.tensor_type.shape.dim)
    return f"[{', '.join(sizes)}]"
