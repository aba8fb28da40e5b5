"""Everything that was said, with the time."""

from __future__ import annotations

import time

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from app.work import Work
from diag.errors import DiagError
from diag.telling import lines

_MOST = 5000


class LogView(QWidget):
    """Lines of text; the newest last."""

    def __init__(self, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit(self, readOnly=True)
        self.text.setMaximumBlockCount(_MOST)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName(self.tr("Log"))
        self.text.setPlaceholderText(self.tr("Nothing was said yet."))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.text)
        self._work = work
        work.told.connect(self.add)
        work.failed.connect(self._failed)

    def add(self, level: str, text: str) -> None:
        """One more line."""
        mark = "!" if level != "info" else " "
        self.text.appendPlainText(f"{time.strftime('%H:%M:%S')} {mark} {text}")

    def _failed(self, error: object) -> None:
        for line in lines(error, self._work.lang) if isinstance(error, DiagError) else [repr(error)]:
            self.add("error", line)
