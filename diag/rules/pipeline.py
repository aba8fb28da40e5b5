"""Findings of a pipeline's search: what its facts mean. Recomputed whenever a run is opened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from diag.rules.codes import RULES, Code, finding
from diag.types.finding import Evidence, Finding, Severity
from diag.types.layer import Verdict
from diag.types.pipeline import PipelineCulprit, PipelineDiagnosis, SubmodelResult, SwapKind, SwapRun

_ORDER = {Severity.FAIL: 0, Severity.WATCH: 1, Severity.INFO: 2}
_UNSTABLE = 1e-6


def examined(diagnosis: PipelineDiagnosis) -> PipelineDiagnosis:
    """The diagnosis with its findings, the gravest first, and the verdict that follows from them."""
    found = tuple(sorted(examine(diagnosis), key=lambda f: _ORDER[f.severity]))
    worst = {f.severity for f in found}
    verdict = Verdict.FAIL if Severity.FAIL in worst else Verdict.WATCH if Severity.WATCH in worst else Verdict.PASS
    return replace(diagnosis, findings=found, verdict=verdict)


def examine(diagnosis: PipelineDiagnosis) -> Iterator[Finding]:
    """All findings, in the order in which they are told."""
    blamed = {c.submodel for c in diagnosis.culprits}
    for culprit in diagnosis.culprits:
        yield from _culprit(culprit, diagnosis)
    for a, b in diagnosis.masked:
        yield finding(Code.ERRORS_MASK, f"{a} + {b}", first=a, second=b)
    for one in diagnosis.submodels:
        yield from _submodel(one, blamed)
    for note in dict.fromkeys(s.note for s in diagnosis.submodels if s.note):
        yield finding(Code.REFERENCE_INSTEAD, ", ".join(s.name for s in diagnosis.submodels if s.note == note),
                      reason=note)
    for name in diagnosis.amplified:
        yield from _amplified(name, diagnosis)
    yield from _whole(diagnosis)


def alone(diagnosis: PipelineDiagnosis, name: str) -> SwapRun | None:
    """The run in which only this submodel was swapped."""
    return next((r for r in diagnosis.runs if r.kind is SwapKind.SINGLE and r.swapped == (name,)), None)


def submodel(diagnosis: PipelineDiagnosis, name: str) -> SubmodelResult:
    """The result of a submodel."""
    return next(s for s in diagnosis.submodels if s.name == name)


def _culprit(culprit: PipelineCulprit, diagnosis: PipelineDiagnosis) -> Iterator[Finding]:
    one, run = submodel(diagnosis, culprit.submodel), alone(diagnosis, culprit.submodel)
    proof = [Evidence(run.picture)] if run is not None and run.picture else []
    nonfinite = sum(m.nonfinite for m in one.outputs.values())
    if nonfinite:
        yield finding(Code.SUBMODEL_NONFINITE, one.name, output=one.output, count=nonfinite, call=one.call,
                      calls=one.calls, evidence=proof)
    else:
        code = Code.SUBMODEL_HIDDEN if one.blind and not one.error > 0 else Code.SUBMODEL_WRONG
        yield finding(code, one.name, output=one.output, error=_known(one.error), ratio=_factor(one.ratio),
                      call=one.call, calls=one.calls, evidence=proof)
    if culprit.layer is not None:
        code = Code(culprit.layer.finding)
        severity = Severity.FAIL if RULES[code].severity is not Severity.INFO else Severity.WATCH
        yield finding(code, culprit.layer.golden_node, severity=severity,
                      **{**culprit.layer.values, "submodel": one.name})


def _submodel(one: SubmodelResult, blamed: set[str]) -> Iterator[Finding]:
    if one.error_finding is not None:
        yield one.error_finding
    if one.random_nodes:
        yield finding(Code.RANDOM_REPLACED, one.name, nodes=", ".join(one.random_nodes[:5]))
    # MindSpore Lite 2.0.0 loses the scale of a draw, and answers with the mean: nothing is wrong then.
    if one.target_random and one.verdict is not Verdict.PASS:
        yield finding(Code.TARGET_RANDOM, one.name, nodes=", ".join(one.target_random[:5]))
    elif one.unstable > _UNSTABLE or math.isnan(one.unstable):
        yield finding(Code.TARGET_UNSTABLE, one.name, error=_known(one.unstable))
    if not one.mindir:
        yield finding(Code.NOT_SWAPPED, one.name)
    elif one.verdict is Verdict.WATCH and one.name not in blamed:
        yield finding(Code.SUBMODEL_NEAR_LIMIT, one.name, output=one.output, error=_known(one.error),
                      ratio=_factor(one.ratio))


def _amplified(name: str, diagnosis: PipelineDiagnosis) -> Iterator[Finding]:
    run, one = alone(diagnosis, name), submodel(diagnosis, name)
    if run is None or not run.steps:
        return
    forced = max(s.teacher_forced.rel_l2 for s in run.steps if s.teacher_forced is not None)
    yield finding(Code.ERROR_AMPLIFIED, name, error=_known(one.error), step_error=_known(forced),
                  last_error=_known(run.steps[-1].latents.rel_l2), steps=len(run.steps))


def _whole(diagnosis: PipelineDiagnosis) -> Iterator[Finding]:
    if diagnosis.noise is not None and not diagnosis.noise.equal:
        yield finding(Code.GOLDEN_NOISE, "", psnr=_known(diagnosis.noise.psnr))
    if diagnosis.flagged:
        yield finding(Code.PICTURE_FLAGGED, "safety_checker")
    failed = [s.name for s in diagnosis.submodels if s.error_finding is not None]
    off = [r for r in diagnosis.runs if r.verdict is Verdict.FAIL]
    if off and not diagnosis.culprits and not failed and not diagnosis.amplified:
        yield finding(Code.NO_SUBMODEL, ", ".join(off[-1].swapped), reason=off[-1].reason)


def _factor(value: float) -> float | int | None:
    """A ratio without digits that say nothing."""
    return round(value) if value >= 10 and math.isfinite(value) else _known(value)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
