"""A difference as text: what goes in red with a minus, what comes in green with a plus."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QColor, QFontDatabase, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.assets import Look
from diag.rewrites.difference import Line

_MOST = 4000


class DiffView(QPlainTextEdit):
    """Read only, one node a line."""

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, readOnly=True)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setAccessibleName(name)
        self._colours = _Colours(look, self.document())

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show a difference; a very long one is cut."""
        texts = ["" if line.kind == "@" else f"{line.kind} {line.text}" for line in lines[:_MOST]]
        more = [self.tr("… {count} more lines").format(count=f"{len(lines) - _MOST:,}")] if len(lines) > _MOST else []
        self.setPlainText("\n".join((*texts, *more)).strip("\n"))


class _Colours(QSyntaxHighlighter):
    def __init__(self, look: Look, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats = {}
        for sign, colour in (("-", look.theme.failed), ("+", look.theme.passed)):
            self._formats[sign] = QTextCharFormat()
            self._formats[sign].setForeground(QColor(colour))

    def highlightBlock(self, text: str) -> None:  # noqa: N802
        """Colour a line by its first sign."""
        found = self._formats.get(text[:1]) if text[1:2] == " " else None
        if found is not None:
            self.setFormat(0, len(text), found)
