"""Errors told kindly; and our own bugs told so that they can be reported."""

from __future__ import annotations

import platform
import traceback
from pathlib import Path

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QMessageBox, QPlainTextEdit, QVBoxLayout, QWidget

from diag import __version__
from diag.errors import DiagError, ToolFailed
from diag.telling import tell

_TAIL = 6000
_QUICK = 4 << 20
"""Bytes of a log that are read before the box is shown; a longer one is for the page of logs."""


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
    lang = language(parent)
    box = QMessageBox(QMessageBox.Icon.Warning, "Ascend Diag", tell(error.message, lang),
                      QMessageBox.StandardButton.Ok, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    lines = [tell(error.where, lang), tell(error.hint, lang)]
    if isinstance(error, ToolFailed) and error.log is not None and error.log.is_file():
        if error.log.stat().st_size <= _QUICK:
            from diag.logs.failure import explain_failure

            lines += explain_failure(error.log, lang)
        box.setDetailedText(tail(error.log))
    box.setInformativeText("\n\n".join(line for line in lines if line))
    return box


def language(widget: QWidget | None) -> str:
    """The language of the window that a widget belongs to."""
    while widget is not None and not hasattr(widget, "lang"):
        widget = widget.parentWidget()
    return str(getattr(widget, "lang", "en"))


def tail(log: Path, size: int = _TAIL) -> str:
    """The last bytes of a log as text."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - size))
        return file.read().decode("utf-8", "replace").replace("\0", "")


class BugDialog(QDialog):
    """An exception that nobody expected."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unexpected error"))
        self.resize(720, 420)
        words = QLabel(self.tr("This is a mistake in Ascend Diag. Your files are untouched, and the window can be used "
                               "on. Please send this text to the developers."), self, wordWrap=True)
        self.text = QPlainTextEdit(text, self, readOnly=True)
        self.text.setAccessibleName(self.windowTitle())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = buttons.addButton(self.tr("Copy report"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (words, self.text, buttons):
            layout.addWidget(widget)
