"""The compiler's passes from left to right: a column each, as high as it changed the graph. A slider with content."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.assets import Look
from app.pages.graphs.reading import Counted
from diag.graphs import Stage

_HIGH, _MARGIN, _WIDEST, _BASE = 64, 8, 46, 12


class Strip(QWidget):
    """Chosen by click, wheel-free: arrow keys, Home and End; each column tells in its tool tip what the pass did.

    Signals:
        chosen: number of the stage whose pass is to be shown.
    """

    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme = look.theme
        self._theme = theme
        self._colours = (("removed", QColor(theme.failed)), ("added", QColor(theme.passed)),
                         ("fused", QColor(theme.own)), ("changed", QColor(theme.watch)))
        self.stages: tuple[Stage, ...] = ()
        self.counts: dict[int, Counted] = {}
        self.current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Passes of the compiler"))
        self.setMouseTracking(True)

    def set_stages(self, stages: Sequence[Stage]) -> None:
        """Other passes, nothing known of them."""
        self.stages, self.counts, self.current = tuple(stages), {}, 0
        self.update()

    def tell(self, counted: Counted) -> None:
        """What one pass did."""
        self.counts[counted.index] = counted
        self.update()

    def show_current(self, index: int) -> None:
        """Mark a pass; emits nothing."""
        self.current = index
        self.setAccessibleDescription(self.words(index))
        self.update()

    def words(self, index: int) -> str:
        """A pass in words."""
        if not 0 <= index < len(self.stages):
            return ""
        name, found = self.stages[index].name, self.counts.get(index)
        if found is None:
            return name
        if found.problem:
            return f"{name}: {found.problem}"
        parts = [(self.tr("{n} added"), found.added), (self.tr("{n} removed"), found.removed),
                 (self.tr("{n} fused or split"), found.fused), (self.tr("{n} changed"), found.changed)]
        told = ", ".join(text.format(n=f"{count:,}") for text, count in parts if count)
        nodes = self.tr("{n} nodes").format(n=f"{found.nodes:,}")
        return f"{name} · {nodes} · " + (told or (self.tr("nothing changed") if index else self.tr("the first graph")))

    def busiest(self) -> int:
        """The pass that changed most; the last stage where none changed anything."""
        return max(self.counts.values(), key=lambda c: (c.total, c.index)).index if self.counts else 0

    # Qt

    def sizeHint(self) -> QSize:  # noqa: N802
        """One row."""
        return QSize(400, _HIGH)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """One row."""
        return QSize(120, _HIGH)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Columns; the chosen one is framed."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        most = max((c.total for c in self.counts.values()), default=0)
        for index in range(len(self.stages)):
            place = self._column(index)
            if index == self.current:
                painter.setPen(QPen(QColor(self._theme.accent), 2))
                painter.setBrush(QColor(self._theme.chosen))
                painter.drawRoundedRect(place.adjusted(-1, -4, 1, 6), 4, 4)
            self._bars(painter, place, self.counts.get(index), most)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        painter.end()

    def _bars(self, painter: QPainter, place: QRectF, found: Counted | None, most: int) -> None:
        wide = min(place.width() - 2, 18.0)
        x, bottom = place.center().x() - wide / 2, place.bottom() - 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.border if found is None or not found.problem else self._theme.failed))
        painter.drawRect(QRectF(x, bottom, wide, 3))
        if found is None or not found.total:
            return
        # Logarithmic: a pass that fuses 3 is seen beside one that casts 3,000.
        high = (place.height() - 6) * math.log1p(found.total) / math.log1p(most)
        for name, colour in self._colours:
            part = high * getattr(found, name) / found.total
            bottom -= part
            painter.setBrush(colour)
            painter.drawRect(QRectF(x, bottom, wide, part))

    def _column(self, index: int) -> QRectF:
        wide = min(_WIDEST, (self.width() - 2 * _MARGIN) / max(1, len(self.stages)))
        return QRectF(_MARGIN + index * wide, 7, wide, self.height() - 7 - _BASE)

    def _at(self, position: QPoint) -> int:
        wide = self._column(0).width()
        index = int((position.x() - _MARGIN) // wide) if wide else -1
        return index if 0 <= index < len(self.stages) else -1

    def _choose(self, index: int) -> None:
        index = min(max(index, 0), len(self.stages) - 1)
        if self.stages and index != self.current:
            self.show_current(index)
            self.chosen.emit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose a column."""
        index = self._at(event.position().toPoint())
        if index >= 0:
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Step through the passes."""
        steps = {Qt.Key.Key_Left: self.current - 1, Qt.Key.Key_Right: self.current + 1, Qt.Key.Key_Home: 0,
                 Qt.Key.Key_End: len(self.stages) - 1}
        if event.key() in steps:
            self._choose(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tool tips."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words(self._at(event.pos())), self)
            return True
        return super().event(event)
