"""Each submodel alone: its target's answers to what the golden pipeline gave it, against the golden answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diag.compare.metrics import compare
from diag.compare.metrics.rounding import unit_roundoff
from diag.compare.rows import dtype_of
from diag.compare.tolerance import NOISE, RELATIVE, score, shapes_differ
from diag.pipeline.models import Model, Side
from diag.pipeline.swap import Recorded, Swapped
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.layer import Verdict
from diag.types.metrics import Metrics
from diag.types.tensor import TensorInfo

_HALVES = (DType.FLOAT16, DType.BFLOAT16)
_OUTLIER = 10.0
"""Times the limit of the norm that the largest error may be of the 99.9th percentile of |golden|: a whole model is
judged, and what it hands on is judged again in the picture."""

_FAILS = 10.0


@dataclass(frozen=True, slots=True)
class OwnError:
    """One submodel's own error over all its calls.

    Attributes:
        outputs: metrics of the worst call, by output name.
        error: largest relative L2 error.
        share: that error in units of what passes; above 1 it does not, infinite for what no rounding explains.
        call: the first call that shows it.
        output: the output that shows it.
        blind: its outputs can hide an error: all of them are decisions, or repeat an input.
    """

    name: str
    outputs: Mapping[str, Metrics]
    verdict: Verdict
    reason: str
    error: float
    share: float
    call: int
    calls: int
    output: str
    blind: bool


@dataclass(frozen=True, slots=True)
class _Measured:
    """One output of one call."""

    call: int
    output: str
    metrics: Metrics | None
    verdict: Verdict
    reason: str
    share: float


def measure(model: Model, calls: Sequence[Recorded], caller: Swapped) -> Iterator[OwnError | None]:
    """The target's own error; None after each call before the last. Raises SubmodelFailed."""
    found: list[_Measured] = []
    blind = True
    for one in calls:
        answers = caller.ask(model.spec.name, Side.TARGET, one.feeds)
        found += [_one(model, info, one.number, g, t)
                  for info, g, t in zip(model.outputs, one.outputs, answers, strict=True)]
        blind = blind and all(_hides(a, one.feeds) for a in one.outputs)
        yield None
    yield _worst(model.spec.name, found, len(calls), blind=blind)


def share_of(metrics: Metrics | None, dtype: DType) -> float:
    """An error in units of the largest that passes; infinite where no rounding explains it."""
    if metrics is None or metrics.nonfinite or metrics.mismatch > 0:
        return math.inf
    if not math.isnan(metrics.mismatch) or metrics.max_abs == 0:
        return 0.0
    if math.isnan(metrics.rel_l2):
        return math.inf
    half = dtype in _HALVES
    norm = score(metrics, dtype) / NOISE[False].good if half else metrics.rel_l2 / RELATIVE[False].good
    usual = NOISE[False].good * unit_roundoff(dtype) if half else RELATIVE[False].good
    worst = metrics.max_abs_over_p999 / (_OUTLIER * usual)
    return norm if math.isnan(worst) else max(norm, worst)


def verdict_of(share: float) -> Verdict:
    """Pass up to 1, fail above 10, watch between."""
    return Verdict.PASS if share <= 1 else Verdict.FAIL if share > _FAILS else Verdict.WATCH


def _one(model: Model, info: TensorInfo, call: int, golden: Array, target: Array) -> _Measured:
    if golden.shape != target.shape:
        return _Measured(call, info.name, None, Verdict.FAIL, shapes_differ(golden.shape, target.shape)[1], math.inf)
    if golden.dtype != target.dtype and {golden.dtype.kind, target.dtype.kind} <= set("biu"):
        target = target.astype(golden.dtype)  # MindIR answers whole numbers and truth values in other widths
    dtype = dtype_of(target, model.computes_in)
    metrics = compare(golden, target, target_dtype=dtype)
    share = share_of(metrics, dtype)
    return _Measured(call, info.name, metrics, verdict_of(share), _said(metrics, share), share)


def _said(metrics: Metrics, share: float) -> str:
    if metrics.nonfinite:
        return f"{metrics.nonfinite:,} of {metrics.size:,} elements are not finite as golden's are"
    if metrics.mismatch > 0:
        return f"{round(metrics.mismatch * metrics.size):,} of {metrics.size:,} elements differ"
    if share == 0:
        return "equal to the last bit"
    limit = "within what passes" if share <= 1 else f"{share:.3g} times what passes"
    return f"relative L2 error {metrics.rel_l2:.2e}, {limit}"


def _worst(name: str, found: Sequence[_Measured], calls: int, *, blind: bool) -> OwnError:
    if not found:
        return OwnError(name, {}, Verdict.NOT_COMPARABLE, "the pipeline never calls it", math.nan, 0.0, 0, 0, "", False)
    top = max(found, key=lambda m: (m.verdict.rank, m.share))
    outputs: dict[str, _Measured] = {}
    for one in found:
        known = outputs.get(one.output)
        if known is None or (one.verdict.rank, one.share) > (known.verdict.rank, known.share):
            outputs[one.output] = one
    seen = [m for m in found if m.verdict.rank >= top.verdict.rank and m.share >= top.share / 2] or [top]
    first = min(seen, key=lambda m: m.call)
    errors = [m.metrics.rel_l2 for m in found if m.metrics is not None and not math.isnan(m.metrics.rel_l2)]
    return OwnError(name, {n: m.metrics for n, m in outputs.items() if m.metrics is not None}, top.verdict, top.reason,
                    max(errors, default=math.nan), top.share, first.call, calls, first.output, blind)


def _hides(output: Array, feeds: Mapping[str, Array]) -> bool:
    """A decision, or an input handed through."""
    return output.dtype.kind in "biu" or any(a.shape == output.shape and np.array_equal(a, output)
                                             for a in feeds.values())
