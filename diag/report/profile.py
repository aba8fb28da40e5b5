"""A profile as the document ``diag.profile/1``, as a sheet (terminal, HTML) and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from diag.perf.change import Change
from diag.perf.hotspots import Busy, Group, Hotspots
from diag.report.catalogues import performance_words
from diag.report.csv_ import csv_text
from diag.report.document import told
from diag.report.numbers import error
from diag.report.sheet import Chart, Column, Findings, Lines, Sheet, Table, by_severity
from diag.report.sheet.chart import Bar, areas, bars
from diag.rules import Lang
from diag.types.finding import Finding
from diag.types.layer import LayerResult, Verdict
from diag.types.timeline import Profile
from diag.workspace.codec import to_json

_MOST = 5000
_CHART, _HOST, _CHANGES = 20, 30, 200


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a report of one profile is made of. ``layers``: the layer of an operator, by its name."""

    profile: Profile
    sums: Hotspots
    findings: tuple[Finding, ...]
    verdict: Verdict
    wall_s: float
    peak_bytes: int
    environment: Mapping[str, Any]
    change: Change | None = None
    other: str = ""
    layers: Mapping[str, LayerResult] = field(default_factory=dict)


def document(it: Told, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    sums = it.sums
    return {
        "schema": "diag.profile/1", "kind": "profile", "verdict": it.verdict.value, "headline": headline(it, lang),
        "findings": [told(finding, lang) for finding in it.findings], "environment": dict(it.environment),
        "timing": {"wall_s": it.wall_s}, "memory": {"peak_bytes": it.peak_bytes}, "run": None,
        "path": it.profile.path, "source": it.profile.source, "runs": sums.runs, "calls": sums.calls,
        "total_us": sums.total_us, "unreadable": it.profile.unreadable, "mac_use": _finite(sums.mac_use),
        "hotspots": [{**_group(g), "layer": it.layers[g.name].golden_node if g.name in it.layers else None}
                     for g in sums.by_name[:_MOST]],
        "by_type": [_group(g) for g in sums.by_type], "by_core": [_group(g) for g in sums.by_core],
        "by_kind": [_group(g) for g in sums.by_kind], "busy": _busy(sums.busy),
        "host": [to_json(asdict(call)) for call in it.profile.host[:_HOST]],
        "other": it.other or None, "change": _change(it.change), "how": how(it, lang),
    }


def headline(it: Told, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    text = performance_words(lang)["profile"]
    if it.change is not None:
        ratio = it.change.here_us / it.change.other_us if it.change.other_us else math.nan
        return text["headline_against"].format(total=_ms(it.change.here_us), other=_ms(it.change.other_us),
                                               ratio=f"{ratio:.3g}")
    if not it.sums.by_name:
        return text["headline_empty"]
    first = it.sums.by_name[0]
    return text["headline"].format(percent=f"{100 * first.share:.0f}", total=_ms(it.sums.total_us), name=first.name,
                                   op=first.type or first.core)


def sheet(it: Told, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text = performance_words(lang)["profile"]
    parts: list[Any] = [Lines(text["facts"], tuple(_facts(it, text)))]
    if it.change is not None:
        parts.append(_changes(it.change, text))
    parts += [_hotspots(it, text), _bars(it, text), _types(it, text)]
    if len(it.sums.by_core) > 1:
        parts.append(_cores(it, text))
    if it.profile.host:
        parts.append(_host(it, text))
    if it.sums.busy is not None:
        kinds = [text[f"kinds_{name}"] for name in ("compute", "layout", "transfer", "communication")]
        parts.append(Chart(text["timeline"], areas(it.sums.busy.bins, kinds, 0, it.sums.busy.span_us / 1e3, "ms")))
    parts += [Findings(text["findings"], by_severity(it.findings)), Lines(text["how"], tuple(how(it, lang)))]
    return Sheet(it.verdict, headline(it, lang), tuple(parts))


def facts(it: Told, lang: Lang = "en") -> list[str]:
    """The whole in a few sentences."""
    return list(_facts(it, performance_words(lang)["profile"]))


def how(it: Told, lang: Lang = "en") -> list[str]:
    """Where the numbers come from."""
    words = performance_words(lang)["source"]
    found = [words[it.profile.source].format(file=Path(it.profile.path).name)]
    if it.profile.unreadable:
        found.append(words["rows"].format(count=it.profile.unreadable))
    return found


def to_csv(it: Told) -> str:
    """One row an operator, the most expensive first."""
    return csv_text(("operator", "type", "unit", "layer", "calls", "total_us", "mean_us", "longest_us", "share",
                     "inputs", "dtypes", "mac", "vector", "load"), (
        (g.name, g.type, g.core, it.layers[g.name].golden_node if g.name in it.layers else "", g.calls, g.total_us,
         g.mean_us, g.longest_us, g.share, g.shapes, g.dtypes, g.mac, g.vector, g.load) for g in it.sums.by_name))


def _facts(it: Told, text: Mapping[str, str]) -> Iterator[str]:
    sums = it.sums
    span = sums.busy.span_us if sums.busy is not None else math.nan
    if sums.busy is not None:
        yield text["span"].format(span=_ms(span), busy=_ms(sums.busy.busy_us), total=_ms(sums.total_us),
                                  percent=_part(sums.busy.busy_us, span), count=f"{sums.calls:,}",
                                  types=len(sums.by_type))
        if sums.busy.core_us > 0:
            yield text["aicore"].format(percent=_part(sums.busy.core_us, span))
    if math.isfinite(sums.mac_use):
        yield text["mac_use"].format(percent=f"{100 * sums.mac_use:.1f}")
    if sums.runs > 1:
        yield text["runs"].format(runs=sums.runs)


def _hotspots(it: Told, text: Mapping[str, str]) -> Table:
    rows, joined = it.sums.by_name[:_MOST], bool(it.layers)
    pipes = any(math.isfinite(g.mac) or math.isfinite(g.vector) for g in rows)
    shapes = any(g.shapes not in ("", "N/A") for g in rows)
    columns = [Column(text["operator"], wide=True), Column(text["type"]), Column(text["core"]),
               *(Column(text[key], right=True) for key in ("count", "total", "mean", "share"))]
    columns += [Column(text[key], right=True, spare=True) for key in ("mac", "vec", "mte2")] if pipes else []
    columns += [Column(text["shapes"], wide=True, spare=True), Column(text["dtypes"], spare=True)] if shapes else []
    columns += [Column(text["layer"], wide=True), Column("rel_l2", right=True)] if joined else []
    cells = []
    for g in rows:
        row = [g.name, g.type, g.core, f"{g.calls:,}", _ms(g.total_us), _us(g.mean_us), f"{100 * g.share:.1f} %"]
        row += [_share(v) for v in (g.mac, g.vector, g.load)] if pipes else []
        row += [g.shapes, g.dtypes] if shapes else []
        if joined:
            layer = it.layers.get(g.name)
            worst = layer.own_input or layer.cumulative if layer is not None else None
            row += [layer.golden_node if layer is not None else "", error(worst.rel_l2 if worst else None)]
        cells.append(tuple(row))
    return Table(text["hotspots"], tuple(columns), tuple(cells))


def _types(it: Told, text: Mapping[str, str]) -> Table:
    columns = (Column(text["type"], wide=True), *(Column(text[k], right=True) for k in ("count", "total", "share")))
    return Table(text["by_type"], columns, tuple((g.name or "–", f"{g.calls:,}", _ms(g.total_us),
                                                  f"{100 * g.share:.1f} %") for g in it.sums.by_type))


def _cores(it: Told, text: Mapping[str, str]) -> Table:
    columns = (Column(text["core"], wide=True), *(Column(text[k], right=True) for k in ("count", "total", "share")))
    return Table(text["by_core"], columns, tuple((g.name or "–", f"{g.calls:,}", _ms(g.total_us),
                                                  f"{100 * g.share:.1f} %") for g in it.sums.by_core))


def _host(it: Told, text: Mapping[str, str]) -> Table:
    columns = (Column(text["call"], wide=True), Column(text["level"]),
               *(Column(text[k], right=True) for k in ("count", "total", "longest")))
    return Table(text["host_calls"], columns, tuple((c.name, c.level, f"{c.count:,}", _ms(c.total_us),
                                                     _us(c.longest_us)) for c in it.profile.host[:_HOST]), limit=8)


def _bars(it: Told, text: Mapping[str, str]) -> Chart:
    rows = [Bar(g.name, (g.total_us / 1e3,), f"{100 * g.share:.1f} %") for g in it.sums.by_name[:_CHART]]
    return Chart(text["hotspots"], bars(rows, "ms"))


def _changes(change: Change, text: Mapping[str, str]) -> Table:
    columns = (Column(text["operator"], wide=True), Column(text["type"]),
               *(Column(text[key], right=True) for key in ("here", "other", "difference", "ratio")))
    rows = tuple((c.name, c.type, _ms(c.here_us), _ms(c.other_us), f"{c.difference_us / 1e3:+.4g}",
                  f"{c.ratio:.3g}" if math.isfinite(c.ratio) else "–") for c in change.names[:_CHANGES])
    return Table(text["against"], columns, rows)


def _group(group: Group) -> dict[str, Any]:
    facts: dict[str, Any] = to_json(asdict(group))
    return {**facts, "mean_us": _finite(group.mean_us)}


def _busy(busy: Busy | None) -> Any:  # noqa: ANN401 - JSON
    return None if busy is None else to_json(asdict(busy))


def _change(change: Change | None) -> Any:  # noqa: ANN401 - JSON
    if change is None:
        return None
    rows = [{**asdict(c), "difference_us": c.difference_us, "ratio": _finite(c.ratio)} for c in change.names[:_CHANGES]]
    kinds = [{**asdict(c), "difference_us": c.difference_us, "ratio": _finite(c.ratio)} for c in change.types]
    return to_json({"here_us": change.here_us, "other_us": change.other_us, "common": change.common, "names": rows,
                    "types": kinds})


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _ms(us: float) -> str:
    ms = us / 1e3
    return "–" if not math.isfinite(ms) else f"{ms:,.0f}" if abs(ms) >= 1e4 else f"{ms:.4g}"


def _us(us: float) -> str:
    return "–" if not math.isfinite(us) else f"{us:,.0f}" if us >= 1e4 else f"{us:.4g}"


def _part(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}" if whole > 0 else "0"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %" if math.isfinite(value) else "–"
