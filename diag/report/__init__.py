"""Tellers: a comparison for a terminal, as JSON, as CSV, as one HTML file. ``write`` knows them all by name:
``write(comparison, "html", Path("report.html"), Style(lang="zh"))``.
"""

from diag.report.document import document, dumps
from diag.report.headline import headline
from diag.report.html import Histogram
from diag.report.write import Format, Style, render, write

__all__ = ["Format", "Histogram", "Style", "document", "dumps", "headline", "render", "write"]
