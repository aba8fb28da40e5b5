"""A program that computes as a device does that keeps floats in a narrower type.

A layer in the narrow type reads its float32 inputs and weights rounded, computes in float32 (as matrix units
accumulate), and stores its outputs rounded. A layer that is kept in float32 reads what was stored, and stores float32.
So every value has the type of the layer that wrote it, and a border costs one rounding on the narrow side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import onnx
from onnx import helper

from diag.compare.metrics.rounding import largest
from diag.precision.layers import Layer
from diag.runtimes.onnxruntime.values import onnx_type
from diag.runtimes.program import Program, Step
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo, Weight

RAW = "#raw"
"""Ending of the name of a value before it is stored."""

SWITCH = "#narrow"
"""Name of the input, one truth value a layer, of a program whose layers can be switched."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """``dtype``: what floats are kept in. ``saturate``: too large values become the largest number, not infinity."""

    dtype: DType
    saturate: bool = False


def narrowed(program: Program, layers: Sequence[Layer], how: Narrow, kept: Iterable[int] = (), *,
             raw: bool = False) -> Program:
    """The program with every layer in the narrow type but those at positions ``kept``.

    ``raw``: steps also write what they computed before it was stored, as ``<value>#raw``.
    """
    wide = frozenset(kept)
    steps = list(program.steps)
    for position, layer in enumerate(layers):
        if position not in wide:
            steps[layer.step] = _Rewriter(how, layer, str(position), None, raw=raw).step(steps[layer.step])
    return replace(program, steps=tuple(steps))


def switchable(program: Program, layers: Sequence[Layer], how: Narrow) -> Program:
    """The program with an input ``SWITCH`` (bool, one element a layer): where it is true the layer is narrow."""
    steps = list(program.steps)
    constants: dict[str, Weight] = {}
    for position, layer in enumerate(layers):
        index = f"{SWITCH}{position}"
        constants[index] = Weight(index, DType.INT64, (), position.to_bytes(8, "little"))
        steps[layer.step] = _Rewriter(how, layer, str(position), index).step(steps[layer.step])
    graph = replace(program.graph, inputs=(*program.graph.inputs, TensorInfo(SWITCH, DType.BOOL, (len(layers),))),
                    input_names=(*program.graph.input_names, SWITCH))
    return replace(program, graph=graph, steps=tuple(steps), weights={**program.weights, **constants})


class _Rewriter:
    """Puts rounding around one step. ``index`` names the constant that finds its switch; None: it is always narrow."""

    def __init__(self, how: Narrow, layer: Layer, tag: str, index: str | None, *, raw: bool = False) -> None:
        self._how, self._layer, self._tag, self._index, self._raw = how, layer, tag, index, raw

    def step(self, step: Step) -> Step:
        """The step with rounding around it."""
        layer = self._layer
        inside = {v: f"{v}#in{self._tag}" for v in (*layer.reads, *layer.weights)}
        protos: list[onnx.NodeProto] = []
        if self._index is not None:
            protos.append(helper.make_node("Gather", [SWITCH, self._index], [self._flag]))
        for value, name in inside.items():
            protos += self._stored(value, name)
        outside = {v: v + RAW for v in layer.writes}
        protos += [_renamed(p, inside, outside) for p in step.protos]
        for value, name in outside.items():
            protos += self._stored(name, value)
        extra = ([SWITCH], [self._index]) if self._index is not None else ([], [])
        writes = (*step.writes, *outside.values()) if self._raw else step.writes
        return replace(step, protos=tuple(protos), reads=(*step.reads, *extra[0]),
                       weights=(*step.weights, *extra[1]), writes=writes)

    @property
    def _flag(self) -> str:
        return f"{SWITCH}is{self._tag}"

    def _stored(self, value: str, name: str) -> Iterator[onnx.NodeProto]:
        """Nodes that make ``name`` of ``value``: stored in the narrow type and read again."""
        source = value
        if self._how.saturate:
            # Comparisons keep NaN, which Clip does not promise to.
            source = f"{name}#limited"
            yield from _limited(value, source, largest(self._how.dtype), f"{name}#")
        narrow = f"{name}#narrow"
        yield helper.make_node("Cast", [source], [narrow], to=onnx_type(self._how.dtype))
        back = name if self._index is None else f"{name}#back"
        yield helper.make_node("Cast", [narrow], [back], to=onnx.TensorProto.FLOAT)
        if self._index is not None:
            yield helper.make_node("Where", [self._flag, back, value], [name])


def _limited(value: str, name: str, limit: float, prefix: str) -> Iterator[onnx.NodeProto]:
    bounds = {}
    for side, number in (("low", -limit), ("high", limit)):
        bounds[side] = f"{prefix}{side}"
        tensor = helper.make_tensor(bounds[side], onnx.TensorProto.FLOAT, [], [number])
        yield helper.make_node("Constant", [], [bounds[side]], value=tensor)
    middle = f"{prefix}middle"
    for source, side, op, target in ((value, "low", "Less", middle), (middle, "high", "Greater", name)):
        test = f"{target}#test"
        yield helper.make_node(op, [source, bounds[side]], [test])
        yield helper.make_node("Where", [test, bounds[side], source], [target])


def _renamed(proto: onnx.NodeProto, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.input[:] = [inputs.get(v, v) for v in proto.input]
    copy.output[:] = [outputs.get(v, v) for v in proto.output]
    return copy
