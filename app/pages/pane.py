"""What panes have in common: a form at the left, results at the right, a log, one job at a time."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from types import ModuleType

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFontDatabase
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.dialogs.fields import FileField, Problem
from app.i18n import Lang
from app.jobs import JobRunner
from app.pages.interface import Verb
from app.pages.tab import Tab
from app.views.findings import finding_html
from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError
from diag.events import Event, Finished, Message, Progress
from diag.report.document import dumps
from diag.report.kept import opened
from diag.report.sheet import by_severity, page
from diag.report.write import save
from diag.telling import lines
from diag.types.finding import Finding

_WAIT_MS = 120
_MOST_LINES = 5000
FORM_WIDTH = 360


class Pane(Tab):
    """One pane. Subclasses fill ``form`` and ``results``, and say what to run.

    Signals:
        dropped: (paths) files that were dropped onto the pane, where its page lets it accept drops.
    """

    dropped = Signal(object)

    report_name = "report"

    teller: ModuleType | None = None
    """The module of ``diag.report`` that tells the attribute ``result``: its document, sheet and to_csv."""

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, parent)
        self.stopped = False
        self._recorded: Path | None = None
        self.runner = JobRunner(self)
        self.runner.events.connect(self._events)
        self.runner.ended.connect(self._ended)
        self.start = QPushButton(look.icon("run"), self.start_text(), self)
        self.start.setDefault(True)
        self.start.clicked.connect(self.run)
        self.copy = QPushButton(look.icon("copy"), self.tr("Copy as command"), self)
        self.copy.clicked.connect(self.copy_command)
        self.problem = Problem(look, self)
        self.log = QPlainTextEdit(self, readOnly=True)
        self.log.setMaximumBlockCount(_MOST_LINES)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setAccessibleName(self.tr("Log"))
        self.log.setPlaceholderText(self.tr("Nothing was said yet."))
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.findings = QTextBrowser(self, openExternalLinks=False)
        self.findings.setAccessibleName(self.tr("What it means"))
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self._wait = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._wait.timeout.connect(self.check)
        form, results = self.form(), self.results()
        self.stage = QStackedWidget(self)
        hint = QLabel(self.hint(), self, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        hint.setObjectName("muted")
        hint.setMargin(40)
        self.stage.addWidget(hint)
        self.stage.addWidget(results)
        self.tabs.hide()
        self.tabs.addTab(self.findings, self.tr("What it means"))
        self.tabs.addTab(self.log, self.tr("Log"))
        self._arrange(form)
        self.tell_findings(())
        self.check()

    # what a subclass says

    def start_text(self) -> str:
        """Words of the main button."""
        raise NotImplementedError

    def form(self) -> QWidget:
        """The fields; every change calls ``touched``."""
        raise NotImplementedError

    def results(self) -> QWidget:
        """Charts; tables are added to ``self.tabs``."""
        raise NotImplementedError

    def hint(self) -> str:
        """What to do while there is no result."""
        raise NotImplementedError

    def words(self) -> list[str]:
        """The form as words after ``diag``."""
        raise NotImplementedError

    def missing(self) -> str:
        """What the form lacks, a sentence; "" if it can be run. Raises DiagError for what makes no sense."""
        raise NotImplementedError

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """The work that the words describe; runs beside the event loop."""
        raise NotImplementedError

    def show_result(self, result: object) -> None:
        """The result of the job."""
        raise NotImplementedError

    def report(self, ending: str) -> str | None:
        """The result as a page, JSON or CSV (by the file's ending), told by ``teller``; None without a result."""
        result: object = getattr(self, "result", None)
        if result is None or self.teller is None:
            return None
        if ending == ".json":
            return dumps(self.teller.document(result, self.lang))
        if ending == ".csv":
            return str(self.teller.to_csv(result))
        return page(self.teller.sheet(result, self.lang), self.lang)

    def reopen(self, folder: Path) -> None:
        """See ``Tab``."""
        if not self.runner.busy:
            self._recorded = folder
            self.runner.start(lambda _: _recorded(folder))
            self.check()

    def tell_shown(self, paths: Sequence[Path | str], title: str) -> None:
        """The recent files get what is shown: the folder of a recorded result, else what was measured."""
        if paths or self._recorded is not None:
            self.shown.emit(list(paths) if self._recorded is None else [self._recorded], title)

    def take(self, paths: Sequence[Path]) -> None:
        """Files that were dropped here and belong here."""
        self.open(paths)

    def files(self) -> dict[str, FileField]:
        """Fields of the form that ``save`` keeps, by name; none where a pane keeps more than files."""
        return {}

    def save(self) -> str:
        """What the form says."""
        return json.dumps({name: field.text() for name, field in self.files().items()})

    def restore(self, text: str) -> None:
        """Fill the form as it was."""
        kept = json.loads(text)
        for name, field in self.files().items():
            if kept.get(name) and Path(kept[name]).is_file():
                field.edit.setText(kept[name])
        self.check()

    # what all do

    def filled(self, groups: Sequence[QWidget], signals: Iterable[SignalInstance]) -> QWidget:
        """A form: the groups below one another; each of these signals says that it was changed."""
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 6, 0)
        for widget in groups:
            column.addWidget(widget)
        column.addStretch(1)
        for signal in signals:
            signal.connect(self.touched)
        return box

    @property
    def busy(self) -> bool:
        """See ``Tab``."""
        return self.runner.busy

    def cancel(self) -> None:
        """See ``Tab``."""
        self.runner.cancel()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files are welcome."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """The page decides whose they are."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)

    def verbs(self) -> Mapping[str, Verb]:
        """See ``Tab``."""
        verbs: dict[str, Verb] = {"copy_command": self.copy_command}
        if self.busy:
            verbs["cancel"] = self.cancel
        elif self.start.isEnabled():
            verbs["again"] = self.run
        if self.report(".csv") is not None:
            verbs |= {"export_report": self.export_report, "export_table": self.export_table}
        return verbs

    def touched(self, *_: object) -> None:
        """The form was changed: it is looked at when typing pauses."""
        self._recorded = None
        self._wait.start()

    def check(self) -> None:
        """Tell what is wrong with the form, and whether it can be run."""
        try:
            lacking = self.missing()
            self.problem.tell("")
        except DiagError as error:
            lacking = error.message
            self.problem.tell(" ".join(lines(error, self.lang)))
        self.start.setEnabled(not lacking and not self.runner.busy)
        self.start.setToolTip(lacking or self.tr("F5"))
        self.changed.emit()

    def run(self) -> None:
        """Start the job that the form describes."""
        if self.runner.busy or not self.start.isEnabled():
            return
        self._wait.stop()
        words, self.stopped, self._recorded = self.words(), False, None
        self.tabs.show()
        if not self.stage.currentIndex():
            self.tabs.setCurrentWidget(self.log)
        self.log.appendPlainText("$ " + shlex.join(["diag", *words]))
        self.runner.start(lambda cancel: self.job(words, cancel))
        self.check()

    def copy_command(self) -> None:
        """The form as a command line, into the clipboard; of a recorded result, what tells it again."""
        words = self.words() if self._recorded is None else ["report", str(self._recorded)]
        self.copy_words(["diag", *words])

    def export_report(self) -> None:
        """Ask for a file and write the report."""
        self.ask_report(self.report_name, self.write)

    def export_table(self) -> None:
        """Ask for a file and write the table."""
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Export table"), f"{self.report_name}.csv",
                                              self.tr("CSV table (*.csv)"))
        if name:
            self.write(Path(name))

    def write(self, path: Path) -> None:
        """Write the result; the ending of the name decides the format."""
        text = self.report(path.suffix.lower())
        if text is not None:
            self.wrote(path, lambda: save(text, path))

    def tell_findings(self, findings: Sequence[Finding], how: Sequence[str] = ()) -> None:
        """Show findings with their words, and below them how the numbers came about."""
        parts = [finding_html(f, self.lang, self.tr("What to do")) for f in by_severity(findings)]
        if how:
            lines = "".join(f"<li>{escape(line)}</li>" for line in how)
            title = self.tr("How it was measured")
            parts.append(f"<p><b>{escape(title)}</b></p><ul>{lines}</ul>")
        if parts:
            self.findings.setHtml("<hr>".join(parts))
        else:
            self.findings.setPlainText(self.tr("Findings come with a result."))

    def say(self, text: str) -> None:
        """One more line in the log."""
        self.log.appendPlainText(f"{time.strftime('%H:%M:%S')}  {text}")

    def shut_down(self) -> None:
        """See ``Tab``."""
        self._wait.stop()
        self.runner.shut_down()

    def _arrange(self, form: QWidget) -> None:
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the field that has it
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(form)
        buttons = QHBoxLayout()
        buttons.addWidget(self.start, 1)
        buttons.addWidget(self.copy)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll, 1)
        column.addWidget(self.problem)
        column.addLayout(buttons)
        right = QSplitter(Qt.Orientation.Vertical, self)
        right.addWidget(self.stage)
        right.addWidget(self.tabs)
        right.setStretchFactor(0, 1)
        right.setStretchFactor(1, 1)
        right.setSizes([320, 330])
        whole = QSplitter(Qt.Orientation.Horizontal, self)
        whole.addWidget(left)
        whole.addWidget(right)
        whole.setStretchFactor(1, 1)
        whole.setSizes([FORM_WIDTH, 900])
        whole.setCollapsible(1, False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(whole)

    def _events(self, events: Sequence[Event]) -> None:
        latest: Progress | None = None
        for event in events:
            if isinstance(event, Message):
                self.say(event.text)
            elif isinstance(event, Progress):
                latest = event
        if latest is not None:
            self.progress.emit(latest)

    def _ended(self, outcome: object) -> None:
        if isinstance(outcome, Cancelled):
            self.stopped = True
            self.say(self.tr("Stopped on request."))
        elif isinstance(outcome, BaseException):
            for line in lines(outcome, self.lang) if isinstance(outcome, DiagError) else [repr(outcome)]:
                self.say(line)
            self.failed.emit(outcome)
        else:
            self.stage.setCurrentIndex(1)
            self.tabs.show()
            self.show_result(outcome)
        self.check()


def _recorded(folder: Path) -> Iterator[Event]:
    yield Progress("Opening the recorded result", 0, 0)
    yield Finished(opened(folder).found)
