"""From runs and errors to a diagnosis: which submodels are at fault, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from diag.compare.result import environment
from diag.machine import peak_bytes
from diag.pipeline.calls import Outcome
from diag.pipeline.derandomise import random_in_mindir
from diag.pipeline.judge import amplified, masked, ratio_of, relative, suspects
from diag.pipeline.layers import Looked
from diag.pipeline.models import Model, Side
from diag.pipeline.own import OwnError
from diag.pipeline.session import Session
from diag.pipeline.swap import SubmodelFailed
from diag.rules.codes import Code, finding
from diag.rules.pipeline import examined
from diag.types.finding import Evidence as Proof
from diag.types.finding import Finding
from diag.types.layer import Stage, Verdict
from diag.types.pipeline import PipelineCulprit, PipelineDiagnosis, SubmodelResult, SwapKind, SwapRun


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a search gathered; mappings are by submodel."""

    golden: Outcome
    runs: tuple[SwapRun, ...]
    owns: Mapping[str, OwnError]
    failed: Mapping[str, Finding]
    looked: Mapping[str, Looked]
    unstable: Mapping[str, float]


def failure(error: SubmodelFailed) -> Finding:
    """A submodel that does not run, as a finding."""
    proof = [Proof(str(error.log))] if error.log is not None else []
    hint = (error.hint or "compare it alone").rstrip(".")
    return finding(Code.SUBMODEL_FAILED, error.submodel, reason=error.message.rstrip("."),
                   where=error.where or error.message, hint=hint, evidence=proof)


def conclude(session: Session, evidence: Evidence, wall_s: float) -> PipelineDiagnosis:
    """The diagnosis, findings included."""
    blamed = _culprits(evidence)
    names = [c.submodel for c in blamed]
    runs = tuple(relative(evidence.runs, [*names, *evidence.failed]))
    single = {r.swapped[0]: r for r in runs if r.kind is SwapKind.SINGLE}
    again = next((r for r in runs[1:] if r.kind is SwapKind.GOLDEN), None)
    grown = tuple(name for name, own in evidence.owns.items()
                  if name not in names and name in single and amplified(single[name], own))
    picture = evidence.golden.picture
    times = session.folder.times({f"{side.value} {name}": session.pool.milliseconds(name, side)
                                  for name in session.models for side in Side})
    found = PipelineDiagnosis(
        verdict=Verdict.PASS, spec=session.spec,
        submodels=tuple(_submodel(model, evidence, names, times) for model in session.models.values()), runs=runs,
        culprits=tuple(replace(c, why=_why(c, evidence, runs)) for c in blamed),
        steps=next((single[n].steps for n in names if n in single), ()),
        noise=again.image if again else None, latent_noise=again.latents if again else None,
        masked=tuple(masked(runs)), amplified=grown, flagged=picture.flagged if picture else None, findings=(),
        environment=environment(), wall_s=wall_s, peak_bytes=peak_bytes(), golden_picture=runs[0].picture,
        source_picture="pictures/source.png" if session.app.source is not None else "",
        run=str(session.folder.path), options=session.plan.told)
    return examined(found)


def _culprits(evidence: Evidence) -> list[PipelineCulprit]:
    """Submodels that are wrong by their outputs, or by a layer inside; worst first."""
    found = []
    for name in suspects(evidence.owns):
        if name in evidence.failed:
            continue
        own = evidence.owns[name]
        looked = evidence.looked.get(name, Looked(None))
        layers = looked.comparison.culprits if looked.comparison is not None else ()
        # Where the outputs pass, a runtime that rounds a little differently is no fault; another model is.
        convincing = [c for c in layers if own.verdict is not Verdict.PASS or c.stage is Stage.CONVERSION]
        if own.verdict in (Verdict.FAIL, Verdict.NOT_COMPARABLE) or convincing:
            folder = f"layers/{name}" if looked.comparison is not None else ""
            found.append(PipelineCulprit(name, ratio_of(own, evidence.owns), "", own.call,
                                         convincing[0] if convincing else None, folder))
    return found


def _submodel(model: Model, evidence: Evidence, culprits: list[str], times: Mapping[str, float]) -> SubmodelResult:
    name, one = model.spec.name, model.spec
    own, failed = evidence.owns.get(name), evidence.failed.get(name)
    looked = evidence.looked.get(name, Looked(None)).comparison
    off = failed is None and own is not None and own.verdict is not Verdict.PASS
    base = SubmodelResult(
        name, one.onnx, one.mindir, model.name, model.version, one.device, one.dtype, Verdict.NOT_COMPARABLE,
        "it has no MindIR" if model.target is None else "it was not run", random_nodes=model.random,
        golden_ms=times.get(f"{Side.GOLDEN.value} {name}", math.nan),
        target_ms=times.get(f"{Side.TARGET.value} {name}", math.nan),
        note=model.note, error_finding=failed, unstable=evidence.unstable.get(name, 0.0),
        target_random=tuple(random_in_mindir(model.target)) if model.target is not None and off else ())
    if failed is not None:
        return replace(base, verdict=Verdict.FAIL, reason=str(failed.values["reason"]))
    if own is None:
        return base
    verdict = Verdict.FAIL if name in culprits else own.verdict
    return replace(base, verdict=verdict, reason=own.reason, outputs=own.outputs, output=own.output, error=own.error,
                   ratio=ratio_of(own, evidence.owns), call=own.call, calls=own.calls, blind=own.blind,
                   comparison=f"layers/{name}" if looked is not None else "")


def _why(culprit: PipelineCulprit, evidence: Evidence, runs: tuple[SwapRun, ...]) -> str:
    """In English, as ``why`` of the document; reports word the same facts in their own language."""
    own = evidence.owns[culprit.submodel]
    parts = [f"on golden inputs: {own.output}: {own.reason[:1].lower()}{own.reason[1:].rstrip('.')}"]
    if math.isfinite(culprit.score) and culprit.score > 1:
        parts.append(f"{culprit.score:.3g} times what is usual among the others")
    alone = next((r for r in runs if r.kind is SwapKind.SINGLE and r.swapped == (culprit.submodel,)), None)
    if alone is not None and alone.image is not None:
        parts.append(f"swapped alone: {alone.reason}")
    rest = next((r for r in runs if r.kind is SwapKind.LEAVE_ONE_OUT and culprit.submodel not in r.swapped), None)
    if rest is not None and rest.image is not None:
        parts.append(f"all others swapped: {rest.reason}")
    if culprit.layer is not None:
        parts.append(f"layer {culprit.layer.golden_node}: {culprit.layer.why.rstrip('.')}")
    return "; ".join(parts)
