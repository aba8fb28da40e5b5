"""The whole comparison in one sentence."""

from __future__ import annotations

import math

from diag.compare.attribute import by_statistics
from diag.compare.reasons import reason
from diag.report.catalogues import labels
from diag.report.numbers import computed_in, error, gate
from diag.rules import Lang
from diag.types.comparison import Comparison
from diag.types.layer import Culprit, Difference, OutputResult, Verdict

_FORMATS = {"onnx": "ONNX", "mindir": "MindIR", "om": "OM", "ascend": "NPU recording",
            "ascend-statistics": "NPU statistics", "mindspore": "MindSpore recording",
            "mindspore-lite": "MindSpore Lite recording", "arrays": "recording"}


def headline(comparison: Comparison, lang: Lang = "en") -> str:
    """Verdict, how far off, which layer and why: ``FAIL: final output off by 5.0e-02; … injects it because …``."""
    text = labels(lang)
    words = text["headline"]
    parts = [_outputs(comparison, lang), *_blame(comparison, lang)]
    return text["banner"][comparison.verdict] + words["colon"] + words["join"].join(parts)


def worst_output(comparison: Comparison) -> OutputResult | None:
    """The output that decides: the worst verdict, among those the largest error."""
    dtype = computed_in(comparison)

    def badness(output: OutputResult) -> tuple[int, int, float]:
        metrics = output.cumulative
        if metrics is None:
            return output.verdict.rank, 0, 0.0
        value = gate(metrics, dtype)[1]
        return output.verdict.rank, metrics.nonfinite, 0.0 if math.isnan(value) else value

    return max(comparison.outputs, key=badness, default=None)


def because(culprit: Culprit, comparison: Comparison, lang: Lang = "en") -> str:
    """Why a layer is wrong, as half a sentence; empty if nobody knows."""
    known = [d for d in culprit.differences if d.explains] or list(culprit.differences)
    return difference(known[0], comparison, lang) if known else culprit.why.rstrip(".")


def difference(one: Difference, comparison: Comparison, lang: Lang = "en") -> str:
    """One difference as half a sentence."""
    sentence = labels(lang)["why"].get(one.kind, labels(lang)["why"]["attribute"])
    return sentence.format(name=one.name, golden=one.golden, target=one.target,
                           golden_format=format_name(comparison.golden.format),
                           target_format=format_name(comparison.target.format))


def format_name(name: str) -> str:
    """A file format as people spell it."""
    return _FORMATS.get(name, name)


def _outputs(comparison: Comparison, lang: Lang) -> str:
    words = labels(lang)["headline"]
    output = worst_output(comparison)
    if output is None:
        return words["nothing"]
    metrics = output.cumulative
    if output.verdict is Verdict.FAIL and metrics is None:
        return words["fail_other"].format(reason=reason(output, lang).rstrip(".。"))
    if output.verdict is Verdict.NOT_COMPARABLE or metrics is None:
        return words["not_comparable"].format(reason=reason(output, lang).rstrip(".。"))
    if metrics.nonfinite:
        return words["fail_nonfinite"].format(count=f"{metrics.nonfinite:,}")
    name, value = gate(metrics, computed_in(comparison))
    if output.verdict is Verdict.PASS and value == 0:
        return words["pass_exact"]
    if math.isnan(value):
        return words["fail_other"].format(reason=reason(output, lang))
    amount = words["amount"].format(metric=labels(lang)["metric"][name], value=error(value))
    return words[output.verdict].format(error=amount)


def _blame(comparison: Comparison, lang: Lang) -> list[str]:
    words = labels(lang)["headline"]
    right = comparison.verdict is Verdict.PASS
    if not comparison.culprits:
        suspect = _suspect(comparison)
        if suspect:
            return [words["suspect"].format(node=suspect)]
        measured = not any(by_statistics(row) for row in comparison.layers)
        return [words["nobody"]] if comparison.verdict is Verdict.FAIL and measured else []
    culprit = comparison.culprits[0]
    why = because(culprit, comparison, lang)
    key = ("injects_hidden" if right else "injects") + ("" if why else "_bare")
    return [words[key].format(node=culprit.golden_node, why=why)]


def _suspect(comparison: Comparison) -> str:
    """The first layer that is off, where only statistics tell it and the device ran on the same inputs; else ""."""
    first = comparison.first_divergence
    row = next((r for r in comparison.layers if first and (r.golden_node, r.target_node) == first), None)
    same = not dict(comparison.checks.get("recording", {})).get("input_differences")
    return row.golden_node if row is not None and same and by_statistics(row) else ""
