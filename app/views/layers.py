"""The table of layers: sort, filter, search, presets of columns, copy, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.jobs import LatestRunner, call
from app.models.columns import Array, ranks
from app.models.layers import PRESETS, LayerModel, columns_of
from app.models.search import Search
from app.session import Session
from app.views.layer_filter import LayerFilter
from diag.cancel import Cancel
from diag.rules import Lang
from diag.types.layer import LayerResult

_WIDTHS = {"index": 40, "verdict": 128, "op": 108, "node": 300, "tensor": 260, "target_op": 128, "target": 240,
           "kind": 110, "confidence": 84, "shape": 104, "dtype": 74, "cumulative": 82, "own_input": 80, "rel_l2": 92,
           "max_abs": 84, "cosine": 84, "role": 112, "reason": 380}
_SEARCHED = ("node", "op", "tensor", "target", "target_op", "dtype")
_LEAST_NODE, _SHORT_NODE = 120, 220
_MANY = 2000
"""Rows from which it pays to prepare sorting and searching before they are asked for."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    data: Mapping[str, Array]
    ranks: Mapping[str, Array]
    search: Search


class LayersView(QWidget):
    """Shows the session's layers; selecting one selects it everywhere.

    Signals:
        export_wanted: the table is to be saved.
    """

    export_wanted = Signal()

    def __init__(self, session: Session, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._lang = session, lang
        self.model = LayerModel(look, lang, self)
        self._search: Search | None = None
        self._span: tuple[int, int] | None = None
        self._preset = "overview"
        self._longest = 0
        self.filter = LayerFilter(look, lang, self)
        self.search = QLineEdit(self, clearButtonEnabled=True)
        self.search.setPlaceholderText(self.tr("Search layer, operator, tensor …"))
        self.search.setAccessibleName(self.tr("Search layers"))
        self.presets = QComboBox(self)
        for key, title in (("overview", self.tr("Overview")), ("errors", self.tr("Errors")),
                           ("mapping", self.tr("Mapping")), ("all", self.tr("All columns"))):
            self.presets.addItem(title, key)
        self.presets.setAccessibleName(self.tr("Columns"))
        self.presets.setToolTip(self.tr("Which columns are shown"))
        self.count = QLabel(self)
        self.count.setToolTip(self.tr("Click on a heading to sort; with Shift held, sort by one more column"))
        self.count.setObjectName("muted")
        self.table = self._make_table()
        self._empty = QLabel(self.tr("No layer matches the filters."), self.table)
        self._arrange(look)
        self._connect()
        self._reload()

    # what other parts use

    @property
    def preset(self) -> str:
        """Name of the columns preset."""
        return self._preset

    def set_preset(self, name: str) -> None:
        """Show the columns of a preset."""
        self._preset = name if name in PRESETS else "overview"
        self.presets.setCurrentIndex(self.presets.findData(self._preset))
        shown = PRESETS[self._preset] or tuple(c.key for c in self.model.columns)
        for i, column in enumerate(self.model.columns):
            hidden = column.key not in shown
            if self.table.isColumnHidden(i) != hidden:  # each change looks at every row
                self.table.setColumnHidden(i, hidden)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The name of the layer takes the room that the columns up to both errors leave."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = {c.key: i for i, c in enumerate(self.model.columns) if not self.table.isColumnHidden(i)}
        last = "own_input" if self._preset in ("overview", "errors") else "target"
        widths = {key: self.table.columnWidth(i) for key, i in shown.items() if key != "node"}
        if "reason" in shown:
            widths["reason"] = _WIDTHS["reason"]
        before = sum(wide for key, wide in widths.items() if shown[key] <= shown.get(last, -1))
        room = self.table.viewport().width()
        # All columns where they fit; else the name shrinks until both errors are seen.
        left = room - sum(widths.values())
        name = left if left >= _SHORT_NODE else min(max(room - before, _LEAST_NODE), _WIDTHS["node"])
        if "reason" in shown:
            name = min(name, max(self._longest, _WIDTHS["node"]))
            self.table.setColumnWidth(shown["reason"], max(widths["reason"], left + widths["reason"] - name))
        if "node" in shown:
            self.table.setColumnWidth(shown["node"], name)

    def _measure(self) -> None:
        """How wide the longest name is: more room than that is for the reasons."""
        names = self.model.values("node")
        longest = max(names, key=len, default="")
        self._longest = self.table.fontMetrics().horizontalAdvance(str(longest)) + 24

    def focus_search(self) -> None:
        """Type into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def clear_filters(self) -> None:
        """Show every layer."""
        self.search.clear()
        self.filter.clear()
        self._span = None
        self._apply()

    def selected_text(self) -> str:
        """The selected rows as tab-separated text, with headings; all columns that are shown."""
        rows = sorted({i.row() for i in self.table.selectionModel().selectedIndexes()})
        columns = [i for i in range(self.model.columnCount()) if not self.table.isColumnHidden(i)]
        lines = ["\t".join(self.model.columns[c].title for c in columns)]
        lines += ["\t".join(str(self.model.index(r, c).data()) for c in columns) for r in rows]
        return "\n".join(lines)

    # making

    def _make_table(self) -> QTableView:
        table = QTableView(self, sortingEnabled=True, showGrid=False, wordWrap=False)
        table.setAlternatingRowColors(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.setTabKeyNavigation(False)
        table.setAccessibleName(self.tr("Layers"))
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setModel(self.model)
        table.setMinimumHeight(5 * table.fontMetrics().height())
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        header.sectionPressed.connect(lambda _: self.model.add_next(
            on=bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)))
        header.sortIndicatorChanged.connect(lambda *_: self._tell())
        for i, column in enumerate(self.model.columns):
            table.setColumnWidth(i, _WIDTHS[column.key])
        return table

    def _arrange(self, look: Look) -> None:
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.presets)
        for icon, words, slot in (("copy", self.tr("Copy the selected rows"), self.copy),
                                  ("export", self.tr("Export the table …"), self.export_wanted.emit)):
            button = QToolButton(self, autoRaise=True)
            button.setIcon(look.icon(icon))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(slot)
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.filter)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.count)
        self._empty.setObjectName("muted")
        self._empty.move(16, self.table.horizontalHeader().sizeHint().height() + 16)

    def _connect(self) -> None:
        self._prepare = LatestRunner(self)
        self._prepare.done.connect(self._ready)
        self._typing = QTimer(self, singleShot=True, interval=80)
        self._typing.timeout.connect(self._apply)
        self.search.textChanged.connect(lambda _: self._typing.start())
        self.search.returnPressed.connect(self._first)
        self.presets.activated.connect(lambda _: self.set_preset(str(self.presets.currentData())))
        self.filter.changed.connect(self._apply)
        self.filter.cleared.connect(self.clear_filters)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.table.customContextMenuRequested.connect(self._menu)
        copy = QAction(self.tr("Copy"), self.table)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.table.addAction(copy)
        self._session.opened.connect(self._reload)
        self._session.rows_added.connect(self._added)
        self._session.selected.connect(self._show)
        self._session.brushed.connect(self._brushed)

    # what happens

    def copy(self) -> None:
        """Copy the selected rows."""
        QGuiApplication.clipboard().setText(self.selected_text())

    def _reload(self) -> None:
        self.set_data(columns_of(self._session.rows, self._lang))

    def set_data(self, data: Mapping[str, Array]) -> None:
        """Show other rows. What sorting and searching need is prepared beside the event loop."""
        self.model.replace(data)
        self._measure()
        self._search = None
        if self.model.total > _MANY:
            self._prepare.request(call(lambda cancel: _prepared(data, cancel)))
        self.filter.count(self.model)
        self._span = None
        self.set_preset(self._preset)
        self._apply()

    def _added(self, rows: Sequence[LayerResult]) -> None:
        self.model.append(columns_of(rows, self._lang))
        self._search = None
        self.filter.count(self.model)
        self._tell()

    def _apply(self) -> None:
        mask = self.filter.matching(self.model)
        words = self.search.text().strip()
        # A text that is typed before all rows can be searched is looked for as soon as they can.
        if words and not (self._search is None and self._prepare.busy):
            mask = mask & self._searched(words)
        if self._span is not None:
            index = self.model.values("index")
            mask = mask & (index >= self._span[0]) & (index <= self._span[1])
        self.model.set_mask(None if mask.all() else mask)
        self._show(self._session.selection)
        self._tell()

    def _searched(self, words: str) -> npt.NDArray[np.bool_]:
        if self._search is None:
            self._search = _searchable({k: self.model.values(k) for k in _SEARCHED})
        return self._search.mask(words)

    def _ready(self, outcome: object) -> None:
        if isinstance(outcome, _Prepared) and outcome.data["node"] is self.model.values("node"):
            self.model.know_ranks(outcome.ranks)
            self._search = outcome.search
            if self.search.text().strip():
                self._apply()

    def _tell(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        text = self.tr("{total} layers").format(total=f"{total:,}") if shown == total else \
            self.tr("{shown} of {total} layers").format(shown=f"{shown:,}", total=f"{total:,}")
        if self._span is not None:
            text += "   " + self.tr("(a stretch of the curve)")
        if len(self.model.sorted_by) > 1:
            text += "   " + self.tr("sorted by {columns}").format(columns=" → ".join(self.model.sorted_by))
        self.count.setText(text)
        self.filter.set_active(shown != total)
        self._empty.setVisible(total > 0 and shown == 0)
        self._empty.adjustSize()

    def _brushed(self, span: tuple[int, int] | None) -> None:
        if span != self._span:
            self._span = span
            self._apply()

    def _chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._session.select(str(self.model.values("tensor")[self.model.source(current.row())]))

    def _show(self, row: LayerResult | None) -> None:
        if row is None:
            return
        found = np.flatnonzero(self.model.values("tensor") == row.golden_tensor)
        shown = self.model.row(int(found[0])) if found.size else -1
        current = self.table.currentIndex()
        if shown < 0 or (current.isValid() and current.row() == shown):
            return
        index = self.model.index(shown, max(current.column(), 0))
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _first(self) -> None:
        self._apply()
        if self.model.rowCount():
            self.table.selectRow(0)
            self.table.setFocus()

    def _menu(self, at: QPoint) -> None:
        index = self.table.indexAt(at)
        if not index.isValid():
            return
        source = self.model.source(index.row())
        menu = QMenu(self)
        menu.addAction(self.tr("Copy rows"), self.copy)
        for key, title in (("node", self.tr("Copy name of the layer")), ("tensor", self.tr("Copy name of the tensor")),
                           ("target", self.tr("Copy name of the target node"))):
            text = str(self.model.values(key)[source])
            action = menu.addAction(title)
            action.setEnabled(bool(text))
            action.triggered.connect(lambda _=False, t=text: QGuiApplication.clipboard().setText(t))
        menu.addSeparator()
        menu.addAction(self.tr("Only this operator"),
                       lambda: self.filter.choose_op(str(self.model.values("op")[source])))
        menu.addAction(self.tr("Show every layer"), self.clear_filters)
        menu.exec(self.table.viewport().mapToGlobal(at))
        menu.deleteLater()


def _prepared(data: Mapping[str, Array], cancel: Cancel) -> _Prepared:
    known = {}
    for key, values in data.items():
        cancel.check()
        if values.dtype == object:
            known[key] = ranks(values)
    return _Prepared(data, known, _searchable(data))


def _searchable(data: Mapping[str, Array]) -> Search:
    return Search([" ".join(texts) for texts in zip(*(data[k] for k in _SEARCHED), strict=True)])
