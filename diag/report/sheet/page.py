"""A sheet as one self-contained page: no script, nothing loaded, names from strangers are escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from diag.report.catalogues import labels
from diag.report.sheet.parts import Chart, Findings, Lines, Sheet, Table
from diag.rules import Lang, words
from diag.types.finding import Finding

_LANGUAGE = {"en": "en", "zh": "zh-CN"}
_SHORT = 20


def page(sheet: Sheet, lang: Lang = "en") -> str:
    """The page as text."""
    style = (files("diag.report.sheet") / "page.css").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    verdict = sheet.verdict.value if sheet.verdict is not None else ""
    judged = f'<b>{escape(labels(lang)["banner"][verdict])}</b>' if verdict else ""
    # What it means stands at the top; on a terminal it stands at the end, where one looks first.
    parts = sorted(sheet.parts, key=lambda part: not isinstance(part, Findings))
    return (
        f'<!doctype html>\n<html lang="{_LANGUAGE[lang]}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(sheet.headline)} – Ascend Diag</title><style>{style}</style></head><body>\n"
        f'<header class="{verdict}">{judged}'
        f"<h1>{escape(sheet.headline)}</h1></header>\n<main>\n"
        + "\n".join(section for part in parts for section in _section(part, lang))
        + "\n</main></body></html>\n")


def _section(part: Table | Chart | Lines | Findings, lang: Lang) -> Iterator[str]:
    match part:
        case Table(rows=()) | Findings(findings=()) | Lines(lines=()):
            return
        case Table():
            inside = _table(part)
        case Chart():
            inside = f'<div class="chart">{part.svg}</div>{_note(part.note)}'
        case Lines():
            text = escape("\n".join(part.lines))
            inside = f"<pre>{text}</pre>" if part.code else "".join(f"<p>{escape(line)}</p>" for line in part.lines)
        case Findings():
            inside = "".join(_finding(one, lang) for one in part.findings)
    yield f"<section><h2>{escape(part.title)}</h2>{inside}</section>"


def _table(table: Table) -> str:
    kinds = [' class="n"' if c.right else ' class="s"' if c.spare else ' class="w"' if c.wide else ""
             for c in table.columns]
    head = "".join(f"<th{kind}>{escape(c.name)}</th>" for kind, c in zip(kinds, table.columns, strict=True))
    rows = "\n".join("<tr>" + "".join(_cell(kind, cell) for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
                     for row in table.rows)
    return (f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
            f"{_note(table.note)}")


def _cell(kind: str, text: str) -> str:
    """A cell; what may be cut at its right end shows itself whole under the pointer."""
    title = f' title="{escape(text)}"' if kind == ' class="s"' and len(text) > _SHORT else ""
    return f"<td{kind}{title}>{escape(text)}</td>"


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>' if text else ""


def _finding(finding: Finding, lang: Lang) -> str:
    said = words(finding, lang)
    steps = "".join(f"<li>{escape(step)}</li>" for step in said.advice)
    return (f'<article class="{finding.severity.value}"><h3><code>{escape(finding.code)}</code> '
            f"{escape(said.title)}</h3><p>{escape(said.explanation)}</p><ul>{steps}</ul></article>")
