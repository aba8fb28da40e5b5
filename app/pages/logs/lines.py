"""The lines of a book as a table model: nothing is read before it is shown."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QBrush, QColor, QFont

from app.i18n import Lang
from app.models.columns import RIGHT, Index
from app.pages.logs.plain import shown, tip
from app.theme import Theme
from diag.logs import grammar
from diag.logs.book import Book
from diag.logs.codes import codes_in, look_up
from diag.logs.levels import LEVELS
from diag.logs.record import Level

FILE, LINE, TIME, LEVEL, MODULE, PID, TEXT = range(7)
_DEEP = re.compile(r"^(\[)[^\]:]*/(?=[^/\]:]+:\d+\])")
"""Folders before the name of a source file."""

_KEPT = 4000
_FOLDED = 100_000
"""Lines that one record may have."""

Rows = npt.NDArray[np.int64]

_DISPLAY, _TIP, _FONT, _ALIGNMENT, _BACKGROUND, _FOREGROUND = (int(role) for role in (
    Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.FontRole,
    Qt.ItemDataRole.TextAlignmentRole, Qt.ItemDataRole.BackgroundRole, Qt.ItemDataRole.ForegroundRole))
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_ANSWERED = frozenset((_DISPLAY, _TIP, _FONT, _ALIGNMENT, _BACKGROUND, _FOREGROUND, ROW_ROLE))
"""Numbers, because that is what Qt asks with, and an enumeration is slow to compare."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as printed, its cells by column, its colour."""

    text: str
    cells: tuple[str, ...]
    brush: QBrush | None


class LineModel(QAbstractTableModel):
    """Rows of the table are *places*; rows of the book are called *rows*. Without a filter both are the same."""

    def __init__(self, theme: Theme, lang: Lang, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lang = lang
        self._titles = (self.tr("File"), self.tr("Line"), self.tr("Time"), self.tr("Level"), self.tr("Module"),
                        self.tr("Process"), self.tr("Text"))
        self._brushes = {Level.ERROR: QBrush(QColor(theme.failed)), Level.CRITICAL: QBrush(QColor(theme.injects)),
                         Level.WARNING: QBrush(QColor(theme.watch)), Level.DEBUG: QBrush(QColor(theme.muted)),
                         Level.INFO: QBrush(QColor(theme.text)), Level.EVENT: QBrush(QColor(theme.text))}
        self._marked = QBrush(QColor(theme.chosen))
        self._bold = QFont()
        self._bold.setBold(True)
        self._book: Book | None = None
        self._shown: Rows | None = None
        self._count = 0
        self._known: OrderedDict[int, _Line] = OrderedDict()
        self._marks: frozenset[int] = frozenset()

    # what is shown

    def set_book(self, book: Book | None) -> None:
        """Another book, all of its lines."""
        self.beginResetModel()
        self._book, self._shown, self._marks = book, None, frozenset()
        self._count = len(book) if book is not None else 0
        self._known.clear()
        self.endResetModel()

    def grow(self, count: int) -> None:
        """The book has ``count`` lines now; those that are new are shown. Only without a filter."""
        if count > self._count and self._shown is None:
            self.beginInsertRows(QModelIndex(), self._count, count - 1)
            self._count = count
            self.endInsertRows()

    def drop_last(self) -> None:
        """The book is about to forget its last line."""
        row = (len(self._book) if self._book is not None else 0) - 1
        self._known.pop(row, None)
        if self._count and self.row_at(self._count - 1) == row:
            self.beginRemoveRows(QModelIndex(), self._count - 1, self._count - 1)
            self._count -= 1
            self._shown = self._shown[:-1] if self._shown is not None else None
            self.endRemoveRows()

    def set_rows(self, rows: Rows | None) -> None:
        """Show these rows of the book, ascending; None for all."""
        self.beginResetModel()
        self._shown = rows
        self._count = len(rows) if rows is not None else len(self._book) if self._book is not None else 0
        self.endResetModel()

    def append(self, rows: Rows) -> None:
        """Show further rows below those shown now. Only with a filter."""
        if len(rows) and self._shown is not None:
            self.beginInsertRows(QModelIndex(), self._count, self._count + len(rows) - 1)
            self._shown = np.concatenate([self._shown, rows])
            self._count += len(rows)
            self.endInsertRows()

    def mark(self, rows: frozenset[int]) -> None:
        """Rows to stand out: the cause and what followed."""
        self._marks = rows
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, TEXT))

    @property
    def filtered(self) -> bool:
        """Whether some lines are hidden."""
        return self._shown is not None

    def row_at(self, place: int) -> int:
        """The row of the book at a place."""
        return int(self._shown[place]) if self._shown is not None else place

    def place_of(self, row: int) -> int:
        """Where a row of the book is shown, -1 where it is hidden."""
        if self._shown is None:
            return row if 0 <= row < self._count else -1
        place = int(np.searchsorted(self._shown, row))
        return place if place < self._count and self._shown[place] == row else -1

    def nearest(self, row: int) -> int:
        """The place of a row, or of the shown row nearest after it, or the last; -1 in an empty table."""
        place = int(np.searchsorted(self._shown, row)) if self._shown is not None else row
        return min(place, self._count - 1)

    # folds

    def fold(self, place: int) -> None:
        """Hide the lines that continue the record at ``place``, or show them again."""
        last = self._last_of(place)
        row = self.row_at(place)
        if last > place:
            shown = self._shown if self._shown is not None else np.arange(self._count)
            self.beginRemoveRows(QModelIndex(), place + 1, last)
            self._shown = np.delete(shown, slice(place + 1, last + 1))
            self._count = len(self._shown)
            self.endRemoveRows()
        elif self._shown is not None and (hidden := self._hidden(place)):
            self.beginInsertRows(QModelIndex(), place + 1, place + hidden)
            self._shown = np.insert(self._shown, place + 1, np.arange(row + 1, row + 1 + hidden))
            self._count = len(self._shown)
            self.endInsertRows()
        if place < self._count:
            self.dataChanged.emit(self.index(place, 0), self.index(place, TEXT))

    def _record(self, row: int) -> int:
        """How many lines continue the record that begins at ``row``."""
        if self._book is None or not self._book.column("level")[row]:
            return 0
        level = self._book.column("level")[row + 1:row + 1 + _FOLDED]
        if not len(level) or level[0]:
            return 0
        ends = np.flatnonzero(level)
        count = int(ends[0]) if len(ends) else len(level)
        file = self._book.place(row)[0]
        while count and self._book.place(row + count)[0] != file:
            count -= 1
        return count

    def _last_of(self, place: int) -> int:
        """The last place of the record that begins at ``place`` of which all lines are shown."""
        row, count = self.row_at(place), self._record(self.row_at(place))
        whole = place + count < self._count and self.row_at(place + count) == row + count
        return place + count if whole else place

    def _hidden(self, place: int) -> int:
        row, count = self.row_at(place), self._record(self.row_at(place))
        after = self.row_at(place + 1) if place + 1 < self._count else row + count + 1
        return min(count, after - row - 1)

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Lines shown."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """File, line, time, level, module, process, text."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation,  # noqa: N802
                   role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Headings."""
        across = orientation == Qt.Orientation.Horizontal and 0 <= section < len(self._titles)
        return self._titles[section] if across and role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = _DISPLAY) -> Any:  # noqa: ANN401
        """Cells, their colours, the whole line as tip."""
        place = index.row()
        if role not in _ANSWERED or not 0 <= place < self._count:
            return None
        row, column = self.row_at(place), index.column()
        if role == _DISPLAY:
            text = self._line(row).cells[column]
            hidden = self._hidden(place) if column == TEXT and self._shown is not None else 0
            return f"{text}  ▸ {hidden:,}" if hidden else text
        if role == _FOREGROUND:
            return self._line(row).brush
        if role == _BACKGROUND:
            return self._marked if row in self._marks else None
        if role == _ALIGNMENT:
            return RIGHT if column in (LINE, PID) else None
        if role == _FONT:
            return self._bold if column == LINE and row in self._marks else None
        return tip(self._file(row) if column == FILE else self._explained(row)) if role == _TIP else row

    def record(self, row: int) -> str:
        """A line and those that continue it, as printed, at most 200 of them."""
        count = min(self._record(row), 200)
        return "\n".join(shown(self.text(one), 20_000) for one in range(row, row + count + 1))

    def text(self, row: int) -> str:
        """A line of the book as printed."""
        return self._line(row).text if self._book is not None else ""

    def _file(self, row: int) -> str:
        return self._book.files[self._book.place(row)[0]] if self._book is not None else ""

    def _explained(self, row: int) -> str:
        """The line, and below it what its codes mean."""
        text = self.text(row)
        found = [(code, look_up(code).entries) for code in dict.fromkeys(codes_in(text[:4096]))]
        meanings = [f"{code}: {entries[0].meaning[self._lang]}" for code, entries in found[:5] if entries]
        return "\n".join((text[:1500], *(["", *meanings] if meanings else [])))

    def _line(self, row: int) -> _Line:
        """A line, read and put into words once: a table asks for each cell many times."""
        known = self._known.get(row)
        if known is None:
            known = self._known[row] = self._read(row)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return known

    def _read(self, row: int) -> _Line:
        book = self._book
        if book is None:
            return _Line("", ("",) * len(self._titles), None)
        file, line = book.place(row)
        time, pid = int(book.column("time_us")[row]), int(book.column("pid")[row])
        level, text = LEVELS[book.column("level")[row]], book.text(row)
        clock = f"{datetime.fromtimestamp(time / 1e6, UTC):%m-%d %H:%M:%S.%f}"[:-3] if time > 0 else ""
        cells = (shown(PurePath(book.files[file]).name), str(line), clock, str(level),
                 str(book.modules[book.column("module")[row]]), str(pid) if pid >= 0 else "", shown(_body(text)))
        return _Line(text, cells, self._brushes.get(level))


def _body(text: str) -> str:
    """The line without the fields that have columns of their own."""
    header = grammar.HEADER.match(text[:400]) if text.startswith("[") else None
    return _DEEP.sub(r"\1", text[header.start("rest"):], count=1) if header is not None else text
