"""What is open and what is selected. Docks talk to the session, never to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.pairs import Pair
from diag.types.comparison import Comparison
from diag.types.graph import Graph
from diag.types.layer import LayerResult, Role, Verdict
from diag.workspace.runs import RunFolder


class State(Enum):
    """How far the comparison is."""

    EMPTY = "empty"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Graphs:
    """Both models, or why one could not be read."""

    golden: Graph | None
    target: Graph | None
    problem: str = ""


class Session(QObject):
    """One comparison: running, finished or stopped.

    Signals:
        state_changed: State.
        rows_added: the new rows while a comparison runs.
        opened: everything is other than before: read ``rows`` and ``comparison``.
        selected: the LayerResult, or None.
        brushed: (first, last) execution index of the layers to show, or None.
        side_changed: whether views look at the own-input run instead of the whole run.
        swapped: whether the target stands left.
        graphs_changed: Graphs.
    """

    state_changed = Signal(object)
    rows_added = Signal(object)
    opened = Signal()
    selected = Signal(object)
    brushed = Signal(object)
    side_changed = Signal(bool)
    swap_changed = Signal(bool)
    graphs_changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State.EMPTY
        self.pair: Pair | None = None
        self.folder: RunFolder | None = None
        self.comparison: Comparison | None = None
        self.rows: list[LayerResult] = []
        self.selection: LayerResult | None = None
        self.graphs = Graphs(None, None)
        self.own_input = False
        self.swap = False
        self._place: dict[str, int] = {}

    # what is open

    def begin(self, pair: Pair, folder: RunFolder) -> None:
        """A comparison starts."""
        self._fill(pair, folder, None, ())
        self._enter(State.RUNNING)

    def add(self, rows: Sequence[LayerResult]) -> None:
        """Rows of the running comparison. A row that comes again, with more known, waits for the end."""
        new = [r for r in rows if r.golden_tensor not in self._place]
        for row in new:
            self._place[row.golden_tensor] = len(self.rows)
            self.rows.append(row)
        if new:
            self.rows_added.emit(new)

    def finish(self, comparison: Comparison, folder: RunFolder | None) -> None:
        """A comparison is there: of the job, or recorded."""
        chosen = self.selection.golden_tensor if self.selection else None
        pair = Pair(Path(comparison.golden.path), Path(comparison.target.path))
        self._fill(pair, folder, comparison, comparison.layers)
        self._enter(State.DONE)
        if chosen is not None:
            self.select(chosen)

    def stop(self) -> None:
        """The comparison ended before its end; its rows stay."""
        self._enter(State.STOPPED)

    def show_stopped(self, folder: RunFolder, rows: Sequence[LayerResult]) -> None:
        """A recorded run that did not reach its end."""
        self._fill(None, folder, None, rows)
        self._enter(State.STOPPED)

    def close(self) -> None:
        """Nothing is open."""
        self._fill(None, None, None, ())
        self._enter(State.EMPTY)

    def set_graphs(self, graphs: Graphs) -> None:
        """Both models were read."""
        self.graphs = graphs
        self.graphs_changed.emit(graphs)

    # what is selected

    def select(self, tensor: str | None) -> None:
        """Select the layer of a golden tensor, everywhere."""
        row = self.rows[self._place[tensor]] if tensor in self._place else None
        if row is not self.selection:
            self.selection = row
            self.selected.emit(row)

    def select_later(self, tensor: str) -> None:
        """Select it when the event loop is idle."""
        QTimer.singleShot(0, self, lambda: self.select(tensor))

    def select_node(self, node: str) -> None:
        """Select the layer of a golden node: its worst tensor if it has several."""
        rows = [r for r in self.rows if r.golden_node == node]
        if rows:
            self.select(max(rows, key=lambda r: r.verdict.rank).golden_tensor)

    def culprit(self) -> str | None:
        """The node to look at first: the first culprit, else the first layer that fails."""
        if self.comparison is not None and self.comparison.culprits:
            return self.comparison.culprits[0].golden_node
        failing = self.failures()
        return failing[0].golden_node if failing else None

    def failures(self) -> list[LayerResult]:
        """Layers to step through, in the order of execution."""
        return sorted((r for r in self.rows if r.verdict is Verdict.FAIL or r.role is Role.INJECTS),
                      key=lambda r: r.index)

    def step(self, by: int) -> None:
        """Select the next (1) or previous (-1) failure, round at the ends."""
        failing = self.failures()
        if not failing:
            return
        here = self.selection.index if self.selection else -1
        ahead = [r for r in failing if (r.index - here) * by > 0]
        if self.selection is None or not ahead:
            ahead = failing
        self.select((ahead[0] if by > 0 else ahead[-1]).golden_tensor)

    def brush(self, span: tuple[int, int] | None) -> None:
        """Show only the layers of a stretch of the curve."""
        self.brushed.emit(span)

    def set_own_input(self, on: bool) -> None:
        """Look at each layer alone, or at the whole run."""
        if on != self.own_input:
            self.own_input = on
            self.side_changed.emit(on)

    def set_swap(self, on: bool) -> None:
        """Put the target left, or right."""
        if on != self.swap:
            self.swap = on
            self.swap_changed.emit(on)

    def _fill(self, pair: Pair | None, folder: RunFolder | None, comparison: Comparison | None,
              rows: Sequence[LayerResult]) -> None:
        self.pair, self.folder, self.comparison = pair, folder, comparison
        self.rows = sorted(rows, key=lambda r: r.index)
        self._place = {r.golden_tensor: i for i, r in enumerate(self.rows)}
        self.selection, self.graphs = None, Graphs(None, None)
        self.opened.emit()
        self.brushed.emit(None)
        self.selected.emit(None)

    def _enter(self, state: State) -> None:
        self.state = state
        self.state_changed.emit(state)
