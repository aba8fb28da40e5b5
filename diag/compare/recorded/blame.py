"""Why a recorded layer is wrong, and by whose hand: the compiled model's, or the device's.

The recording holds the weights as the device read them. Where they are golden's, and the layer is wrong nevertheless
on the inputs that it read, the device (or its kernel) computed it wrong: *runtime*. Where the weights are others, the
compiled model is: *conversion*.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diag.compare.align.layout import distance
from diag.compare.recorded.attributes import differing
from diag.compare.recorded.device import DeviceOp
from diag.compare.recorded.judging import Injecting
from diag.compare.recorded.tensors import plain
from diag.compare.rows import error_of
from diag.compare.why.facts import Constant
from diag.compare.why.weights import WeightDifference, difference
from diag.formats.layouts import Unplaced
from diag.runtimes.interface import Array
from diag.types.codes import Code
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.layer import Difference, LayerResult, Stage

Floats = npt.NDArray[np.float64]

_FP16_MAX = 65504.0
_FEW = 0.25
_MOST_OF_IT = 0.99
_SAME_WEIGHT = {DType.FLOAT16: 1e-3, DType.BFLOAT16: 8e-3}


@dataclass(frozen=True, slots=True)
class Blame:
    """Stage, finding code, the values of its words, a sentence, and what differs."""

    stage: Stage
    code: str
    values: Mapping[str, Any]
    text: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Where:
    """An error that sits in few slices of one axis; ``factor``: recorded over expected there, NaN if not one."""

    axis: int
    slices: tuple[int, ...]
    factor: float


def blame(row: LayerResult, op: DeviceOp, kept: Injecting | None, group: Sequence[int], golden: Graph,
          constant: Constant) -> Blame:
    """Why this layer injects. ``group``: the golden nodes that the operation does the work of."""
    error = error_of(row.own_input or row.cumulative)
    values: dict[str, Any] = {"op": row.golden_op, "device_op": op.op or "?",
                              "error": error if math.isfinite(error) else None}
    if kept is None:
        return Blame(Stage.UNKNOWN, Code.REASON_UNKNOWN, values, "the reason was not examined")
    if op.inserted:
        return Blame(Stage.CONVERSION, Code.DEVICE_MOVE, values,
                     f"{op.op} only changes layout or type, yet the values change",
                     (Difference("device_move", op.op, row.golden_tensor, op.name),))
    overflow = _overflow(row, kept, values)
    if overflow is not None:
        return overflow
    weights, seen = _weights(op, group, golden, constant)
    if weights:
        return _weight(weights, values)
    said = _attribute(op, group, golden, kept, values)
    if said is not None:
        return said
    where = concentrated(kept.expected, kept.recorded)
    stage = Stage.RUNTIME if seen else Stage.UNKNOWN
    if where is not None:
        factor = None if math.isnan(where.factor) else where.factor
        slices = ", ".join(map(str, where.slices[:8])) + (" …" if len(where.slices) > 8 else "")
        text = f"axis {where.axis}, index {slices} of {op.op} is wrong" + (
            f": {factor:.4g} times what its inputs give" if factor is not None else "")
        return Blame(stage, Code.DEVICE_CHANNEL,
                     {**values, "axis": where.axis, "channels": slices, "factor": factor}, text,
                     (Difference("device_channel", op.op, str(where.axis), slices,
                                 "" if factor is None else f"× {factor:.4g}"),))
    return Blame(stage, Code.DEVICE_WRONG, values,
                 f"{op.op} computes something else than the golden nodes on the same recorded inputs",
                 (Difference("device_wrong", op.op or "?", row.golden_op, op.op or "?"),))


def concentrated(expected: Array, recorded: Array) -> Where | None:
    """The axis along which nearly the whole error sits in few slices; None where it is spread."""
    if expected.shape != recorded.shape or expected.dtype.kind not in "fV":
        return None
    g, t = expected.astype(np.float64), recorded.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        squares = np.nan_to_num((t - g) ** 2, nan=0.0, posinf=1e300)
    best: tuple[float, Where] | None = None
    for axis in range(g.ndim):
        size = g.shape[axis]
        if size < 4:
            continue
        energy = squares.sum(axis=tuple(a for a in range(g.ndim) if a != axis))
        order = np.argsort(energy)[::-1]
        need = int(np.searchsorted(np.cumsum(energy[order]), _MOST_OF_IT * energy.sum())) + 1
        if energy.sum() > 0 and need <= max(1, int(_FEW * size)) and (best is None or need / size < best[0]):
            chosen = np.sort(order[:need])
            best = need / size, Where(axis, tuple(int(c) for c in chosen), _factor(g, t, axis, chosen))
    return None if best is None else best[1]


def _factor(g: Floats, t: Floats, axis: int, chosen: npt.NDArray[np.intp]) -> float:
    a, b = np.take(g, chosen, axis), np.take(t, chosen, axis)
    norm = float(np.vdot(a, a))
    if not norm or not np.isfinite(b).all():
        return math.nan
    factor = float(np.vdot(a, b) / norm)
    return factor if distance(a * factor, b) < 5e-3 else math.nan


def _overflow(row: LayerResult, kept: Injecting, values: Mapping[str, Any]) -> Blame | None:
    if kept.expected.dtype.kind not in "fV":
        return None
    wide = kept.expected.astype(np.float64)
    largest = float(np.abs(wide).max(initial=0.0, where=np.isfinite(wide)))
    narrow = row.dtype is DType.FLOAT16
    if row.own_input is not None and row.own_input.nonfinite:
        if narrow and largest > _FP16_MAX:
            return Blame(Stage.CONVERSION, Code.FP16_OVERFLOW,
                         {**values, "largest": largest, "count": row.own_input.nonfinite},
                         f"values up to {largest:.3g} do not fit into float16")
        kind = "NaN" if row.own_input.target.nan else "infinities"
        return Blame(Stage.RUNTIME, Code.NONFINITE_FIRST, {**values, "kind": kind, "count": row.own_input.nonfinite},
                     f"{row.own_input.nonfinite} {kind} appear here first, from finite inputs")
    clipped = int((np.abs(kept.recorded.astype(np.float64)) >= _FP16_MAX).sum()) if narrow else 0
    if clipped and largest > _FP16_MAX:
        return Blame(Stage.CONVERSION, Code.DEVICE_SATURATED, {**values, "largest": largest, "count": clipped},
                     f"values up to {largest:.3g} were cut off at 65504, float16's limit",
                     (Difference("device_limit", str(values["device_op"]), f"{largest:.4g}", "65504"),))
    return None


def _weights(op: DeviceOp, group: Sequence[int], golden: Graph,
             constant: Constant) -> tuple[list[WeightDifference], bool]:
    """Differences of the recorded weights from golden's, and whether every golden weight was seen."""
    names = [v for n in group for v in golden.nodes[n].inputs if v and golden.producers.get(v) is None
             and v in golden.weights]
    wanted = {v: a for v in dict.fromkeys(names) for a in (constant(v),) if a is not None and a.dtype.kind in "fV"
              and a.size > 1}
    if op.record is None or (wanted and not op.record.inputs):
        return [], False
    found: list[WeightDifference] = []
    seen = 0
    for name, array in wanted.items():
        nearest = _nearest(op, array)
        if nearest is None:
            continue
        seen += 1
        if nearest[0] > _SAME_WEIGHT.get(nearest[2], 1e-5):
            kind = difference((name, f"input {nearest[3]}"), nearest[4], nearest[1])
            if kind is not None and kind.kind not in ("fp16", "bfloat16"):
                found.append(kind)
    return found, seen == len(wanted)


def _nearest(op: DeviceOp, array: Array) -> tuple[float, Array, DType, int, Array] | None:
    """The recorded constant that is this golden weight: distance, elements, type, slot, golden in its shape."""
    best: tuple[float, Array, DType, int, Array] | None = None
    for tensor in op.record.inputs if op.record is not None else ():
        source = op.reads[tensor.slot] if tensor.slot < len(op.reads) else None
        if source is not None or tensor.span is None or not tensor.dtype.is_float:
            continue
        for form in dict.fromkeys((array.shape, array.shape[::-1] if array.ndim == 2 else array.shape)):
            golden = array if form == array.shape else array.T
            try:
                found = plain(op, tensor, form).array
            except Unplaced:
                found = None
            if found is None or found.size != golden.size:
                continue
            gap = distance(golden, found.reshape(golden.shape))
            if best is None or gap < best[0]:
                best = gap, found.reshape(golden.shape), tensor.dtype, tensor.slot, golden
    return best


def _weight(found: Sequence[WeightDifference], values: Mapping[str, Any]) -> Blame:
    w = max(found, key=lambda d: d.error)
    both = {**values, "name": w.golden, "golden": w.golden, "target": f"{w.target} of the device's operation"}
    more: Mapping[str, Any] = {"error": w.error if math.isfinite(w.error) else None}
    code = Code.WEIGHTS_DIFFER
    if w.kind == "scaled":
        code, more = Code.WEIGHTS_SCALED, {"factor": w.factor}
    elif w.kind == "channel":
        code, more = Code.WEIGHTS_CHANNEL, {"channels": ", ".join(map(str, w.channels[:8]))}
    differences = tuple(Difference("device_weight", d.golden, d.golden, d.target,
                                   _how(d)) for d in found)
    return Blame(Stage.CONVERSION, code, {**both, **more},
                 f"the weight {w.golden} that the device read is not golden's ({w.kind}, error {w.error:.2g})",
                 differences)


def _attribute(op: DeviceOp, group: Sequence[int], golden: Graph, kept: Injecting,
               values: Mapping[str, Any]) -> Blame | None:
    """An attribute of which the compiled graph says something else."""
    found = differing(op.op, op.attributes, [golden.nodes[n] for n in group], kept.recorded.ndim)
    if not found:
        return None
    name, code, mine, theirs = found[0]
    return Blame(Stage.CONVERSION, code, {**values, "name": name, "golden": mine, "target": theirs},
                 f"{name} is {theirs} in the compiled graph and {mine} in the original",
                 tuple(Difference("attribute", n, g, t) for n, _, g, t in found))


def _how(w: WeightDifference) -> str:
    """The difference in signs, for every language."""
    if w.kind == "scaled":
        return f"× {w.factor:.4g}"
    return f"[{', '.join(map(str, w.channels[:8]))}]" if w.kind == "channel" else f"{w.error:.3g}"
