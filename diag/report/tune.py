"""A tuning as the document ``diag.tune/1``, as a sheet (terminal, HTML) and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from diag.report import bench as bench_report
from diag.report.catalogues import labels, performance_words
from diag.report.csv_ import Cell, csv_text
from diag.report.document import told
from diag.report.sheet import Chart, Column, Findings, Lines, Sheet, Table, by_severity
from diag.report.sheet.chart import Bar, bars
from diag.rules import Lang, words
from diag.types.finding import Severity
from diag.types.tuning import TuneStatus, Tuning
from diag.workspace.codec import to_json

_CHART = 20


def document(tuning: Tuning, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    facts: dict[str, Any] = to_json(replace(tuning, findings=(), bench=None))
    return {
        "schema": "diag.tune/1", "kind": "tune", "verdict": facts["verdict"], "headline": headline(tuning, lang),
        "findings": [told(finding, lang) for finding in tuning.findings], "environment": facts["environment"],
        "timing": {"wall_s": facts["wall_s"]}, "memory": {"peak_bytes": facts["peak_bytes"]},
        "run": tuning.folder or None, "model": facts["model"], "ran": facts["ran"], "missing": facts["missing"],
        "tasks": facts["tasks"], "accuracy": facts["accuracy"],
        "bench": bench_report.document(tuning.bench, lang) if tuning.bench is not None else None,
        "plan": {"folder": facts["folder"], "commands": facts["commands"], "config": facts["config"],
                 "variables": facts["variables"]}, "how": how(tuning, lang),
    }


def headline(tuning: Tuning, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    text = performance_words(lang)["tune"]
    bad = next((f for f in tuning.findings if f.severity is Severity.FAIL), None)
    if bad is not None:
        return words(bad, lang).title
    name = Path(tuning.model).name if tuning.model else next((t.name for t in tuning.tasks if t.name), "?")
    if tuning.missing:
        return text["headline_plan"].format(name=name, folder=tuning.folder)
    if not tuning.tasks:
        return bench_report.headline(tuning.bench, lang) if tuning.bench is not None else text["headline_none"]
    best = max(tuning.tasks, key=lambda t: t.improvement if math.isfinite(t.improvement) else -1.0)
    if best.improvement > 0:
        return text["headline_tuned"].format(name=best.name or name, before=_ms(best.before_ms),
                                             after=_ms(best.after_ms), percent=f"{100 * best.improvement:.2f}")
    failed = all(t.status is TuneStatus.FAILURE for t in tuning.tasks)
    return text["headline_failed" if failed else "headline_same"].format(name=best.name or name)


def sheet(tuning: Tuning, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text = performance_words(lang)["tune"]
    parts: list[Any] = [_tasks(tuning, text), _operators(tuning, text), *_charts(tuning, text)]
    parts.append(Lines(text["bank"], tuple(_bank(tuning, text))))
    if tuning.accuracy:
        parts.append(_accuracy(tuning, text, lang))
    if tuning.bench is not None:
        parts += [p for p in bench_report.sheet(tuning.bench, lang).parts if not isinstance(p, Findings | Lines)]
    parts.append(Findings(text["findings"], by_severity(tuning.findings)))
    if tuning.commands:
        parts.append(Lines(text["environment"], tuple(f"export {k}={v}" for k, v in tuning.variables.items()),
                           code=True))
        parts.append(Lines(text["config"], tuple(_ini(tuning.config)), code=True))
        parts.append(Lines(text["commands"], tuning.commands, code=True))
    parts.append(Lines(text["how"], tuple(how(tuning, lang))))
    return Sheet(tuning.verdict, headline(tuning, lang), tuple(p for p in parts if not _empty(p)))


def how(tuning: Tuning, lang: Lang = "en") -> list[str]:
    """Where every number comes from."""
    text = performance_words(lang)["tune"]
    found = []
    for source in dict.fromkeys(t.source for t in tuning.tasks if t.source):
        key = "how_aoe" if source.endswith(".json") else "how_log"
        found.append(text[key].format(file=Path(source).name))
    if tuning.bench is not None:
        found += [text["how_bench"], *bench_report.how(tuning.bench, lang)]
    if tuning.accuracy:
        found.append(text["how_accuracy"])
    return found


def to_csv(tuning: Tuning) -> str:
    """One row an operator that was tuned; a task without operators has one row."""
    return csv_text(("task", "job", "status", "model_before_ms", "model_after_ms", "model_improvement", "operator",
                     "type", "change", "before_us", "after_us", "improvement"), _operator_rows(tuning))


def _operator_rows(tuning: Tuning) -> Iterator[tuple[Cell, ...]]:
    for task in tuning.tasks:
        head = (task.name, task.job, task.status.value, task.before_ms, task.after_ms, task.improvement)
        for op in task.operators:
            yield (*head, op.name, op.type, op.change, op.before_us, op.after_us, op.improvement)
        if not task.operators:
            yield (*head, *[""] * 6)


def _tasks(tuning: Tuning, text: Mapping[str, str]) -> Table:
    columns = (Column(text["task"], wide=True), Column(text["job"]), Column(text["status"]),
               *(Column(text[k], right=True) for k in ("before", "after", "improvement", "operators", "seconds")))
    rows = tuple((task.name or "–", text[f"job_{task.job}"] if task.job else "–", text[task.status.value],
                  _ms(task.before_ms), _ms(task.after_ms), _percent(task.improvement), f"{len(task.operators):,}",
                  f"{task.seconds:,.0f}" if math.isfinite(task.seconds) else "–") for task in tuning.tasks)
    return Table(text["results"], columns, rows)


def _operators(tuning: Tuning, text: Mapping[str, str]) -> Table:
    columns = (Column(text["operator"], wide=True), Column(text["type"]), Column(text["change"]),
               *(Column(text[k], right=True) for k in ("before_us", "after_us", "improvement")))
    rows = [(op.name or task.name, op.type, text.get(op.change, op.change), _us(op.before_us), _us(op.after_us),
             _percent(op.improvement), op.before_us - op.after_us) for task in tuning.tasks for op in task.operators]
    rows.sort(key=lambda row: -row[-1] if math.isfinite(row[-1]) else math.inf)
    return Table(text["op_table"], columns, tuple(row[:-1] for row in rows))


def _charts(tuning: Tuning, text: Mapping[str, str]) -> Iterator[Chart]:
    known = [t for t in tuning.tasks if math.isfinite(t.before_ms) and math.isfinite(t.after_ms)]
    if known:
        yield Chart(text["model_chart"], bars([row for task in known for row in _pair(
            task.name, task.before_ms, task.after_ms, text, "ms")], "ms"))
    ops = sorted((op for t in tuning.tasks for op in t.operators if math.isfinite(op.after_us)),
                 key=lambda op: op.after_us - op.before_us)[:_CHART]
    if ops:
        yield Chart(text["chart"], bars([row for op in ops for row in _pair(
            op.name, op.before_us, op.after_us, text, "µs")], "µs"))


def _pair(name: str, before: float, after: float, text: Mapping[str, str], unit: str) -> tuple[Bar, Bar]:
    first, second = (text[key].rpartition(" ")[0] for key in ("before", "after"))
    return (Bar(f"{name} · {first}", (before, 0.0), f"{before:.4g} {unit}"),
            Bar(f"{name} · {second}", (0.0, after), f"{after:.4g} {unit}"))


def _bank(tuning: Tuning, text: Mapping[str, str]) -> Iterator[str]:
    for task in tuning.tasks:
        bank = task.bank
        if bank is not None:
            yield text["bank_line"].format(task=task.name, total=bank.total, hit=bank.hit, added=bank.added,
                                           updated=bank.updated, reserved=bank.reserved,
                                           unsatisfied=bank.unsatisfied)
        if task.failed:
            yield text["failed_ops"].format(names=", ".join(task.failed[:20]))


def _accuracy(tuning: Tuning, text: Mapping[str, str], lang: Lang) -> Table:
    verdicts = labels(lang)["verdict"]
    columns = (Column(text["task"], wide=True), Column(text["status"]), Column(tuning.accuracy[0].metric, right=True))
    sides = [text[key].rpartition(" ")[0] for key in ("before", "after")]
    return Table(text["accuracy"], columns, tuple(
        (f"{Path(a.path).name} ({side})", verdicts[a.verdict.value],
         f"{a.error:.2e}" if math.isfinite(a.error) else "–")
        for a, side in zip(tuning.accuracy, sides, strict=False)))


def _ini(config: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name, values in config.items():
        if values:
            yield f"[{name}]"
            yield from (f"{key}={value}" for key, value in values.items())


def _empty(part: object) -> bool:
    return (isinstance(part, Lines) and not part.lines) or (isinstance(part, Table) and not part.rows) \
        or (isinstance(part, Chart) and not part.svg)


def _ms(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "–"


def _us(value: float) -> str:
    return f"{value:,.4g}" if math.isfinite(value) else "–"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if math.isfinite(share) else "–"
