"""Beside the graphs: the list of what differs, and all that is known of the chosen node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QTableView, QTabWidget, QVBoxLayout, QWidget

from app.assets import Look
from app.models.columns import Column, ColumnModel
from app.models.records import Record, RecordModel
from app.views.tables import small_table
from diag.graphs import GraphDiff, Step, View, ViewNode
from diag.report.graph import attributes
from diag.types.ge import GeOp, GeTensor

_LONG = 4000


class Differences(QWidget):
    """A table of single differences, filtered as one types.

    Signals:
        chosen: (side, node) of the row that was chosen.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ColumnModel((Column("kind", self.tr("What")), Column("node", self.tr("Node")),
                                  Column("before", self.tr("Before")), Column("after", self.tr("After"))), self)
        self.table: QTableView = small_table(self.model, self.tr("Differences"), (84, 150, 84), self)
        # Until a heading is clicked the weighty ones stay first.
        self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.table.setSortingEnabled(True)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(self.tr("Filter …"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName(self.tr("Filter the differences"))
        self.filter.textChanged.connect(self._filter)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.filter)
        column.addWidget(self.table, 1)

    def show_diff(self, found: GraphDiff | None) -> None:
        """Every single difference, the weighty ones first."""
        rows = list(self._rows(found)) if found is not None else []
        columns = list(zip(*rows, strict=True)) if rows else [()] * 4
        self.model.replace({key: np.array(values, object) for key, values in
                            zip(("kind", "node", "before", "after"), columns, strict=True)})
        self._filter(self.filter.text())

    def _rows(self, found: GraphDiff) -> Iterator[tuple[str, str, str, str]]:
        guess = self.tr("told by the name")
        for one in found.fused:
            said = ", ".join(one.passes) or (guess if one.guess else "")
            yield self.tr("fused"), one.into, ", ".join(one.sources), f"{one.op}  {said}".strip()
        yield from ((self.tr("split"), name, "", ", ".join(into)) for name, into in found.split)
        yield from ((self.tr("added"), name, "", op) for name, op in found.added)
        yield from ((self.tr("removed"), name, op, "") for name, op in found.removed)
        words = {"op": self.tr("operator"), "dtype": self.tr("element type"), "layout": self.tr("layout"),
                 "shape": self.tr("shape"), "inputs": self.tr("inputs")}
        for change in sorted(found.changed, key=lambda c: c.kind == "inputs"):
            yield words[change.kind], change.node, change.before, change.after

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        if not wanted:
            self.model.set_mask(None)
            return
        columns = [self.model.values(c.key) for c in self.model.columns]
        self.model.set_mask(np.array([any(wanted in str(cell).casefold() for cell in row)
                                      for row in zip(*columns, strict=True)], bool))

    def _chosen(self, index: QModelIndex) -> None:
        if index.isValid():
            source = self.model.source(index.row())
            kind, node = self.model.text(source, "kind"), self.model.text(source, "node")
            gone = kind in (self.tr("removed"), self.tr("split"))
            self.chosen.emit(("golden" if gone else "target", node))


class NodePanel(QWidget):
    """One node: its history in a line, then a table of facts and attributes.

    Signals:
        follow_wanted: name of the original node whose life through all passes is wanted.
    """

    follow_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.title = QLabel(self.tr("Choose a node."), self, wordWrap=True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.follow = QPushButton(look.icon("next"), self.tr("Follow through all passes"), self)
        self.follow.clicked.connect(lambda: self.follow_wanted.emit(self._name))
        self.follow.hide()
        self.steps = RecordModel((self.tr("Pass"), self.tr("What happened")), parent=self)
        self.life = small_table(self.steps, self.tr("History of the node"), (150,), self)
        self.life.setWordWrap(True)
        self.life.hide()
        self.facts = RecordModel((self.tr("What"), self.tr("Value")), parent=self)
        self.table = small_table(self.facts, self.tr("Facts of the node"), (130,), self)
        for table in (self.table, self.life):
            table.setTextElideMode(Qt.TextElideMode.ElideRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for widget, stretch in ((self.title, 0), (self.follow, 0), (self.life, 2), (self.table, 3)):
            column.addWidget(widget, stretch)

    def show_node(self, node: ViewNode | None, view: View | None, *, passes: bool) -> None:
        """A node of a view; ``passes``: whether it can be followed through a folder of dumps."""
        self.facts.set_records([])
        self.steps.set_records([])
        self.life.hide()
        self.follow.setVisible(passes and node is not None)
        if node is None or view is None:
            self.title.setText(self.tr("Choose a node.") if view is None else view.name)
            self.facts.set_records([Record(row, tip=row[1]) for row in self._of_graph(view)] if view else [])
            return
        self._name = next(iter(node.stands_for), node.name)
        self.title.setText(f"{node.op}  ·  {node.name}")
        self.facts.set_records([Record((k, v.replace("\n", " ")[:_LONG]), tip=v[:_LONG])
                                for k, v in self._facts(node, view)])

    def show_life(self, steps: Sequence[Step]) -> None:
        """The history that was asked for; said plainly where there is none."""
        records = [Record((s.stage, s.text or (self.tr("gone") if s.event.value == "gone" else "")),
                          tip=s.text) for s in steps]
        self.steps.renew(records or [Record(("", self.tr("No pass knows this node.")))])
        self.life.show()

    def _of_graph(self, view: View) -> Iterator[tuple[str, str]]:
        yield self.tr("format"), view.format
        yield self.tr("nodes"), f"{len(view.nodes):,}"
        yield self.tr("edges"), f"{view.edges:,}"
        yield from ((self.tr("graph"), self.tr("{name}: {n} nodes").format(name=name, n=f"{n:,}"))
                    for name, n in view.graphs[1:])
        yield from view.facts.items()
        yield from ((op, f"{n:,}") for op, n in Counter(n.op for n in view.nodes).most_common())

    def _facts(self, node: ViewNode, view: View) -> Iterator[tuple[str, str]]:
        yield from ((self.tr("reads"), name or "–") for name in node.inputs)
        yield from ((self.tr("read by"), name) for name in view.readers.get(node.name, ()))
        if isinstance(node.source, GeOp):
            yield from self._of_ge(node.source)
        else:
            yield from ((self.tr("writes"), str(t)) for t in node.outputs if t.shape is not None)
        yield from attributes(node).items()

    def _of_ge(self, op: GeOp) -> Iterator[tuple[str, str]]:
        body = op.body
        yield from ((self.tr("runs after"), name) for name in op.controls)
        for word, tensors in ((self.tr("input"), body.inputs), (self.tr("output"), body.outputs)):
            yield from ((f"{word} {i}", _told(t)) for i, t in enumerate(tensors))
        if op.originals is not None:
            yield self.tr("original nodes"), ", ".join(op.originals) or self.tr("none: the compiler made it")
        yield from ((self.tr("made by pass"), name) for name in op.passes)
        if op.engine:
            yield self.tr("engine"), op.engine
        yield from ((self.tr("subgraph"), name) for name in body.subgraphs)


class Side(QTabWidget):
    """Both, under tabs."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.differences = Differences(self)
        self.node = NodePanel(look, self)
        self.addTab(self.differences, self.tr("Differences"))
        self.addTab(self.node, self.tr("Node"))


def _told(tensor: GeTensor) -> str:
    """float16 NC1HWC0 1×1×32×32×16 (from float32 NCHW 1×3×32×32), of /conv1/Conv output 0."""
    def words(*parts: str) -> str:
        return " ".join(p for p in parts if p)

    def sizes(shape: tuple[int, ...]) -> str:
        return "×".join("?" if d < 0 else str(d) for d in shape) or "scalar"

    text = words(tensor.dtype.value, tensor.layout, sizes(tensor.shape))
    origin = words(tensor.origin_dtype.value if tensor.origin_dtype.value != "undefined" else "", tensor.origin_layout,
                   sizes(tensor.origin_shape) if tensor.origin_shape is not None else "")
    if origin and origin != text:
        text += f"  ←  {origin}"
    if tensor.original is not None:
        text += f"  ({tensor.original[0]}:{tensor.original[1]})"
    return text
