"""A small table of ready texts: for lists of a few hundred rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon

from app.models.columns import LEFT, RIGHT, ItemRole

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Record:
    """A row: its cells, the icon of the first one, a longer text for the pointer, and what it stands for."""

    cells: tuple[str, ...]
    icon: QIcon | None = None
    tip: str = ""
    about: object = None


class RecordModel(QAbstractTableModel):
    """Rows of texts under headings; ``right`` are the columns with numbers."""

    def __init__(self, titles: Sequence[str], right: Sequence[int] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles, self._right = tuple(titles), frozenset(right)
        self.records: tuple[Record, ...] = ()

    def set_records(self, records: Sequence[Record]) -> None:
        """Other rows. Where their number stays, what is selected stays."""
        same = len(records) == len(self.records)
        if not same:
            self.beginResetModel()
        self.records = tuple(records)
        if not same:
            self.endResetModel()
        elif records:
            self.dataChanged.emit(self.index(0, 0), self.index(len(records) - 1, len(self._titles) - 1))

    def renew(self, records: Sequence[Record]) -> None:
        """Rows about something else: nothing stays selected."""
        self.set_records(())
        self.set_records(records)

    def set_titles(self, titles: Sequence[str]) -> None:
        """Other headings, as many as before."""
        self._titles = tuple(titles)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._titles) - 1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Rows."""
        return 0 if parent.isValid() else len(self.records)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Columns."""
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: Index, role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Text, icon and tip of a cell."""
        if not index.isValid():
            return None
        record, column = self.records[index.row()], index.column()
        if role == ItemRole.DisplayRole:
            return record.cells[column]
        if role == ItemRole.ToolTipRole:
            return record.tip or record.cells[column]
        if role == ItemRole.DecorationRole and column == 0:
            return record.icon
        if role == ItemRole.TextAlignmentRole:
            return RIGHT if column in self._right else LEFT
        return None

    def headerData(self, section: int, orientation: Qt.Orientation,  # noqa: N802
                   role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Headings."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._titles):
            return None
        if role == ItemRole.DisplayRole:
            return self._titles[section]
        return (RIGHT if section in self._right else LEFT) if role == ItemRole.TextAlignmentRole else None
