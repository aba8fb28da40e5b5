"""A search as a sheet for the terminal."""

from __future__ import annotations

import math
from pathlib import Path

from diag.report.catalogues import labels, pipeline_words
from diag.report.numbers import error, factor
from diag.report.pipeline.document import command
from diag.report.pipeline.wording import (
    decibel,
    headline,
    run_reason,
    submodel_reason,
    worst_output,
)
from diag.report.sheet import Column, Findings, Lines, Sheet, Table
from diag.rules import Lang
from diag.types.layer import Verdict
from diag.types.pipeline import PipelineDiagnosis, PipelineKind, SubmodelResult, SwapKind, SwapRun


def sheet(found: PipelineDiagnosis, lang: Lang = "en") -> Sheet:
    """Submodels, swaps, findings, and where to go on."""
    return Sheet(found.verdict, headline(found, lang), (
        submodels(found, lang), runs(found, lang),
        Findings(pipeline_words(lang)["findings"]["title"], found.findings), _onwards(found, lang)))


def submodels(found: PipelineDiagnosis, lang: Lang) -> Table:
    """One row a submodel."""
    said, verdicts = pipeline_words(lang)["submodels"], labels(lang)["verdict"]
    columns = (Column(said["name"]), Column(said["verdict"]), Column(said["error"], right=True),
               Column(said["ratio"], right=True), Column(said["call"]), Column(said["runtime"], spare=True),
               Column(said["onnx_ms"], right=True), Column(said["target_ms"], right=True),
               Column(said["reason"], wide=True, spare=True))
    return Table(said["title"], columns, tuple(_submodel(one, lang, verdicts[one.verdict]) for one in found.submodels),
                 said["note"])


def _submodel(one: SubmodelResult, lang: Lang, verdict: str) -> tuple[str, ...]:
    said = pipeline_words(lang)["submodels"]
    off = one.verdict is not Verdict.PASS and one.calls
    call = said["call_of"].format(call=one.call, calls=one.calls) if off else ""
    runtime = f"{one.runtime} {one.runtime_version}".strip() or said["none"]
    ratio = factor(one.ratio) if one.calls else "–"
    return (one.name, verdict if one.mindir else said["none"], error(one.error), ratio, call, runtime,
            _ms(one.golden_ms), _ms(one.target_ms), submodel_reason(one, lang))


def runs(found: PipelineDiagnosis, lang: Lang) -> Table:
    """One row a run; golden's second run only where it differs."""
    said, verdicts = pipeline_words(lang)["runs"], labels(lang)["verdict"]
    names = [s.name for s in found.submodels if s.mindir]
    chain = found.spec.kind is PipelineKind.CHAIN or not any(r.image for r in found.runs)
    scores = (Column(said["outputs"], right=True),) if chain else (
        Column(said["psnr"], right=True), Column(said["ssim"], right=True), Column(said["latents"], right=True))
    columns = (Column(said["kind"]), Column(said["swapped"], wide=True), Column(said["verdict"]), *scores,
               Column(said["seconds"], right=True, spare=True), Column(said["reason"], wide=True, spare=True))
    return Table(said["title"], columns, tuple(
        (said[run.kind.value], _swapped(run, names, lang), verdicts[run.verdict],
         *_scores(run, said["equal"], chain), f"{run.seconds:.1f}", run_reason(run, lang))
        for run in found.runs if run.kind is not SwapKind.GOLDEN), limit=30)


def _swapped(run: SwapRun, names: list[str], lang: Lang) -> str:
    if run.kind in (SwapKind.ALL, SwapKind.LEAVE_ONE_OUT):
        left = [n for n in names if n not in run.swapped]
        return "−" + ", ".join(left) if left else pipeline_words(lang)["runs"]["all"]
    return ", ".join(run.swapped)


def _scores(run: SwapRun, equal: str, chain: bool) -> tuple[str, ...]:
    if chain:
        return (error(worst_output(run)),)
    ssim = f"{run.image.ssim:.4f}" if run.image is not None else ""
    return decibel(run.image, equal), ssim, error(run.latents.rel_l2) if run.latents is not None else ""


def _onwards(found: PipelineDiagnosis, lang: Lang) -> Lines:
    said = pipeline_words(lang)["how"]
    lines = [f"{said['run']}: {found.run}"] if found.run else []
    lines += [f"diag report {Path(found.run or '') / s.comparison}" for s in found.submodels if s.comparison]
    return Lines(said["title"], (*lines, f"{said['again']}: {command(found)}"))


def _ms(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"
