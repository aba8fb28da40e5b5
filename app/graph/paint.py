"""One painter for a whole graph: what is drawn of it depends on the zoom and on how much is in view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from app.graph.glyphs import Glyphs
from app.graph.labels import Labels
from app.graph.layout import HEADER
from app.graph.overlay import State
from app.graph.palette import GraphPalette
from app.graph.scene import Heap, Rect, Scene

Array = npt.NDArray[Any]

FULL_ZOOM = 0.62
LABEL_ZOOM = 0.36
MOST_FULL = 260
"""More boxes than this are drawn plainly."""
_MOST_LABELS = 900
_MOST_CURVES = 1200
_MOST_LINES = 5000
_SMOOTH = 9
_STEPS = np.linspace(0, 1, _SMOOTH)


@dataclass(frozen=True, slots=True)
class View:
    """Which part is looked at: the scene's point in the corner, pixels per scene unit, size in pixels."""

    x: float
    y: float
    zoom: float
    width: float
    height: float

    @property
    def rect(self) -> Rect:
        """The part of the scene that is in view."""
        return self.x, self.y, self.x + self.width / self.zoom, self.y + self.height / self.zoom

    def screen(self, box: Array) -> Array:
        """(n, 4) x, y, width, height of the scene, in pixels."""
        return (box - (self.x, self.y, 0.0, 0.0)) * self.zoom


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked, as items: the selected one, those of its group, those that answer it from the other side."""

    selected: int = -1
    group: frozenset[int] = frozenset()
    linked: frozenset[int] = frozenset()
    hover: int = -1
    focus: bool = False


class Artist:
    """Draws scenes in the colours of a palette."""

    def __init__(self, palette: GraphPalette, labels: Labels) -> None:
        self.palette = palette
        self.labels = labels
        self.glyphs = Glyphs(palette)
        self._fill = {state: _mixed(palette.box, palette.state(state), 0.0 if state == State.NONE else
                                    0.22 if palette.dark else 0.13) for state in State}
        self._plain = {state: _mixed(palette.box, palette.state(state), 0.7) for state in State}

    def paint(self, painter: QPainter, scene: Scene, view: View, marks: Marks) -> None:
        """Draw what is in view."""
        painter.fillRect(QRectF(0, 0, view.width, view.height), QColor(self.palette.canvas))
        margin = 40.0
        x0, y0, x1, y1 = view.rect
        rect = (x0 - margin, y0 - margin, x1 + margin, y1 + margin)
        heap = scene.visible(rect, view.zoom)
        self._frames(painter, scene, view, rect)
        self._lines(painter, scene, view, rect, marks)
        full = view.zoom >= FULL_ZOOM and len(heap.item) <= MOST_FULL
        if full:
            self._boxes(painter, scene, view, heap)
        else:
            self._plain_boxes(painter, view, heap)
            if view.zoom >= LABEL_ZOOM and len(heap.item) <= _MOST_LABELS:
                self._names(painter, scene, view, heap)
        self._titles(painter, scene, view, rect)
        self._outlines(painter, scene, view, marks)

    def colour(self, name: str) -> QColor:
        """A colour of the palette by its name."""
        return QColor(getattr(self.palette, name))

    def specks(self, painter: QPainter, box: Array, heap: Heap) -> None:
        """Boxes so small that only their colour can be seen, the alarming ones on top; ``box`` in pixels."""
        size = np.maximum(box[:, 2:], 1.5)
        box = np.concatenate([box[:, :2], size], 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for state in np.unique(heap.state).tolist():
            painter.setBrush(self._plain[State(state)])
            draw_rects(painter, box[heap.state == state])
        painter.setBrush(QColor(self.palette.own))
        draw_rects(painter, box[heap.own] + (-1, -1, 2, 2))

    # open scopes

    def _frames(self, painter: QPainter, scene: Scene, view: View, rect: Rect) -> None:
        box, items = scene.visible_frames(rect, 10 / view.zoom)
        if not len(box):
            return
        depth = scene.model.depth[items]
        seen = np.ascontiguousarray(view.screen(_clipped(box, rect)))
        for level in np.unique(depth).tolist():
            part = np.ascontiguousarray(seen[depth == level])
            painter.setPen(QPen(QColor(self.palette.border), 1))
            painter.setBrush(QColor(self.palette.frame if level % 2 else self.palette.frame_other))
            draw_rects(painter, part)

    def _titles(self, painter: QPainter, scene: Scene, view: View, rect: Rect) -> None:
        """Names of open scopes; one whose upper rim is out of view keeps its name at the top."""
        if view.zoom < LABEL_ZOOM:
            return
        box, items = scene.visible_frames(rect, 120 / view.zoom)
        used = 0.0
        for (x, y, w, h), item in zip(view.screen(box).tolist(), items.tolist(), strict=True):
            high = HEADER * view.zoom
            top, left = max(y, used), max(x, 0.0)
            if top + high > y + h or x + w - left < 60:
                continue
            if y < used or x < 0:
                back = self.palette.frame if scene.model.depth[item] % 2 else self.palette.frame_other
                painter.fillRect(QRectF(left + 1, top, min(x + w, view.width) - left - 2, high), QColor(back))
                if y < used:
                    used = top + high
            self._title(painter, scene, item, QPointF(left, top), min(x + w, view.width) - left, view.zoom)

    def _title(self, painter: QPainter, scene: Scene, item: int, at: QPointF, room: float, zoom: float) -> None:
        painter.save()
        painter.translate(at)
        painter.scale(zoom, zoom)
        painter.setPen(QPen(QColor(self.palette.muted), 1.6))
        painter.drawLines([QLineF(9, 11, 12.5, 14.5), QLineF(12.5, 14.5, 16, 11)])
        self.labels.draw(painter, scene.model, item, "frame", 22, 4, room / zoom - 60, self.palette.text)
        state = State(int(scene.model.worst[item]))
        if state != State.NONE:
            painter.drawPixmap(QRectF(room / zoom - 24, 6, 14, 14), self.glyphs.pixmap(state, 28),
                               QRectF(0, 0, 28, 28))
        painter.restore()

    # edges

    def _lines(self, painter: QPainter, scene: Scene, view: View, rect: Rect, marks: Marks) -> None:
        picture = scene.picture
        seen = _fewer(scene, rect, view)
        if len(seen):
            segments = self._shape(picture.lines[seen], picture.bent[seen], view)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(segments) < 6000 and view.zoom > 0.15)
            colour = QColor(self.palette.edge)
            colour.setAlphaF(1.0 if view.zoom >= 0.3 else 0.55)
            painter.setPen(QPen(colour, 1))
            draw_lines(painter, segments)
            if view.zoom >= 0.4:
                draw_lines(painter, _heads(picture.lines[seen], picture.head[seen], view))
        if marks.selected >= 0 and (own := scene.touching(marks.selected)).size and own.size < 4000:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self.palette.accent), 2))
            draw_lines(painter, self._shape(picture.lines[own], picture.bent[own], view))
            if view.zoom >= 0.4:
                draw_lines(painter, _heads(picture.lines[own], picture.head[own], view))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _shape(self, lines: Array, bent: Array, view: View) -> Array:
        """Lines in pixels, the bent ones as curves where they are near and few."""
        screen = (lines - (view.x, view.y, view.x, view.y)) * view.zoom
        slanted = bent & (np.abs(screen[:, 0] - screen[:, 2]) > 1.0)
        # Upright lines are cut at the rim of the view: the painter's time goes by the length of a line.
        upright = screen[:, 0] == screen[:, 2]
        screen[upright, 1::2] = np.clip(screen[upright, 1::2], -60.0, view.height + 60.0)
        if view.zoom < 0.3 or int(slanted.sum()) > _MOST_CURVES:
            return np.ascontiguousarray(screen)
        return np.ascontiguousarray(np.concatenate([screen[~slanted], _curves(screen[slanted])]))

    # closed scopes and nodes

    def _plain_boxes(self, painter: QPainter, view: View, heap: Heap) -> None:
        screen = view.screen(heap.box)
        screen[:, 2:] = np.maximum(screen[:, 2:], 1.2)
        painter.setPen(Qt.PenStyle.NoPen)
        if heap.own.any():
            ring = screen[heap.own] + (-3, -3, 6, 6)
            painter.setBrush(QColor(self.palette.own))
            draw_rects(painter, ring)
        near = view.zoom >= 0.2
        for state in np.unique(heap.state).tolist():
            part = screen[heap.state == state]
            painter.setBrush(self._fill[State(state)] if near else self._plain[State(state)])
            painter.setPen(QPen(QColor(self.palette.state(State(state))), 1) if near and len(part) < 900
                           else Qt.PenStyle.NoPen)
            draw_rects(painter, part)
            if state == State.UNMAPPED and near and len(part) < 400:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QBrush(QColor(self.palette.none), Qt.BrushStyle.BDiagPattern))
                draw_rects(painter, part)

    def _names(self, painter: QPainter, scene: Scene, view: View, heap: Heap) -> None:
        """One line in each box."""
        painter.save()
        painter.scale(view.zoom, view.zoom)
        painter.translate(-view.x, -view.y)
        for (x, y, w, h), item in zip(heap.box.tolist(), heap.item.tolist(), strict=True):
            self.labels.draw(painter, scene.model, item, "title", x + 10, y + h / 2 - 9, w - 16, self.palette.text)
        painter.restore()

    def _boxes(self, painter: QPainter, scene: Scene, view: View, heap: Heap) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(view.zoom, view.zoom)
        painter.translate(-view.x, -view.y)
        rows = zip(heap.box.tolist(), heap.state.tolist(), heap.own.tolist(), heap.item.tolist(), strict=True)
        for (x, y, w, h), state, own, item in rows:
            if own:
                painter.setPen(QPen(QColor(self.palette.own), 2.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(x - 4, y - 4, w + 8, h + 8), 10, 10)
            self._box(painter, scene, item, State(state), QRectF(x, y, w, h))
        painter.restore()

    def _box(self, painter: QPainter, scene: Scene, item: int, state: State, rect: QRectF) -> None:
        model = scene.model
        end = not model.is_scope(item) and not model.is_node(item)
        dashed = state == State.INSIDE
        painter.setPen(QPen(QColor(self.palette.state(state)), 1.3,
                            Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
        painter.setBrush(self._fill[state])
        radius = rect.height() / 2 if end else 7.0
        x, y, w = rect.x(), rect.y(), rect.width()
        if model.is_scope(item):
            # A second edge behind: there is more inside.
            painter.drawRoundedRect(rect.translated(3, 3), radius, radius)
        painter.drawRoundedRect(rect, radius, radius)
        if state == State.UNMAPPED:
            painter.setBrush(QBrush(QColor(self.palette.none), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(rect, radius, radius)
        left = x + 10
        if state != State.NONE and not end:
            painter.drawPixmap(QRectF(x + 8, y + 4, 14, 14), self.glyphs.pixmap(state, 28), QRectF(0, 0, 28, 28))
            left = x + 27
        if end:
            self.labels.draw(painter, model, item, "end", x + 12, y + 3.5, w - 20, self.palette.text)
            return
        badge = 0.0
        if model.is_node(item) and model.constants[item]:
            badge = self.labels.badge(painter, int(model.constants[item]), x + w - 8, y + 4, self.palette.muted) + 4
        second = self.labels.draw(painter, model, item, "detail", x + 10, y + 20, w - 18, self.palette.muted)
        self.labels.draw(painter, model, item, "title", left, y + (3 if second else 11), w - (left - x) - 8 - badge,
                         self.palette.text)
        if model.is_scope(item):
            self._strip(painter, model.states[item], x + 8, y + 35.0, w - 16)

    def _strip(self, painter: QPainter, states: Array, x: float, y: float, width: float) -> None:
        """How much of a scope is in which state, the worst first."""
        total = float(states[1:].sum())
        if not total:
            return
        for state in reversed(State):
            part = width * float(states[state]) / total if state != State.NONE else 0.0
            if part > 0:
                painter.fillRect(QRectF(x, y, max(part, 1.5), 2.6), QColor(self.palette.state(state)))
                x += part

    # marks

    def _outlines(self, painter: QPainter, scene: Scene, view: View, marks: Marks) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        accent = QColor(self.palette.accent)
        x0, y0, x1, y1 = view.rect
        solid, dashed = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine
        for items, width, style in ((marks.linked, 2.4, solid), (marks.group, 1.8, dashed),
                                    ({marks.selected}, 3.0, solid), ({marks.hover}, 1.0, solid)):
            painter.setPen(QPen(accent, width, style))
            for item in items if len(items) < 400 else ():
                rect = scene.rect(item) if item >= 0 else None
                if rect is None or rect[0] > x1 or rect[2] < x0 or rect[1] > y1 or rect[3] < y0:
                    continue
                grow = 2.5 + width / 2
                at = QRectF((rect[0] - view.x) * view.zoom, (rect[1] - view.y) * view.zoom,
                            max((rect[2] - rect[0]) * view.zoom, 3), max((rect[3] - rect[1]) * view.zoom, 3))
                painter.drawRoundedRect(_within(at.adjusted(-grow, -grow, grow, grow), view), 8, 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def draw_rects(painter: QPainter, rects: Array) -> None:
    """(n, 4) float64 x, y, width, height. Qt reads numpy's memory: no object per rectangle is made."""
    if len(rects):
        memory = np.ascontiguousarray(rects, np.float64)
        painter.drawRects(shiboken6.wrapInstance(memory.ctypes.data, QRectF), len(memory))  # type: ignore[call-overload]


def draw_lines(painter: QPainter, lines: Array) -> None:
    """(n, 4) float64 x1, y1, x2, y2, in the same way."""
    if len(lines):
        memory = np.ascontiguousarray(lines, np.float64)
        painter.drawLines(shiboken6.wrapInstance(memory.ctypes.data, QLineF), len(memory))  # type: ignore[call-overload]


def _fewer(scene: Scene, rect: Rect, view: View) -> Array:
    """Lines in view; where there are too many, only those of some length."""
    least = 0.0 if view.zoom >= 0.03 else 24.0
    seen = scene.lines(rect, least / view.zoom)
    for pixels in (6.0, 24.0, 90.0):
        if len(seen) <= _MOST_LINES:
            break
        if pixels > least:
            seen = scene.lines(rect, pixels / view.zoom)
    return seen if len(seen) <= 2 * _MOST_LINES else seen[:0]


def _curves(lines: Array) -> Array:
    """Each line as a curve that leaves and arrives upright, in short straight pieces."""
    x0, y0, x1, y1 = (column[:, None] for column in lines.T)
    t = _STEPS[None, :]
    ease = t * t * (3 - 2 * t)
    x = x0 + (x1 - x0) * ease
    y = y0 + (y1 - y0) * t
    pieces = np.stack([x[:, :-1], y[:, :-1], x[:, 1:], y[:, 1:]], 2)
    return pieces.reshape(-1, 4)


def _heads(lines: Array, head: Array, view: View) -> Array:
    """Arrow heads: two short lines each."""
    lines, head = lines[head != 0], head[head != 0]
    screen = (lines - (view.x, view.y, view.x, view.y)) * view.zoom
    down = head > 0
    x, y = np.where(down, screen[:, 2], screen[:, 0]), np.where(down, screen[:, 3], screen[:, 1])
    size = 4.5 * min(1.2, view.zoom)
    back = np.where(down, -1.6, 1.6) * size
    return np.concatenate([np.stack([x + side * size, y + back, x, y], 1) for side in (-1, 1)])


def _clipped(box: Array, rect: Rect) -> Array:
    """Boxes cut to a rectangle that is a little larger than the view: very large ones would cost time."""
    left, top = np.maximum(box[:, 0], rect[0]), np.maximum(box[:, 1], rect[1])
    right = np.minimum(box[:, 0] + box[:, 2], rect[2])
    bottom = np.minimum(box[:, 1] + box[:, 3], rect[3])
    return np.stack([left, top, right - left, bottom - top], 1)


def _within(rect: QRectF, view: View) -> QRectF:
    return rect.intersected(QRectF(-50, -50, view.width + 100, view.height + 100))


def _mixed(base: str, other: str, share: float) -> QColor:
    one, two = QColor(base), QColor(other)
    return QColor.fromRgbF(*(a + (b - a) * share for a, b in
                             ((one.redF(), two.redF()), (one.greenF(), two.greenF()), (one.blueF(), two.blueF()))))

