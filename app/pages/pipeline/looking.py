"""The pictures and the latents of the chosen run, read beside the event loop."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from app.assets import Look
from app.i18n import Lang
from app.jobs import LatestRunner, call
from app.pages.pipeline import reading
from app.pages.pipeline.blind import BlindTest
from app.pages.pipeline.gallery import Gallery, Pictures
from app.pages.pipeline.reading import Seen
from app.pages.pipeline.runs import named
from app.pages.pipeline.state import Board
from app.pages.pipeline.steps import Steps
from diag.errors import DiagError
from diag.pipeline import votes
from diag.types.pipeline import PipelineRun, SwapRun

_VOTES = "votes.jsonl"


class Looking(QObject):
    """Fills both galleries whenever another run or step is chosen.

    Signals:
        failed: a DiagError to be told.
    """

    failed = Signal(object)

    def __init__(self, board: Board, look: Look, lang: Lang, parent: QWidget) -> None:
        super().__init__(parent)
        self._board, self._look, self._lang = board, look, lang
        self.gallery = Gallery(look, parent)
        self.gallery.blind_wanted.connect(self._judge)
        self.steps = Steps(board, look, parent)
        self.latents = Gallery(look, parent)
        self.latents.blind.hide()
        self.steps_tab = QSplitter(Qt.Orientation.Vertical, parent)
        self.steps_tab.addWidget(self.steps)
        self.steps_tab.addWidget(self.latents)
        self.steps_tab.setSizes([320, 280])
        self._names, self._caption = ("", ""), ""
        self._pictures = LatestRunner(self)
        self._pictures.done.connect(self._show_pictures)
        self._latents = LatestRunner(self)
        self._latents.done.connect(self._show_latents)
        board.run_selected.connect(self._run)
        board.step_selected.connect(lambda _: self._step())

    def show_run(self, run: PipelineRun) -> None:
        """The picture of a choice that was run by hand, beside the golden one of the open run."""
        folder, golden = Path(run.run), self._board.folder
        self._caption = self.tr("run by hand, {seconds} s").format(seconds=f"{run.wall_s:.1f}")
        self._names = (self.tr("ONNX"), self.tr("as MindIR: {names}").format(names=" + ".join(run.swapped)))
        self._pictures.request(call(lambda _: reading.by_hand(golden, folder, Path(run.picture).stem)))

    def _run(self, run: SwapRun | None) -> None:
        folder = self._board.folder
        if run is None or folder is None:
            self.gallery.set_pictures(Pictures(None, None, ("", "")))
            self.latents.set_pictures(Pictures(None, None, ("", "")))
            return
        self._caption = run.reason
        spec = self._board.spec
        self._names = (self.tr("ONNX"), self.tr("as MindIR: {names}").format(
            names=named(run, [s.name for s in spec.submodels] if spec else [])))
        self._pictures.request(call(lambda _: reading.pictures(folder, run)))
        self.latents.setVisible(bool(run.steps))
        self._step()

    def _step(self) -> None:
        run, folder = self._board.run, self._board.folder
        if run is not None and folder is not None and run.steps:
            step = min(self._board.step, len(run.steps) - 1)
            spec = self._board.spec
            names = tuple(s.name for s in spec.submodels if s.mindir) if spec else ()
            self._latents.request(call(lambda _: reading.latents(folder, run, step, names)))

    def _show_pictures(self, outcome: object) -> None:
        if isinstance(outcome, Seen):
            self.gallery.set_pictures(Pictures(outcome.golden, outcome.target, self._names, self._caption))
        else:
            self.failed.emit(outcome)

    def _show_latents(self, outcome: object) -> None:
        if isinstance(outcome, Seen):
            self.latents.set_pictures(Pictures(outcome.golden, outcome.target, self._names,
                                               self.tr("the first three channels of the latents as colours")))
        else:
            self.failed.emit(outcome)

    def _judge(self) -> None:
        folder = self._board.folder
        if folder is None:
            return
        file, name = folder / _VOTES, self.gallery.pictures.names[1]
        try:
            before = [v for v in votes.read(file) if v.swap == name]
        except DiagError as error:
            self.failed.emit(error)
            return
        dialog = BlindTest(self.gallery.pictures, before, lambda vote: self._keep(file, vote), self._look,
                           self.gallery)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _keep(self, file: Path, vote: votes.Vote) -> None:
        try:
            votes.keep(file, vote)
        except DiagError as error:
            self.failed.emit(error)
