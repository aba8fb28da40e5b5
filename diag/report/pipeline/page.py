"""A search as one self-contained page, from the picture to the layer: no script, nothing loaded, names are escaped."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path

from diag.report.catalogues import labels, pipeline_words
from diag.report.numbers import nbytes
from diag.report.pipeline.chart import curves
from diag.report.pipeline.document import command
from diag.report.pipeline.pictures import Pictures
from diag.report.pipeline.story import layer_facts, story
from diag.report.pipeline.swaps import submodel_table, swap_table, way_table
from diag.report.pipeline.wording import all_swapped, decibel, headline
from diag.rules import Lang, words
from diag.rules.pipeline import alone
from diag.types.finding import Finding
from diag.types.pipeline import PipelineDiagnosis, SwapKind, SwapRun

_LANGUAGE = {"en": "en", "zh": "zh-CN"}
_GROWS = 10.0


def page(found: PipelineDiagnosis, lang: Lang = "en") -> str:
    """The page as text; pictures come from the run folder, where it is still there."""
    style = "\n".join((files(package) / "page.css").read_text(encoding="utf-8").strip()
                      for package in ("diag.report.sheet", "diag.report.pipeline"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    verdict, said = found.verdict.value, headline(found, lang)
    pictures = Pictures(found)
    sections = (story(found, lang), _pictures(found, pictures, lang), submodel_table(found, lang),
                swap_table(found, pictures, lang), _steps(found, lang), way_table(found, lang),
                layer_facts(found, lang), _findings(found.findings, lang), _how(found, lang))
    return (
        f'<!doctype html>\n<html lang="{_LANGUAGE[lang]}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(said)} – Ascend Diag</title><style>{style}</style></head><body>\n"
        f'<header class="{verdict}"><b>{escape(labels(lang)["banner"][verdict])}</b>'
        f"<h1>{escape(_sentence(said, found))}</h1></header>\n<main>\n"
        + "\n".join(f"<section><h2>{escape(title)}</h2>{inside}</section>" for title, inside in sections if inside)
        + "\n</main></body></html>\n")


def _sentence(said: str, found: PipelineDiagnosis) -> str:
    """With a capital, unless it begins with a name."""
    return said if said.startswith(tuple(s.name for s in found.submodels)) else said[:1].upper() + said[1:]


def _pictures(found: PipelineDiagnosis, pictures: Pictures, lang: Lang) -> tuple[str, str]:
    """The original, what the culprit makes of it, what is left without it, and the difference."""
    said = pipeline_words(lang)["pictures"]
    golden = found.runs[0] if found.runs else None
    plain = pictures.of(golden) if golden is not None else None
    if golden is None or plain is None:
        return said["title"], ""
    shown = list(_figures(found, lang))
    parts = [_figure(plain, "", said["golden"], "")]
    for name, run in shown:
        uri = pictures.of(run)
        if uri is not None:
            parts.append(_figure(uri, plain, name, _score(run, lang)))
    gap = pictures.difference(golden, shown[0][1]) if shown else None
    if gap is not None:
        parts.append(_figure(gap[0], "", said["difference"].format(gain=f"{gap[1]:,}"), shown[0][0]))
    source = pictures.named("source")
    if source is not None:
        parts.append(_figure(source, "", said["source"], ""))
    notes = [said["flip"], *([said["black"]] if found.flagged else [])]
    return said["title"], f'<div class="gallery">{"".join(parts)}</div><p class="note">{escape(" ".join(notes))}</p>'


def _figures(found: PipelineDiagnosis, lang: Lang) -> Iterator[tuple[str, SwapRun]]:
    said = pipeline_words(lang)["pictures"]
    for culprit in found.culprits[:2]:
        run = alone(found, culprit.submodel)
        if run is not None:
            yield said["only"].format(name=culprit.submodel), run
    if len(found.culprits) == 1:
        name = found.culprits[0].submodel
        rest = next((r for r in found.runs if r.kind is SwapKind.LEAVE_ONE_OUT and name not in r.swapped), None)
        if rest is not None:
            yield said["but"].format(name=name), rest
        return
    whole = all_swapped(found)
    if whole is not None and whole.kind is SwapKind.ALL:
        yield said["all"], whole


def _figure(uri: str, below: str, title: str, score: str) -> str:
    other = f'<img src="{below}" alt="">' if below else ""
    kind = ' class="flip" tabindex="0"' if below else ""
    return (f'<figure><div{kind}><img src="{uri}" alt="{escape(title)}">{other}</div>'
            f"<figcaption>{escape(title)} <span>{escape(score)}</span></figcaption></figure>")


def _score(run: SwapRun, lang: Lang) -> str:
    if run.image is None or run.image.equal:
        return decibel(run.image, pipeline_words(lang)["runs"]["equal"])
    return f"{decibel(run.image, '')} dB, SSIM {run.image.ssim:.4f}"


def _steps(found: PipelineDiagnosis, lang: Lang) -> tuple[str, str]:
    said = pipeline_words(lang)["steps"]
    name = next((c.submodel for c in found.culprits), found.amplified[0] if found.amplified else "")
    run = alone(found, name) if name else None
    if run is None or not run.steps:
        return said["title"].format(name=name), ""
    free = [s.latents.rel_l2 for s in run.steps]
    forced = [s.teacher_forced.rel_l2 if s.teacher_forced is not None else math.nan for s in run.steps]
    known = [v for v in forced if not math.isnan(v)]
    series = [(said["free"], free), *([(said["forced"], forced)] if known else [])]
    svg = curves(series, [str(s.step) for s in run.steps], said["step"], said["axis"])
    note = said["note_input"]
    if known and max(known) > 0:
        factor = free[-1] / max(known)
        note = said["note_grows"].format(factor=f"{factor:.0f}") if name in found.amplified and factor > _GROWS \
            else said["note_wrong"]
    inside = f'<div class="chart">{svg}</div><p class="note">{escape(note)}</p>' if svg else ""
    return said["title"].format(name=name), inside


def _findings(found: tuple[Finding, ...], lang: Lang) -> tuple[str, str]:
    return pipeline_words(lang)["findings"]["title"], "".join(_finding(one, lang) for one in found)


def _finding(finding: Finding, lang: Lang) -> str:
    said = words(finding, lang)
    steps = "".join(f"<li>{escape(step)}</li>" for step in said.advice)
    return (f'<article class="{finding.severity.value}"><h3><code>{escape(finding.code)}</code> '
            f"{escape(said.title)}</h3><p>{escape(said.explanation)}</p><ul>{steps}</ul></article>")


def _how(found: PipelineDiagnosis, lang: Lang) -> tuple[str, str]:
    said, spec = pipeline_words(lang)["how"], found.spec
    scheduler = str(spec.scheduler.get("_class_name", ""))
    rows = [(said["kind"], spec.kind.value), (said["file"], spec.path), (said["prompt"], spec.prompt)]
    if spec.image:
        rows.append((said["image"], spec.image))
    if scheduler:
        rows.append((said["request"], said["request_text"].format(
            steps=spec.steps, strength=spec.strength, guidance=spec.guidance, seed=spec.seed, scheduler=scheduler)))
    if found.noise is not None:
        rows.append((said["noise"], said["noise_equal"] if found.noise.equal
                     else said["noise_psnr"].format(psnr=decibel(found.noise, ""))))
    rows += [(said["took"], said["took_text"].format(seconds=f"{found.wall_s:.1f}", memory=nbytes(found.peak_bytes))),
             (said["run"], found.run or ""), (said["again"], command(found))]
    if found.run is not None:
        rows += [(s.name, f"diag report {Path(found.run) / s.comparison}") for s in found.submodels if s.comparison]
    inside = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows if text)
    return said["title"], f"<dl>{inside}</dl>"


