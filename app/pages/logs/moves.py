"""From line to line: to a line by its number, to a time, to the next error."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.pages.logs.table import LineTable
from app.pages.logs.work import Work
from diag.logs.levels import LEVELS
from diag.logs.record import Level

_LOUD = LEVELS.index(Level.ERROR)


class Moves(QObject):
    """Signals:
    said: (text) why it did not move.
    hidden: the line that is wanted is hidden: show all lines, now.
    """

    said = Signal(str)
    hidden = Signal()

    def __init__(self, work: Work, table: LineTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work, self._table = work, table

    def to_line(self, file: str, line: int) -> None:
        """Show a line; filters that hide it are taken away."""
        book = self._work.book
        row = book.row_of(file, line) if book is not None else -1
        if row < 0:
            self.said.emit(self.tr("Line {line} was not read yet").format(line=line))
            return
        self._to_row(row)
        self._table.setFocus()

    def to_time(self, at: float) -> None:
        """To the first line at or after a time (µs); where lines have no time, to that share of the lines."""
        book = self._work.book
        if book is None or not len(book):
            return
        time = book.column("time_us")
        if (time > 0).any():
            later = np.flatnonzero(time >= at)
            row = int(later[0]) if len(later) else len(book) - 1
        else:
            row = int(at * (len(book) - 1))
        self.near(row)

    def near(self, row: int) -> None:
        """To a row, or the shown one that is nearest."""
        place = self._table.lines.nearest(row)
        if place >= 0:
            self._table.go_to(self._table.lines.row_at(place))

    def step(self, by: int) -> None:
        """To the next (1) or previous (-1) line at ERROR or louder."""
        book = self._work.book
        if book is None:
            return
        loud = np.flatnonzero(book.column("level") >= _LOUD)
        at = self._table.current_row()
        place = int(np.searchsorted(loud, at, "right" if by > 0 else "left")) + (0 if by > 0 else -1)
        if 0 <= place < len(loud):
            self._to_row(int(loud[place]))
        else:
            self.said.emit(self.tr("There is no further error in this direction"))

    def _to_row(self, row: int) -> None:
        if not self._table.go_to(row):
            self.hidden.emit()
            self._table.go_to(row)
