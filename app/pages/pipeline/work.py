"""What the board does: opens pipelines and runs, searches, and runs a choice of submodels by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.jobs import JobRunner, LatestRunner, call
from app.pages.pipeline.reading import Opened, open_path
from app.pages.pipeline.state import Board
from diag.errors import Cancelled, DiagError
from diag.events import Event, Message, Partial, Progress
from diag.jobs.pipeline import LocateJob, RunJob, run_locate, run_once
from diag.pipeline.plan import PipelinePlan, search_folder
from diag.runtimes.places import new_folder
from diag.types.pipeline import PipelineDiagnosis, PipelineRun, SwapRun


class Work(QObject):
    """One thing at a time.

    Signals:
        progress: Progress of the running job.
        told: (text) a sentence for the log.
        failed: the exception that ended something.
        opened: (path) what is open now.
        tried: the PipelineRun of a choice by hand.
    """

    progress = Signal(object)
    told = Signal(str)
    failed = Signal(object)
    opened = Signal(object)
    tried = Signal(object)

    def __init__(self, board: Board, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.board = board
        self.runtime = ""
        self._job = JobRunner(self)
        self._job.events.connect(self._events)
        self._job.ended.connect(self._ended)
        self._read = LatestRunner(self)
        self._read.done.connect(self._loaded)

    @property
    def busy(self) -> bool:
        """Whether a search or a run is on."""
        return self._job.busy

    def open(self, path: Path) -> None:
        """Read a pipeline's file or a run folder."""
        if self.busy:
            self.failed.emit(DiagError("A pipeline is running", hint="Cancel it first, or wait for its end"))
            return
        self._read.request(call(lambda _: open_path(path)))

    def locate(self) -> None:
        """Swap submodels one by one and name the culprit."""
        spec = self.board.spec
        if spec is None or self.busy:
            return
        folder = search_folder(Path(spec.path))  # always the same: finished swaps are not run twice
        self.board.show_spec(spec, folder)
        self.board.set_running(True)
        job = LocateJob(PipelinePlan(spec, folder, self.runtime))
        self._job.start(lambda cancel: run_locate(job, cancel))

    def try_out(self, swapped: Sequence[str]) -> None:
        """Run the pipeline once with these submodels as their MindIR."""
        spec = self.board.spec
        if spec is None or self.busy:
            return
        self.board.set_running(True)
        plan = PipelinePlan(spec, new_folder("runs", Path(spec.path).stem), self.runtime,
                            swapped=tuple(swapped))
        self._job.start(lambda cancel: run_once(RunJob(plan), cancel))

    def cancel(self) -> None:
        """Stop; finished swaps stay."""
        self._job.cancel()

    def command(self) -> list[str]:
        """The command line that does the same search."""
        spec = self.board.spec
        if spec is None:
            return []
        words = ["diag", "pipeline", "locate", spec.path]
        return [*words, "--runtime", self.runtime] if self.runtime else words

    def _events(self, events: Sequence[Event]) -> None:
        runs: list[SwapRun] = []
        for event in events:
            match event:
                case Partial(item) if isinstance(item, SwapRun):
                    runs.append(item)
                case Progress():
                    self.progress.emit(event)
                case Message(text, _):
                    self.told.emit(text)
        if runs:
            self.board.add(runs)

    def _ended(self, outcome: object) -> None:
        self.board.set_running(False)
        if isinstance(outcome, PipelineDiagnosis):
            folder = Path(outcome.run) if outcome.run else self.board.folder
            if folder is not None:
                self.board.show(outcome, folder)
                self.opened.emit(folder)
        elif isinstance(outcome, PipelineRun):
            self.tried.emit(outcome)
        elif not isinstance(outcome, Cancelled):
            self.failed.emit(outcome)

    def _loaded(self, outcome: object) -> None:
        if not isinstance(outcome, Opened):
            self.failed.emit(outcome)
        elif outcome.diagnosis is not None and outcome.folder is not None:
            self.board.show(outcome.diagnosis, outcome.folder)
            self.opened.emit(outcome.folder)
        elif outcome.spec is not None:
            self.board.show_spec(outcome.spec)
            self.opened.emit(Path(outcome.spec.path))
        elif outcome.folder is not None:
            self.board.show_stopped(outcome.folder, outcome.runs)
            self.opened.emit(outcome.folder)
