"""Four cards in a row: the picture, the submodel, the layer, the reason; and the facts of the layer."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from diag.report.catalogues import labels, pipeline_words
from diag.report.headline import difference
from diag.report.numbers import error, factor
from diag.report.pipeline.wording import all_swapped, decibel, layers_of, reason, worst_output
from diag.rules import Lang
from diag.rules.pipeline import submodel
from diag.types.layer import Role
from diag.types.pipeline import PipelineCulprit, PipelineDiagnosis

_ARROW = "<i>→</i>"


def story(found: PipelineDiagnosis, lang: Lang) -> tuple[str, str]:
    """Title and markup; nothing where there is no culprit."""
    title = pipeline_words(lang)["story"]["title"]
    if not found.culprits:
        return title, ""
    return title, "".join(f'<div class="story">{_ARROW.join(_cards(found, culprit, lang))}</div>'
                          for culprit in found.culprits[:3])


def layer_facts(found: PipelineDiagnosis, lang: Lang) -> tuple[str, str]:
    """Everything about the layers at fault."""
    said, stages = pipeline_words(lang)["layer"], labels(lang)["stage"]
    blocks = []
    for culprit in found.culprits:
        layer = culprit.layer
        if layer is None:
            continue
        comparison = layers_of(found, culprit.submodel)
        row = next((r for r in comparison.layers if r.golden_node == layer.golden_node), None) if comparison else None
        differs = [difference(d, comparison, lang) for d in layer.differences] if comparison is not None else []
        rows = [(said["node"], layer.golden_node), (said["op"], row.golden_op if row else ""),
                (said["target"], layer.target_node or ""),
                (said["own"], error(layer.own_input.rel_l2) if layer.own_input is not None else ""),
                (said["made"], stages[layer.stage.value]), (said["differs"], "; ".join(differs) or layer.why),
                (said["open"], _opens(found, culprit))]
        inside = "".join(f"<dt>{escape(n)}</dt><dd>{escape(text)}</dd>" for n, text in rows if text)
        blocks.append(f"<h3>{escape(culprit.submodel)}</h3><dl>{inside}</dl>")
    names = ", ".join(c.submodel for c in found.culprits if c.layer is not None)
    return said["title"].format(name=names), "".join(blocks)


def _opens(found: PipelineDiagnosis, culprit: PipelineCulprit) -> str:
    return f"diag report {Path(found.run or '') / culprit.comparison}" if culprit.comparison else ""


def _cards(found: PipelineDiagnosis, culprit: PipelineCulprit, lang: Lang) -> Iterator[str]:
    said = pipeline_words(lang)["story"]
    yield _whole(found, lang)
    yield _card(said["submodel"], culprit.submodel, _submodel(found, culprit, lang), bad=True)
    layer = culprit.layer
    if layer is None:
        yield _card(said["layer"], "–", said["layer_none"])
        return
    comparison = layers_of(found, culprit.submodel)
    carried = sum(r.role is Role.INHERITS for r in comparison.layers) if comparison is not None else 0
    yield _card(said["layer"], _short(layer.golden_node), said["layer_text"].format(carried=carried), bad=True)
    proof = said["reason_proof"] if any(d.explains for d in layer.differences) else ""
    yield _card(said["reason"], reason(culprit, comparison, lang) or said["unknown"], proof, bad=True)


def _whole(found: PipelineDiagnosis, lang: Lang) -> str:
    said, run = pipeline_words(lang)["story"], all_swapped(found)
    if run is not None and run.image is None and run.outputs:
        return _card(said["outputs"], error(worst_output(run)), said["outputs_text"])
    if run is None or run.image is None or run.image.equal:
        return _card(said["picture"], said["picture_equal"], said["picture_text"])
    off = said["picture_off"].format(psnr=decibel(run.image, ""), ssim=f"{run.image.ssim:.3f}")
    return _card(said["picture"], off, said["picture_text"], bad=True)


def _submodel(found: PipelineDiagnosis, culprit: PipelineCulprit, lang: Lang) -> str:
    said, one = pipeline_words(lang)["story"], submodel(found, culprit.submodel)
    if any(m.nonfinite for m in one.outputs.values()):
        return said["submodel_nonfinite"].format(output=one.output, call=one.call)
    if one.blind and not one.error > 0:
        return said["submodel_hidden"]
    return said["submodel_text"].format(error=error(one.error), ratio=factor(one.ratio))


def _card(name: str, fact: str, text: str, *, bad: bool = False) -> str:
    kind = ' class="bad"' if bad else ""
    return (f"<div{kind}><small>{escape(name)}</small><strong>{escape(fact)}</strong>"
            f"<p>{escape(text)}</p></div>")


def _short(node: str) -> str:
    """The last parts of a node's path: they tell it, and fit."""
    parts = node.strip("/").split("/")
    return node if len(node) <= 48 else "…/" + "/".join(parts[-3:])
