"""Errors told kindly; and our own bugs told so that they can be reported."""

from __future__ import annotations

import platform
import traceback

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QMessageBox, QPlainTextEdit, QVBoxLayout, QWidget

from diag import __version__
from diag.errors import DiagError, ToolFailed

_TAIL = 6000


def show(parent: QWidget, error: object) -> QDialog | QMessageBox:
    """Open the box that fits; it deletes itself when it is closed."""
    box = _kind(parent, error) if isinstance(error, DiagError) else BugDialog(report(error), parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


def report(error: object) -> str:
    """What a developer needs: versions and the traceback."""
    text = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else repr(error)
    versions = f"Python {platform.python_version()}, PySide6 {pyside_version}, Qt {qVersion()}"
    return f"Ascend Diag {__version__}\n{versions}\n{platform.platform()}\n\n{text}"


def _kind(parent: QWidget, error: DiagError) -> QMessageBox:
    box = QMessageBox(QMessageBox.Icon.Warning, "Ascend Diag", error.message, QMessageBox.StandardButton.Ok, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText("\n\n".join(line for line in (error.where, error.hint) if line))
    if isinstance(error, ToolFailed) and error.log is not None and error.log.is_file():
        box.setDetailedText(error.log.read_text(encoding="utf-8", errors="replace")[-_TAIL:])
    return box


class BugDialog(QDialog):
    """An exception that nobody expected."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unexpected error"))
        self.resize(720, 420)
        words = QLabel(self.tr("This is a mistake in Ascend Diag. Your files are untouched, and the window can be used "
                               "on. Please send this text to the developers."), self, wordWrap=True)
        self.text = QPlainTextEdit(text, self, readOnly=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = buttons.addButton(self.tr("Copy report"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (words, self.text, buttons):
            layout.addWidget(widget)
