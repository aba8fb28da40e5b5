"""Version, and what the doctor says of this machine, to copy into a report."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.assets import Look
from app.jobs import LatestRunner, call
from app.problems import language
from diag import __version__
from diag.cancel import Cancel
from diag.errors import DiagError
from diag.runtimes.discover import DiscoverySettings
from diag.runtimes.discover import look as look_around
from diag.runtimes.doctor import doctor, text
from diag.telling import lines


class AboutDialog(QDialog):
    """Looks at the runtimes while it is open."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Ascend Diag"))
        self.resize(760, 520)
        picture = QLabel(self)
        picture.setPixmap(look.icon("app").pixmap(QSize(56, 56)))
        words = QLabel(f"<b>Ascend Diag {__version__}</b><br>" + self.tr(
            "Tells why a model gives another answer after moving from ONNX to MindSpore Lite or Ascend.")
            + "<br>Apache-2.0", self, wordWrap=True)
        head = QHBoxLayout()
        head.addWidget(picture)
        head.addWidget(words, 1)
        self.text = QPlainTextEdit(self.tr("Looking at this machine and its runtimes …"), self, readOnly=True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(self.tr("Report of the doctor"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._show)
        self.finished.connect(lambda _: self._runner.shut_down())
        self._runner.start(call(_examine))

    def _show(self, outcome: object) -> None:
        if isinstance(outcome, DiagError):
            outcome = "\n".join(lines(outcome, language(self)))
        self.text.setPlainText(str(outcome))


def _examine(cancel: Cancel) -> str:
    return "\n".join(text(doctor(look_around(DiscoverySettings()), cancel)))
