"""Roles of layers and the ranking of culprits: who injects the error, who only carries it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from diag.compare.rows import error_of
from diag.compare.tolerance import Preset, judge
from diag.compare.tolerance import score as noise_score
from diag.types.layer import LayerResult, Role, Stage, Verdict
from diag.types.metrics import Metrics
from diag.types.tensor import TensorInfo

_JUMP = 30.0
"""Output error over input error from which a clean layer is said to amplify, next to the median of all layers."""

SCORE_LIMIT = 1e12
"""A score that no noise can explain (NaN where golden is finite) is written as this: JSON has no infinity."""


def with_roles(rows: Sequence[LayerResult], inputs: Mapping[str, tuple[str, ...]], preset: Preset,
               *, own_input: bool) -> list[LayerResult]:
    """Each row with its role.

    ``inputs``: golden tensors that each golden tensor's node was fed. Where own-input errors were not measured, a
    layer that fails although all it reads passes is taken for the one that injects.
    """
    cumulative = {r.golden_tensor: error_of(r.cumulative) for r in rows}
    failing = {r.golden_tensor for r in rows if _cumulative_verdict(r, preset) is Verdict.FAIL}
    gains = [g for r in rows for g in (_gain(r, inputs, cumulative),) if g is not None]
    usual = max(1.0, median(gains)) if gains else 1.0
    result = []
    for r in rows:
        role = _role(r, preset, own_input=own_input, failing=failing, inputs=inputs.get(r.golden_tensor, ()))
        gain = _gain(r, inputs, cumulative)
        if role is Role.INHERITS and gain is not None and gain > _JUMP * usual and own_input:
            role = Role.AMPLIFIES
        result.append(replace(r, role=role))
    return result


def injecting(rows: Sequence[LayerResult]) -> list[LayerResult]:
    """Rows that inject, the strongest first (see ``score``); equal ones in running order."""
    found = [r for r in rows if r.role is Role.INJECTS]
    return sorted(found, key=lambda r: (-score(r), r.index))


def score(row: LayerResult) -> float:
    """Own-input error (or cumulative, where that is all there is) over the noise expected there."""
    metrics = row.own_input or row.cumulative
    value = 0.0 if metrics is None else noise_score(metrics, row.dtype)
    return min(value, SCORE_LIMIT) if not math.isnan(value) else SCORE_LIMIT


def stage_of(row: LayerResult, preset: Preset, *, by_reference: bool, blind: bool = False) -> Stage:
    """Whether the model file itself is wrong, or what runs it.

    ``by_reference``: the target ran in the reference runtime (or onnxruntime), which does what the file says.
    ``blind``: the reference runtime cannot run this node.
    """
    if by_reference:
        return Stage.CONVERSION
    if blind or row.reference_own_input is None:
        return Stage.UNKNOWN
    verdict, _ = _judged(row, row.reference_own_input, preset, own=True)
    return Stage.CONVERSION if verdict is Verdict.FAIL else Stage.RUNTIME


def first_divergence(rows: Sequence[LayerResult], preset: Preset) -> tuple[str, str] | None:
    """The first layer in running order whose cumulative error does not pass, or whose statistics cannot be golden's."""
    for r in sorted(rows, key=lambda r: r.index):
        off = _cumulative_verdict(r, preset) in (Verdict.WATCH, Verdict.FAIL) or by_statistics(r)
        if off and r.target_node is not None:
            return r.golden_node, r.target_node
    return None


def by_statistics(row: LayerResult) -> bool:
    """Whether only statistics tell that a layer's values are not golden's."""
    return row.cumulative is None and row.verdict is Verdict.FAIL


def own_verdict(row: LayerResult, preset: Preset) -> Verdict | None:
    """The verdict on the layer's own error; None where it was not measured."""
    return None if row.own_input is None else _judged(row, row.own_input, preset, own=True)[0]


def _role(r: LayerResult, preset: Preset, *, own_input: bool, failing: set[str], inputs: Sequence[str]) -> Role:
    bad = r.golden_tensor in failing
    if r.target_tensor is None or by_statistics(r):
        return Role.NOT_COMPARABLE
    own = own_verdict(r, preset)
    if own is Verdict.FAIL:
        return Role.INJECTS
    if own is None or own is Verdict.NOT_COMPARABLE:
        if own_input and r.cumulative is not None and bad:
            return Role.NOT_COMPARABLE if any(i in failing for i in inputs) else Role.INJECTS
        if not own_input and bad:
            return Role.INHERITS if any(i in failing for i in inputs) else Role.INJECTS
        return Role.NOT_COMPARABLE if r.verdict is Verdict.NOT_COMPARABLE else Role.CLEAN
    return Role.INHERITS if bad else Role.CLEAN


def _cumulative_verdict(r: LayerResult, preset: Preset) -> Verdict:
    return Verdict.NOT_COMPARABLE if r.cumulative is None else _judged(r, r.cumulative, preset, own=False)[0]


def _judged(r: LayerResult, metrics: Metrics, preset: Preset, *, own: bool) -> tuple[Verdict, str]:
    return judge(metrics, TensorInfo(r.golden_tensor, r.dtype, r.shape), r.dtype, own_input=own, preset=preset)


def _gain(r: LayerResult, inputs: Mapping[str, tuple[str, ...]], errors: Mapping[str, float]) -> float | None:
    given = [errors[i] for i in inputs.get(r.golden_tensor, ()) if i in errors]
    before = max((e for e in given if not math.isnan(e)), default=math.nan)
    after = errors.get(r.golden_tensor, math.nan)
    if math.isnan(before) or math.isnan(after) or math.isinf(before) or before <= 0:
        return None
    return after / before


