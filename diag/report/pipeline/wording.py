"""The whole search in one sentence, and the facts that all its tellers word alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from diag.errors import DiagError
from diag.pipeline.judge import LEAST_PSNR_DB, LEAST_SSIM
from diag.pipeline.own import share_of
from diag.report.catalogues import pipeline_words
from diag.report.headline import because
from diag.report.numbers import error, factor
from diag.rules import Lang
from diag.rules.pipeline import alone, submodel
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import Verdict
from diag.types.pipeline import (
    ImageMetrics,
    PipelineCulprit,
    PipelineDiagnosis,
    SubmodelResult,
    SwapKind,
    SwapRun,
)
from diag.workspace.runs import RunFolder

_HALVES = ("float16", "bfloat16")


def headline(found: PipelineDiagnosis, lang: Lang = "en") -> str:
    """The answer: which submodel, how far, which layer and why."""
    said = pipeline_words(lang)["headline"]
    failed = ", ".join(s.name for s in found.submodels if s.error_finding is not None)
    if found.culprits:
        parts = [_blame(found, lang), _layer(found.culprits[0], layers_of(found, found.culprits[0].submodel), lang)]
        parts += [said["masked"].format(names=" + ".join(pair)) for pair in found.masked]
        parts.append(said["failed_too"].format(names=failed) if failed else "")
        return said["join"].join(filter(None, parts))
    if failed:
        rest = all(r.verdict is Verdict.PASS for r in found.runs if r.error is None)
        return said["failed" if rest else "failed_some"].format(names=failed)
    if found.amplified:
        return said["amplified"].format(names=", ".join(found.amplified))
    if any(r.verdict is Verdict.FAIL for r in found.runs):
        return said["nobody"]
    return said["watch"] if found.verdict is not Verdict.PASS else _right(found, said)


def decibel(image: ImageMetrics | None, equal: str) -> str:
    """PSNR for people."""
    if image is None:
        return ""
    if image.equal:
        return equal
    return f"{image.psnr:.1f}" if math.isfinite(image.psnr) else "−∞"


def layers_of(found: PipelineDiagnosis, name: str) -> Comparison | None:
    """The recorded layer comparison of a submodel; None if it is not there any more."""
    place = submodel(found, name).comparison
    if not place or found.run is None:
        return None
    try:
        return RunFolder.open(Path(found.run) / place).comparison()
    except DiagError:
        return None


def reason(culprit: PipelineCulprit, comparison: Comparison | None, lang: Lang) -> str:
    """Why the layer is wrong, as half a sentence; empty if nobody knows."""
    if culprit.layer is None:
        return ""
    return because(culprit.layer, comparison, lang) if comparison is not None else culprit.layer.why.rstrip(".")


def worst_output(run: SwapRun) -> float:
    """Largest relative L2 error of a chain's outputs; NaN if there is none."""
    return max((m.rel_l2 for m in run.outputs.values() if not math.isnan(m.rel_l2)), default=math.nan)


def all_swapped(found: PipelineDiagnosis) -> SwapRun | None:
    """The run with all targets, or the one with most of them."""
    runs = [r for r in found.runs if r.kind is not SwapKind.GOLDEN and r.error is None]
    return max(runs, key=lambda r: (r.kind is SwapKind.ALL, len(r.swapped)), default=None)


def _blame(found: PipelineDiagnosis, lang: Lang) -> str:
    said = pipeline_words(lang)["headline"]
    if len(found.culprits) > 1:
        names = [c.submodel for c in found.culprits]
        return said["culprits"].format(names=("、" if lang == "zh" else ", ").join(names), first=names[0])
    name = found.culprits[0].submodel
    one, run = submodel(found, name), alone(found, name)
    if any(m.nonfinite for m in one.outputs.values()):
        return said["culprit_nonfinite"].format(name=name)
    if run is None or run.image is None:
        return said["culprit_plain"].format(name=name, error=error(one.error))
    if run.image.equal:
        key = "culprit_hidden" if one.blind else "culprit_plain"
        return said[key].format(name=name, error=error(one.error))
    others = [r.image.psnr for r in found.runs if r.kind is SwapKind.SINGLE and r.swapped != (name,)
              and r.image is not None and not r.image.equal and r.verdict is Verdict.PASS]
    key = "culprit" if others else "culprit_alone"
    return said[key].format(name=name, psnr=f"{run.image.psnr:.1f}", others=f"{min(others, default=0):.0f}")


def _layer(culprit: PipelineCulprit, comparison: Comparison | None, lang: Lang) -> str:
    if culprit.layer is None:
        return ""
    said, why = pipeline_words(lang)["headline"], reason(culprit, comparison, lang)
    return said["layer_because" if why else "layer"].format(node=culprit.layer.golden_node, why=why)


def _right(found: PipelineDiagnosis, said: Mapping[str, str]) -> str:
    swaps = [r for r in found.runs if r.kind is not SwapKind.GOLDEN]
    levels = [r.image.psnr for r in swaps if r.image is not None and not r.image.equal]
    if levels:
        return said["right"].format(psnr=f"{min(levels):.0f}")
    errors = [e for r in swaps if not math.isnan(e := worst_output(r))]
    return said["right_chain"].format(error=error(max(errors))) if errors and max(errors) > 0 else said["right_equal"]


def submodel_reason(one: SubmodelResult, lang: Lang) -> str:
    """What decided about a submodel, in few words."""
    said = pipeline_words(lang)["submodels"]
    if one.error_finding is not None:
        return said["why_failed"].format(reason=one.error_finding.values.get("reason", one.reason))
    if not one.mindir or not one.calls:
        return said["why_none"] if not one.mindir else one.reason
    metrics = one.outputs.get(one.output)
    if metrics is None:
        return said["why_shape"]
    facts = {"output": one.output, "size": f"{metrics.size:,}"}
    if metrics.nonfinite:
        return said["why_nonfinite"].format(count=f"{metrics.nonfinite:,}", **facts)
    if metrics.mismatch > 0:
        return said["why_mismatch"].format(count=f"{round(metrics.mismatch * metrics.size):,}", **facts)
    if one.verdict is Verdict.PASS:
        return said["why_pass" if one.error > 0 else "why_equal"]
    share = share_of(metrics, DType(one.dtype) if one.dtype in _HALVES else DType.FLOAT32)
    return said["why_off"].format(share=factor(share)) if share > 1 else said["why_layer"]


def run_reason(run: SwapRun, lang: Lang) -> str:
    """What a run's scores do not say."""
    said = pipeline_words(lang)["runs"]
    if run.kind is SwapKind.GOLDEN and run.image is None and not run.outputs:
        return said["why_golden"]
    if run.error is not None:
        return said["why_failed"].format(reason=run.error.values.get("reason", run.reason))
    if run.image is None or run.verdict is Verdict.PASS:
        return "" if run.image is not None else run.reason
    if math.isnan(run.image.max_abs) or math.isinf(run.image.max_abs):
        return said["why_nonfinite"]
    if run.image.psnr < LEAST_PSNR_DB or run.image.ssim < LEAST_SSIM:
        return said["why_another"].format(psnr=f"{LEAST_PSNR_DB:.0f}", ssim=LEAST_SSIM)
    return said["why_fallen"] if run.verdict is Verdict.WATCH else run.reason
