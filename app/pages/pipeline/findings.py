"""The findings of a search with their words, and what was said while it ran."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.pipeline.state import Board
from app.views.findings import finding_html


class FindingsTab(QWidget):
    """Explanations above, messages below."""

    def __init__(self, board: Board, _look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board, self._lang = board, lang
        self.text = QTextBrowser(openExternalLinks=False)
        self.text.setAccessibleName(self.tr("Findings"))
        self.lines = QPlainTextEdit(self, readOnly=True)
        self.lines.setMaximumBlockCount(5000)
        self.lines.setAccessibleName(self.tr("What the search said"))
        self.lines.setPlaceholderText(self.tr("Nothing was said yet."))
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.addWidget(self.text)
        splitter.addWidget(self.lines)
        splitter.setSizes([360, 120])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(splitter)
        board.opened.connect(self._fill)
        self._fill()

    def log(self, text: str) -> None:
        """One more line."""
        self.lines.appendPlainText(f"{time.strftime('%H:%M:%S')}  {text}")

    def _fill(self) -> None:
        found = self._board.diagnosis
        if found is None:
            self.text.setPlainText(self.tr("Findings come when the search has ended."))
        elif not found.findings:
            self.text.setPlainText(self.tr("No findings."))
        else:
            self.text.setHtml("<hr>".join(finding_html(f, self._lang, self.tr("What to do")) for f in found.findings))
