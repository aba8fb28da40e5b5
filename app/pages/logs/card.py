"""The answer beside the lines: cause, meaning, what to do; the chain; codes; what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.i18n import Lang
from app.pages.logs.plain import breakable, shown, tip
from diag.logs.diagnosis import Cause, LogDiagnosis, Role, Verdict
from diag.logs.words import explain, sentences, three_lines, wanted_file

_VALUE = Qt.ItemDataRole.UserRole
_QUOTED = 600


class Card(QWidget):
    """Signals:
    jump_wanted: (file, line) of a line of the chain.
    code_wanted: (code).
    report_wanted: copy an issue report.
    """

    jump_wanted = Signal(str, int)
    code_wanted = Signal(str)
    report_wanted = Signal()

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._lang = look, lang
        self._cause: Cause | None = None
        frame = QFrame(self)
        frame.setObjectName("card")
        self.title, self.why, self.fix = (_label(frame) for _ in range(3))
        self.quote = QPlainTextEdit(frame, readOnly=True)
        self.quote.setAccessibleName(self.tr("The line as printed"))
        self.quote.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.quote.setFixedHeight(self.quote.fontMetrics().lineSpacing() * 6)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.quote.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.why.setObjectName("muted")
        self.go = QPushButton(look.icon("target"), self.tr("Show the line"), frame)
        self.go.setToolTip(self.tr("Show the cause in the table (C)"))
        self.go.clicked.connect(self._go)
        self.copy = QPushButton(look.icon("copy"), self.tr("Copy as issue report"), frame)
        self.copy.setToolTip(self.tr("Cause, chain, codes and versions as plain text, ready to paste"))
        self.copy.clicked.connect(self.report_wanted)
        buttons = QHBoxLayout()
        buttons.addWidget(self.go)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        column = QVBoxLayout(frame)
        column.setContentsMargins(12, 10, 12, 10)
        for widget in (self.title, self.why, self.fix, self.quote):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.chain = _list(self.tr("From cause to consequence"), self)
        self.chain.itemActivated.connect(self._chosen)
        self.chain.itemClicked.connect(self._chosen)
        self.codes = _list(self.tr("Error codes in the logs"), self)
        self.codes.itemActivated.connect(lambda item: self.code_wanted.emit(str(item.data(_VALUE))))
        self.codes.itemClicked.connect(lambda item: self.code_wanted.emit(str(item.data(_VALUE))))
        self.notes = _list(self.tr("Set aside, wanted, not readable"), self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)
        layout.addWidget(self.tabs, 1)
        for listed, title in ((self.chain, self.tr("Chain")), (self.codes, self.tr("Codes")),
                              (self.notes, self.tr("Notes"))):
            self.tabs.addTab(listed, title)
        self.wait()

    def wait(self) -> None:
        """The logs are being read."""
        self._cause = None
        self.title.setText(self.tr("Looking for the cause …"))
        for widget in (self.why, self.fix, self.quote, self.go, self.copy):
            widget.hide()
        for listed in (self.chain, self.codes, self.notes):
            listed.clear()

    def show_failure(self, sentence: str) -> None:
        """There is no answer, and why."""
        self.wait()
        self.title.setText(shown(sentence))

    def show_diagnosis(self, found: LogDiagnosis) -> None:
        """The answer."""
        self.wait()
        first, why, fix = three_lines(found, self._lang)
        self._cause = cause = found.root_cause
        self.title.setText(breakable(shown(
            self.tr("Line {line} of {file}").format(line=f"{cause.line:,}", file=PurePath(cause.file).name)
            if cause is not None else first)))
        for label, text in ((self.why, why), (self.fix, fix)):
            label.setText(breakable(shown(text)))
            label.setVisible(bool(text))
        if cause is not None:
            self.quote.setPlainText(shown(cause.text.strip(), _QUOTED))
        self.quote.setVisible(cause is not None)
        self.go.setVisible(found.root_cause is not None)
        self.copy.setVisible(found.verdict is not Verdict.NO_FAILURE)
        self._fill(found)

    def _fill(self, found: LogDiagnosis) -> None:
        icons = {Role.CAUSE: self._look.icon("fail", self._look.theme.failed),
                 Role.CONSEQUENCE: self._look.icon("next", self._look.theme.watch),
                 Role.WRAPPER: self._look.icon("next", self._look.theme.muted)}
        for cause in found.chain:
            times = f"  ×{cause.count:,}" if cause.count > 1 else ""
            title = shown(explain(cause, self._lang).title)
            item = QListWidgetItem(icons[cause.role], f"{cause.line:,}  {title}{times}")
            item.setData(_VALUE, (cause.file, cause.line))
            item.setToolTip(tip(f"{cause.file}:{cause.line}\n{cause.text}"))
            self.chain.addItem(item)
        for seen in found.codes:
            item = QListWidgetItem(shown(f"{seen.code}  ×{seen.count:,}  {seen.meaning.get(self._lang, '')}"))
            item.setData(_VALUE, seen.code)
            item.setToolTip(tip(seen.meaning.get(self._lang, "") or seen.code))
            self.codes.addItem(item)
        for line in self._notes(found):
            self.notes.addItem(shown(line))
        self.tabs.setTabText(0, self.tr("Chain ({count})").format(count=len(found.chain)))
        self.tabs.setTabText(1, self.tr("Codes ({count})").format(count=len(found.codes)))

    def _notes(self, found: LogDiagnosis) -> Sequence[str]:
        say, counts = sentences(self._lang), found.counts
        aside = say["aside"].format(wrappers=sum(counts.wrappers.values()), noise=sum(counts.noise.values()),
                                    benign=sum(counts.benign.values()))
        wanted = [say["insufficient-fix"].format(file=wanted_file(key, found.pid, self._lang)) for key in found.wanted]
        return [aside, *wanted, *found.notes]

    def go_to_cause(self) -> None:
        """As the button."""
        self._go()

    def _go(self) -> None:
        if self._cause is not None:
            self.jump_wanted.emit(self._cause.file, self._cause.line)

    def _chosen(self, item: QListWidgetItem) -> None:
        self.jump_wanted.emit(*item.data(_VALUE))


def _label(parent: QWidget) -> QLabel:
    label = QLabel(parent, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _list(name: str, parent: QWidget) -> QListWidget:
    listed = QListWidget(parent)
    listed.setAccessibleName(name)
    listed.setUniformItemSizes(True)
    listed.setTextElideMode(Qt.TextElideMode.ElideRight)
    listed.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return listed
