"""A sheet for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diag.report.catalogues import labels
from diag.report.sheet.parts import Chart, Findings, Lines, Sheet, Table
from diag.report.text import clean, elide, pad, width, wrap
from diag.rules import Lang, words
from diag.types.finding import Severity

_COLOURS = {"fail": "31", "watch": "33", "pass": "32", "not_comparable": "35", "info": "36", "bold": "1", "dim": "2"}
_LEAST, _GAP = 60, 2
_CUTS = ((44, 60), (32, 30), (24, 20), (12, 12))
_WIDE = 130  # columns from which spare columns are shown
_MORE = {"en": "… and {count:,} more (all of them with --csv or --html)",
         "zh": "……还有 {count:,} 行（用 --csv 或 --html 查看全部）"}


def console(sheet: Sheet, lang: Lang = "en", *, color: bool = False, columns: int = 100) -> str:
    """The sheet as text of at most ``columns`` columns (at least 60), escape sequences only when ``color``."""
    return "\n".join(_Console(lang, color, max(_LEAST, columns)).lines(sheet)) + "\n"


class _Console:
    def __init__(self, lang: Lang, color: bool, columns: int) -> None:
        self._lang, self._color, self._columns = lang, color, columns
        self._banner = labels(lang)["banner"]

    def lines(self, sheet: Sheet) -> Iterator[str]:
        colon = "：" if self._lang == "zh" else ": "
        judged = f"{self._banner[sheet.verdict]}{colon}" if sheet.verdict is not None else ""
        for line in wrap(clean(f"{judged}{sheet.headline}"), self._columns):
            yield self._paint(line, *((sheet.verdict,) if sheet.verdict is not None else ()), "bold")
        for part in sheet.parts:
            match part:
                case Table():
                    yield from self._table(part)
                case Lines():
                    yield from self._lines(part)
                case Findings():
                    yield from self._findings(part)
                case Chart():
                    pass

    def _paint(self, text: str, *styles: str) -> str:
        codes = ";".join(_COLOURS[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m" if self._color and text else text

    def _heading(self, text: str) -> Iterator[str]:
        yield ""
        if text:
            yield self._paint(clean(text), "bold")

    def _table(self, table: Table) -> Iterator[str]:
        if not table.rows:
            return
        yield from self._heading(table.title)
        table = self._without_spare(table)
        shown = [[clean(cell) for cell in row] for row in table.rows[:table.limit]]
        heads = [clean(column.name) for column in table.columns]
        widths = self._widths(table, [heads, *shown])
        yield self._paint(self._row(table, heads, widths), "dim")
        for row in shown:
            yield self._row(table, row, widths)
        if len(table.rows) > table.limit:
            yield "  " + _MORE[self._lang].format(count=len(table.rows) - table.limit)
        if table.note:
            for line in wrap(clean(table.note), self._columns, "  "):
                yield self._paint(line, "dim")

    def _without_spare(self, table: Table) -> Table:
        if self._columns >= _WIDE:
            return table
        kept = [i for i, column in enumerate(table.columns) if not column.spare]
        return replace(table, columns=tuple(table.columns[i] for i in kept),
                       rows=tuple(tuple(row[i] for i in kept) for row in table.rows))

    def _widths(self, table: Table, rows: Sequence[Sequence[str]]) -> list[int]:
        widths = [max(width(row[i]) for row in rows) for i in range(len(table.columns))]
        over = sum(widths) + _GAP * len(widths) - self._columns
        # Long names are cut before short words: a table is read by its short columns.
        for wide, other in _CUTS:
            for i in sorted(range(len(widths)), key=lambda i: (not table.columns[i].wide, -widths[i])):
                if table.columns[i].right:
                    continue  # numbers are never cut
                given = max(0, min(over, widths[i] - (wide if table.columns[i].wide else other)))
                widths[i] -= given
                over -= given
        return widths

    def _row(self, table: Table, cells: Sequence[str], widths: Sequence[int]) -> str:
        parts = [pad(elide(cell, w), w, right=column.right)
                 for cell, column, w in zip(cells, table.columns, widths, strict=True)]
        return ("  " + "  ".join(parts)).rstrip()

    def _lines(self, part: Lines) -> Iterator[str]:
        yield from self._heading(part.title)
        for line in part.lines:
            if part.code:
                yield "  " + clean(line)
            else:
                yield from wrap(clean(line), self._columns, "  ")

    def _findings(self, part: Findings) -> Iterator[str]:
        if not part.findings:
            return
        yield from self._heading(part.title)
        for finding in part.findings:
            said = words(finding, self._lang)
            first = f"  {finding.code}  "
            title = wrap(clean(said.title), self._columns, " " * len(first), first)
            yield from (self._paint(line, finding.severity) for line in title)
            if finding.severity is Severity.INFO:
                continue
            yield from wrap(clean(said.explanation), self._columns, " " * len(first))
            for step in said.advice:
                yield from wrap(clean(step), self._columns, " " * (len(first) + 2), " " * len(first) + "→ ")
