"""The page of logs: one sentence, a time line, every line, and the answer beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut, QTextOption
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.i18n import Lang
from app.pages.head import Head
from app.pages.interface import Page, Verb
from app.pages.logs.accept import logs_of
from app.pages.logs.boxes import CodeBox, DiagnosticsBox, plain_text
from app.pages.logs.card import Card
from app.pages.logs.filters import Filters
from app.pages.logs.lines import FILE, LineModel
from app.pages.logs.moves import Moves
from app.pages.logs.plain import shown
from app.pages.logs.report import issue_text
from app.pages.logs.table import LineTable
from app.pages.logs.timeline import Timeline
from app.pages.logs.welcome import Empty
from app.pages.logs.work import Work
from app.pages.recognise import kind_of_result
from app.settings import Settings
from diag.errors import DiagError
from diag.logs.diagnosis import LogDiagnosis, Verdict
from diag.logs.words import three_lines
from diag.report.log import document, written
from diag.telling import lines

_ICONS = {Verdict.ROOT: "fail", Verdict.INSUFFICIENT: "watch", Verdict.NO_FAILURE: "pass"}


class LogsPage(Page):
    """Root cause first; every line a click away."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.work = Work(self)
        self.found: LogDiagnosis | None = None
        self.head = Head(look, self)
        self.follow = QPushButton(look.icon("next"), self.tr("Follow"), self)
        self.follow.setCheckable(True)
        self.follow.setToolTip(self.tr("Show what is added to the file, as tail -f does; a new file after rotation "
                                       "is opened"))
        self.explain = QPushButton(look.icon("search"), self.tr("Codes"), self)
        self.explain.setToolTip(self.tr("Explain an error code (Ctrl+L)"))
        self.better = QPushButton(look.icon("settings"), self.tr("Diagnostics"), self)
        self.better.setToolTip(self.tr("Variables that make the next run's log tell more"))
        self.head.add(self.follow, self.explain, self.better)
        self.timeline = Timeline(look, self)
        self.filters = Filters(look, self)
        self.model = LineModel(look.theme, lang, self)
        self.table = LineTable(self.model, self)
        self.moves = Moves(self.work, self.table, self)
        self.whole = plain_text(self, self.tr("The chosen record as printed"))
        self.whole.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.whole.setFixedHeight(self.whole.fontMetrics().lineSpacing() * 5)
        self.whole.setPlaceholderText(self.tr("Choose a line: the whole record is shown here."))
        self.counted = QLabel(self)
        self.counted.setObjectName("muted")
        self.card = Card(look, lang, self)
        self.empty = Empty(look, self)
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.timeline, self.filters):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addWidget(self.whole)
        column.addWidget(self.counted)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(left)
        splitter.addWidget(self.card)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([840, 360])
        splitter.setChildrenCollapsible(False)
        full = QWidget(self)
        whole = QVBoxLayout(full)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.head)
        inner = QHBoxLayout()
        inner.setContentsMargins(10, 2, 10, 8)
        inner.addWidget(splitter)
        whole.addLayout(inner, 1)
        self.stack = self.stacked(self.empty, full)

    def _connect(self) -> None:
        work = self.work
        work.opened.connect(self._opened)
        work.grown.connect(self._grown)
        work.progress.connect(self.head.set_progress)
        work.read.connect(self._read)
        work.diagnosed.connect(self._diagnosed)
        work.sifted.connect(self._sifted)
        work.counted.connect(lambda found: self.timeline.show_counts(*found))
        work.failed.connect(self._failed)
        work.half_line.connect(self.model.drop_last)
        work.rotated.connect(self._rotated)
        self.head.cancel_wanted.connect(work.cancel)
        self.filters.changed.connect(self._filter)
        self.timeline.span_changed.connect(self.filters.set_span)
        self.timeline.jumped.connect(self.moves.to_time)
        self.table.selectionModel().currentRowChanged.connect(lambda index, _: self._show_record(index.row()))
        self.table.only_wanted.connect(self.filters.only)
        self.table.code_wanted.connect(self.explain_code)
        self.card.code_wanted.connect(self.explain_code)
        self.card.jump_wanted.connect(self.moves.to_line)
        self.moves.said.connect(self.said)
        self.moves.hidden.connect(self._show_all)
        self.card.report_wanted.connect(self._copy_report)
        self.follow.toggled.connect(self._follow)
        for button in (self.explain, self.empty.buttons[2]):
            button.clicked.connect(lambda: self.explain_code(""))
        for button in (self.better, self.empty.buttons[3]):
            button.clicked.connect(self._diagnostics)
        self.empty.files_wanted.connect(self._choose)
        self.empty.folder_wanted.connect(self._choose_folder)
        key = QShortcut(QKeySequence("Ctrl+L"), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(lambda: self.explain_code(""))

    # what the window asks

    def open(self, paths: Sequence[Path]) -> None:
        """Log files, folders, archives; all of them together. Of a recorded triage, the logs that it was made from."""
        try:
            self.work.open(logs_of(paths[0]) if kind_of_result(paths[0]) == "log" else paths)
        except DiagError as error:
            self.failed.emit(error)

    def verbs(self) -> Mapping[str, Verb]:
        """What can be done now."""
        verbs: dict[str, Verb] = {"open": self._choose, "open_run": self._choose_folder}
        if self.work.book is None:
            return verbs
        verbs |= {"close": self._close, "copy_command": self._copy_command, "find": self._find,
                  "clear_filters": self._clear, "next": lambda: self.moves.step(1),
                  "previous": lambda: self.moves.step(-1)}
        verbs |= {"cancel": self.work.cancel} if self.work.busy else {"again": lambda: self.open(self.work.paths)}
        if self.found is not None:
            verbs |= {"export_report": self._export, "export_table": self._export}
            verbs |= {"culprit": self.card.go_to_cause} if self.found.root_cause is not None else {}
        return verbs

    def save(self) -> str:
        """The paths."""
        return json.dumps({"paths": [str(path) for path in self.work.paths]}) if self.work.paths else ""

    def restore(self, text: str) -> None:
        """Open them again, those that are still there."""
        paths = [Path(str(path)) for path in json.loads(text).get("paths", [])]
        if kept := [path for path in paths if path.exists()]:
            self.open(kept)

    def shut_down(self) -> None:
        """Stop every job and timer."""
        self.filters.stop()
        self.model.set_book(None)
        self.work.shut_down()

    # what the user wants

    def explain_code(self, code: str) -> None:
        """Open the box of codes."""
        box = CodeBox(self.lang, code, self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _diagnostics(self) -> None:
        box = DiagnosticsBox(self.lang, Path.home() / "ascend-log", self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Open logs"), "",
            self.tr("Logs and archives (*.log *.log.* *.txt *.out *.gz *.zip *.tar *.tgz);;All files (*)"))
        if names:
            self.open([Path(name) for name in names])

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Open a folder of logs"))
        if name:
            self.open([Path(name)])

    def _find(self) -> None:
        self.filters.text.setFocus()
        self.filters.text.selectAll()

    def _clear(self) -> None:
        self.filters.clear()
        self.timeline.reset_span()

    def _show_all(self) -> None:
        self._clear()
        self.model.set_rows(None)

    def _copy_command(self) -> None:
        self.copy_words(["diag", "log", "triage", *map(str, self.work.paths)])

    def _copy_report(self) -> None:
        if self.found is not None:
            QGuiApplication.clipboard().setText(issue_text(self.found, self.lang))
            self.said.emit(self.tr("The report is in the clipboard"))

    def _export(self) -> None:
        self.ask_report("log", self.write_report)

    def write_report(self, path: Path) -> None:
        """Write the answer; the ending of the name decides the format."""
        found = self.found
        if found is not None:
            self.wrote(path, lambda: written(document(found, self.lang), path, self.lang))

    def _follow(self, on: bool) -> None:
        if on and not self.work.follow(on=True):
            self.follow.setChecked(False)
            self.said.emit(self.tr("Only one plain file that was read to its end can be followed"))
        elif not on:
            self.work.follow(on=False)
        else:
            self.table.scrollToBottom()

    def _filter(self) -> None:
        wanted = self.filters.wanted()
        if wanted is not None and self.work.book is not None:
            self.work.sift(wanted, folded=self.filters.folded.isChecked())

    def _close(self) -> None:
        self.model.set_book(None)
        self.work.close()
        self.found = None
        self.stack.setCurrentIndex(0)
        self.title_changed.emit("")
        self.verbs_changed.emit()

    # what is shown

    def _opened(self) -> None:
        self.found = None
        for choice in (self.filters.modules, self.filters.pids):
            choice.forget()
        self._clear()
        self.model.set_book(self.work.book)
        self.card.wait()
        self.stack.setCurrentIndex(1)
        self.head.set_running(on=True)
        self.head.tell("run", self.tr("Reading {name}").format(name=shown(self._name())))
        self.follow.setChecked(False)
        self.title_changed.emit(self._name())
        self.verbs_changed.emit()

    def _name(self) -> str:
        names = [path.name or str(path) for path in self.work.paths]
        return names[0] if len(names) == 1 else self.tr("{first} and {count} more").format(
            first=names[0], count=len(names) - 1) if names else ""

    def _grown(self) -> None:
        book = self.work.book
        if book is None:
            return
        if not self.model.filtered:
            at_end = self.work.following and self.follow.isChecked()
            self.model.grow(len(book))
            if at_end:
                self.table.scrollToBottom()
        if len(book.files) > 1 and self.table.isColumnHidden(FILE):
            self.table.setColumnHidden(FILE, False)
        self._count()

    def _read(self, notes: Sequence[str]) -> None:
        book = self.work.book
        if book is None:
            return
        self.table.setColumnHidden(FILE, len(book.files) < 2)
        self.filters.modules.offer(sorted(name for name in book.modules if name))
        self.filters.pids.offer([str(pid) for pid in sorted(book.pids)])
        plain = len(book.files) == 1 and Path(book.files[0]).is_file()
        self.follow.setEnabled(plain)
        if not len(book) and notes:
            self.card.show_failure(notes[0])
        self._tell()

    def _diagnosed(self, outcome: object) -> None:
        if isinstance(outcome, LogDiagnosis):
            first = self.found is None
            self.found = outcome
            self.card.show_diagnosis(outcome)
            self._mark(outcome, jump=first)
            if first:
                self.opened.emit(tuple(str(path) for path in self.work.paths), three_lines(outcome, self.lang)[0])
        elif isinstance(outcome, DiagError):
            self.card.show_failure(lines(outcome, self.lang)[0])
        else:
            self.card.show_failure(str(outcome))
            self.failed.emit(outcome)
        self._tell()

    def _mark(self, found: LogDiagnosis, *, jump: bool) -> None:
        book = self.work.book
        if book is None or found.root_cause is None:
            return
        rows = [book.row_of(cause.file, cause.line) for cause in found.chain]
        self.model.mark(frozenset(row for row in rows if row >= 0))
        if jump and rows[0] >= 0:
            self.table.go_to(rows[0])

    def _show_record(self, place: int) -> None:
        self.whole.setPlainText(self.model.record(self.model.row_at(place)) if place >= 0 else "")

    def _sifted(self, rows: object, begin: int) -> None:
        row = self.table.current_row()
        if begin and isinstance(rows, np.ndarray):
            self.model.append(rows)
        else:
            self.model.set_rows(rows if isinstance(rows, np.ndarray) else None)
            if row >= 0:
                self.moves.near(row)
        if self.work.following:
            self.table.scrollToBottom()
        self._count()

    def _rotated(self) -> None:
        self.said.emit(self.tr("The file was rotated: it is read from its start"))
        self._again_following()

    def _again_following(self) -> None:
        self.work.open(self.work.paths)
        self.work.read.connect(self._follow_again, Qt.ConnectionType.SingleShotConnection)

    def _follow_again(self, _notes: object) -> None:
        self.follow.setChecked(True)

    def _failed(self, error: object) -> None:
        self._tell()
        self.failed.emit(error)

    def _count(self) -> None:
        book = self.work.book
        total, visible = len(book) if book is not None else 0, self.model.rowCount()
        self.counted.setText(
            self.tr("{shown} of {total} lines").format(shown=f"{visible:,}", total=f"{total:,}")
            if self.model.filtered else self.tr("{total} lines").format(total=f"{total:,}"))

    def _tell(self) -> None:
        self.head.set_running(on=self.work.busy)
        self._count()
        if self.found is not None:
            counts = self.found.counts
            self.head.tell(_ICONS[self.found.verdict], shown(three_lines(self.found, self.lang)[0]),
                           self.tr("files: {files}  ·  lines: {lines}  ·  errors: {errors}  ·  "
                                   "warnings: {warnings}").format(
                               lines=f"{counts.lines:,}", files=f"{len(self.found.files):,}",
                               errors=f"{counts.level.get('ERROR', 0) + counts.level.get('CRITICAL', 0):,}",
                               warnings=f"{counts.level.get('WARNING', 0):,}"))
        self.verbs_changed.emit()
