"""Tables of the page: submodels, the matrix of swaps, and the way of the error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from diag.report.catalogues import labels, pipeline_words
from diag.report.numbers import error
from diag.report.pipeline.pictures import Pictures
from diag.report.pipeline.terminal import submodels
from diag.report.pipeline.wording import decibel, run_reason, worst_output
from diag.rules import Lang
from diag.types.metrics import Metrics
from diag.types.pipeline import PipelineDiagnosis, SwapKind, SwapRun

_HEAT = (1e-4, 1e-3, 1e-2)


def submodel_table(found: PipelineDiagnosis, lang: Lang) -> tuple[str, str]:
    """Each submodel on golden inputs; culprits are marked."""
    table = submodels(found, lang)
    blamed = {c.submodel for c in found.culprits}
    kinds = ["n" if c.right else "w" if c.wide else "" for c in table.columns]
    head = "".join(f'<th class="{k}">{escape(c.name)}</th>' for k, c in zip(kinds, table.columns, strict=True))
    rows = []
    for one, cells in zip(found.submodels, table.rows, strict=True):
        marked = [f'<td class="{k}">{escape(c)}</td>' for k, c in zip(kinds, cells, strict=True)]
        marked[1] = f"<td>{_tag(one.verdict.value, cells[1])}</td>"
        culprit = ' class="culprit"' if one.name in blamed or one.error_finding is not None else ""
        rows.append(f"<tr{culprit}>{''.join(marked)}</tr>")
    return table.title, (f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
                         f'</table></div><p class="note">{escape(table.note)}</p>')


def swap_table(found: PipelineDiagnosis, pictures: Pictures, lang: Lang) -> tuple[str, str]:
    """Rows are runs, columns submodels and scores."""
    said = pipeline_words(lang)["runs"]
    names = [s.name for s in found.submodels]
    chain = not any(r.image for r in found.runs)
    scores = [said["outputs"]] if chain else [said[k] for k in ("psnr", "ssim", "largest", "latents")]
    head = "".join([f"<th>{escape(said['picture'])}</th>" if not chain else "", f"<th>{escape(said['verdict'])}</th>",
                    *(f'<th class="swap">{escape(n)}</th>' for n in names),
                    *(f'<th class="n">{escape(s)}</th>' for s in scores), f"<th>{escape(said['reason'])}</th>"])
    rows = "".join(_run(run, found, pictures, lang, chain=chain) for run in found.runs)
    return said["title"], (f'<div class="scroll swaps"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
                           f'</table></div><p class="note">{escape(said["note"])}</p>')


def way_table(found: PipelineDiagnosis, lang: Lang) -> tuple[str, str]:
    """Error of each submodel's output in each run, as a heat map; nothing where no run has any to speak of."""
    said, kinds = pipeline_words(lang)["way"], pipeline_words(lang)["runs"]
    names = [s.name for s in found.submodels]
    runs = [r for r in found.runs if r.submodel_outputs and r.kind is not SwapKind.GOLDEN]
    if not runs or not found.culprits:
        return said["title"], ""
    head = "".join(f'<th class="n">{escape(n)}</th>' for n in names)
    rows = "".join(f"<tr><td>{escape(kinds[r.kind.value])}: {escape(_short(r, names))}</td>"
                   + "".join(_heat(r.submodel_outputs.get(n)) for n in names) + "</tr>" for r in runs)
    return said["title"], (f'<div class="scroll"><table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody>'
                           f'</table></div><p class="note">{escape(said["note"])}</p>')


def _run(run: SwapRun, found: PipelineDiagnosis, pictures: Pictures, lang: Lang, *, chain: bool) -> str:
    said, verdicts = pipeline_words(lang)["runs"], labels(lang)["verdict"]
    blamed = {c.submodel for c in found.culprits}
    return "<tr>" + "".join([
        "" if chain else f'<td class="thumb">{_thumb(pictures.thumb(run))}</td>',
        f"<td>{_tag(run.verdict.value, verdicts[run.verdict])}<br>{escape(said[run.kind.value])}</td>",
        *(_cell(s.name in run.swapped, s.name in blamed) for s in found.submodels),
        *(f'<td class="n">{escape(text)}</td>' for text in _scores(run, said["equal"], chain=chain)),
        f'<td class="w">{escape(run_reason(run, lang))}</td>']) + "</tr>"


def _scores(run: SwapRun, equal: str, *, chain: bool) -> Iterator[str]:
    if chain:
        yield error(worst_output(run))
        return
    image = run.image
    yield decibel(image, equal)
    yield f"{image.ssim:.5f}" if image is not None and math.isfinite(image.ssim) else ""
    yield ("∞" if math.isinf(image.max_abs) else error(image.max_abs)) if image is not None else ""
    yield error(run.latents.rel_l2) if run.latents is not None else ""


def _cell(on: bool, bad: bool) -> str:
    kind = " bad" if on and bad else " on" if on else ""
    return f'<td class="swap{kind}">{"M" if on else "·"}</td>'


def _heat(metrics: Metrics | None) -> str:
    if metrics is None:
        return '<td class="n h0">–</td>'
    value = metrics.rel_l2 if math.isnan(metrics.mismatch) else metrics.mismatch
    if metrics.nonfinite:
        return '<td class="n h3">NaN</td>'
    level = 0 if math.isnan(value) else sum(value > limit for limit in _HEAT)
    return f'<td class="n h{level}">{escape(error(value))}</td>'


def _short(run: SwapRun, names: list[str]) -> str:
    if run.kind is SwapKind.LEAVE_ONE_OUT:
        return "−" + ", ".join(n for n in names if n not in run.swapped)
    return ", ".join(run.swapped) if run.kind is not SwapKind.ALL else "✓"


def _thumb(uri: str | None) -> str:
    return f'<img src="{uri}" alt="">' if uri else ""


def _tag(kind: str, text: str) -> str:
    return f'<span class="tag {escape(kind)}">{escape(text)}</span>'
