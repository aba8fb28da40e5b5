"""A benchmark as the document ``diag.bench/1``, as a sheet (terminal, HTML) and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from diag.perf.measure import COLUMNS
from diag.report.catalogues import labels, performance_words
from diag.report.csv_ import Cell, csv_text
from diag.report.document import told
from diag.report.numbers import error
from diag.report.sheet import Chart, Column, Findings, Lines, Sheet, Table, by_severity
from diag.report.sheet.chart import Strip, strips
from diag.rules import Lang
from diag.rules.performance import names_of
from diag.types.bench import Bench, LayerTime, Ratio, Series
from diag.types.codes import Code
from diag.workspace.codec import to_json


def document(bench: Bench, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    facts: dict[str, Any] = to_json(replace(bench, findings=()))
    return {
        "schema": "diag.bench/1", "kind": "bench", "verdict": facts["verdict"], "headline": headline(bench, lang),
        "findings": [told(finding, lang) for finding in bench.findings], "environment": facts["environment"],
        "timing": {"wall_s": facts["wall_s"]}, "memory": {"peak_bytes": facts["peak_bytes"]}, "run": facts["run"],
        "options": facts["options"], "models": facts["models"], "comparison": facts["comparison"],
        "layers": facts["layers"], "layer_notes": facts["layer_notes"], "how": how(bench, lang),
    }


def headline(bench: Bench, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    said = _headline(bench, lang)
    busy = any(f.code == Code.MACHINE_BUSY for f in bench.findings)
    return performance_words(lang)["bench"]["headline_busy"].format(headline=said) if busy else said


def _headline(bench: Bench, lang: Lang) -> str:
    text, names = performance_words(lang)["bench"], names_of(bench.models)
    if not bench.models:
        return text["headline_none"]
    if not bench.comparison:
        return text["headline_one"].format(name=names[0], median=_ms(_middle(bench.models[0])))
    one = max(bench.comparison, key=lambda r: (bool(r.different), abs(math.log(r.ratio)) if r.ratio > 0 else 0.0))
    key = {None: "unknown", False: "same"}.get(one.different, "slower" if one.ratio > 1 else "faster")
    return text[f"headline_{key}"].format(name=names[one.b], first=names[one.a], ratio=_ratio(one.ratio),
                                          low=_ratio(one.low), high=_ratio(one.high))


def sheet(bench: Bench, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text, names = performance_words(lang)["bench"], names_of(bench.models)
    parts: list[Any] = [_models(bench, text, names)]
    if bench.comparison:
        parts.append(_ratios(bench, text, names))
    parts += [Chart(text["samples"], strips([_strip(m, n) for m, n in zip(bench.models, names, strict=True)], "ms"))]
    known = [r for r in bench.comparison if math.isfinite(r.low)]
    if known:
        rows = [Strip(names[r.b], (), r.ratio, r.low, r.high, _ratio(r.ratio)) for r in known]
        parts.append(Chart(text["ratio_chart"].format(first=names[0]), strips(rows, "×", mark=1.0)))
    if bench.layers:
        parts.append(_layers(bench, lang, names))
    parts += [Findings(text["findings"], by_severity(bench.findings)), Lines(text["how"], tuple(how(bench, lang)))]
    return Sheet(bench.verdict, headline(bench, lang), tuple(parts))


def how(bench: Bench, lang: Lang = "en") -> list[str]:
    """How every number that is shown was measured."""
    return list(dict.fromkeys(_how(bench, lang)))


def to_csv(bench: Bench) -> str:
    """One row a sample; series that were recorded without samples have one row with their average."""
    return csv_text(COLUMNS, _samples(bench))


def _samples(bench: Bench) -> Iterator[tuple[Cell, ...]]:
    for model, name in zip(bench.models, names_of(bench.models), strict=True):
        rounds = model.rounds or (0,) * len(model.samples_ms)
        head = (name, model.runtime, model.device, model.source)
        for i, (number, ms) in enumerate(zip(rounds, model.samples_ms, strict=True)):
            yield (*head, number, i, ms)
        if not model.samples_ms:
            yield (*head, "", "", model.mean_ms)


def rows(bench: Bench, lang: Lang = "en") -> list[tuple[str, ...]]:
    """Name, runtime, samples, median, its interval, p90, least, MAD, ratio, its interval, what is told; by model."""
    text, by_model = performance_words(lang)["bench"], {r.b: r for r in bench.comparison}
    found = []
    for i, cells in enumerate(_models(bench, text, names_of(bench.models)).rows):
        ratio = by_model.get(i)
        told_ = ("", "", "") if ratio is None else (_ratio(ratio.ratio), _between(ratio.low, ratio.high, _ratio),
                                                    _told(ratio, text))
        found.append((*cells[:8], *told_))
    return found


def _models(bench: Bench, text: Any, names: list[str]) -> Table:  # noqa: ANN401 - words by key
    columns = (Column(text["model"], wide=True), Column(text["runtime"]), Column(text["runs"], right=True),
               *(Column(text[key], right=True, spare=key == "build")
                 for key in ("median", "interval", "p90", "min", "mad", "build")))
    rows = []
    for model, name in zip(bench.models, names, strict=True):
        runtime = f"{model.runtime} {model.runtime_version}".strip() if model.source == "measured" \
            else text["recorded"]
        rows.append((name, f"{runtime} {model.device}".strip(), f"{model.runs:,}", _told_middle(model, text),
                     _between(model.median.low, model.median.high, _short), _ms(model.p90_ms), _ms(model.min_ms),
                     _ms(model.mad_ms), _ms(model.build_ms)))
    return Table(text["models"], columns, tuple(rows))


def _ratios(bench: Bench, text: Any, names: list[str]) -> Table:  # noqa: ANN401
    columns = (Column(text["model"], wide=True), Column(text["ratio"], right=True),
               Column(text["interval"], right=True), Column(text["told"]), Column(text["pairs"], right=True))
    rows = tuple((names[r.b], _ratio(r.ratio), _between(r.low, r.high, _ratio), _told(r, text), f"{r.pairs:,}")
                 for r in bench.comparison)
    return Table(text["ratios"].format(first=names[0]), columns, rows)


def _layers(bench: Bench, lang: Lang, names: list[str]) -> Table:
    """The most expensive first: of the larger of its shares."""
    text, roles = performance_words(lang)["bench"], labels(lang)["role"]
    metric = next((layer.metric for layer in bench.layers if layer.metric), "")
    columns = [Column(text["layer"], wide=True), Column(text["op"])]
    columns += [Column(f"{i} ms", right=True) for i in range(1, len(names) + 1)]
    columns += [Column(text["share"], right=True)]
    if metric:
        columns += [Column(text["error"].format(metric=metric), right=True), Column(text["own"], right=True),
                    Column(text["role"])]
    rows = []
    for layer in sorted(bench.layers, key=lambda one: -_largest(one)):
        cells = [layer.node or layer.target_node, layer.op, *(_ms(t) for t in layer.times_ms),
                 _percent(_largest(layer))]
        if metric:
            cells += [error(layer.cumulative), error(layer.own_input), roles.get(layer.role, layer.role)]
        rows.append(tuple(cells))
    legend = "; ".join(f"{i} = {name}" for i, name in enumerate(names, 1))
    return Table(text["layers"], tuple(columns), tuple(rows), note=legend)


def _largest(layer: LayerTime) -> float:
    return max((share for share in layer.shares if math.isfinite(share)), default=0.0)


def _how(bench: Bench, lang: Lang) -> Iterator[str]:
    words, names = performance_words(lang), names_of(bench.models)
    how_, clock = words["how"], words["clock"]
    for model, name in zip(bench.models, names, strict=True):
        if model.source == "measured":
            threads = str(model.threads) if model.threads else words["bench"]["auto_threads"]
            yield how_["tool" if model.clock == "tool" else "rounds"].format(
                runs=model.runs, rounds=max(model.rounds, default=-1) + 1, warmup=model.warmup, threads=threads,
                loops=model.batch)
            yield clock[model.clock]
            if model.batch > 1 and model.clock != "tool":
                yield how_["batch"].format(name=name, batch=model.batch)
        else:
            yield clock["recorded"].format(source=model.source)
        if model.median.method:
            yield how_[model.median.method]
    for one in bench.comparison:
        yield how_["paired" if one.method == "rounds" else one.method]
    for name, note in zip(names, bench.layer_notes, strict=False):
        yield how_[f"layers_{note.method}"].format(name=name, runs=note.runs, joined=f"{100 * note.joined:.0f}",
                                                   problem=note.problem, overhead=_ms(note.overhead_ms)).strip()


def _told(one: Ratio, text: Any) -> str:  # noqa: ANN401
    if one.different is None:
        return str(text["unknown"])
    return str(text[("yes_slower" if one.ratio > 1 else "yes_faster") if one.different else "no"])


def _strip(model: Series, name: str) -> Strip:
    return Strip(name, model.samples_ms, _middle(model), model.median.low, model.median.high,
                 f"{_ms(_middle(model))} ms")


def _told_middle(model: Series, text: Any) -> str:  # noqa: ANN401
    return _ms(model.median_ms) if math.isfinite(model.median_ms) else f"{text['mean']} {_ms(model.mean_ms)}"


def _middle(model: Series) -> float:
    return model.median_ms if math.isfinite(model.median_ms) else model.mean_ms


def _ms(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) and value < 1000 else f"{value:,.0f}" if math.isfinite(value) else "–"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _ratio(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) and value < 100 else f"{value:,.0f}" if math.isfinite(value) else "–"


def _between(low: float, high: float, say: Any = _ms) -> str:  # noqa: ANN401 - a way to write numbers
    return f"{say(low)} – {say(high)}" if math.isfinite(low) else "–"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if math.isfinite(share) else "–"
