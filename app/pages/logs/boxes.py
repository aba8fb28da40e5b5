"""Small windows of the page: a code explained, and variables for a log that tells more."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.i18n import Lang
from diag.logs.codes import look_up
from diag.logs.environment import settings, shell_block
from diag.logs.words import code_lines, sentences


class CodeBox(QDialog):
    """Type a code in any spelling, read what it means."""

    def __init__(self, lang: Lang, code: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Error codes"))
        self.resize(680, 420)
        self._lang = lang
        self.code = QLineEdit(self, clearButtonEnabled=True)
        self.code.setAccessibleName(self.tr("Error code"))
        self.code.setPlaceholderText("EZ9999   507011   0x7BC83   -1   1343225857   4294967295   (0,0x8000,0)")
        self.answer = plain_text(self, self.tr("What the code means"))
        self.answer.setPlaceholderText(self.tr("One code in any spelling: decimal, hexadecimal, signed, or a name."))
        self.code.textChanged.connect(self._tell)
        layout = QVBoxLayout(self)
        layout.addWidget(self.code)
        layout.addWidget(self.answer)
        self.code.setText(code)

    def _tell(self) -> None:
        query = self.code.text().strip()
        self.answer.setPlainText("\n".join(code_lines(look_up(query), self._lang)) if query else "")


class DiagnosticsBox(QDialog):
    """A block for the shell: set it, run again, and the log tells more."""

    def __init__(self, lang: Lang, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Run again with diagnostics"))
        self.resize(1000, 420)
        self._lang, self._folder = lang, folder
        words = QLabel(self.tr("Paste this into the shell in which the program runs, run it once more, and open the "
                               "folder here. Unset the variables afterwards: such logs are long."), self, wordWrap=True)
        self.to_screen = QCheckBox(self.tr("CANN prints to the screen instead of files"), self)
        self.dumps = QCheckBox(self.tr("Dump the graphs of every pass too (large)"), self)
        self.block = plain_text(self, self.tr("Variables for the shell"))
        self.block.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.block.toPlainText()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (words, self.to_screen, self.dumps, self.block, buttons):
            layout.addWidget(widget)
        for box in (self.to_screen, self.dumps):
            box.toggled.connect(lambda _: self._tell())
        self._tell()

    def _tell(self) -> None:
        chosen = settings(self._folder, screen=self.to_screen.isChecked(), dumps=self.dumps.isChecked())
        self.block.setPlainText(shell_block(chosen, sentences(self._lang)))


def plain_text(parent: QWidget, name: str) -> QPlainTextEdit:
    """A read-only text in letters of one width; ``name`` is for screen readers."""
    text = QPlainTextEdit(parent, readOnly=True)
    text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    text.setAccessibleName(name)
    return text
