"""Edges: curves where one can see them, fewer and plainer where there are too many."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QPainter, QPen

from app.graph.palette import GraphPalette
from app.graph.primitives import View, draw_lines, mixed
from app.graph.scene import Rect, Scene

Array = npt.NDArray[Any]

_CURVED_ZOOM, _HEAD_ZOOM, _DISTANT_ZOOM, _FAR_ZOOM = 0.3, 0.4, 0.1, 0.03
_MOST_CURVES = 1000
_MOST_LINES = 4000
_MOST_OWN = 4000
_SMOOTH_PIXELS, _MOST_PIXELS = 45_000.0, 300_000.0
"""Length of all lines together up to which they are drawn smooth, and up to which they are drawn: time goes by it."""
_STEPS = np.linspace(0, 1, 9)


def draw_edges(painter: QPainter, scene: Scene, view: View, rect: Rect, palette: GraphPalette) -> None:
    """All edges in view."""
    seen, pixels = affordable(scene, rect, view)
    if not len(seen):
        return
    lines = scene.picture.lines[seen]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, pixels < _SMOOTH_PIXELS and view.zoom > 0.15)
    painter.setPen(QPen(QColor(palette.edge) if view.zoom >= _CURVED_ZOOM else
                        mixed(palette.canvas, palette.edge, 0.6), 1))
    draw_lines(painter, _shaped(lines, scene.picture.bent[seen], view))
    if view.zoom >= _HEAD_ZOOM:
        draw_lines(painter, _heads(lines, scene.picture.head[seen], view))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def draw_own_edges(painter: QPainter, scene: Scene, view: View, item: int, colour: str) -> None:
    """The edges of one item, to stand out."""
    own = scene.touching(item)
    if not 0 < len(own) < _MOST_OWN:
        return
    lines = scene.picture.lines[own]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), 2))
    draw_lines(painter, _shaped(lines, scene.picture.bent[own], view))
    if view.zoom >= _HEAD_ZOOM:
        draw_lines(painter, _heads(lines, scene.picture.head[own], view))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def affordable(scene: Scene, rect: Rect, view: View) -> tuple[Array, float]:
    """Numbers of the lines to draw, and how many pixels long they are together."""
    least = 24.0 if view.zoom < _FAR_ZOOM else 6.0 if view.zoom < _DISTANT_ZOOM else 0.0
    seen = scene.lines(rect, least / view.zoom)
    for shortest in (6.0, 24.0, 90.0):
        if len(seen) > _MOST_LINES and shortest > least:
            seen = seen[scene.length[seen] * view.zoom >= shortest]
    x0, y0, x1, y1 = view.screen_lines(scene.picture.lines[seen]).T
    long = (np.abs(np.clip(x1, 0, view.width) - np.clip(x0, 0, view.width))
            + np.abs(np.clip(y1, 0, view.height) - np.clip(y0, 0, view.height)))
    total = float(long.sum())
    if total > _MOST_PIXELS or len(seen) > _MOST_LINES:
        # Always the same ones, wherever one looks: nothing flickers while one pans.
        every = max(int(np.ceil(total / _MOST_PIXELS)), int(np.ceil(len(seen) / _MOST_LINES)))
        seen, total = seen[seen % every == 0], total / every
    return seen, total


def _shaped(lines: Array, bent: Array, view: View) -> Array:
    """Lines in pixels, the bent ones as curves where they are near and few."""
    screen = view.screen_lines(lines)
    slanted = bent & (np.abs(screen[:, 0] - screen[:, 2]) > 1.0)
    # Upright lines are cut at the rim of the view: those of a tall graph are millions of pixels long.
    upright = screen[:, 0] == screen[:, 2]
    screen[upright, 1::2] = np.clip(screen[upright, 1::2], -60.0, view.height + 60.0)
    if view.zoom < _CURVED_ZOOM or int(slanted.sum()) > _MOST_CURVES:
        return screen
    return np.concatenate([screen[~slanted], _curves(screen[slanted])])


def _curves(lines: Array) -> Array:
    """Each line as a curve that leaves and arrives upright, in short straight pieces."""
    x0, y0, x1, y1 = (column[:, None] for column in lines.T)
    t = _STEPS[None, :]
    x = x0 + (x1 - x0) * (t * t * (3 - 2 * t))
    y = y0 + (y1 - y0) * t
    pieces = np.stack([x[:, :-1], y[:, :-1], x[:, 1:], y[:, 1:]], 2)
    return pieces.reshape(-1, 4)


def _heads(lines: Array, head: Array, view: View) -> Array:
    """Arrow heads: two short lines each."""
    screen, head = view.screen_lines(lines[head != 0]), head[head != 0]
    down = head > 0
    x, y = np.where(down, screen[:, 2], screen[:, 0]), np.where(down, screen[:, 3], screen[:, 1])
    size = 4.5 * min(1.2, view.zoom)
    back = np.where(down, -1.6, 1.6) * size
    return np.concatenate([np.stack([x + side * size, y + back, x, y], 1) for side in (-1, 1)])
