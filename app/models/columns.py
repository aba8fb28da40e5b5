"""A table over numpy columns: sorted by argsort, filtered by a mask, never through a proxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Array = npt.NDArray[Any]
Index = QModelIndex | QPersistentModelIndex

ItemRole = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: its name in code, and in the data.
        title: its heading, in the user's language.
        show: a value as text.
        right: whether it is a number, to be set to the right.
        tip: what the heading means.
    """

    key: str
    title: str
    show: Callable[[Any], str] = str
    right: bool = False
    tip: str = ""


class ColumnModel(QAbstractTableModel):
    """Rows are called by their *source* number: the place in the data, whatever is sorted or hidden."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()
        self._data: dict[str, Array] = {}
        self._ranks: dict[str, Array] = {}
        self._order = np.zeros(0, np.int64)
        self._mask: npt.NDArray[np.bool_] | None = None
        self._visible = np.zeros(0, np.int64)
        self._sorted: list[tuple[int, Qt.SortOrder]] = []
        self._adding = False
        self.set_columns(columns)

    # data

    @property
    def total(self) -> int:
        """Number of rows, hidden ones too."""
        return len(self._order)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """The columns of a table that holds nothing yet."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self._data = {c.key: np.zeros(0, object) for c in columns}
        self.endResetModel()

    def values(self, key: str) -> Array:
        """A column as it was given, in source order."""
        return self._data[key]

    def replace(self, data: Mapping[str, Array]) -> None:
        """Other rows; the sorting stays, the filter goes."""
        self.beginResetModel()
        self._data = {c.key: data[c.key] for c in self.columns}
        self._ranks.clear()
        self._mask = None
        self._order = self._sort()
        self._visible = self._order
        self.endResetModel()

    def append(self, data: Mapping[str, Array]) -> None:
        """More rows at the end. They are shown last, whatever the sorting: it is done again on the next click."""
        first, count = self.total, len(next(iter(data.values())))
        if not count:
            return
        shown = len(self._visible)
        self.beginInsertRows(QModelIndex(), shown, shown + count - 1)
        self._data = {c.key: np.concatenate([self._data[c.key], data[c.key]]) if first else data[c.key]
                      for c in self.columns}
        self._ranks.clear()
        new = np.arange(first, first + count)
        self._order, self._visible = np.concatenate([self._order, new]), np.concatenate([self._visible, new])
        if self._mask is not None:
            self._mask = np.concatenate([self._mask, np.ones(count, bool)])
        self.endInsertRows()

    def set_mask(self, mask: npt.NDArray[np.bool_] | None) -> None:
        """Show only the rows where the mask (in source order) is true."""
        visible = self._order if mask is None else self._order[mask[self._order]]
        self._mask = mask
        if np.array_equal(visible, self._visible):
            return
        self.beginResetModel()
        self._visible = visible
        self.endResetModel()

    def know_ranks(self, known: Mapping[str, Array]) -> None:
        """Ranks of text columns that were computed elsewhere; those of other data are not taken."""
        self._ranks.update({k: r for k, r in known.items() if len(r) == self.total})

    def source(self, row: int) -> int:
        """The source number of a shown row."""
        return int(self._visible[row])

    def row(self, source: int) -> int:
        """The shown row of a source number, -1 if it is hidden."""
        found = np.flatnonzero(self._visible == source)
        return int(found[0]) if found.size else -1

    def visible(self) -> Array:
        """Source numbers of the shown rows, in their order."""
        return self._visible

    def text(self, source: int, key: str) -> str:
        """A cell as text."""
        column = next(c for c in self.columns if c.key == key)
        return column.show(self._data[key][source])

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Shown rows."""
        return 0 if parent.isValid() else len(self._visible)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Columns."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """The text of a cell, its side, and its text again as tip."""
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role in (ItemRole.DisplayRole, ItemRole.ToolTipRole):
            return column.show(self._data[column.key][self._visible[index.row()]])
        if role == ItemRole.TextAlignmentRole:
            return RIGHT if column.right else LEFT
        return None

    def headerData(self, section: int, orientation: Qt.Orientation,  # noqa: N802
                   role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Headings, and what they mean."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == ItemRole.DisplayRole:
            return column.title
        if role == ItemRole.ToolTipRole:
            return column.tip or column.title
        return (RIGHT if column.right else LEFT) if role == ItemRole.TextAlignmentRole else None

    def add_next(self, *, on: bool) -> None:
        """Whether the next column to sort by comes behind those that are sorted by already."""
        self._adding = on

    @property
    def sorted_by(self) -> tuple[str, ...]:
        """Titles of the columns that are sorted by, the first decides."""
        return tuple(self.columns[c].title for c, _ in self._sorted)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, -1 for the order of the data. Numbers that are missing come last, both ways."""
        kept = [key for key in self._sorted if key[0] != column] if self._adding else []
        self._sorted = [*kept, (column, order)] if column >= 0 else []
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        sources = [int(self._visible[i.row()]) for i in old]
        self._order = self._sort()
        self._visible = self._order if self._mask is None else self._order[self._mask[self._order]]
        place = np.full(self.total, -1)
        place[self._visible] = np.arange(len(self._visible))
        new = [self.index(int(place[s]), i.column()) for s, i in zip(sources, old, strict=True)]
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

    def _sort(self) -> Array:
        found: Array = np.arange(len(next(iter(self._data.values()), ())))
        # A stable sort by the last column first: the first one decides, equal ones keep the order of the others.
        for column, order in reversed(self._sorted):
            keys = self._rank(self.columns[column].key)[found]
            found = found[np.argsort(keys if order == Qt.SortOrder.AscendingOrder else -keys, kind="stable")]
        return found

    def _rank(self, key: str) -> Array:
        """Numbers that sort as the column does: itself, or the rank of each text."""
        values = self._data[key]
        if values.dtype != object:
            return values
        if key not in self._ranks:
            self._ranks[key] = ranks(values)
        return self._ranks[key]


def ranks(texts: Array) -> Array:
    """The place of each text among all of them in order; equal texts have equal places."""
    rank = {text: i for i, text in enumerate(sorted(set(texts)))}
    return np.fromiter((rank[t] for t in texts), np.int64, len(texts))
