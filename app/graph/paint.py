"""One painter for a whole graph: what is drawn of it depends on the zoom and on how much is in view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.graph.boxes import LABEL_ZOOM, Boxes
from app.graph.edges import draw_edges, draw_own_edges
from app.graph.glyphs import GLYPH, Glyphs
from app.graph.labels import Labels
from app.graph.layout import HEADER
from app.graph.overlay import State
from app.graph.palette import GraphPalette
from app.graph.primitives import View, draw_rects
from app.graph.scene import Rect, Scene

Array = npt.NDArray[Any]

_MARGIN = 40.0
_MOST_MARKS = 400


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked, as items: the selected one, those of its group, those that answer it from the other side."""

    selected: int = -1
    group: frozenset[int] = frozenset()
    linked: frozenset[int] = frozenset()
    hover: int = -1


class Artist:
    """Draws scenes in the colours of a palette."""

    def __init__(self, palette: GraphPalette, labels: Labels) -> None:
        self.palette = palette
        self.labels = labels
        self.glyphs = Glyphs(palette)
        self.boxes = Boxes(palette, labels, self.glyphs)

    def paint(self, painter: QPainter, scene: Scene, view: View, marks: Marks) -> None:
        """Draw what is in view."""
        painter.fillRect(QRectF(0, 0, view.width, view.height), QColor(self.palette.canvas))
        x0, y0, x1, y1 = view.rect
        rect = (x0 - _MARGIN, y0 - _MARGIN, x1 + _MARGIN, y1 + _MARGIN)
        self._frames(painter, scene, view, rect)
        draw_edges(painter, scene, view, rect, self.palette)
        if marks.selected >= 0:
            draw_own_edges(painter, scene, view, marks.selected, self.palette.accent)
        self.boxes.draw(painter, scene, view, scene.visible(rect, view.zoom))
        self._titles(painter, scene, view, rect)
        self._outlines(painter, scene, view, marks)

    def colour(self, name: str) -> QColor:
        """A colour of the palette by its name."""
        return QColor(getattr(self.palette, name))

    def _frame_colour(self, depth: int) -> QColor:
        return QColor(self.palette.frame if depth % 2 else self.palette.frame_other)

    def _frames(self, painter: QPainter, scene: Scene, view: View, rect: Rect) -> None:
        """Open scopes, outer ones first."""
        box, items = scene.visible_frames(rect, 10 / view.zoom)
        depth = scene.model.depth[items]
        screen = view.screen(_clipped(box, rect))
        for level in np.unique(depth).tolist():
            painter.setPen(QPen(QColor(self.palette.border), 1))
            painter.setBrush(self._frame_colour(level))
            draw_rects(painter, screen[depth == level])

    def _titles(self, painter: QPainter, scene: Scene, view: View, rect: Rect) -> None:
        """Names of open scopes; one whose upper rim is out of view keeps its name at the top."""
        if view.zoom < LABEL_ZOOM:
            return
        box, items = scene.visible_frames(rect, 64 / view.zoom)
        used, high = 0.0, HEADER * view.zoom
        for (x, y, w, h), item in zip(view.screen(box).tolist(), items.tolist(), strict=True):
            top, left = max(y, used), max(x, 0.0)
            right = min(x + w, view.width)
            if top + high > y + h or right - left < 50:
                continue
            if top > y or left > x:
                back = self._frame_colour(int(scene.model.depth[item]))
                painter.fillRect(QRectF(left + 1, top, right - left - 2, high), back)
            if top > y:
                used = top + high
            self._title(painter, scene, item, QPointF(left, top), (right - left) / view.zoom, view.zoom)

    def _title(self, painter: QPainter, scene: Scene, item: int, at: QPointF, room: float, zoom: float) -> None:
        """``room`` in scene units."""
        painter.save()
        painter.translate(at)
        state = State(int(scene.model.worst[item]))
        if state != State.NONE:
            ratio = painter.device().devicePixelRatioF() * painter.worldTransform().m11()
            pixmap = self.glyphs.pixmap(state, round(GLYPH * zoom), ratio)
            painter.drawPixmap(QPointF(round((room - 24) * zoom), round(6 * zoom)), pixmap)
        painter.scale(zoom, zoom)
        painter.setPen(QPen(QColor(self.palette.muted), 1.6))
        painter.drawLines([QLineF(9, 11, 12.5, 14.5), QLineF(12.5, 14.5, 16, 11)])
        self.labels.start(painter, "frame", self.palette.text)
        self.labels.put(painter, scene.model, item, "frame", 22, 4, room - 50)
        painter.restore()

    def _outlines(self, painter: QPainter, scene: Scene, view: View, marks: Marks) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        solid, dashed = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine
        x0, y0, x1, y1 = view.rect
        for items, width, style in ((marks.linked, 2.4, solid), (marks.group, 1.8, dashed),
                                    ({marks.selected}, 3.0, solid), ({marks.hover}, 1.0, solid)):
            painter.setPen(QPen(QColor(self.palette.accent), width, style))
            for item in items if len(items) < _MOST_MARKS else ():
                rect = scene.rect(item) if item >= 0 else None
                if rect is None or rect[0] > x1 or rect[2] < x0 or rect[1] > y1 or rect[3] < y0:
                    continue
                # Outside the ring of a node that makes its own error.
                grow = (7.0 if scene.model.own[item] else 2.5) + width / 2
                at = QRectF((rect[0] - view.x) * view.zoom, (rect[1] - view.y) * view.zoom,
                            max((rect[2] - rect[0]) * view.zoom, 3), max((rect[3] - rect[1]) * view.zoom, 3))
                room = QRectF(-50, -50, view.width + 100, view.height + 100)
                painter.drawRoundedRect(at.adjusted(-grow, -grow, grow, grow).intersected(room), 8, 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _clipped(box: Array, rect: Rect) -> Array:
    """Boxes cut to a rectangle that is a little larger than the view: very large ones would cost time."""
    left, top = np.maximum(box[:, 0], rect[0]), np.maximum(box[:, 1], rect[1])
    right = np.minimum(box[:, 0] + box[:, 2], rect[2])
    bottom = np.minimum(box[:, 1] + box[:, 3], rect[3])
    return np.stack([left, top, right - left, bottom - top], 1)
