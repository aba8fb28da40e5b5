"""Many rectangles or lines in one call, and the part of a scene that is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPainter

from app.graph.scene import Rect

Array = npt.NDArray[Any]


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
        return np.asarray((box - (self.x, self.y, 0.0, 0.0)) * self.zoom)

    def screen_lines(self, lines: Array) -> Array:
        """(n, 4) x1, y1, x2, y2 of the scene, in pixels."""
        return np.asarray((lines - (self.x, self.y, self.x, self.y)) * self.zoom)

    def enter(self, painter: QPainter) -> None:
        """Let a painter draw in scene units."""
        painter.scale(self.zoom, self.zoom)
        painter.translate(-self.x, -self.y)


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


def mixed(base: str, other: str, share: float) -> QColor:
    """A colour between two, opaque: blending costs a painter more than setting."""
    one, two = QColor(base), QColor(other)
    return QColor.fromRgbF(*(a + (b - a) * share for a, b in
                             ((one.redF(), two.redF()), (one.greenF(), two.greenF()), (one.blueF(), two.blueF()))))
