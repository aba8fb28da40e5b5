"""The whole graph in a corner, with the part in view; click or drag there to look elsewhere."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from app.graph.paint import Artist
from app.graph.primitives import View
from app.graph.scene import Scene

_PAD = 5.0
_OF_USE = 0.7
"""It hides where more than this share of the graph is in view."""


class Minimap(QWidget):
    """Lies over a canvas.

    Signals:
        looked_at: (x, y) of the scene that shall be in the middle.
    """

    looked_at = Signal(object)

    def __init__(self, artist: Artist, parent: QWidget) -> None:
        super().__init__(parent)
        self._artist = artist
        self._scene: Scene | None = None
        self._view = View(0, 0, 1, 1, 1)
        self._picture: QPixmap | None = None
        self.setAccessibleName(self.tr("Overview of the graph"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()

    def set_artist(self, artist: Artist) -> None:
        """Other colours."""
        self._artist, self._picture = artist, None
        self.update()

    def set_scene(self, scene: Scene | None) -> None:
        """Another graph, or another part of it open."""
        self._scene, self._picture = scene, None
        self._show_if_of_use()

    def set_view(self, view: View) -> None:
        """The part in view."""
        self._view = view
        self._show_if_of_use()
        self.update()

    def fit_into(self, corner: QRectF) -> None:
        """Be as large as the graph's proportions allow, in the lower right of a rectangle."""
        if self._scene is None:
            return
        scale = min((corner.width() - 2 * _PAD) / self._scene.width, (corner.height() - 2 * _PAD) / self._scene.height)
        wide = max(self._scene.width * scale, 26.0) + 2 * _PAD
        high = max(self._scene.height * scale, 26.0) + 2 * _PAD
        self.setGeometry(QRectF(corner.right() - wide, corner.bottom() - high, wide, high).toRect())
        self._picture = None

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """The graph as it was drawn once, and the part in view."""
        if self._scene is None:
            return
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self._draw(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        scale, left = self._scale()
        x0, y0, x1, y1 = self._view.rect
        seen = QRectF(left + x0 * scale, _PAD + y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale)
        seen = seen.intersected(QRectF(1.5, 1.5, self.width() - 3, self.height() - 3))
        if seen.height() < 4:
            seen.adjust(0, -2, 0, 2)
        accent = QColor(self._artist.palette.accent)
        painter.setPen(QPen(accent, 1.5))
        accent.setAlpha(40)
        painter.setBrush(accent)
        painter.drawRect(seen)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Look there."""
        self._look(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Look there."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Nothing more: the canvas below must not take it for a click."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Nothing more."""
        event.accept()

    def _look(self, at: QPointF) -> None:
        scale, left = self._scale()
        self.looked_at.emit(((at.x() - left) / scale, (at.y() - _PAD) / scale))

    def _scale(self) -> tuple[float, float]:
        """Pixels per scene unit, and where the scene's left edge is."""
        if self._scene is None:
            return 1.0, 0.0
        scale = min((self.width() - 2 * _PAD) / self._scene.width, (self.height() - 2 * _PAD) / self._scene.height)
        return scale, (self.width() - self._scene.width * scale) / 2

    def _draw(self, ratio: float) -> QPixmap:
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        colour = QColor(self._artist.palette.box)
        pixmap.fill(colour)
        painter = QPainter(pixmap)
        painter.setPen(QPen(QColor(self._artist.palette.border), 1))
        painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))
        if self._scene is not None:
            scale, left = self._scale()
            heap = self._scene.visible((0, 0, self._scene.width, self._scene.height), scale)
            box = heap.box * scale + np.array([left, _PAD, 0, 0])
            self._artist.boxes.specks(painter, box, heap)
        painter.end()
        return pixmap

    def _show_if_of_use(self) -> None:
        """Hide where everything is in view."""
        scene = self._scene
        if scene is None:
            self.hide()
            return
        x0, y0, x1, y1 = self._view.rect
        wide, high = min(x1, scene.width) - max(x0, 0), min(y1, scene.height) - max(y0, 0)
        wide, high = max(wide, 0), max(high, 0)
        self.setVisible(wide * high < _OF_USE * scene.width * scene.height)
