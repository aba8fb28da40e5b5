"""What is seen, as a file: PNG at twice the pixels, or SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from app.graph.canvas import Canvas
from diag.errors import DiagError, UsageError

_SHARP = 2


def export(path: Path, canvases: Sequence[Canvas], title: str) -> None:
    """Write the canvases side by side. Raises UsageError for another suffix, DiagError where it cannot be written."""
    size = QSize(sum(c.width() for c in canvases), max(c.height() for c in canvases))
    suffix = path.suffix.lower()
    if suffix == ".png":
        image = QImage(size * _SHARP, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        painter.scale(_SHARP, _SHARP)
        _draw(painter, canvases)
        written = image.save(str(path))
    elif suffix == ".svg":
        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(size)
        generator.setViewBox(QRect(0, 0, size.width(), size.height()))
        generator.setTitle(title)
        painter = QPainter()
        written = painter.begin(generator)
        if written:
            _draw(painter, canvases)
    else:
        raise UsageError(f"A graph cannot be saved as '{path.suffix or path.name}'", hint="Use .png or .svg")
    if not written:
        raise DiagError("The picture cannot be written", where=f"in {path}", hint="Choose another folder")


def _draw(painter: QPainter, canvases: Sequence[Canvas]) -> None:
    left = 0
    for canvas in canvases:
        painter.save()
        painter.translate(left, 0)
        painter.setClipRect(QRect(0, 0, canvas.width(), canvas.height()))
        canvas.render_to(painter)
        painter.restore()
        left += canvas.width()
    painter.end()
