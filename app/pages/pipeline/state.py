"""What the board shows: one diagnosis, running or recorded, and what is selected in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from diag.types.pipeline import PipelineDiagnosis, PipelineSpec, SubmodelResult, SwapKind, SwapRun


class Board(QObject):
    """The parts of the page talk to the board, never to each other.

    Signals:
        opened: everything is other than before.
        runs_added: a swap ended while the search runs.
        run_selected: the SwapRun, or None.
        step_selected: index of a denoising step.
        submodel_selected: (name), "" for none.
        running_changed: whether a search runs.
    """

    opened = Signal()
    runs_added = Signal()
    run_selected = Signal(object)
    step_selected = Signal(int)
    submodel_selected = Signal(str)
    running_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec: PipelineSpec | None = None
        self.diagnosis: PipelineDiagnosis | None = None
        self.folder: Path | None = None
        self.runs: list[SwapRun] = []
        self.run: SwapRun | None = None
        self.step = 0
        self.submodel = ""
        self.running = False

    def show_spec(self, spec: PipelineSpec, folder: Path | None = None) -> None:
        """A pipeline that was not searched yet, or whose search begins in ``folder``."""
        self.spec, self.diagnosis, self.folder, self.runs = spec, None, folder, []
        self._clear()

    def show(self, diagnosis: PipelineDiagnosis, folder: Path) -> None:
        """A search that ended; the worst submodel and its swap are selected."""
        self.spec, self.diagnosis, self.folder = diagnosis.spec, diagnosis, folder
        self.runs = list(diagnosis.runs)
        self._clear()
        first = diagnosis.culprits[0].submodel if diagnosis.culprits else ""
        if first:
            self.select_submodel(first)
        elif self.runs:
            whole = [r for r in self.runs if r.kind is SwapKind.ALL]
            self.select_run((whole or self.runs)[-1])

    def show_stopped(self, folder: Path, runs: Sequence[SwapRun]) -> None:
        """A search that did not reach its end."""
        self.spec, self.diagnosis, self.folder, self.runs = None, None, folder, list(runs)
        self._clear()
        if self.runs:
            self.select_run(self.runs[0])

    def close(self) -> None:
        """Nothing is open."""
        self.spec, self.diagnosis, self.folder, self.runs = None, None, None, []
        self._clear()

    def add(self, runs: Sequence[SwapRun]) -> None:
        """Swaps of the running search, as they end."""
        self.runs += runs
        self.runs_added.emit()
        if self.run is None and self.runs:
            self.select_run(self.runs[0])

    def set_running(self, on: bool) -> None:
        """A search began or ended."""
        if on != self.running:
            self.running = on
            self.running_changed.emit(on)

    def select_run(self, run: SwapRun | None) -> None:
        """Look at the picture and the steps of a swap."""
        if run is not self.run:
            self.run = run
            self.run_selected.emit(run)

    def select_submodel(self, name: str) -> None:
        """Look at a submodel, and at the run in which it alone was swapped."""
        if name == self.submodel:
            return
        self.submodel = name
        self.submodel_selected.emit(name)
        alone = next((r for r in self.runs if r.swapped == (name,)), None)
        if alone is not None:
            self.select_run(alone)

    def select_step(self, step: int) -> None:
        """Look at the latents after a step (from 0)."""
        if step != self.step:
            self.step = step
            self.step_selected.emit(step)

    def result(self, name: str) -> SubmodelResult | None:
        """What was found out about a submodel."""
        if self.diagnosis is None:
            return None
        return next((s for s in self.diagnosis.submodels if s.name == name), None)

    def _clear(self) -> None:
        self.run, self.step, self.submodel = None, 0, ""
        self.opened.emit()
        self.run_selected.emit(None)
        self.submodel_selected.emit("")
