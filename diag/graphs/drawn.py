"""A view as the common ``Graph``, for whatever draws or walks one: GE's operations with their values.

What holds constants is left out, as initializers are no nodes of an ONNX graph; what hands tensors in and out becomes
the graph's inputs and outputs. A value is called ``operation:index``, as GE's own references are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from diag.formats.compiled import CONSTANTS, INPUTS, OUTPUTS
from diag.graphs.view import View
from diag.types.ge import GeOp
from diag.types.graph import Graph, Node
from diag.types.tensor import TensorInfo

PLACE = "place"
"""Key of ``Node.info``: the original node's name where it tells the scope better than the node's own."""


class _Values(Mapping[str, TensorInfo]):
    """What each operation's outputs are, read when they are asked for."""

    def __init__(self, ops: Sequence[GeOp]) -> None:
        self._ops = {op.name: op for op in ops}

    def __getitem__(self, value: str) -> TensorInfo:
        name, _, index = value.rpartition(":")
        tensors = self._ops[name].sketch.outputs
        if not index.isdecimal() or int(index) >= len(tensors):
            raise KeyError(value)
        found = tensors[int(index)]
        return TensorInfo(value, found.dtype, tuple(d if d >= 0 else None for d in found.shape))

    def __iter__(self) -> Iterator[str]:
        return (f"{name}:{i}" for name, op in self._ops.items() for i in range(len(op.sketch.outputs)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def drawn(view: View, which: int = 0, path: Path | None = None) -> Graph:
    """One graph of a view, the main one first. Raises FormatError where the file is damaged in what is drawn."""
    first = sum(count for _, count in view.graphs[:which])
    name, count = view.graphs[which] if view.graphs else (view.name, 0)
    nodes = view.nodes[first:first + count]
    whole = nodes[0].graph if nodes else None
    if whole is not None:
        return whole
    return _of_ops([n.source for n in nodes if isinstance(n.source, GeOp)], name or view.name, view.format, path)


def _of_ops(ops: Sequence[GeOp], name: str, kind: str, path: Path | None) -> Graph:
    used: dict[str, int] = {}
    for op in ops:
        for source, index in op.inputs:
            used[source] = max(used.get(source, 0), index)
    constants = {op.name for op in ops if op.type in CONSTANTS}
    given = [op for op in ops if op.type in INPUTS]
    taken = [op for op in ops if op.type == OUTPUTS]
    ends = {op.name for op in (*given, *taken)}
    ends_of = [(f"{source}:{index}", source) for op in taken for source, index in op.inputs if source]
    nodes = tuple(_node(op, used.get(op.name, 0)) for op in ops if op.name not in constants and op.name not in ends)
    values = _Values(ops)
    return Graph(name, kind, path, tuple(_info(values, f"{op.name}:0") for op in given),
                 tuple(_info(values, value) for value, _ in ends_of), nodes, values=values,
                 output_names=tuple(source for _, source in ends_of), input_names=tuple(op.name for op in given))


def _node(op: GeOp, last: int) -> Node:
    originals = op.originals
    info = {PLACE: originals[0]} if originals and originals[0] != op.name else {}
    return Node(op.name, op.type, tuple(f"{source}:{index}" if source else "" for source, index in op.inputs),
                tuple(f"{op.name}:{i}" for i in range(last + 1)), info=info)


def _info(values: _Values, value: str) -> TensorInfo:
    return values.get(value) or TensorInfo(value)
