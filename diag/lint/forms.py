"""The form of a node: what a converter and a runtime may treat differently, apart from the data.

``python -m diag.lint.forms`` writes the forms of ONNX's own test cases, which the measured tables are about, into
``resources/conformance``: making the cases anew takes seconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from diag.formats import weights as weight_files
from diag.runtimes.conformance.causes import FOLDER
from diag.types.dtype import DType
from diag.types.graph import AttrValue, Graph, Node
from diag.types.tensor import TensorInfo, Weight

_FILE = "forms-onnx-{version}.json"
_FEW = 16


@dataclass(frozen=True, slots=True)
class Input:
    """One input: whether it is constant, its type and rank ("" and -1: not known or not given), few integers.

    ``single``: a constant of one element, whatever its rank.
    """

    given: bool = False
    constant: bool = False
    dtype: str = ""
    rank: int = -1
    values: tuple[int, ...] = ()
    single: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """``since``: the version of the operator. ``attributes``: as text by name, only what the node says."""

    op: str
    since: int
    attributes: Mapping[str, str]
    inputs: tuple[Input, ...]
    outputs: int


def form_of(node: Node, graph: Graph, infos: Mapping[str, TensorInfo], constants: frozenset[str],
            opset: int) -> Form:
    """The form of a node of a graph. ``constants``: values that do not depend on what the model is given."""
    inputs = [_input(v, graph, infos, constants) for v in node.inputs]
    while inputs and not inputs[-1].given:
        inputs.pop()
    attributes = {n: word(v) for n, v in node.attributes.items() if not isinstance(v, Weight | Graph)}
    return Form(node.op, since(node.op, opset), attributes, tuple(inputs), sum(bool(v) for v in node.outputs))


def _input(value: str, graph: Graph, infos: Mapping[str, TensorInfo], constants: frozenset[str]) -> Input:
    if not value:
        return Input()
    weight = graph.weights.get(value) or constant_of(graph, value)
    if weight is not None:
        return Input(True, True, weight.dtype.value, len(weight.shape), _integers(weight), weight.size == 1)
    info = infos.get(value, TensorInfo(value))
    rank = -1 if info.shape is None else len(info.shape)
    return Input(True, value in constants, "" if info.dtype is DType.UNDEFINED else info.dtype.value, rank)


def constant_of(graph: Graph, value: str) -> Weight | None:
    """The tensor of a Constant node."""
    index = graph.producers.get(value)
    if index is None or graph.nodes[index].op != "Constant":
        return None
    held = graph.nodes[index].attributes.get("value")
    return held if isinstance(held, Weight) else None


def _integers(weight: Weight) -> tuple[int, ...]:
    """The elements of a small tensor of integers: axes, steps and sizes are part of the form."""
    if not weight.dtype.is_integer or weight.size > _FEW or weight.problem or weight.strings:
        return ()
    return tuple(int(v) for v in weight_files.load(weight).reshape(-1))


def word(value: AttrValue) -> str:
    """An attribute as the tables write it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ",".join(word(v) for v in value)
    return str(int(value)) if isinstance(value, bool) else str(value)


@lru_cache(maxsize=4096)
def since(op: str, opset: int) -> int:
    """The version of an operator that a model of this operator set uses; 0 if ONNX does not know it."""
    try:
        return int(onnx.defs.get_schema(op, opset, "").since_version)
    except onnx.defs.SchemaError:
        return 0


def fixed_values(graph: Graph, infos: Mapping[str, TensorInfo]) -> frozenset[str]:
    """Values that do not depend on the inputs' elements: constants, and shapes that are known."""
    fixed = set(graph.weights)
    for node in graph.nodes:
        known = node.op in ("Shape", "Size") and infos.get(
            node.inputs[0], TensorInfo(node.inputs[0])).static_shape is not None if node.inputs else False
        if node.op == "Constant" or known or (node.inputs and not any(node.subgraphs) and not node.op.startswith(
                "Random") and all(v in fixed for v in node.inputs if v)):
            fixed.update(v for v in node.outputs if v)
    return frozenset(fixed)


def shipped(version: str) -> Mapping[str, Form]:
    """The forms of all single-operator cases of a version of onnx, by key; empty if they are not shipped."""
    path = FOLDER / _FILE.format(version=version)
    return _read(path) if path.exists() else {}


@lru_cache(maxsize=2)
def _read(path: Path) -> Mapping[str, Form]:
    rows = json.loads(path.read_text(encoding="utf-8"))["forms"]
    return {row[0]: from_row(row[1:]) for row in rows}


def to_row(form: Form) -> list[Any]:
    """A form as one row of JSON: equal forms have equal rows."""
    return [form.op, form.since, dict(sorted(form.attributes.items())),
            [[int(i.constant), i.dtype, i.rank, list(i.values), int(i.single)] for i in form.inputs], form.outputs]


def from_row(row: Sequence[Any]) -> Form:
    """The form that ``to_row`` wrote."""
    op, version, attributes, inputs, outputs = row
    return Form(op, version, attributes, tuple(Input(True, bool(c), d, r, tuple(v), bool(s)) if d else Input()
                                              for c, d, r, v, s in inputs), outputs)


def measure() -> Iterator[tuple[str, Form]]:
    """The forms of the installed onnx package's cases."""
    from diag.runtimes.conformance.cases import CONSTANT, NODE, load_cases

    for case in load_cases((), (NODE, CONSTANT)):
        graph = case.model.graph
        known = {n: TensorInfo(n, DType.of(a.dtype), a.shape) for n, a in case.inputs}
        held = {t.name: t for t in graph.initializer}
        node = next(n for n in graph.node if n.op_type == case.op)
        inputs = []
        for value in node.input:
            if value in held:
                array = onnx.numpy_helper.to_array(held[value])
                inputs.append(_of_array(array, constant=True))
            elif value in known:
                info = known[value]
                inputs.append(Input(True, False, info.dtype.value, len(info.shape or ())))
            else:
                inputs.append(Input())
        while inputs and not inputs[-1].given:
            inputs.pop()
        attributes = {a.name: word(_attribute(a)) for a in node.attribute
                      if a.type not in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.TENSOR)}
        yield case.key, Form(case.op, since(case.op, case.opset), attributes, tuple(inputs),
                             sum(bool(v) for v in node.output))


def _attribute(proto: onnx.AttributeProto) -> AttrValue:
    value = onnx.helper.get_attribute_value(proto)
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, bytes | str) else value


def _of_array(array: np.ndarray, *, constant: bool) -> Input:
    few = array.dtype.kind in "iu" and array.size <= _FEW
    return Input(True, constant, DType.of(array.dtype).value, array.ndim,
                 tuple(int(v) for v in array.reshape(-1)) if few else (), constant and array.size == 1)


def _main() -> None:
    rows = [json.dumps([key, *to_row(form)], separators=(",", ":")) for key, form in measure()]
    head = f'{{"schema": "diag.forms/1", "onnx": "{onnx.__version__}", "forms": [\n'
    path = FOLDER / _FILE.format(version=onnx.__version__)
    path.write_text(head + ",\n".join(rows) + "\n]}\n", encoding="utf-8")
    sys.stdout.write(f"{len(rows)} forms in {path}\n")


if __name__ == "__main__":
    _main()
