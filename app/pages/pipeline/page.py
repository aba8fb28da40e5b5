"""The page of pipelines: tiles, swaps, pictures, steps, findings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.i18n import Lang
from app.pages.head import Head
from app.pages.interface import Page, Verb
from app.pages.pipeline.findings import FindingsTab
from app.pages.pipeline.looking import Looking
from app.pages.pipeline.matrix import Matrix
from app.pages.pipeline.state import Board
from app.pages.pipeline.tiles import Tiles
from app.pages.pipeline.welcome import Empty
from app.pages.pipeline.work import Work
from app.places import RESOURCES
from app.settings import Settings
from diag.report.document import dumps
from diag.report.pipeline import document, headline, page, to_csv
from diag.report.write import save

SAMPLE = RESOURCES / "samples" / "pipeline" / "defect" / "pipeline.toml"


class PipelinePage(Page):
    """Which submodel is at fault, on one board."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.board = Board(self)
        self.work = Work(self.board, self)
        self.head = Head(look, self)
        self.locate = QPushButton(look.icon("target"), self.tr("Find the culprit"), self)
        self.locate.setToolTip(self.tr("Swap the submodels one by one and name the one at fault (F5)"))
        self.locate.clicked.connect(self.work.locate)
        self.runtime = QComboBox(self)
        self.runtime.setAccessibleName(self.tr("Runtime of the MindIRs"))
        self.runtime.setToolTip(self.tr("What runs the MindIRs; automatic: what the file says, else the real runtime"))
        for name, text in (("", self.tr("runtime: automatic")), ("reference", "reference"),
                           ("mindspore-lite", "mindspore-lite")):
            self.runtime.addItem(text, name)
        self.runtime.currentIndexChanged.connect(lambda _: self._choose_runtime())
        self.head.add(self.runtime, self.locate)
        self.head.cancel_wanted.connect(self.work.cancel)
        self.tiles = Tiles(self.board, look, lang, self)
        self.tiles.layers_wanted.connect(self._layers)
        self.tiles.switched.connect(self._offer)
        self.try_out = QPushButton(look.icon("run"), self.tr("Run this choice"), self)
        self.try_out.setToolTip(self.tr("Run the pipeline once, with the MindIR where a tile's switch says so"))
        self.try_out.clicked.connect(lambda: self.work.try_out(self.tiles.swapped()))
        self.matrix = Matrix(self.board, look, lang, self)
        self.looking = Looking(self.board, look, lang, self)
        self.findings = FindingsTab(self.board, look, lang, self)
        self.empty = Empty(look, self)
        self._arrange()
        self._connect()
        self._tell()

    def _arrange(self) -> None:
        tabs = QTabWidget(self)
        tabs.setDocumentMode(True)
        self.tabs = tabs
        tabs.addTab(self.looking.gallery, self.tr("Picture"))
        tabs.addTab(self.looking.steps_tab, self.tr("Steps"))
        tabs.addTab(self.findings, self.tr("Findings"))
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(self.matrix)
        splitter.addWidget(tabs)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([620, 560])
        row = QHBoxLayout()
        row.addWidget(self.tiles, 1)
        row.addWidget(self.try_out, 0, Qt.AlignmentFlag.AlignBottom)
        full = QWidget(self)
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.head)
        inner = QVBoxLayout()
        inner.setContentsMargins(10, 0, 10, 8)
        inner.addLayout(row)
        inner.addWidget(splitter, 1)
        column.addLayout(inner, 1)
        self.stack = self.stacked(self.empty, full)

    def _connect(self) -> None:
        self.work.failed.connect(self.failed)
        self.work.progress.connect(self.head.set_progress)
        self.work.told.connect(self.findings.log)
        self.work.opened.connect(self._opened)
        self.work.tried.connect(self.looking.show_run)
        self.looking.failed.connect(self.failed)
        self.board.opened.connect(self._tell)
        self.board.running_changed.connect(lambda _: self._tell())
        self.empty.open_wanted.connect(self._choose)
        self.empty.folder_wanted.connect(self._set_up)
        self.empty.sample_wanted.connect(lambda: self.open([SAMPLE]))

    # what the window asks

    def open(self, paths: Sequence[Path]) -> None:
        """A ``pipeline.toml``, or a run folder of one."""
        self.work.open(paths[0])

    def verbs(self) -> Mapping[str, Verb]:
        """What can be done now."""
        verbs: dict[str, Verb] = {"open": self._choose, "new": self._set_up}
        if self.board.spec is not None:
            verbs["copy_command"] = self._copy
            verbs |= {"cancel": self.work.cancel} if self.board.running else \
                {"again": self.work.locate, "close": self._close}
        if self.board.diagnosis is not None:
            verbs |= {"culprit": self._culprit, "export_report": self._export}
        return verbs

    def save(self) -> str:
        """The run folder, or the pipeline's file."""
        found = self.board.folder or (Path(self.board.spec.path) if self.board.spec else None)
        return json.dumps({"path": str(found), "submodel": self.board.submodel}) if found else ""

    def restore(self, text: str) -> None:
        """Open it again if it is still there."""
        path = Path(str(json.loads(text).get("path", "")))
        if path.exists():
            self.work.open(path)

    # what the user wants

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Open a pipeline"), "",
                                              self.tr("Pipelines and runs (*.toml run.json)"))
        if name:
            path = Path(name)
            self.work.open(path.parent if path.name == "run.json" else path)

    def _choose_runtime(self) -> None:
        self.work.runtime = str(self.runtime.currentData())

    def _set_up(self) -> None:
        from app.pages.pipeline.setup import SetupDialog

        dialog = SetupDialog(self.look, self.lang, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.written.connect(self.work.open)
        dialog.open()

    def _layers(self, comparison: str) -> None:
        if self.board.folder is not None:
            self.open_wanted.emit("compare", [self.board.folder / comparison])

    def _culprit(self) -> None:
        found = self.board.diagnosis
        if found is not None and found.culprits:
            self.board.select_submodel(found.culprits[0].submodel)

    def _copy(self) -> None:
        self.copy_words(self.work.command())

    def _export(self) -> None:
        self.ask_report("pipeline", self.write_report)

    def write_report(self, path: Path) -> None:
        """Write the report; the ending of the name decides the format."""
        found = self.board.diagnosis
        if found is None:
            return
        texts = {".json": lambda: dumps(document(found, self.lang)), ".csv": lambda: to_csv(found)}
        self.wrote(path, lambda: save(texts.get(path.suffix.lower(), lambda: page(found, self.lang))(), path))

    def _close(self) -> None:
        self.board.close()

    # what is shown

    def _opened(self, path: Path) -> None:
        spec, found = self.board.spec, self.board.diagnosis
        title = headline(found, self.lang) if found is not None else ""
        self.opened.emit((str(path),), title or (spec.kind.value if spec else path.name))

    def _tell(self) -> None:
        board = self.board
        shown = board.spec is not None or bool(board.runs)
        self.stack.setCurrentIndex(1 if shown else 0)
        self.head.set_running(on=board.running)
        for widget in (self.locate, self.runtime):
            widget.setVisible(not board.running and board.spec is not None)
        found, spec = board.diagnosis, board.spec
        name = Path(spec.path).name if spec else ""
        if board.running:
            self.head.tell("run", self.tr("Looking for the submodel at fault in {name}").format(name=name))
        elif found is not None:
            self.head.tell(found.verdict.value, headline(found, self.lang), self._facts())
            self.locate.setText(self.tr("Search again"))
        elif spec is not None:
            self.locate.setText(self.tr("Find the culprit"))
            self.head.tell("info", self.tr("{name} is ready: no submodel was swapped yet").format(name=name),
                           self._request())
        elif board.runs:
            self.head.tell("stop", self.tr("This search was stopped before its end: what was finished is kept"))
        self._offer()
        self.title_changed.emit(name)
        self.verbs_changed.emit()

    def _offer(self) -> None:
        self.try_out.setEnabled(not self.board.running and bool(self.tiles.swapped()))

    def _facts(self) -> str:
        found = self.board.diagnosis
        if found is None:
            return ""
        return self.tr("{runs} runs of {submodels} submodels  ·  {steps} steps  ·  {seconds} s").format(
            runs=len(found.runs), submodels=len(found.submodels), steps=found.spec.steps,
            seconds=f"{found.wall_s:.1f}")

    def _request(self) -> str:
        spec = self.board.spec
        if spec is None:
            return ""
        words = [spec.kind.value]
        if spec.prompt:
            words.append(f"“{spec.prompt}”")
        if spec.steps and spec.scheduler:
            words.append(self.tr("{steps} steps").format(steps=spec.steps))
        return "  ·  ".join(words)
