"""Findings of a comparison: what its facts mean. Recomputed whenever a run is opened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from diag.compare.reasons import metric_name
from diag.compare.tolerance import NOISE, RELATIVE, Limits
from diag.rules.codes import RULES, Code, finding
from diag.rules.recorded import recorded
from diag.types.comparison import Comparison, Unmatched
from diag.types.finding import Evidence, Finding, Severity
from diag.types.layer import Culprit, Decision, OutputResult, Role, Verdict
from diag.types.metrics import Metrics

_UNSTABLE = 1e-5
_MEASURED = ("above", "between", "mindstudio_above", "mindstudio_below")
_CONDITIONS = {"repeat": "run again", "threads": "one thread against all",
               "optimisation": "graph optimisation on against off"}


def examined(comparison: Comparison) -> Comparison:
    """The comparison with its findings, the gravest first."""
    order = {Severity.FAIL: 0, Severity.WATCH: 1, Severity.INFO: 2}
    return replace(comparison, findings=tuple(sorted(examine(comparison), key=lambda f: order[f.severity])))


def examine(comparison: Comparison) -> Iterator[Finding]:
    """All findings, in the order in which they are told."""
    yield from map(_culprit, comparison.culprits)
    yield from _outputs(comparison)
    yield from _golden(comparison)
    yield from _harmless(comparison)
    yield from _inputs(comparison)
    yield from _gaps(comparison)
    yield from recorded(comparison)


def _culprit(culprit: Culprit) -> Finding:
    code = Code(culprit.finding)
    severity = Severity.FAIL if RULES[code].severity is not Severity.INFO else Severity.WATCH
    return finding(code, culprit.golden_node, severity=severity, **culprit.values)


def _outputs(comparison: Comparison) -> Iterator[Finding]:
    for output in comparison.outputs:
        if output.verdict is Verdict.NOT_COMPARABLE:
            yield finding(Code.OUTPUT_NOT_COMPARABLE, output.golden_tensor, reason=output.reason.rstrip("."))
        elif output.verdict in (Verdict.FAIL, Verdict.WATCH):
            yield _off(output, comparison)
            if not comparison.culprits and output.cumulative is not None and not comparison.checks.get("harmless"):
                metric, error, _ = _gate(output, comparison)
                yield finding(Code.NO_CULPRIT, output.golden_tensor, metric=metric, error=error)
        if output.cumulative is not None and _is_constant(output.cumulative):
            yield finding(Code.OUTPUT_CONSTANT, output.golden_tensor, value=output.cumulative.target.max,
                          severity=Severity.WATCH)


def _off(output: OutputResult, comparison: Comparison) -> Finding:
    metric, error, limit = _gate(output, comparison)
    code = Code.OUTPUT_DIFFERS if output.verdict is Verdict.FAIL else Code.OUTPUT_NEAR_LIMIT
    return finding(code, output.golden_tensor, metric=metric, error=error, limit=limit)


def _gate(output: OutputResult, comparison: Comparison) -> tuple[str, float | None, float]:
    metrics = output.cumulative
    if metrics is None:
        return "relative L2", None, RELATIVE[False].bad
    if not math.isnan(metrics.mismatch):
        return "mismatch", metrics.mismatch, 0.0
    decided = output.decision
    if decided is not None and decided.rule in _MEASURED:
        return metric_name(decided), _known(decided.value), decided.limit
    if comparison.target.dtype in ("float16", "bfloat16"):
        return "noise-floor ratio", _known(metrics.nr), _limit(NOISE[False], output)
    return "relative L2", _known(metrics.rel_l2), _limit(RELATIVE[False], output)


def _limit(limits: Limits, output: OutputResult) -> float:
    return limits.bad if output.verdict is Verdict.FAIL else limits.good


def _golden(comparison: Comparison) -> Iterator[Finding]:
    random = comparison.checks.get("random_nodes") or []
    if random:
        yield finding(Code.GOLDEN_RANDOM, random[0], nodes=", ".join(random[:5]))
    stability = comparison.checks.get("golden_stability", {})
    for name, words in _CONDITIONS.items():
        value = stability.get(name) if stability.get("measured") else 0.0
        if value is None or value > _UNSTABLE:
            yield finding(Code.GOLDEN_UNSTABLE, name, error=value, condition=words)
    effect = comparison.checks.get("observer_effect", {}).get("max_abs")
    if effect:
        yield finding(Code.OBSERVER_EFFECT, comparison.target.runtime, error=effect)


def _harmless(comparison: Comparison) -> Iterator[Finding]:
    """Layers that a runtime computes a little differently, without a trace in the outputs."""
    names = {h["golden_node"] for h in comparison.checks.get("harmless", ())}
    for row in comparison.layers:
        if row.golden_node not in names or row.role is not Role.INJECTS or row.own_input is None:
            continue
        code = Code.COS_NEAR_PI if row.golden_op == "Cos" else Code.ARITHMETIC
        yield finding(code, row.golden_node, severity=Severity.INFO, op=row.golden_op,
                      runtime=comparison.target.runtime, error=_known(row.own_input.rel_l2))


def _inputs(comparison: Comparison) -> Iterator[Finding]:
    for name, (nan, inf) in dict(comparison.checks.get("input_nonfinite", {})).items():
        evidence = [Evidence(i.file) for i in comparison.inputs if i.name == name and i.file]
        yield finding(Code.INPUT_NONFINITE, name, nan=nan, inf=inf, evidence=evidence)
    for name, (golden, target) in dict(comparison.checks.get("input_casts", {})).items():
        yield finding(Code.INPUT_CAST, name, golden=golden, target=target)


def _gaps(comparison: Comparison) -> Iterator[Finding]:
    uncovered: dict[str, int] = dict(comparison.checks.get("uncovered", {}))
    for op, count in uncovered.items():
        yield finding(Code.OPERATOR_NOT_COVERED, op, op=op, count=count)
    if comparison.checks.get("om_inside"):
        yield finding(Code.ASCEND_ORIENTED, comparison.target.path)
    instead = comparison.checks.get("reference_instead")
    if instead:
        yield finding(Code.REFERENCE_INSTEAD, comparison.target.path, reason=instead)
    if comparison.preset == "mindstudio":
        blind = sum(1 for r in comparison.layers if _is_blind(r.decision))
        if blind:
            yield finding(Code.PRESET_BLIND, comparison.preset, preset=comparison.preset, count=blind)
    lost = _lost(comparison)
    if lost or comparison.unmatched_target:
        yield finding(Code.UNMATCHED_TENSORS, "", golden=len(lost), target=len(comparison.unmatched_target))


def _is_blind(decision: Decision | None) -> bool:
    return decision is not None and any(one.rule.startswith("blind") for one in decision.also)


def _lost(comparison: Comparison) -> list[Unmatched]:
    """Golden tensors that the target has no value for, those left out that are computed inside a fused node."""
    return [u for u in comparison.unmatched_golden if u.decision is None or u.decision.rule != "inside"]


def _is_constant(metrics: Metrics) -> bool:
    t = metrics.target
    return metrics.size > 1 and t.min == t.max and not (t.nan or t.pos_inf or t.neg_inf)


def _known(value: float) -> float | None:
    return None if math.isnan(value) or math.isinf(value) else value
