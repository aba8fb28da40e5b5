"""A report that is a headline, tables, charts and findings: described once, told on a terminal and as a page."""

from __future__ import annotations

from diag.report.sheet.console import console
from diag.report.sheet.page import page
from diag.report.sheet.parts import Chart, Column, Findings, Lines, Part, Sheet, Table, by_severity

__all__ = ["Chart", "Column", "Findings", "Lines", "Part", "Sheet", "Table", "by_severity", "console", "page"]
