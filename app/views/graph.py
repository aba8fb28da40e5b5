"""The graphs of both models, tied to the session."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.assets import Look
from app.graph.palette import GraphPalette
from app.graph.view import GraphView, Picked
from app.session import Graphs, Session
from diag.rules import Lang
from diag.types.layer import LayerResult


class GraphDock(QWidget):
    """Shows the graphs when it is first looked at; a node that is chosen is chosen everywhere.

    Signals:
        match_wanted: (golden tensor, target value) that a person says belong together.
        failed: an exception.
    """

    match_wanted = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._stale = False
        self._front = False
        self.view = GraphView(GraphPalette.of(look.theme), lang, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.view.selected.connect(self._picked)
        self.view.match_requested.connect(self.match_wanted)
        self.view.failed.connect(self.failed)
        self.view.loaded.connect(lambda: self._show(session.selection))
        session.opened.connect(lambda: self._open(session.graphs))
        session.graphs_changed.connect(self._open)
        session.selected.connect(self._show)
        session.swap_changed.connect(self.view.set_swapped)

    def set_front(self, front: bool) -> None:
        """Whether its tab is the front one: Qt calls the others visible, too. What came meanwhile is laid out now."""
        self._front = front
        if front and self._stale:
            self._open(self._session.graphs)

    def _open(self, graphs: Graphs) -> None:
        self._stale = not self._front
        if not self._stale:
            self.view.open(graphs.golden, graphs.target, self._session.comparison)

    def _show(self, row: LayerResult | None) -> None:
        if row is not None and not self._stale:
            self.view.select(("golden", row.golden_node))

    def _picked(self, picked: Picked) -> None:
        for node in picked.golden:
            if any(r.golden_node == node for r in self._session.rows):
                if self._session.selection is None or self._session.selection.golden_node != node:
                    self._session.select_node(node)
                return
