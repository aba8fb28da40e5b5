"""What the page's script gets: layers as columns, text once in a table of strings, numbers in six digits.

8,000 layers stay below 10 MB this way; as objects they would be more than 20 MB.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from diag.compare.metrics.rounding import unit_roundoff
from diag.compare.reasons import reason
from diag.compare.tolerance import MINDSTUDIO, NOISE, OUTLIER, RELATIVE, Limits, Preset
from diag.report.catalogues import labels, stage_words
from diag.report.document import told
from diag.report.headline import because, difference, format_name
from diag.report.numbers import HALF, computed_in, factor, nbytes
from diag.report.reproduce import command
from diag.rules import Lang
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import LayerResult
from diag.types.metrics import Metrics, Stats
from diag.workspace.codec import to_json

_SECTIONS = ("verdict", "banner", "role", "stage", "mapping", "severity", "metric", "stats", "html")
_METRICS = tuple(f.name for f in fields(Metrics) if f.name not in ("golden", "target", "worst_index"))
_STATS = tuple(f.name for f in fields(Stats))


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of the elements of a golden tensor and its target in bins: n counts between n + 1 rising edges."""

    edges: Sequence[float]
    golden: Sequence[float]
    target: Sequence[float]


def page_data(comparison: Comparison, lang: Lang, histograms: Mapping[str, Histogram]) -> dict[str, Any]:
    """Everything the page shows, JSON-able."""
    facts = {name: to_json(getattr(comparison, name)) for name in
             ("golden", "target", "outputs", "inputs", "environment", "checks", "options", "unmatched_golden",
              "unmatched_target")}
    for name in ("outputs", "unmatched_golden", "unmatched_target"):
        for fact, row in zip(facts[name], getattr(comparison, name), strict=True):
            fact["reason"] = reason(row, lang)
    for side in ("golden", "target"):
        facts[side]["format"] = format_name(facts[side]["format"])
    text = labels(lang)
    dtype = computed_in(comparison)
    plain = comparison.preset == Preset.MINDSTUDIO
    return {
        "labels": {**{section: text[section] for section in _SECTIONS}, "stage": stage_words(comparison, lang)},
        "verdict": comparison.verdict.value,
        **facts,
        "preset": comparison.preset,
        "limits": limits(comparison.preset, dtype),
        "limits_for": "any" if plain else "half" if dtype in HALF else "wide",
        "gate": "nr" if dtype in HALF and not plain else "rel_l2",
        "culprits": _culprits(comparison, lang),
        "findings": [told(finding, lang) for finding in comparison.findings],
        "layers": _columns(comparison.layers, lang),
        "histograms": [{"tensor": tensor, **_short_lists(histogram)} for tensor, histogram in histograms.items()],
        "command": command(comparison),
        "run": comparison.run,
        "seconds": f"{comparison.wall_s:.1f}",
        "memory": nbytes(comparison.peak_bytes),
    }


def embed(data: Mapping[str, Any]) -> str:
    """JSON that can stand inside a script element whatever text it holds."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def limits(preset: str, dtype: str) -> dict[str, dict[str, tuple[float, float]]]:
    """Pass and fail limits by metric, for ``cumulative`` and ``own_input``."""
    if preset == Preset.MINDSTUDIO:
        return {field: {"cumulative": (limit, limit), "own_input": (limit, limit)}
                for _, field, limit in MINDSTUDIO if field != "cosine"}
    u = unit_roundoff(DType(dtype))
    table = {"nr": _both(NOISE, 1.0)} if dtype in HALF else {"rel_l2": _both(RELATIVE, 1.0)}
    return table if math.isnan(u) else {**table, "max_abs_over_p999": _both(OUTLIER, u)}


def _both(by_own_input: Mapping[bool, Limits], unit: float) -> dict[str, tuple[float, float]]:
    return {name: (by_own_input[own].good * unit, by_own_input[own].bad * unit)
            for name, own in (("cumulative", False), ("own_input", True))}


def _culprits(comparison: Comparison, lang: Lang) -> list[dict[str, Any]]:
    place = {layer.golden_node: row for row, layer in enumerate(comparison.layers)}
    found = []
    for culprit in comparison.culprits:
        same = [f for f in comparison.findings if f.code == culprit.finding]
        story = next((f for f in same if f.subject == culprit.golden_node), same[0] if same else None)
        found.append({
            **to_json(culprit), "score": factor(culprit.score), "layer": place.get(culprit.golden_node),
            "because": because(culprit, comparison, lang), "story": told(story, lang) if story else None,
            "differences": [{**to_json(one), "sentence": difference(one, comparison, lang)}
                            for one in culprit.differences],
        })
    return found


def _columns(layers: Sequence[LayerResult], lang: Lang) -> dict[str, Any]:
    strings: dict[str, int] = {}

    def intern(values: Iterable[str | None]) -> object:
        return _same([-1 if v is None else strings.setdefault(v, len(strings)) for v in values])

    columns: dict[str, Any] = {
        "index": [r.index for r in layers],
        "node": intern(r.golden_node for r in layers), "op": intern(r.golden_op for r in layers),
        "tensor": intern(r.golden_tensor for r in layers), "target_node": intern(r.target_node for r in layers),
        "target_op": intern(r.target_op for r in layers), "target_tensor": intern(r.target_tensor for r in layers),
        "mapping": intern(r.mapping.kind.value for r in layers),
        "confidence": _same([_short(r.mapping.confidence) for r in layers]),
        "golden_nodes": [_names(r.mapping.golden_nodes, strings) for r in layers],
        "layout": intern(_dims(r.mapping.layout) for r in layers),
        "shape": intern(_dims(r.shape) for r in layers), "dtype": intern(r.dtype.value for r in layers),
        "verdict": intern(r.verdict.value for r in layers), "role": intern(r.role.value for r in layers),
        "reason": intern(reason(r, lang) for r in layers),
        "cumulative": _metric_columns([r.cumulative for r in layers], intern),
        "own_input": _metric_columns([r.own_input for r in layers], intern),
        "reference": _metric_columns([r.reference_own_input for r in layers], intern),
    }
    return {"count": len(layers), "columns": columns, "strings": list(strings)}


def _metric_columns(column: Sequence[Metrics | None], intern: Any) -> dict[str, Any] | None:  # noqa: ANN401
    if not any(column):
        return None
    found = {name: _same([None if m is None else _short(getattr(m, name)) for m in column]) for name in _METRICS}
    for side in ("golden", "target"):
        for name in _STATS:
            found[f"{side}.{name}"] = _same([None if m is None else _short(getattr(getattr(m, side), name))
                                             for m in column])
    found["worst_index"] = intern(None if m is None or m.worst_index is None
                                  else "[" + ", ".join(map(str, m.worst_index)) + "]" for m in column)
    return found


def _names(nodes: Sequence[str], strings: dict[str, int]) -> list[int]:
    return [strings.setdefault(node, len(strings)) for node in nodes] if len(nodes) > 1 else []


def _dims(dims: Sequence[int] | None) -> str | None:
    return None if dims is None else "×".join(map(str, dims)) or "scalar"


def _short_lists(histogram: Histogram) -> dict[str, list[float | None]]:
    return {name: [_short(float(x)) for x in getattr(histogram, name)] for name in ("edges", "golden", "target")}


def _short(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.6g}")


def _same(column: list[Any]) -> object:
    """A column of one value as that value alone."""
    return column[0] if column and column.count(column[0]) == len(column) else column
