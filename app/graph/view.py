"""Two graphs kept in step: selection across, search, failures, matching by hand, export."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QMenu, QSplitter, QVBoxLayout, QWidget

from app.graph.bar import Bar, Legend
from app.graph.crossing import answer
from app.graph.describe import Describer
from app.graph.export import export
from app.graph.labels import Labels
from app.graph.model import GraphModel
from app.graph.overlay import NO_LINKS, Links, Side, State
from app.graph.paint import Artist
from app.graph.palette import GraphPalette
from app.graph.pane import Pane
from app.graph.prepare import Loaded, load
from app.graph.wording import Words, alarming
from app.jobs import LatestRunner, call
from diag.errors import DiagError
from diag.rules import Lang
from diag.types.comparison import Comparison
from diag.types.graph import Graph, Node

_GREY = frozenset({State.UNMAPPED, State.INCOMPARABLE, State.INSIDE, State.NONE})


Kind = Literal["verdicts", "differences", "plain"]
"""What colours mean: a comparison's verdicts, what a pass did, nothing."""


@dataclass(frozen=True, slots=True)
class Picked:
    """A node that was chosen, and the names of the golden nodes that it is or answers."""

    side: Side
    node: Node
    golden: tuple[str, ...]


class GraphView(QWidget):
    """Two graphs, or one.

    Signals:
        selected: Picked.
        match_requested: (golden tensor, target value) that shall answer each other.
        failed: an exception: a layout or an export that did not work.
        loaded: both graphs are read and the first pictures are being laid out.
    """

    selected = Signal(object)
    match_requested = Signal(object)
    failed = Signal(object)
    loaded = Signal()

    def __init__(self, palette: GraphPalette, lang: Lang = "en", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lang: Lang = lang
        self._palette = palette
        self._kind: Kind = "verdicts"
        self.sides = (self.tr("Golden"), self.tr("Target"))
        self.nothing = self.tr("No graph is open. Compare two models, or open a run.")
        self._links: Links = NO_LINKS
        self._hits: list[tuple[Pane, int]] = []
        self._hit = -1
        self._describe = Describer(lang, self)
        artist = self._artist(palette)
        self.panes = (Pane(artist, artist.labels, self), Pane(artist, artist.labels, self))
        self._active = self.panes[0]
        self.bar = Bar(self)
        self.info = QLabel(self)
        self.legend = Legend(artist, self._describe.legend(), self.tr("makes an error of its own"), self)
        self._loader = LatestRunner(self)
        self._loader.done.connect(self._loaded)
        self._arrange()
        self._connect()
        self.set_graphs(None, None, NO_LINKS)

    # what is shown

    @property
    def busy(self) -> bool:
        """Whether something is being read or laid out."""
        return self._loader.busy or any(pane.busy for pane in self.panes)

    def open(self, golden: Graph | None, target: Graph | None, comparison: Comparison | None) -> None:
        """Show graphs with what a comparison says of them; models are built beside the event loop."""
        if golden is None:
            golden, target = target, None
        if golden is None:
            self.set_graphs(None, None, NO_LINKS)
        else:
            first, second = golden, target
            self._loader.request(call(lambda cancel: load(first, second, comparison, cancel)))

    def set_graphs(self, left: GraphModel | None, right: GraphModel | None, links: Links) -> None:
        """Show these models, all scopes closed."""
        self._links, self._hits, self._hit = links, [], -1
        for pane, model in zip(self.panes, (left, right), strict=True):
            pane.set_model(model)
        self.panes[1].setVisible(right is not None)
        self._active = self.panes[0]
        self._titles()
        self._tell()
        self._search(self.bar.search.text())

    def set_kind(self, kind: Kind) -> None:
        """Whether nodes are coloured by verdicts, by what a pass did to them, or not at all."""
        if kind == self._kind:
            return
        self._kind = kind
        self._describe.set_differences(kind == "differences")
        self.legend.set_states(self._describe.legend(),
                               self.tr("makes an error of its own") if kind == "verdicts" else "")
        self.legend.setVisible(kind != "plain")
        self.bar.tell_steps(kind)
        self.set_palette(self._palette)

    def set_swapped(self, swapped: bool) -> None:
        """Put the target left."""
        first = self.panes[0] if not swapped else self.panes[1]
        self._splitter.insertWidget(0, first)

    def set_palette(self, palette: GraphPalette) -> None:
        """Other colours."""
        self._palette = palette
        artist = self._artist(palette)
        for pane in self.panes:
            pane.set_artist(artist, artist.labels)
        self.legend.set_artist(artist)

    def shut_down(self) -> None:
        """End all threads. For closing a window."""
        self._loader.shut_down()
        for pane in self.panes:
            pane.shut_down()

    # slots

    def select(self, choice: object) -> None:
        """Select and reveal a node: (side, name of the node). Emits nothing."""
        side, name = choice if isinstance(choice, tuple) else ("golden", choice)
        pane = self._pane(side)
        if pane is None or pane.model is None:
            return
        named = (i for i, node in enumerate(pane.model.graph.nodes) if node.name == name)
        found = next((i for i in named if pane.model.parent[i] >= 0), -1)
        if found >= 0 and found != pane.selected:
            self._choose(pane, found)
            pane.reveal(found)

    def expand(self, path: object) -> None:
        """Open a scope by its path (``/model/encoder``), on both sides."""
        for pane in self.panes:
            if pane.model is not None and path in pane.model.paths:
                item = pane.model.root + pane.model.paths.index(str(path))
                if item not in pane.opened:
                    pane.reveal(item)
                    pane.toggle(item)

    def search(self, text: object) -> None:
        """Search for a text, and go to the first hit."""
        self.bar.search.setText(str(text))
        self.next_hit()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.search.selectAll()

    def next_hit(self, step: int = 1) -> None:
        """Go to the next hit of the search (-1: the one before)."""
        if self._hits:
            self._hit = (self._hit + step) % len(self._hits) if self._hit >= 0 or step > 0 else len(self._hits) - 1
            self._go(*self._hits[self._hit])
        self._count_hits()

    def next_failing(self, step: int = 1) -> None:
        """Go to the next node that fails (-1: the one before), round at the ends."""
        pane = self._pane("golden") or self.panes[0]
        failing = pane.failing()
        if not failing and self.panes[1].model is not None:
            pane = self.panes[1]
            failing = pane.failing()
        if failing and pane.model is not None:
            here = pane.selected
            # From a scope on: into it, not past it.
            first = int(pane.model.nodes_in(here)[0]) - (step > 0) if here >= 0 and pane.model.is_scope(here) else here
            place = np.searchsorted(failing, first, "right" if step > 0 else "left") - (step < 0)
            self._go(pane, failing[int(place) % len(failing)])

    def previous_failing(self) -> None:
        """Go to the node before that fails."""
        self.next_failing(-1)

    def export(self, path: Path) -> None:
        """Save what is seen, by suffix. Raises UsageError, DiagError."""
        panes = [p for p in (self._splitter.widget(0), self._splitter.widget(1)) if isinstance(p, Pane)]
        export(path, [p.canvas for p in panes if p.model is not None] or [panes[0].canvas], self.tr("Graph"))

    # parts

    def _artist(self, palette: GraphPalette) -> Artist:
        words = Words(self.tr("{count} nodes"),
                      self.tr("{count} differ") if self._kind == "differences" else self.tr("{count} failing"))
        return Artist(palette, Labels(self.font(), words))

    def _arrange(self) -> None:
        self.info.setTextFormat(Qt.TextFormat.PlainText)
        self.info.setWordWrap(True)
        self.info.setContentsMargins(8, 3, 8, 3)
        self.info.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.info.setAccessibleName(self.tr("Selected node and its counterpart"))
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setChildrenCollapsible(False)
        for pane in self.panes:
            self._splitter.addWidget(pane)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.bar)
        box.addWidget(self._splitter, 1)
        box.addWidget(self.info)
        box.addWidget(self.legend)

    def _connect(self) -> None:
        for pane in self.panes:
            pane.picked.connect(partial(self._picked, pane))
            pane.drawn.connect(self._titles)
            pane.failed.connect(self.failed)
            pane.menu_wanted.connect(partial(self._menu, pane))
            pane.canvas.set_tip(partial(self._tip, pane))
        bar = self.bar
        bar.search.textChanged.connect(self._search)
        bar.search.stepped.connect(self.next_hit)
        bar.search.left.connect(lambda: self._active.canvas.setFocus())
        bar.previous.triggered.connect(lambda: self.next_failing(-1))
        bar.next.triggered.connect(lambda: self.next_failing(1))
        for pane in self.panes:
            bar.fit.triggered.connect(pane.canvas.fit)
            bar.close_all.triggered.connect(pane.close_all)
        bar.open_all.triggered.connect(self._open_all)
        bar.match.triggered.connect(self._match)
        bar.export.triggered.connect(self._ask_export)

    def _loaded(self, outcome: object) -> None:
        if isinstance(outcome, Loaded):
            self.set_graphs(outcome.golden, outcome.target, outcome.links)
            self.loaded.emit()
        else:
            self.failed.emit(outcome)

    def _pane(self, side: object) -> Pane | None:
        return next((p for p in self.panes if p.model is not None and p.model.side == side), None)

    def _other(self, pane: Pane) -> Pane:
        return self.panes[1] if pane is self.panes[0] else self.panes[0]

    # selection

    def _go(self, pane: Pane, item: int) -> None:
        pane.reveal(item)
        self._picked(pane, item)

    def _picked(self, pane: Pane, item: int) -> None:
        """The user chose an item."""
        self._choose(pane, item)
        if pane.model is not None and pane.model.is_node(item):
            node = pane.model.outer([item])
            golden = node if pane.model.side == "golden" else list(self._links.across("target", node))
            mine = self._pane("golden")
            names = tuple(mine.model.name(n) for n in golden) if mine is not None and mine.model is not None else ()
            self.selected.emit(Picked(pane.model.side, pane.model.graph.nodes[item], names))

    def _choose(self, pane: Pane, item: int) -> None:
        """Mark an item, its group, and what answers it; a selection on the other side without an answer stays."""
        self._active, other, model = pane, self._other(pane), pane.model
        if model is None:
            return
        nodes = model.outer(model.nodes_in(item).tolist()) if item >= 0 else []
        group = self._links.group(model.side, nodes) if model.is_node(item) else ()
        answered = answer(model, other.model, self._links, item, nodes)
        pane.mark(item, np.array(group, np.int64))
        keep = other.selected if not answered and self._grey(other, other.selected) else -1
        other.mark(keep, linked=np.array(answered, np.int64))
        other.look_at(answered)
        self._tell()

    def _grey(self, pane: Pane, item: int) -> bool:
        model = pane.model
        return (model is not None and 0 <= item < model.first_body and int(model.overlay.state[item]) in _GREY
                and any(model.graph.nodes[item].outputs))

    def _tell(self) -> None:
        """The line below: what is selected, who answers it, what can be done."""
        pane, other = self._active, self._other(self._active)
        both = all(self._grey(p, p.selected) for p in self.panes)
        self.bar.match.setEnabled(both)
        if pane.model is None:
            self.info.setText("")
        elif pane.selected < 0:
            alone = self.tr("Click a node to see it. Double click opens a scope.")
            self.info.setText(alone if self._kind == "plain" else
                              self.tr("Click a node to see it and its counterpart. Double click opens a scope."))
        else:
            lines = [self._describe.short(pane.model, pane.selected)]
            told = self._describe.counterpart(pane.model, pane.selected, other.model, self._links)
            lines.append(f"⇄ {told}" if told else "")
            if both:
                lines.append(self.tr("Match makes them each other's counterpart."))
            self.info.setText("\n".join(line for line in lines if line))
        self.info.setMinimumHeight(self.info.fontMetrics().lineSpacing() * 2 + 8)

    def _titles(self) -> None:
        for pane in self.panes:
            model = pane.model
            pane.canvas.empty = self.nothing
            if model is None:
                pane.title.tell("")
                pane.canvas.setAccessibleName(self.nothing)
                continue
            side = self.sides[model.side == "target"]
            name = model.graph.path.name if model.graph.path else model.graph.name
            count = self.tr("{count} nodes").format(count=f"{int(model.leaves[model.root]):,}")
            failing = alarming(model, model.root)
            words = pane.words.failing.format(count=f"{failing:,}") if failing else ""
            parts = [side, name, count, words]
            pane.title.tell(" · ".join(part for part in parts if part))
            pane.canvas.setAccessibleName(self.tr("Graph of {name}").format(name=name))
            if pane.canvas.scene is None:
                pane.canvas.empty = self.tr("Laying out …")

    # search, match, menu, export

    def _search(self, text: str) -> None:
        first = self._active
        self._hits = [(pane, item) for pane in (first, self._other(first)) for item in pane.hits(text.strip())]
        self._hit = -1
        self._count_hits()

    def _count_hits(self) -> None:
        if not self.bar.search.text().strip():
            self.bar.hits.setText("")
        elif not self._hits:
            self.bar.hits.setText(self.tr("no hit"))
        else:
            self.bar.hits.setText(f"{self._hit + 1}/{len(self._hits)}" if self._hit >= 0 else f"{len(self._hits)}")

    def _open_all(self) -> None:
        for pane in self.panes:
            model = pane.model
            if model is None:
                continue
            chosen = pane.selected if pane is self._active and model.is_scope(pane.selected) else -1
            if chosen >= 0 or not self._active.model or not self._active.model.is_scope(self._active.selected):
                pane.open_all(chosen if chosen >= 0 else model.root)

    def _match(self) -> None:
        golden, target = self._pane("golden"), self._pane("target")
        if golden is None or target is None or golden.model is None or target.model is None:
            return
        one, other = golden.model.graph.nodes[golden.selected], target.model.graph.nodes[target.selected]
        self.match_requested.emit((next(v for v in one.outputs if v), next(v for v in other.outputs if v)))

    def _tip(self, pane: Pane, item: int) -> str:
        return self._describe.tip(pane.model, item) if pane.model is not None else ""

    def _menu(self, pane: Pane, where: tuple[int, QPoint]) -> None:
        model, (item, at) = pane.model, where
        if model is None:
            return
        menu = QMenu(self)
        if item >= 0 and model.is_scope(item):
            menu.addAction(self.tr("Close") if item in pane.opened else self.tr("Open"), lambda: pane.toggle(item))
            menu.addAction(self.tr("Open all inside"), lambda: pane.open_all(item))
        if item >= 0:
            menu.addAction(self.tr("Copy name"), lambda: QGuiApplication.clipboard().setText(model.name(item)))
            menu.addAction(self.tr("One level up"), pane.up)
        menu.addAction(self.tr("Show all"), pane.canvas.fit)
        menu.addAction(self.tr("Export …"), self._ask_export)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _ask_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save the graph"), "graph.png",
                                              self.tr("Pictures (*.png *.svg)"))
        if name:
            try:
                self.export(Path(name))
            except DiagError as error:
                self.failed.emit(error)
