"""One side: a title, a canvas, and the thread that lays out what is opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.graph.canvas import Canvas
from app.graph.labels import Labels
from app.graph.model import GraphModel
from app.graph.overlay import ALARMING
from app.graph.paint import Artist, Marks
from app.graph.prepare import Prepared, prepare
from app.graph.wording import Words
from app.jobs import LatestRunner, call

Array = npt.NDArray[Any]

_NOBODY: Array = np.zeros(0, np.int64)
_ALARMING = tuple(ALARMING)


class Title(QLabel):
    """One line of plain text that ends in dots where there is no room for it, and is whole in its tool tip."""

    def tell(self, text: str) -> None:
        """Say something else."""
        self.setText(text)
        self.setToolTip(text)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """The text, cut to the room."""
        painter = QPainter(self)
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class Pane(QWidget):
    """Shows one graph and lays out what is opened in it.

    Signals:
        picked: the item that the user chose here, -1 for none.
        drawn: another scene is shown.
        failed: the exception that ended a layout.
        menu_wanted: (item, QPoint on the screen).
    """

    picked = Signal(object)
    drawn = Signal()
    failed = Signal(object)
    menu_wanted = Signal(object)

    def __init__(self, artist: Artist, labels: Labels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: GraphModel | None = None
        self.selected = -1
        self.opened: frozenset[int] = frozenset()
        self._group, self._linked = _NOBODY, _NOBODY
        self._labels, self._advances = labels, labels.advances()
        self._prepared: Prepared | None = None
        self._anchor, self._show, self._fresh = -1, -1, True
        self.title = Title(self)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.title.setContentsMargins(8, 4, 8, 4)
        self.canvas = Canvas(artist, self)
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._done)
        self.canvas.picked.connect(self.picked)
        self.canvas.toggled.connect(self.toggle)
        self.canvas.up_wanted.connect(self.up)
        self.canvas.menu_wanted.connect(self.menu_wanted)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.title)
        box.addWidget(self.canvas, 1)

    @property
    def words(self) -> Words:
        """What its boxes say."""
        return self._labels.words

    @property
    def busy(self) -> bool:
        """Whether a layout is being worked out."""
        return self._runner.busy

    def set_model(self, model: GraphModel | None, opened: Iterable[int] = ()) -> None:
        """Show another graph, closed but for these scopes."""
        self.model, self._prepared, self.selected = model, None, -1
        self._group = self._linked = _NOBODY
        self.opened, self._anchor, self._show, self._fresh = frozenset(opened), -1, -1, True
        self.canvas.set_scene(None)
        if model is not None:
            self._lay_out()

    def set_artist(self, artist: Artist, labels: Labels) -> None:
        """Other colours."""
        self._labels = labels
        self.canvas.set_artist(artist)

    def shut_down(self) -> None:
        """End the thread. For closing."""
        self._runner.shut_down()

    # opening and closing

    def toggle(self, item: int) -> None:
        """Open or close a scope."""
        if self.model is not None and self.model.is_scope(item):
            self._open(self.opened ^ {item}, item)

    def up(self) -> None:
        """Close the scope that holds the selection, and select it."""
        if self.model is None:
            return
        item = self.selected if self.selected >= 0 else self.model.root
        scope = item if item in self.opened else int(self.model.parent[item])
        if scope > self.model.root:
            self._show = scope
            self._open(self.opened - {scope}, scope)
            self.picked.emit(scope)

    def open_all(self, item: int) -> None:
        """Open a scope and all that it holds."""
        if self.model is not None:
            scopes = np.arange(self.model.root, self.model.size)
            inside = self.model.chain[self.model.depth[item], scopes] == item
            self._open(self.opened | set(scopes[inside].tolist()), item)

    def close_all(self) -> None:
        """Close everything."""
        self._show = self.selected
        self._open(frozenset(), self.selected)

    def reveal(self, item: int) -> None:
        """Open what holds an item, and look at it."""
        if self.model is None or item < 0:
            return
        needed = set(self.model.ancestors(item)) - {self.model.root}
        self._show = item
        if needed <= self.opened and not self.busy:
            self._look()
        else:
            self._open(self.opened | needed, item)

    def look_at(self, nodes: Iterable[int]) -> None:
        """Look at what shows the first of some nodes, without opening anything."""
        first = next(iter(nodes), -1)
        if first >= 0:
            self._show = first
            if not self.busy:
                self._look()

    def _open(self, opened: frozenset[int], anchor: int) -> None:
        if opened != self.opened:
            self.opened, self._anchor = opened, anchor
            self._lay_out()

    # marks

    def mark(self, selected: int, group: Array = _NOBODY, linked: Array = _NOBODY) -> None:
        """Mark items: what is hidden in a closed scope marks that scope."""
        self.selected, self._group, self._linked = selected, group, linked
        self._show_marks()

    def _show_marks(self) -> None:
        scene = self.canvas.scene
        if scene is None:
            return
        seen = scene.seen(self.selected) if self.selected >= 0 else -1
        group = frozenset(scene.seen_of(self._group) - {seen})
        self.canvas.set_marks(Marks(seen, group, frozenset(scene.seen_of(self._linked))))

    # the thread

    def _lay_out(self) -> None:
        model, opened, before = self.model, self.opened, self._prepared
        advances, words = self._advances, self._labels.words
        if model is not None:
            self._runner.request(call(lambda cancel: prepare(model, opened, advances, words, cancel, before)))

    def _done(self, outcome: object) -> None:
        if not isinstance(outcome, Prepared):
            self.failed.emit(outcome)
            return
        if outcome.model is not self.model:
            return
        self._prepared = outcome
        self.canvas.set_scene(outcome.scene, self._anchor)
        if self._fresh:
            self._fresh = False
            self.canvas.start()
        self._show_marks()
        self._look()
        self.drawn.emit()

    def _look(self) -> None:
        if self._show >= 0 and self.canvas.scene is not None:
            self.canvas.show_item(self._show)
            self._show = -1

    # lists

    def failing(self) -> list[int]:
        """Nodes that fail, make an error of their own or differ, in the order of execution."""
        if self.model is None:
            return []
        state = self.model.overlay.state
        drawn = self.model.parent[:len(state)] >= 0
        return np.flatnonzero((np.isin(state, _ALARMING) | self.model.overlay.own) & drawn).tolist()

    def hits(self, text: str) -> list[int]:
        """Items whose name or operator holds the text; nodes first."""
        model, wanted = self.model, text.casefold()
        if model is None or not wanted:
            return []
        nodes = [i for i, node in enumerate(model.graph.nodes)
                 if model.parent[i] >= 0 and (wanted in node.name.casefold() or wanted == node.op.casefold())]
        if not nodes:
            nodes = [i for i, n in enumerate(model.graph.nodes) if model.parent[i] >= 0 and wanted in n.op.casefold()]
        ends = [i for i in range(model.first_input, model.root) if wanted in model.labels[i].casefold()]
        return nodes + ends
