"""A preflight as the document ``diag.lint/1``, as a sheet (terminal, HTML) and as CSV."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from diag.report.catalogues import remedy_words
from diag.report.csv_ import csv_text
from diag.report.document import told
from diag.report.numbers import error
from diag.report.reproduce import line
from diag.report.sheet import Column, Findings, Lines, Part, Sheet, Table
from diag.rules import Lang
from diag.types.lint import Lint, NodeForecast
from diag.workspace.codec import to_json

_COLUMNS = ("index", "node", "op", "outcome", "grade", "tests", "agree", "cases", "why", "note", "fixed", "rewrites")


def document(lint: Lint, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    facts: dict[str, Any] = to_json(replace(lint, findings=()))
    return {
        "schema": "diag.lint/1", "kind": "lint", "verdict": facts["verdict"], "headline": headline(lint, lang),
        "findings": [told(f, lang) for f in lint.findings], "environment": facts["environment"],
        "timing": {"wall_s": facts["wall_s"]}, "memory": {"peak_bytes": facts["peak_bytes"]}, "run": None,
        "options": facts["options"], "command": command(lint), "model": facts["model"],
        "converter": facts["converter"], "device": facts["device"], "outcome": facts["outcome"],
        "nodes": facts["nodes"], "rewrites": facts["rewrites"], "written": facts["written"],
        "measured": facts["measured"], "evidence": facts["evidence"],
    }


def headline(lint: Lint, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    text = remedy_words(lang)["lint"]
    count = sum(n.outcome != "right" for n in lint.nodes)
    return text[f"headline_{lint.outcome}"].format(runtime=f"{lint.converter} {lint.device}", count=f"{count:,}",
                                                   nodes=f"{len(lint.nodes):,}")


def command(lint: Lint) -> str:
    """A line for the shell that does the same again."""
    return line(["diag", "lint", lint.model.path], lint.options)


def sheet(lint: Lint, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text = remedy_words(lang)["lint"]
    parts: list[Part] = [Findings(text["findings"], lint.findings)]
    bad = [n for n in lint.nodes if n.outcome != "right"]
    if bad:
        parts.append(_nodes(text["nodes"], bad, text, 20))
    if lint.rewrites:
        parts.append(_rewrites(lint, text))
    parts.append(_operators(lint, text))
    parts.append(Lines(text["how"], tuple(_how(lint, text))))
    return Sheet(lint.verdict, headline(lint, lang), tuple(parts))


def to_csv(lint: Lint) -> str:
    """One row a node."""
    return csv_text(_COLUMNS, (
        (n.index, n.node, n.op, n.outcome, n.grade, n.tests, n.agree, " ".join(c.name for c in n.cases),
         n.cases[0].why if n.cases else "", n.note, n.fixed, " ".join(n.rewrites))
        for n in sorted(lint.nodes, key=lambda n: n.index)))


def _nodes(title: str, nodes: list[NodeForecast], text: Mapping[str, str], limit: int) -> Table:
    columns = (Column(text["node"], wide=True), Column(text["op"]), Column(text["outcome"]), Column(text["evidence"]),
               Column(text["rewrite"]))
    rows = tuple((n.node, n.op, text[f"outcome_{n.outcome}"], evidence(n, text), ", ".join(n.rewrites))
                 for n in nodes)
    return Table(title, columns, rows, text["grades"], limit)


def evidence(node: NodeForecast, text: Mapping[str, str]) -> str:
    """How like the node the cases are, and how many of them show what is expected. ``text``: the words of a lint."""
    if node.fixed and node.outcome == "right":
        return text["grade_fixed"]
    grade = text[f"grade_{node.grade}"]
    return grade if node.grade in ("none", "measured") else f"{grade}, {node.agree}/{node.tests}"


def _rewrites(lint: Lint, text: Mapping[str, str]) -> Table:
    columns = (Column(text["rewrite"]), Column(text["count"], right=True), Column(text["applied"]),
               Column(text["moved"], right=True), Column("", wide=True))
    rows = tuple((o.name, f"{len(o.nodes):,}", text["yes"] if o.applied else "", error(o.error),
                  o.note or ", ".join(o.nodes[:3])) for o in lint.rewrites)
    return Table(text["rewrites"], columns, rows)


def _operators(lint: Lint, text: Mapping[str, str]) -> Table:
    """How many nodes of each operator, and what is expected of them."""
    ops = Counter(n.op for n in lint.nodes)
    columns = (Column(text["op"]), Column(text["count"], right=True), Column(text["evidence"]),
               Column(text["outcome"], wide=True))
    rows = []
    for op, count in sorted(ops.items(), key=lambda item: (-item[1], item[0])):
        mine = [n for n in lint.nodes if n.op == op]
        grades = Counter("fixed" if n.fixed and n.outcome == "right" else n.grade for n in mine)
        outcomes = Counter(n.outcome for n in mine)
        rows.append((op, f"{count:,}", ", ".join(f"{text[f'grade_{g}']} {c}" for g, c in grades.most_common()),
                     ", ".join(f"{text[f'outcome_{o}']} {c}" for o, c in outcomes.most_common())))
    return Table(text["operators"], columns, tuple(rows), "", 12)


def _how(lint: Lint, text: Mapping[str, str]) -> list[str]:
    lines = [text["how_table"].format(evidence="; ".join(lint.evidence))]
    if lint.measured:
        lines.append(text["how_measured"].format(count=f"{lint.measured:,}"))
    if any(o.applied for o in lint.rewrites):
        worst = max((o.error for o in lint.rewrites if math.isfinite(o.error)), default=0.0)
        lines.append(text["how_rewritten"].format(error=error(worst), path=lint.written))
    lines.append(f"{lint.wall_s:.1f} s")
    return lines
