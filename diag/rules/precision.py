"""Findings of an emulation: what a narrower type breaks, what is sensitive, and what the plan gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from diag.compare.metrics.rounding import largest
from diag.compare.tolerance import NOISE
from diag.rules.codes import Code, finding
from diag.types.dtype import DType
from diag.types.finding import Finding, Severity
from diag.types.layer import Verdict
from diag.types.precision import Emulation, LayerRow, WeightLost

_MOST = 5
_MASK = 1e30
_NEAR = 4.0
_SMALL_WEIGHT = 16
_UNDERFLOW_SHARE = 0.01


def examined(emulation: Emulation) -> Emulation:
    """The emulation with its findings, the gravest first."""
    order = {Severity.FAIL: 0, Severity.WATCH: 1, Severity.INFO: 2}
    return replace(emulation, findings=tuple(sorted(examine(emulation), key=lambda f: order[f.severity])))


def examine(emulation: Emulation) -> Iterator[Finding]:
    """All findings, in the order in which they are told."""
    yield from _nan(emulation)
    yield from _outputs(emulation)
    yield from _inputs(emulation)
    yield from _constants(emulation)
    yield from _layers(emulation)
    yield from _plan(emulation)


def _nan(emulation: Emulation) -> Iterator[Finding]:
    origin = emulation.origin
    if origin is None:
        return
    source = origin.source or "?"
    if math.isfinite(origin.constant):
        source = f"{source} = {origin.constant:.3g}"
    yield finding(Code.PRECISION_NAN, origin.node, op=origin.op, dtype=emulation.dtype, count=origin.count,
                  source=source, path=" → ".join(origin.path), constant=_known(origin.constant))


def _outputs(emulation: Emulation) -> Iterator[Finding]:
    for output in emulation.outputs:
        if output.verdict is not Verdict.PASS:
            severity = Severity.WATCH if output.verdict is Verdict.WATCH else Severity.FAIL
            yield finding(Code.PRECISION_OUTPUT, output.golden_tensor, severity=severity, dtype=emulation.dtype,
                          reason=output.reason.rstrip("."))
    if emulation.verdict is Verdict.PASS:
        errors = [o.cumulative.rel_l2 for o in emulation.outputs if o.cumulative is not None]
        worst = max((e for e in errors if math.isfinite(e)), default=0.0)
        yield finding(Code.PRECISION_ENOUGH, emulation.model.path, dtype=emulation.dtype, error=worst)


def _inputs(emulation: Emulation) -> Iterator[Finding]:
    for name, count in emulation.input_overflow.items():
        yield finding(Code.PRECISION_INPUT, name, dtype=emulation.dtype, count=count, limit=_limit(emulation))


def _constants(emulation: Emulation) -> Iterator[Finding]:
    told: set[str] = set()
    for row in emulation.layers:
        for lost in row.weights:
            if lost.name not in told:
                told.add(lost.name)
                yield from _weight(emulation, row, lost)


def _weight(emulation: Emulation, row: LayerRow, lost: WeightLost) -> Iterator[Finding]:
    dtype = emulation.dtype
    if lost.lost.overflow and lost.largest >= _MASK:
        behind = emulation.origin is not None and row.node in emulation.origin.path
        yield finding(Code.PRECISION_MASK, row.node, severity=Severity.FAIL if behind else Severity.WATCH, op=row.op,
                      dtype=dtype, value=lost.largest, name=lost.name)
    elif lost.lost.overflow:
        yield finding(Code.PRECISION_WEIGHT, row.node, op=row.op, dtype=dtype, name=lost.name,
                      count=lost.lost.overflow, largest=lost.largest, limit=_limit(emulation))
    if lost.lost.underflow and lost.size <= _SMALL_WEIGHT and lost.lost.underflow == lost.size:
        yield finding(Code.PRECISION_ZERO, row.node, op=row.op, dtype=dtype, name=lost.name, value=lost.largest)


def _layers(emulation: Emulation) -> Iterator[Finding]:
    dtype, limit = emulation.dtype, _limit(emulation)
    masked = {r.tensor for r in emulation.layers if r.largest >= _MASK}
    over = [r for r in emulation.layers if r.lost.overflow and r.tensor not in masked]
    for row in over[:_MOST]:
        yield finding(Code.PRECISION_OVERFLOW, row.node, op=row.op, dtype=dtype, count=row.lost.overflow,
                      largest=row.largest, limit=limit)
    near = sorted((r for r in emulation.layers if 1 <= r.headroom < _NEAR), key=lambda r: r.headroom)
    for row in _first_of_each(near)[:_MOST]:
        yield finding(Code.PRECISION_NEAR, row.node, op=row.op, dtype=dtype, largest=row.largest, factor=row.headroom)
    sensitive = sorted((r for r in emulation.layers if r.own_nr > NOISE[True].good and math.isfinite(r.own_rel_l2)),
                       key=lambda r: -r.own_nr)
    for row in sensitive[:_MOST]:
        yield finding(Code.PRECISION_SENSITIVE, row.node, op=row.op, dtype=dtype, ratio=row.own_nr,
                      error=row.own_rel_l2)
    lost = sorted((r for r in emulation.layers if r.own_lost.underflow > _UNDERFLOW_SHARE * max(1, r.elements)),
                  key=lambda r: -r.own_lost.underflow / max(1, r.elements))
    for row in lost[:_MOST]:
        yield finding(Code.PRECISION_UNDERFLOW, row.node, op=row.op, dtype=dtype,
                      percent=100 * row.own_lost.underflow / row.elements)


def _first_of_each(rows: Iterable[LayerRow]) -> list[LayerRow]:
    """One row for each largest value: what only moves a tensor repeats it."""
    seen: dict[float, LayerRow] = {}
    for row in rows:
        seen.setdefault(row.largest, row)
    return list(seen.values())


def _plan(emulation: Emulation) -> Iterator[Finding]:
    plan, checked = emulation.plan, emulation.mixed
    if plan is None:
        return
    if not plan.reached:
        yield finding(Code.PRECISION_NO_PLAN, emulation.model.path, dtype=emulation.dtype,
                      after=_known(plan.all_wide.error))
    elif plan.kept:
        yield finding(Code.PRECISION_PLAN, emulation.model.path, dtype=emulation.dtype, count=len(plan.kept),
                      before=_known(plan.all_narrow.error), after=_known(plan.point.error),
                      percent=math.floor(1000 * (1 - plan.point.macs_kept)) / 10)
    if checked is not None and checked.agrees:
        yield finding(Code.PRECISION_PROVED, checked.path, error=checked.error)
    elif checked is not None:
        yield finding(Code.PRECISION_NOT_PROVED, checked.path,
                      reason=checked.note or f"its error is {checked.error:.2g}, wanted was less")


def _limit(emulation: Emulation) -> float:
    return largest(DType(emulation.dtype))


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
