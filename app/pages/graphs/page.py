"""The page of graphs: one graph, two with their differences, a compilation pass by pass, a run with its errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.graph.palette import GraphPalette
from app.graph.view import GraphView, Picked
from app.i18n import Lang
from app.jobs import JobRunner, LatestRunner, call
from app.pages.graphs import reading, telling
from app.pages.graphs.reading import Compilation, Counted, Shelf, Shown
from app.pages.graphs.side import Side
from app.pages.graphs.strip import Strip
from app.pages.graphs.welcome import Empty
from app.pages.head import Head
from app.pages.interface import Page, Verb
from app.pages.recognise import kind_of_run
from app.settings import Settings
from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.events import Partial, Progress


class GraphsPage(Page):
    """What is open is ``paths``: one file, two files, a folder of dumps, or a run folder."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.paths: tuple[Path, ...] = ()
        self.shown: Shown | None = None
        self._shelf, self._chosen_stage, self._wanted_stage = Shelf(), False, -1
        self.words = telling.Words(self)
        self.head = Head(look, self)
        self.which = QComboBox(self)
        self.which.setAccessibleName(self.tr("Which graph of the file"))
        self.which.activated.connect(self._another)
        self.others = QPushButton(look.icon("open"), self.tr("Open …"), self)
        self.others.clicked.connect(self._choose)
        self.head.add(self.which, self.others)
        self.strip = Strip(look, self)
        self.strip.chosen.connect(self._show_stage)
        self.passage = QLabel(self)
        self.passage.setTextFormat(Qt.TextFormat.PlainText)
        self.passage.setObjectName("muted")
        self.view = GraphView(GraphPalette.of(look.theme), lang, self)
        self.view.nothing = self.tr("Reading …")
        self.side = Side(look, self)
        self.empty = Empty(look, self)
        self.reader, self.scanner, self.follower = LatestRunner(self), JobRunner(self), LatestRunner(self)
        self._arrange()
        self._connect()
        self._tell()

    def _arrange(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([800, 420])
        self.splitter.setChildrenCollapsible(False)
        self.passes = QWidget(self)
        row = QHBoxLayout()
        self.back = self._step("◀", self.tr("The pass before (←)"), -1)
        self.forth = self._step("▶", self.tr("The next pass (→)"), 1)
        row.addWidget(self.back)
        row.addWidget(self.strip, 1)
        row.addWidget(self.forth)
        column = QVBoxLayout(self.passes)
        column.setContentsMargins(10, 4, 10, 2)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.passage)
        full = QWidget(self)
        whole = QVBoxLayout(full)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        for widget, stretch in ((self.head, 0), (self.passes, 0), (self.splitter, 1)):
            whole.addWidget(widget, stretch)
        self.stack = self.stacked(self.empty, full)

    def _step(self, text: str, tip: str, by: int) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFixedWidth(34)
        button.clicked.connect(lambda: self._go_to(self.strip.current + by))
        return button

    def _connect(self) -> None:
        self.empty.open_wanted.connect(self._choose)
        self.empty.folder_wanted.connect(self._choose_folder)
        self.head.cancel_wanted.connect(self.cancel)
        self.reader.done.connect(self._read)
        self.scanner.events.connect(self._scanned)
        self.scanner.ended.connect(self._scan_ended)
        self.follower.done.connect(self._followed)
        self.view.selected.connect(self._picked)
        self.view.failed.connect(self.failed)
        self.side.differences.chosen.connect(self._select)
        self.side.node.follow_wanted.connect(self._follow)

    # what the window asks

    def open(self, paths: Sequence[Path]) -> None:
        """One graph, two graphs, a folder of dumps, or a run folder; what is for a comparison goes there."""
        if len(paths) > 1 and any(p.is_dir() or p.suffix in (".onnx", ".mindir") for p in paths) and \
                not all(p.is_file() for p in paths):
            self.open_wanted.emit("compare", list(paths))
            return
        self._shut(tuple(paths[:2]))
        path = paths[0]
        if path.is_dir() and not kind_of_run(path):
            self.scanner.start(lambda _: reading.passes(path))
        else:
            self._show()
        self._tell()

    def verbs(self) -> Mapping[str, Verb]:
        """What can be done now."""
        verbs: dict[str, Verb] = {"open": self._choose, "open_run": self._choose_folder}
        if self.paths:
            verbs |= {"close": self._close, "copy_command": self._copy, "find": self.view.focus_search,
                      "next": self.view.next_failing, "previous": self.view.previous_failing}
        if self.reader.busy or self.scanner.busy:
            verbs["cancel"] = self.cancel
        if self.shown is not None and self.shown.comparison is None:
            verbs |= {"export_report": self._export, "export_table": self._export}
        return verbs

    def save(self) -> str:
        """The paths, and the pass that is looked at."""
        return json.dumps({"paths": [str(p) for p in self.paths], "stage": self.strip.current}) if self.paths else ""

    def restore(self, text: str) -> None:
        """Open them again if they are still there."""
        kept = json.loads(text)
        paths = [Path(p) for p in kept.get("paths", ())]
        if paths and all(p.exists() for p in paths):
            self.open(paths)
            self._wanted_stage = int(kept.get("stage", -1))

    def cancel(self) -> None:
        """Stop reading; what was read stays."""
        for runner in (self.reader, self.scanner, self.follower):
            runner.cancel()

    def shut_down(self) -> None:
        """Threads end."""
        for runner in (self.reader, self.scanner, self.follower):
            runner.shut_down()
        self.view.shut_down()

    # what the user wants

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.tr("Open one graph, or two to compare"), "", self.tr(
            "Graphs (*.txt *.pbtxt *.onnx *.mindir *.om *.json);;All files (*)"))
        if names:
            self.open([Path(n) for n in names])

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Open a folder of dumps, or a run"))
        if name:
            self.open([Path(name)])

    def _copy(self) -> None:
        self.copy_words(telling.command(self.paths))

    def _close(self) -> None:
        self._shut(())
        self._tell()

    def _export(self) -> None:
        self.ask_report("graph", self.write_report)

    def write_report(self, path: Path) -> None:
        """What is shown as a report; the ending of the name decides the format."""
        self.wrote(path, lambda: telling.write(self.shown, self.paths, path, self.lang))

    def _go_to(self, index: int) -> None:
        if 0 <= index < len(self.strip.stages) and index != self.strip.current:
            self.strip.show_current(index)
            self._show_stage(index)

    def _show_stage(self, _index: int) -> None:
        self._chosen_stage = True
        self._show()

    def _select(self, choice: object) -> None:
        self.view.select(choice)
        side, name = choice if isinstance(choice, tuple) else ("target", "")
        self._show_node(side, name)

    def _follow(self, name: str) -> None:
        shelf, stages = self._shelf, self.strip.stages
        self.follower.request(call(lambda cancel: reading.follow(shelf, stages, name, cancel)))

    # reading

    def _shut(self, paths: tuple[Path, ...]) -> None:
        """Forget what is open, and begin with these paths."""
        self.shut_down_jobs()
        self.paths, self.shown, self._shelf, self._chosen_stage, self._wanted_stage = paths, None, Shelf(), False, -1
        self.strip.set_stages(())
        self.which.clear()
        self.view.open(None, None, None)
        self.side.differences.show_diff(None)
        self.side.node.show_node(None, None, passes=False)

    def shut_down_jobs(self) -> None:
        """End what is being read; the page goes on."""
        for runner in (self.reader, self.scanner, self.follower):
            runner.shut_down()

    def _another(self, _: int) -> None:
        """Another graph of the file, or another compilation of the folder."""
        if not self.strip.stages:
            self._show()
            return
        folder, number = self.paths[0], int(self.which.currentData())
        self.shut_down_jobs()
        self.strip.set_stages(())
        self.shown, self._wanted_stage = None, -1
        self.scanner.start(lambda _: reading.passes(folder, number))
        self._tell()

    def _show(self, *_: object) -> None:
        """Read what the paths, the pass and the choice of a graph ask for."""
        job = self._job()
        if job is not None:
            self.reader.request(call(job))
            self._tell()

    def _job(self) -> Callable[[Cancel], Shown] | None:
        shelf, paths, which = self._shelf, self.paths, max(0, self.which.currentIndex())
        made, removed = self.words.made(), self.words.removed()
        if self.strip.stages:
            at = self.strip.current
            paths = tuple(s.path for s in self.strip.stages[max(0, at - 1):at + 1])
        elif len(paths) == 1 and paths[0].is_dir():
            return lambda cancel: reading.run(paths[0], cancel)
        if len(paths) == 2:
            compare = reading.step if self.strip.stages else reading.two
            return lambda cancel: compare(shelf, paths[0], paths[1], made, removed, cancel)
        return (lambda cancel: reading.one(shelf, paths[0], which, cancel)) if paths else None

    def _scanned(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, Progress):
                self.head.set_progress(event)
            elif isinstance(event, Partial) and isinstance(event.item, Counted):
                self.strip.tell(event.item)
            elif isinstance(event, Partial):
                self._know(event.item)
        self._tell_passage()

    def _know(self, found: Compilation) -> None:
        """The stages of a folder, and its other compilations."""
        self.strip.set_stages(found.stages)
        if self.which.count() == 0:
            for number in found.numbers:
                self.which.addItem(self.words.compilation(number), number)
        self.which.setCurrentIndex(self.which.findData(found.number))
        self._begin()

    def _begin(self) -> None:
        """The stages are known: show the one that is wanted, else the first, until more is known."""
        wanted = self._wanted_stage
        self._chosen_stage = 0 <= wanted < len(self.strip.stages)
        self.strip.show_current(wanted if self._chosen_stage else 0)
        self._show()

    def _scan_ended(self, outcome: object) -> None:
        if isinstance(outcome, Exception) and not isinstance(outcome, Cancelled):
            self.failed.emit(outcome)
            self._close()
            return
        if not self._chosen_stage and self.strip.busiest() != self.strip.current:
            self.strip.show_current(self.strip.busiest())
            self._show()
        self._tell()

    def _read(self, outcome: object) -> None:
        if not isinstance(outcome, Shown):
            self.failed.emit(outcome)
            if self.shown is None and not self.strip.stages:
                self._close()
            self._tell()
            return
        self.shown = outcome
        self.view.sides = self.words.sides(outcome)
        self.view.nothing = self.tr("No graph is open.")
        self.view.set_kind("differences" if outcome.diff is not None else
                           "verdicts" if outcome.comparison is not None else "plain")
        self.view.set_graphs(outcome.loaded.golden, outcome.loaded.target, outcome.loaded.links)
        self.side.differences.show_diff(outcome.diff)
        self.side.setTabVisible(0, outcome.diff is not None)
        self.side.setCurrentIndex(0 if outcome.diff is not None else 1)
        self.side.node.show_node(None, outcome.before if outcome.after is None else None, passes=False)
        if self.which.count() == 0 and outcome.after is None and outcome.before is not None:
            self.which.addItems([self.words.graph(name, count) for name, count in outcome.before.graphs])
        self.opened.emit([str(p) for p in self.paths], self.paths[0].name if self.paths else "")
        self._tell()

    def _picked(self, picked: Picked) -> None:
        self._show_node(picked.side, picked.node.name)
        self.side.setCurrentWidget(self.side.node)

    def _show_node(self, side: str, name: str) -> None:
        shown = self.shown
        if shown is None:
            return
        view = shown.before if side == "golden" or shown.after is None else shown.after
        node = view.by_name.get(name) if view is not None else None
        self.side.node.show_node(node, view, passes=bool(self.strip.stages))

    def _followed(self, outcome: object) -> None:
        if isinstance(outcome, tuple):
            self.side.node.show_life(outcome[1])
        else:
            self.failed.emit(outcome)

    # what is told

    def _tell(self) -> None:
        self.stack.setCurrentIndex(1 if self.paths else 0)
        self.passes.setVisible(bool(self.strip.stages))
        self.which.setVisible(self.which.count() > 1)
        busy = self.scanner.busy or self.reader.busy
        self.head.set_running(on=self.scanner.busy)
        name = self.paths[0].name if self.paths else ""
        self.head.tell("graph", *self.words.head(self.paths, self.shown, busy=busy, stages=len(self.strip.stages)))
        self._tell_passage()
        self.title_changed.emit(name)
        self.verbs_changed.emit()

    def _tell_passage(self) -> None:
        at, stages = self.strip.current, self.strip.stages
        self.passage.setText(f"{at + 1} / {len(stages)}   {self.strip.words(at)}" if stages else "")
        self.back.setEnabled(at > 0)
        self.forth.setEnabled(at + 1 < len(stages))
