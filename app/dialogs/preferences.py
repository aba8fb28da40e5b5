"""Language, colours, and the interpreters in which runtimes are looked for."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import problems
from app.settings import LANGUAGES, THEMES, Settings, interpreters, write_interpreters
from diag.errors import DiagError


class PreferencesDialog(QDialog):
    """What is remembered between starts.

    Signals:
    restyle_wanted: language or theme is another one.
    """

    restyle_wanted = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Preferences"))
        self.resize(560, 380)
        self._settings = settings
        self.language = QComboBox(self)
        for key, title in zip(LANGUAGES, (self.tr("as the system"), "English", "简体中文"), strict=True):
            self.language.addItem(title, key)
        self.language.setCurrentIndex(self.language.findData(settings.language))
        self.theme = QComboBox(self)
        for key, title in zip(THEMES, (self.tr("as the system"), self.tr("light"), self.tr("dark")), strict=True):
            self.theme.addItem(title, key)
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.pythons = QPlainTextEdit("\n".join(interpreters()), self)
        self.pythons.setAccessibleName(self.tr("Interpreters"))
        self.pythons.setTabChangesFocus(True)
        self.pythons.setPlaceholderText("/opt/mslite/bin/python")
        self._before = self.pythons.toPlainText()
        words = QLabel(self.tr("One path a line: Pythons that have mindspore-lite or mindspore. Those on the PATH and "
                               "in the usual places are found by themselves. The command line uses them, too."),
                       self, wordWrap=True)
        words.setObjectName("muted")
        layout_reset = QPushButton(self.tr("Forget sizes and places of windows"), self)
        layout_reset.clicked.connect(settings.forget_layout)
        form = QFormLayout()
        form.addRow(self.tr("Language"), self.language)
        form.addRow(self.tr("Colours"), self.theme)
        form.addRow(self.tr("Interpreters"), self.pythons)
        form.addRow("", words)
        form.addRow("", layout_reset)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.accepted.connect(self._save)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form, 1)
        layout.addWidget(buttons)

    def _save(self) -> None:
        if self.pythons.toPlainText() != self._before:
            try:
                write_interpreters([p.strip() for p in self.pythons.toPlainText().splitlines() if p.strip()])
            except DiagError as error:
                problems.show(self, error)
                return
        before = self._settings.language, self._settings.theme
        self._settings.language = str(self.language.currentData())
        self._settings.theme = str(self.theme.currentData())
        self._settings.save()
        self.accept()
        if before != (self._settings.language, self._settings.theme):
            self.restyle_wanted.emit()
