"""Small pictures of the states: each has a shape of its own, so that colour is never alone."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from app.graph.overlay import DIFFERENCES, State
from app.graph.palette import GraphPalette

GLYPH = 14.0


class Glyphs:
    """Pictures of the states in the colours of a palette, drawn once per size."""

    def __init__(self, palette: GraphPalette) -> None:
        self._palette = palette
        self._made: dict[tuple[State, int], QPixmap] = {}

    def pixmap(self, state: State, size: int, ratio: float = 1.0) -> QPixmap:
        """A state's picture, ``size`` pixels, for a screen of a device pixel ratio."""
        whole = max(4, round(size * ratio))
        key = (state, whole)
        if key not in self._made:
            pixmap = QPixmap(whole, whole)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(whole / GLYPH, whole / GLYPH)
            _draw(painter, state, self._palette)
            painter.end()
            pixmap.setDevicePixelRatio(ratio)
            self._made[key] = pixmap
        return self._made[key]


def _draw(painter: QPainter, state: State, palette: GraphPalette) -> None:
    colour = QColor(palette.state(state) if state != State.NONE else palette.muted)
    ink = QPen(QColor(palette.canvas), 1.9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if state == State.FAIL:
        corners = ((4, 0.5), (10, 0.5), (13.5, 4), (13.5, 10), (10, 13.5), (4, 13.5), (0.5, 10), (0.5, 4))
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        painter.setPen(ink)
        painter.drawLine(QPointF(4.6, 4.6), QPointF(9.4, 9.4))
        painter.drawLine(QPointF(9.4, 4.6), QPointF(4.6, 9.4))
    elif state == State.WATCH:
        painter.drawPolygon(QPolygonF([QPointF(7, 0.6), QPointF(13.8, 13), QPointF(0.2, 13)]))
        painter.setPen(ink)
        painter.drawLine(QPointF(7, 5), QPointF(7, 8.4))
        painter.drawPoint(QPointF(7, 11))
    elif state == State.PASS:
        painter.drawEllipse(QRectF(0.7, 0.7, 12.6, 12.6))
        painter.setPen(ink)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        tick = QPainterPath(QPointF(4, 7.2))
        tick.lineTo(6.2, 9.4)
        tick.lineTo(10.2, 4.9)
        painter.drawPath(tick)
    elif state == State.UNMAPPED:
        painter.setBrush(QBrush(colour, Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(colour, 1.4))
        painter.drawRect(QRectF(1.2, 1.2, 11.6, 11.6))
    elif state in DIFFERENCES:
        _difference(painter, state, ink)
    else:
        _ring(painter, state, colour)


def _difference(painter: QPainter, state: State, ink: QPen) -> None:
    """A disc with plus or minus, a lozenge, a square with an arrow."""
    if state == State.FUSED:
        painter.drawPolygon(QPolygonF([QPointF(7, 0.2), QPointF(13.8, 7), QPointF(7, 13.8), QPointF(0.2, 7)]))
        lines = [QLineF(4.4, 5.4, 7, 9.2), QLineF(9.6, 5.4, 7, 9.2)]
    elif state == State.CHANGED:
        painter.drawRoundedRect(QRectF(0.8, 0.8, 12.4, 12.4), 3, 3)
        lines = [QLineF(3.6, 7, 10.4, 7), QLineF(7.8, 4.4, 10.4, 7), QLineF(7.8, 9.6, 10.4, 7)]
    else:
        painter.drawEllipse(QRectF(0.7, 0.7, 12.6, 12.6))
        lines = [QLineF(4, 7, 10, 7), QLineF(7, 4, 7, 10)][:2 if state == State.ADDED else 1]
    painter.setPen(ink)
    painter.drawLines(lines)


def _ring(painter: QPainter, state: State, colour: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.5))
    painter.drawEllipse(QRectF(1.2, 1.2, 11.6, 11.6))
    if state == State.INSIDE:
        painter.setBrush(colour)
        painter.drawEllipse(QRectF(4.6, 4.6, 4.8, 4.8))
    elif state == State.INCOMPARABLE:
        painter.drawLine(QPointF(4, 7), QPointF(10, 7))
