"""The one reason that is told: a finding code, the facts that its words need, and a short sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from diag.compare.evidence import Kept
from diag.compare.rows import error_of
from diag.compare.why.explain import Explanation
from diag.compare.why.weights import WeightDifference
from diag.types.codes import Code
from diag.types.dtype import DType
from diag.types.layer import Difference, LayerResult, Stage

_FP16_MAX = 65504.0
_NORMS = ("LayerNorm", "LayerNormalization")


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of ``diag.types.codes``, the values for its words, and one sentence for lists and logs."""

    code: str
    values: Mapping[str, Any]
    text: str

    @staticmethod
    def unknown(row: LayerResult) -> Reason:
        """Nothing was found out about the layer but that it injects."""
        error = _error(row)
        return Reason(Code.REASON_UNKNOWN, {"op": row.golden_op, "error": error},
                      "the reason was not examined: that needs the layer's error on golden input")


def reason(row: LayerResult, stage: Stage, found: Explanation, ops: Sequence[str], kept: Kept, runtime: str,
           threads: int) -> Reason:
    """The explaining difference if there is one, else what the numbers and the stage say."""
    first = next((d for d in found.differences if d.explains), None)
    if first is not None and stage is not Stage.RUNTIME:
        return _difference(row, first, found, ops)
    overflow = _overflow(row, kept)
    if overflow is not None and first is None:
        return overflow
    if stage is Stage.RUNTIME:
        return _runtime(row, ops, runtime, threads)
    if found.differences:
        return _difference(row, found.differences[0], found, ops, sure=False)
    if stage is Stage.CONVERSION:
        return Reason(Code.CONVERSION_WRONG,
                      {"op": row.golden_op, "error": _error(row), "reference_error": _error(row)},
                      "the target file computes something else here; attributes and weights look the same")
    return Reason(Code.ARITHMETIC, {"op": row.golden_op, "runtime": runtime, "error": _error(row)},
                  "attributes and weights are the same: only the arithmetic differs")


def _difference(row: LayerResult, d: Difference, found: Explanation, ops: Sequence[str], *,
                sure: bool = True) -> Reason:
    both = {"op": row.golden_op, "name": d.name, "golden": d.golden, "target": d.target}
    hedge = "" if sure else "perhaps: "
    if d.kind == "missing":
        return _missing(row, [x for x in found.differences if x.kind == "missing"], ops)
    if d.kind == "extra":
        return Reason(Code.OPERATOR_EXTRA, {"op": row.golden_op, "target": d.target},
                      f"the target has an extra {d.target} here")
    if d.kind == "weight":
        return _weight(found.weights[d.name], both, hedge)
    if d.kind == "layout":
        return Reason(Code.LAYOUT_WRONG, both, f"{hedge}{d.name}: {d.target} instead of {d.golden}")
    norm = any(n in op for op in (*ops, row.target_op or "") for n in _NORMS)
    code = _ATTRIBUTES.get(d.name, Code.ATTRIBUTE_DIFFERS)
    if d.name == "epsilon" and norm and d.target in ("0", "0.0"):
        code = Code.LAYERNORM_EPSILON
    return Reason(code, both, f"{hedge}{d.name} is {d.target} in the target and {d.golden} in the golden model")


def _missing(row: LayerResult, absent: Sequence[Difference], ops: Sequence[str]) -> Reason:
    last = absent[-1]
    if last.golden.startswith("bias of"):
        return Reason(Code.BIAS_DROPPED, {"op": row.golden_op, "name": last.name}, f"the bias {last.name} is missing")
    if len(absent) == 1 and last.golden == "Add" and "MatMul" in (row.target_op or "") + "".join(ops):
        return Reason(Code.BIAS_DROPPED, {"op": "Add", "name": last.name}, f"the bias added by {last.name} is missing")
    if last.golden in ("Transpose", "Reshape", "Flatten"):
        return Reason(Code.LAYOUT_WRONG, {"op": last.golden, "golden": last.golden, "target": row.target_op},
                      f"layout: {last.name} ({last.golden}) is missing in the target")
    what = f"{last.name} ({last.golden})" if len(absent) == 1 else \
        f"{len(absent)} nodes from {absent[0].name} to {last.name}"
    return Reason(Code.OPERATOR_MISSING, {"op": last.golden}, f"missing in the target: {what}")


_ATTRIBUTES = {"axis": Code.AXIS_DIFFERS, "axes": Code.AXIS_DIFFERS, "pads": Code.PADS_DIFFER,
               "activation": Code.ACTIVATION_DIFFERS, "perm": Code.LAYOUT_WRONG}

_WEIGHTS: Mapping[str, tuple[Code, Callable[[WeightDifference], Mapping[str, Any]]]] = {
    "scaled": (Code.WEIGHTS_SCALED, lambda w: {"factor": w.factor}),
    "channel": (Code.WEIGHTS_CHANNEL, lambda w: {"channels": ", ".join(map(str, w.channels[:8]))}),
    "transposed": (Code.WEIGHTS_TRANSPOSED, lambda _: {}),
    "fp16": (Code.WEIGHTS_FP16, lambda w: {"error": w.error}),
    "saturated": (Code.WEIGHTS_SATURATED, lambda _: {}),
    "quantised": (Code.WEIGHTS_QUANTISED, lambda _: {}),
}


def _weight(w: WeightDifference, both: Mapping[str, Any], hedge: str) -> Reason:
    if w.kind == "nonfinite":
        code = Code.WEIGHTS_SATURATED if "infinite" in w.detail else Code.WEIGHTS_DIFFER
        return Reason(code, {**both, "error": None}, f"{hedge}the weight {w.golden} has {w.detail}")
    if w.kind == "value":
        return Reason(Code.WEIGHTS_DIFFER, {**both, "error": w.error}, f"{hedge}the constant {w.golden}: {w.detail}")
    code, more = _WEIGHTS.get(w.kind, (Code.WEIGHTS_DIFFER, lambda x: {"error": x.error}))
    return Reason(code, {**both, **more(w)}, f"{hedge}the weight {w.golden}: {both['target']}")


def _overflow(row: LayerResult, kept: Kept) -> Reason | None:
    """Non-finite values that the layer makes itself."""
    metrics = row.own_input or row.reference_own_input
    if metrics is None or not metrics.nonfinite:
        return None
    t = metrics.target
    kind = "NaN" if t.nan else "infinities"
    largest = float(np.max(np.abs(kept.golden.astype(np.float64)), initial=0.0, where=np.isfinite(kept.golden)))
    if row.dtype is DType.FLOAT16 and largest > _FP16_MAX:
        return Reason(Code.FP16_OVERFLOW, {"op": row.golden_op, "largest": largest, "count": metrics.nonfinite},
                      f"values up to {largest:.3g} do not fit into float16")
    return Reason(Code.NONFINITE_FIRST, {"op": row.golden_op, "kind": kind, "count": metrics.nonfinite},
                  f"{metrics.nonfinite} {kind} appear here first")


def _runtime(row: LayerResult, ops: Sequence[str], runtime: str, threads: int) -> Reason:
    error = _error(row)
    reference = error_of(row.reference_own_input)
    if ops[-1:] == ["Cos"]:
        return Reason(Code.COS_NEAR_PI, {"op": "Cos", "runtime": runtime, "error": error},
                      f"{runtime} computes Cos badly near ±π")
    if threads > 1 and row.target_op and "LayerNorm" in row.target_op:
        return Reason(Code.LAYERNORM_THREADS, {"op": row.golden_op, "runtime": runtime, "threads": threads},
                      f"{runtime} computes LayerNorm wrongly with {threads} threads")
    return Reason(Code.RUNTIME_WRONG, {"op": row.golden_op, "runtime": runtime, "error": error,
                                       "reference_error": reference},
                  f"the file is right (reference error {reference:.1e}); {runtime} computes {row.target_op} wrongly")


def _error(row: LayerResult) -> float | None:
    value = error_of(row.own_input or row.cumulative)
    return value if np.isfinite(value) else None
