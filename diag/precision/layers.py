"""The layers of a model whose precision can be chosen: what each one computes, moves and holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diag.runtimes.program import Program, Step
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo

MOVES = frozenset({
    "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice", "Gather", "GatherElements",
    "GatherND", "Split", "Concat", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Dropout", "ReverseSequence"})
"""Operators that only move elements: they keep whatever type their input has."""

MULTIPLIES = frozenset({"Conv", "ConvTranspose", "MatMul", "Gemm"})
"""Operators that a device's matrix unit computes."""

_SETTINGS = {"Resize": (1, 2, 3), "Upsample": (1,), "Pad": (1,), "OneHot": (1,), "Range": (0, 1, 2)}
"""Inputs that are settings of the operator, not data: they never leave the host."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One step that writes float32.

    Attributes:
        step: index into ``Program.steps``.
        reads: float32 values that it is given, no weights.
        weights: names of its float32 weights.
        writes: float32 values that it makes.
        moves: it only moves elements, so it has the type of what it moves.
        macs: multiplications and additions of a matrix product or convolution, in pairs; 0 for other operators.
        elements: elements that it writes.
    """

    step: int
    reads: tuple[str, ...]
    weights: tuple[str, ...]
    writes: tuple[str, ...]
    moves: bool
    macs: int
    elements: int


def layers_of(program: Program, infos: Mapping[str, TensorInfo]) -> tuple[Layer, ...]:
    """All layers in running order. Steps that write no float32 are none, nor are constants."""
    found = []
    for i, step in enumerate(program.steps):
        writes = tuple(v for v in step.writes if v in infos and infos[v].dtype is DType.FLOAT32)
        if step.protos and writes:
            found.append(_layer(i, step, writes, program, infos))
    return tuple(found)


def _layer(index: int, step: Step, writes: tuple[str, ...], program: Program,
           infos: Mapping[str, TensorInfo]) -> Layer:
    node = program.graph.nodes[step.node]
    settings = {node.inputs[i] for i in _SETTINGS.get(node.op, ()) if i < len(node.inputs)}
    reads = tuple(v for v in step.reads
                  if v not in settings and v in infos and infos[v].dtype is DType.FLOAT32)
    weights = tuple(w for w in step.weights
                    if w not in settings and program.weights[w].dtype is DType.FLOAT32)
    moves = node.op in MOVES and bool(node.inputs) and node.inputs[0] not in program.weights
    elements = sum(_size(infos[v]) for v in writes)
    return Layer(index, reads, weights, writes, moves, _macs(step, program, infos), elements)


def with_moved(layers: Sequence[Layer], kept: Iterable[int]) -> frozenset[int]:
    """``kept`` (positions in ``layers``) and the layers that move what a kept layer wrote."""
    wide: set[str] = set()
    found = set(kept)
    for position, layer in enumerate(layers):
        if layer.moves:
            found.discard(position)
            if any(v in wide for v in layer.reads):
                found.add(position)
        if position in found:
            wide.update(layer.writes)
    return frozenset(found)


def _macs(step: Step, program: Program, infos: Mapping[str, TensorInfo]) -> int:
    node = program.graph.nodes[step.node]
    if node.op not in MULTIPLIES or len(node.inputs) < 2:
        return 0
    a, b = (_shape(v, program, infos) for v in node.inputs[:2])
    out = _shape(node.outputs[0], program, infos)
    if a is None or b is None or out is None:
        return 0
    match node.op:
        case "Conv":
            return math.prod(out) * math.prod(b[1:])
        case "ConvTranspose":
            return math.prod(a) * math.prod(b[1:])
        case "Gemm":
            return math.prod(out) * a[0 if node.attributes.get("transA") else 1]
        case _:
            return math.prod(out) * a[-1]


def _shape(value: str, program: Program, infos: Mapping[str, TensorInfo]) -> tuple[int, ...] | None:
    if value in program.weights:
        return program.weights[value].shape
    return infos[value].static_shape if value in infos else None


def _size(info: TensorInfo) -> int:
    shape = info.static_shape
    return 0 if shape is None else math.prod(shape)
