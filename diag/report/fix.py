"""A repair as the document ``diag.fix/1``, as a sheet (terminal, HTML) and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from diag.report.catalogues import remedy_words
from diag.report.csv_ import Cell, csv_text
from diag.report.document import told
from diag.report.numbers import error
from diag.report.reproduce import line
from diag.report.sheet import Column, Findings, Lines, Part, Sheet, Table
from diag.rules import Lang
from diag.types.fix import Came, Fix, Measured, Step, Try
from diag.types.layer import Verdict
from diag.workspace.codec import to_json

COLUMNS = ("number", "step", "name", "nodes", "base", "came", "error", "culprits", "reason", "seconds", "onnx",
            "output", "command")


def document(fix: Fix, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    facts: dict[str, Any] = to_json(replace(fix, findings=()))
    return {
        "schema": "diag.fix/1", "kind": "fix", "verdict": facts["verdict"], "headline": headline(fix, lang),
        "findings": [told(f, lang) for f in fix.findings], "environment": facts["environment"],
        "timing": {"wall_s": facts["wall_s"]}, "memory": {"peak_bytes": facts["peak_bytes"]}, "run": facts["run"],
        "options": facts["options"], "command": command(fix), "golden": facts["golden"], "target": facts["target"],
        "converter": facts["converter"], "before": facts["before"], "tries": facts["tries"],
        "proved": facts["proved"], "output": facts["output"],
    }


def headline(fix: Fix, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    text = remedy_words(lang)["fix"]
    before = _error(fix.before.error)
    if fix.proved is not None:
        one = fix.tries[fix.proved]
        after = _error(one.after.error if one.after is not None else math.nan)
        key = "headline_stale" if one.step is Step.AGAIN else "headline_proved"
        return text[key].format(what=_name(one, text), before=before, after=after, converter=fix.converter)
    if fix.verdict is Verdict.PASS:
        return text["headline_healthy"]
    tried = sum(t.came is not Came.NOT_HERE for t in fix.tries)
    return text["headline_none"].format(count=f"{tried:,}", before=before)


def command(fix: Fix) -> str:
    """A line for the shell that does the same again."""
    return line(["diag", "fix", fix.golden.path, fix.target.path], fix.options)


def sheet(fix: Fix, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text = remedy_words(lang)["fix"]
    parts: list[Part] = [Findings(text["findings"], fix.findings)]
    if fix.tries:
        parts.append(_tries(fix, text))
    if fix.proved is not None:
        one = fix.tries[fix.proved]
        lines = [text["output"].format(path=fix.output)]
        if one.onnx and one.onnx != fix.golden.path:
            lines.append(text["onnx"].format(path=one.onnx))
        parts.append(Lines(text["result"], tuple(lines)))
        if one.command:
            parts.append(Lines(text["command"], (one.command,), code=True))
    parts.append(Lines(text["how"], tuple(_how(fix, text))))
    return Sheet(fix.verdict, headline(fix, lang), tuple(parts))


def to_csv(fix: Fix) -> str:
    """One row a try."""
    return csv_text(COLUMNS, rows(fix))


def rows(fix: Fix) -> Iterator[tuple[Cell, ...]]:
    """The tries under ``COLUMNS``."""
    for number, one in enumerate(fix.tries, 1):
        after = one.after
        yield (number, one.step.value, one.name, " ".join(one.nodes), " ".join(one.base), one.came.value,
               after.error if after is not None else None, " ".join(after.culprits if after else ()), one.reason,
               one.seconds, one.onnx, one.output, one.command)


def _tries(fix: Fix, text: Mapping[str, str]) -> Table:
    columns = (Column("", right=True), Column(text["try"]), Column(text["nodes"], right=True), Column(text["came"]),
               Column(text["error"], right=True), Column(text["culprit"], wide=True),
               Column(text["seconds"], right=True))
    rows = [("", text["before"], "", text[f"verdict_{fix.before.verdict.value}"], _error(fix.before.error),
             _blamed(fix.before), "")]
    for number, one in enumerate(fix.tries, 1):
        rows.append((f"{number}", _name(one, text), f"{len(one.nodes):,}" if one.nodes else "",
                     text[f"came_{one.came.value}"], _error(one.after.error) if one.after is not None else "",
                     _blamed(one.after) if one.after is not None else one.reason,
                     f"{one.seconds:.1f}" if math.isfinite(one.seconds) else ""))
    return Table(text["tries"], columns, tuple(rows), "", 30)


def _name(one: Try, text: Mapping[str, str]) -> str:
    named = text.get(f"step_{one.step.value}", "").format(name=one.name) or one.name
    return " + ".join((*one.base, named))


def _blamed(measured: Measured) -> str:
    return ", ".join(measured.culprits[:3]) or "–"


def _how(fix: Fix, text: Mapping[str, str]) -> Iterator[str]:
    yield text["how_compared"].format(runtime=f"{fix.target.runtime} {fix.target.runtime_version}".strip(),
                                      device=fix.target.device, converter=fix.converter)
    yield text["how_rewrites"]
    if fix.run is not None:
        yield text["how_runs"].format(path=fix.run)
    yield f"{fix.wall_s:.1f} s"


def _error(value: float) -> str:
    """NaN and infinity both mean that an output is not finite."""
    return error(value) if math.isfinite(value) else "∞"
