"""The pane of configurations: the text as it is typed, what the converter makes of it, and the text as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QTextCursor
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.i18n import Lang
from app.models.records import Record, RecordModel
from app.pages.interface import Verb
from app.pages.tab import Tab
from app.views.findings import finding_html
from app.views.tables import small_table
from diag.errors import DiagError
from diag.report.catalogues import convert_words
from diag.report.write import save
from diag.rules import words as say
from diag.tools.converter.flags import read_version
from diag.tools.converter_config.lint import ConfigLint, examine_file
from diag.tools.converter_config.parse import parse_config, read_config
from diag.types.finding import Finding, Severity

_WAIT_MS = 200
_ICONS = {Severity.FAIL: "fail", Severity.WATCH: "watch", Severity.INFO: "info"}


class ConfigPane(Tab):
    """An editor that is examined as one types.

    Signals:
        use_wanted: (path) convert with this file.
    """

    use_wanted = Signal(object)

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, parent)
        self.path: Path | None = None
        self.lint: ConfigLint | None = None
        self.editor = self._text(self.tr("Configuration"))
        self.editor.setPlaceholderText(self.tr("Open, drop or paste a converter configuration: [ascend_context] …"))
        self.editor.textChanged.connect(self._typed)
        self.version = QLineEdit(self, placeholderText="2.1")
        self.version.setMaximumWidth(90)
        self.version.setAccessibleName(self.tr("Version of the converter"))
        self.version.textChanged.connect(self._typed)
        self.model = RecordModel((self.tr("Line"), self.tr("Code"), self.tr("Finding")), right=(0,), parent=self)
        self.table = small_table(self.model, self.tr("Findings"), (56, 76))
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._chosen())
        self.explanation = QTextBrowser(self, openExternalLinks=False)
        self.explanation.setAccessibleName(self.tr("Explanation"))
        self.fixed = self._text(self.tr("The file as it should be"), editable=False)
        self.read_model = RecordModel((self.tr("Line"), self.tr("Section"), self.tr("Key"),
                                       self.tr("Value as it is read")), right=(0,), parent=self)
        self.read_table = small_table(self.read_model, self.tr("What the converter reads"), (56, 150, 200))
        self.take = QPushButton(self.tr("Take the correction"), self)
        self.take.clicked.connect(self.correct)
        self._wait = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._wait.timeout.connect(self.examine)
        self._arrange()
        self.examine()

    def open(self, paths: Sequence[Path]) -> None:
        """Show this file."""
        try:
            file = read_config(paths[0])
        except DiagError as error:
            self.failed.emit(error)
            return
        self.path = paths[0]
        self.editor.setPlainText("\n".join(file.lines) + ("\n" if file.lines else ""))
        self._wait.stop()
        self.lint = examine_file(file, read_version(self.version.text()))
        self._show()
        self.shown.emit((str(paths[0]),), self.tr("converter configuration"))

    def examine(self) -> None:
        """Look at the text as it stands."""
        data = self.editor.toPlainText().encode()
        file = parse_config(data, self.path or Path("config.ini"))
        self.lint = examine_file(file, read_version(self.version.text())) if data.strip() else None
        self._show()

    def correct(self) -> None:
        """Put the corrected text into the editor."""
        if self.lint is not None and self.lint.corrected is not None:
            self.editor.setPlainText(self.lint.corrected)
            self.examine()

    def sentence(self) -> tuple[str, str, str]:
        """See ``Tab``."""
        where = str(self.path) if self.path is not None else ""
        if self.lint is None:
            return "convert", self.tr("What the converter makes of its configuration"), where
        text = convert_words(self.lang)["config_lint"]
        name = self.path.name if self.path is not None else self.tr("This text")
        bad = sum(f.severity is Severity.FAIL for f in self.lint.findings)
        watch = sum(f.severity is Severity.WATCH for f in self.lint.findings)
        if bad:
            return "fail", text["headline"].format(name=name, count=bad), where
        if watch:
            return "watch", text["headline_watch"].format(name=name, count=watch), where
        return "pass", text["clean"].format(name=name), where

    def copy_command(self) -> None:
        """The check as a command line, into the clipboard."""
        words = ["diag", "convert", "--check-config", str(self.path or "config.ini")]
        words += ["--converter-version", self.version.text().strip()] if self.version.text().strip() else []
        self.copy_words(words)

    def write(self) -> None:
        """Ask for a file and write the editor's text."""
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save configuration"), str(self.path or "config.ini"),
                                              self.tr("Configurations (*.ini *.cfg *.config)"))
        if name:
            self.write_to(Path(name))

    def write_to(self, path: Path) -> None:
        """Write the editor's text."""
        if self.wrote(path, lambda: save(self.editor.toPlainText(), path)):
            self.path = path
            self.examine()

    def verbs(self) -> Mapping[str, Verb]:
        """See ``Tab``."""
        return {"copy_command": self.copy_command, "export_report": self.write}

    def save(self) -> str:
        """The file."""
        return str(self.path or "")

    def restore(self, text: str) -> None:
        """The same file, as it is now."""
        if Path(text).is_file():
            self.open([Path(text)])

    def shut_down(self) -> None:
        """Nothing goes on."""
        self._wait.stop()

    def _text(self, name: str, *, editable: bool = True) -> QPlainTextEdit:
        edit = QPlainTextEdit(self, readOnly=not editable)
        edit.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        edit.setAccessibleName(name)
        edit.setTabChangesFocus(True)
        return edit

    def _arrange(self) -> None:
        top = QHBoxLayout()
        for text, icon, slot in ((self.tr("Open …"), "open", self._ask), (self.tr("Save …"), "export", self.write)):
            button = QPushButton(self.look.icon(icon), text, self)
            button.clicked.connect(slot)
            top.addWidget(button)
        self.use = QPushButton(self.look.icon("convert"), self.tr("Convert with it"), self)
        self.use.clicked.connect(lambda: self.use_wanted.emit(self.path))
        top.addWidget(self.use)
        top.addStretch(1)
        top.addWidget(QLabel(self.tr("Converter version"), self))
        top.addWidget(self.version)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self.editor, 1)
        fixed = QWidget(self)
        below = QVBoxLayout(fixed)
        below.setContentsMargins(0, 6, 0, 0)
        below.addWidget(self.fixed, 1)
        below.addWidget(self.take, 0, Qt.AlignmentFlag.AlignRight)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        for widget, title in ((self.explanation, self.tr("What it means")), (fixed, self.tr("As it should be")),
                              (self.read_table, self.tr("As the converter reads it"))):
            self.tabs.addTab(widget, title)
        right = QSplitter(Qt.Orientation.Vertical, self)
        right.addWidget(self.table)
        right.addWidget(self.tabs)
        right.setSizes([200, 360])
        whole = QSplitter(Qt.Orientation.Horizontal, self)
        whole.addWidget(left)
        whole.addWidget(right)
        whole.setSizes([560, 640])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(whole)

    def _ask(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Open configuration"), "",
                                              self.tr("Configurations (*.ini *.cfg *.config);;All files (*)"))
        if name:
            self.open([Path(name)])

    def _typed(self, *_: object) -> None:
        self._wait.start()

    def _show(self) -> None:
        findings = self.lint.findings if self.lint is not None else ()
        self.model.renew([self._record(f) for f in findings])
        text = convert_words(self.lang)["config_lint"]
        rows = []
        for e in self.lint.file.entries if self.lint is not None else ():
            cells = (str(e.line), f"[{e.section}]", e.key, text["refused"] if e.problem else e.value)
            rows.append(Record(cells, tip=e.raw))
        self.read_model.renew(rows)
        corrected = self.lint.corrected if self.lint is not None else None
        self.fixed.setPlainText(corrected or "")
        self.fixed.setPlaceholderText(self.tr("Nothing that could be put right for certain."))
        self.take.setEnabled(corrected is not None)
        self.use.setEnabled(self.path is not None)
        if findings:
            self.table.selectRow(0)
        else:
            said = self.tr("Findings come as you type.") if self.lint is None else self.tr("Nothing is wrong.")
            self.explanation.setPlainText(said)
        self.changed.emit()

    def _record(self, finding: Finding) -> Record:
        line = finding.evidence[0].line if finding.evidence else None
        name = _ICONS[finding.severity]
        colour = self.look.theme.accent if name == "info" else self.look.theme.verdict(name)
        return Record((str(line or ""), finding.code, say(finding, self.lang).title), self.look.icon(name, colour),
                      about=finding)

    def _chosen(self) -> None:
        row = self.table.currentIndex().row()
        if not 0 <= row < len(self.model.records):
            return
        finding = self.model.records[row].about
        if not isinstance(finding, Finding):
            raise TypeError(repr(finding))
        self.explanation.setHtml(finding_html(finding, self.lang, self.tr("What to do")))
        line = finding.evidence[0].line if finding.evidence else None
        if line and not self.editor.hasFocus():
            cursor = QTextCursor(self.editor.document().findBlockByNumber(line - 1))
            cursor.select(QTextCursor.SelectionType.LineUnderCursor)
            self.editor.setTextCursor(cursor)
