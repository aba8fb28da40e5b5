"""Runs a model in float32 and in a narrower type side by side, a segment at a time, and judges each tensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import onnxruntime as ort

from diag.cancel import Cancel
from diag.compare.metrics import compare
from diag.compare.metrics.rounding import largest
from diag.compare.sides import Side
from diag.compare.tape import Tape, chunks, step_bytes
from diag.formats import weights as weight_files
from diag.precision.emulate import round_storage
from diag.precision.layers import Layer
from diag.precision.narrow import RAW, Narrow, narrowed
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import to_numpy
from diag.runtimes.program import Program
from diag.types.dtype import DType
from diag.types.metrics import Metrics
from diag.types.precision import LayerRow, Lost, WeightLost
from diag.types.tensor import TensorInfo, Weight

MakeEngine = Callable[[Program, int], Engine]


class Analysis:
    """One pass over the model.

    Attributes:
        golden, narrow: final outputs by value name, float32's and the narrow type's.
        made_bytes: bytes of all tensors that were computed.
    """

    def __init__(self, side: Side, layers: Sequence[Layer], how: Narrow, feeds: Mapping[str, Array],
                 infos: Mapping[str, TensorInfo], segment_bytes: int, threads: int,
                 make_engine: MakeEngine = Engine) -> None:
        program = side.session.program
        self._graph, self._how = program.graph, how
        self._by_step = {layer.step: layer for layer in layers}
        wider = {**infos, **{v + RAW: infos[v] for layer in layers for v in layer.writes}}
        emulated = narrowed(program, layers, how, raw=True)
        bound = side.session.bind(feeds)
        every = range(len(program.steps))
        engine = Engine(program, threads)
        self._one = Tape(engine, every, bound, infos, segment_bytes)
        self._two = Tape(make_engine(emulated, threads), every, bound, wider, segment_bytes)
        self._alone = make_engine(emulated, threads)
        self._chunks = chunks((step_bytes(engine, infos, i) * 4 for i in every), segment_bytes)
        self._weights = program.weights
        self._seen: dict[str, WeightLost | None] = {}
        self._outputs = [o.name for o in program.graph.outputs]
        self.golden: dict[str, Array] = {}
        self.narrow: dict[str, Array] = {}

    def __len__(self) -> int:
        return len(self._graph.nodes)

    @property
    def made_bytes(self) -> int:
        """Bytes of all tensors of both runs."""
        return self._one.made_bytes + self._two.made_bytes

    def rows(self, cancel: Cancel) -> Iterator[tuple[int, list[LayerRow]]]:
        """For each segment: how many steps are done, and the rows of its layers."""
        for part in self._chunks:
            cancel.check()
            ran = self._one.run(part)
            self._two.run(part)
            own = self._isolated([i for i in ran if i in self._by_step])
            rows = [self._row(layer, v, own) for i in ran if (layer := self._by_step.get(i)) is not None
                    for v in layer.writes]
            self._note_outputs()
            for tape in (self._one, self._two):
                tape.release(lambda _v: False, part[-1])
            yield part[-1] + 1, rows

    def _isolated(self, steps: Sequence[int]) -> dict[str, ort.OrtValue]:
        wanted = [v + end for i in steps for v in self._by_step[i].writes for end in ("", RAW)]
        return self._alone.isolate(steps, self._one.values, wanted) if steps else {}

    def _row(self, layer: Layer, value: str, own: Mapping[str, ort.OrtValue]) -> LayerRow:
        index = self._graph.producers[value]
        node = self._graph.nodes[index]
        golden, whole = _held(self._one, value), _held(self._two, value)
        alone = to_numpy(own[value])
        dtype = self._how.dtype
        cumulative, single = compare(golden, whole, target_dtype=dtype), compare(golden, alone, target_dtype=dtype)
        top = max(abs(single.golden.min), abs(single.golden.max)) if single.golden.min == single.golden.min else 0.0
        lost = [w for name in layer.weights if (w := self._weight(name)) is not None]
        return LayerRow(
            index, node.name, node.op, value, tuple(golden.shape), layer.macs, golden.size, top,
            largest(dtype) / top if top else math.inf, single.nr, _error(single), cumulative.nr, _error(cumulative),
            self._lost(_held(self._two, value + RAW), whole), self._lost(to_numpy(own[value + RAW]), alone),
            tuple(lost))

    def _lost(self, raw: Array, stored: Array) -> Lost:
        rounded = round_storage(raw, self._how.dtype)
        return Lost(rounded.overflow, rounded.underflow, rounded.subnormal, int(np.isnan(stored).sum()))

    def _weight(self, name: str) -> WeightLost | None:
        if name not in self._seen:
            self._seen[name] = weight_lost(self._weights[name], self._how.dtype)
        return self._seen[name]

    def _note_outputs(self) -> None:
        for tape, kept in ((self._one, self.golden), (self._two, self.narrow)):
            for name in self._outputs:
                array = tape.array(name) if name not in kept else None
                if array is not None:
                    kept[name] = np.array(array)


def weight_lost(weight: Weight, dtype: DType) -> WeightLost | None:
    """What the type does to a weight; None where it is only rounded or holds no usable elements."""
    if weight.problem or weight.dtype is not DType.FLOAT32 or not weight.size:
        return None
    array = weight_files.load(weight)
    rounded = round_storage(array, dtype)
    if not (rounded.overflow or rounded.underflow):
        return None
    magnitude = np.abs(array[np.isfinite(array)])
    return WeightLost(weight.name, weight.size, float(magnitude.max()), float(magnitude[magnitude > 0].min()),
                      Lost(rounded.overflow, rounded.underflow, rounded.subnormal))


def _held(tape: Tape, value: str) -> Array:
    array = tape.array(value)
    if array is None:
        raise AssertionError(f"{value} was computed in this segment")
    return array


def _error(metrics: Metrics) -> float:
    if metrics.nonfinite:
        return math.inf
    return metrics.rel_l2 if not math.isnan(metrics.rel_l2) else (math.inf if metrics.max_abs > 0 else 0.0)
