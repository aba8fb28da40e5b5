"""What pages and the panes in them have in common: how they speak to the window, the clipboard and files."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.assets import Look
from app.i18n import Lang
from diag.errors import DiagError


class Speaking(QWidget):
    """A widget that says what it did.

    Signals:
        failed: (exception) to be told in a dialog; what belongs to a field or a card is told there instead.
        said: (text) for the status bar.
    """

    failed = Signal(object)
    said = Signal(str)

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.lang = look, lang

    def copy_words(self, words: Sequence[str]) -> None:
        """Put a command line into the clipboard."""
        line = shlex.join(words)
        QGuiApplication.clipboard().setText(line)
        self.said.emit(self.tr("Copied: {line}").format(line=line))

    def ask_report(self, name: str, write: Callable[[Path], object]) -> None:
        """Ask for the file of a report, ``name`` if nothing else is said, and write it."""
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Export report"), f"{name}.html",
                                                self.tr("HTML report (*.html);;JSON (*.json);;CSV table (*.csv)"))
        if chosen:
            write(Path(chosen))

    def wrote(self, path: Path, write: Callable[[], object]) -> bool:
        """Whether ``write`` wrote the file; told either way."""
        try:
            write()
        except DiagError as error:
            self.failed.emit(error)
            return False
        self.said.emit(self.tr("Written: {path}").format(path=path))
        return True
