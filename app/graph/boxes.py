"""Closed scopes, nodes, inputs and outputs: in full where they are near and few, else as coloured rectangles."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from app.graph.glyphs import GLYPH, Glyphs
from app.graph.labels import Labels
from app.graph.overlay import State
from app.graph.palette import GraphPalette
from app.graph.primitives import View, draw_rects, mixed
from app.graph.scene import Heap, Scene

Array = npt.NDArray[Any]

LABEL_ZOOM = 0.36
_FULL_ZOOM = 0.62
_MOST_FULL, _MOST_ROUND, _MOST_LABELS = 170, 70, 500
"""How many boxes are drawn in full, with round corners, with their name."""
_MOST_OUTLINED, _MOST_HATCHED = 1200, 400


class Boxes:
    """Draws boxes in the colours of a palette."""

    def __init__(self, palette: GraphPalette, labels: Labels, glyphs: Glyphs) -> None:
        self._palette, self._labels, self._glyphs = palette, labels, glyphs
        tint = 0.22 if palette.dark else 0.13
        self._fill = {s: mixed(palette.box, palette.state(s), 0.0 if s == State.NONE else tint) for s in State}
        self._plain = {s: mixed(palette.box, palette.state(s), 0.7) for s in State}
        self._colour = {s: QColor(palette.state(s)) for s in State}
        self._own = QColor(palette.own)
        # Pale, so that words on it can be read.
        self._hatch = QBrush(mixed(palette.box, palette.none, 0.45), Qt.BrushStyle.BDiagPattern)

    def draw(self, painter: QPainter, scene: Scene, view: View, heap: Heap) -> None:
        """Draw the boxes of a heap."""
        full = view.zoom >= _FULL_ZOOM and len(heap.item) <= _MOST_FULL
        if not full or len(heap.item) > _MOST_ROUND:
            self._plain_boxes(painter, view, heap)
        else:
            self._round_boxes(painter, scene, view, heap)
        if full:
            self._contents(painter, scene, view, heap)
        elif view.zoom >= LABEL_ZOOM and len(heap.item) <= _MOST_LABELS:
            self._names(painter, scene, view, heap)

    def specks(self, painter: QPainter, box: Array, heap: Heap) -> None:
        """Boxes so small that only their colour can be seen, the alarming ones on top; ``box`` in pixels."""
        box = np.concatenate([box[:, :2], np.maximum(box[:, 2:], 1.5)], 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for state in np.unique(heap.state).tolist():
            painter.setBrush(self._plain[State(state)])
            draw_rects(painter, box[heap.state == state])
        painter.setBrush(self._own)
        draw_rects(painter, box[heap.own] + (-1, -1, 2, 2))

    def _plain_boxes(self, painter: QPainter, view: View, heap: Heap) -> None:
        screen = view.screen(heap.box)
        screen[:, 2:] = np.maximum(screen[:, 2:], 1.2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._own)
        draw_rects(painter, screen[heap.own] + (-3, -3, 6, 6))
        near = view.zoom >= 0.2
        for number in np.unique(heap.state).tolist():
            state, part = State(number), screen[heap.state == number]
            if near and len(part) < _MOST_OUTLINED:
                # A rectangle behind is cheaper than an outline.
                painter.setBrush(self._colour[state])
                draw_rects(painter, part)
                part = part + np.array([1.0, 1.0, -2.0, -2.0])
            painter.setBrush(self._fill[state] if near else self._plain[state])
            draw_rects(painter, part)
            if state == State.UNMAPPED and near and len(part) < _MOST_HATCHED:
                painter.setBrush(self._hatch)
                draw_rects(painter, part)

    def _round_boxes(self, painter: QPainter, scene: Scene, view: View, heap: Heap) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view.enter(painter)
        model = scene.model
        for (x, y, w, h), number, own, item in _rows(heap):
            state, rect = State(number), QRectF(x, y, w, h)
            if own:
                painter.setPen(QPen(self._own, 2.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(rect.adjusted(-4, -4, 4, 4), 10, 10)
            style = Qt.PenStyle.DashLine if state == State.INSIDE else Qt.PenStyle.SolidLine
            painter.setPen(QPen(self._colour[state], 1.3, style))
            painter.setBrush(self._fill[state])
            radius = 7.0 if model.is_scope(item) or model.is_node(item) else h / 2
            if model.is_scope(item):
                # A second edge behind: there is more inside.
                painter.drawRoundedRect(rect.translated(3, 3), radius, radius)
            painter.drawRoundedRect(rect, radius, radius)
            if state == State.UNMAPPED:
                painter.setBrush(self._hatch)
                painter.drawRoundedRect(rect, radius, radius)
        painter.restore()

    def _names(self, painter: QPainter, scene: Scene, view: View, heap: Heap) -> None:
        """One line in each box, and the picture of its state."""
        rows = [(box, State(state), item) for box, state, _, item in _rows(heap)]
        self._pictures(painter, view, rows, dict.fromkeys(heap.item.tolist(), 13.0))
        painter.save()
        view.enter(painter)
        self._labels.start(painter, "title", self._palette.text)
        for (x, y, w, h), state, item in rows:
            left = 27 if state != State.NONE else 10
            self._labels.put(painter, scene.model, item, "title", x + left, y + h / 2 - 9, w - left - 4)
        painter.restore()

    def _contents(self, painter: QPainter, scene: Scene, view: View, heap: Heap) -> None:
        """Pictures and words. Each font is set once: that costs more than a word."""
        model, labels, palette = scene.model, self._labels, self._palette
        rows = [(box, State(state), item) for box, state, _, item in _rows(heap)
                if model.is_scope(item) or model.is_node(item)]
        painter.save()
        view.enter(painter)
        labels.start(painter, "detail", palette.muted)
        line, badges = {}, {}
        for (x, y, w, _), _, item in rows:
            if model.is_node(item) and model.constants[item]:
                badges[item] = labels.badge(painter, int(model.constants[item]), x + w - 8, y + 4) + 4
            # A box with nothing to say on its second line has the first one in the middle.
            line[item] = 3.0 if labels.put(painter, model, item, "detail", x + 10, y + 20, w - 18) else 11.0
        labels.start(painter, "title", palette.text)
        for (x, y, w, _), state, item in rows:
            left = 27 if state != State.NONE else 10
            labels.put(painter, model, item, "title", x + left, y + line[item],
                       w - left - 8 - badges.get(item, 0.0))
        for (x, y, w, _), _, item in rows:
            if model.is_scope(item):
                self._strip(painter, model.states[item].tolist(), x + 8, y + 35.0, w - 16)
        labels.start(painter, "end", palette.text)
        for (x, y, w, _), _, _, item in _rows(heap):
            if not model.is_scope(item) and not model.is_node(item):
                labels.put(painter, model, item, "end", x + 12, y + 3.5, w - 20)
        painter.restore()
        self._pictures(painter, view, rows, line)

    def _pictures(self, painter: QPainter, view: View, rows: list[tuple[list[float], State, int]],
                  line: dict[int, float]) -> None:
        """The states, each beside the line of text that begins so far below the box's top."""
        ratio = painter.device().devicePixelRatioF() * painter.worldTransform().m11()
        size = max(4, round(GLYPH * view.zoom))
        for (x, y, _, _), state, item in rows:
            if state != State.NONE:
                at = QPointF(round((x + 8 - view.x) * view.zoom), round((y + line[item] + 1 - view.y) * view.zoom))
                painter.drawPixmap(at, self._glyphs.pixmap(state, size, ratio))

    def _strip(self, painter: QPainter, states: list[int], x: float, y: float, width: float) -> None:
        """How much of a scope is in which state, the worst first."""
        total = sum(states[1:])
        for state in reversed(State):
            if state != State.NONE and states[state]:
                part = width * states[state] / total
                painter.fillRect(QRectF(x, y, max(part, 1.5), 2.6), self._colour[state])
                x += part


def _rows(heap: Heap) -> list[tuple[list[float], int, bool, int]]:
    return list(zip(heap.box.tolist(), heap.state.tolist(), heap.own.tolist(), heap.item.tolist(), strict=True))
