"""Two pictures on one canvas: side by side, one over the other with a swipe, flipped, or their difference. Zoom and
place are one for both, so that the same spot is always the same spot.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.assets import Look

Array = npt.NDArray[np.generic]

_GRIP = 8
_LEAST, _MOST = 0.1, 64.0
_STEP = 1.25
_GAP = 8


class Mode(Enum):
    """How the pair is shown."""

    SIDES = "sides"
    SWIPE = "swipe"
    FLIP = "flip"
    DIFFERENCE = "difference"


class Viewer(QWidget):
    """Wheel zooms at the pointer, dragging moves, double click fits, Space held shows the other picture.

    Signals:
        pointed: (x, y) of the pixel under the pointer, or None.
        flipped: whether the target is shown where only one picture is.
    """

    pointed = Signal(object)
    flipped = Signal(bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._images: tuple[QImage | None, QImage | None, QImage | None] = (None, None, None)
        self._names = ("", "")
        self.mode = Mode.SIDES
        self.split = 0.5
        self.target_up = False
        self._scale = 0.0
        self._centre = QPointF()
        self._drag: QPointF | None = None
        self._swiping = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)

    # what is shown

    def set_pictures(self, golden: Array | None, target: Array | None, difference: Array | None,
                     names: tuple[str, str]) -> None:
        """Pictures H×W×3 in [0, 1]; a picture of another size than before is fitted into the view."""
        before = self._images[0].size() if self._images[0] else None
        self._images = (image(golden), image(target), image(difference))
        self._names = names
        first = self._images[0] or self._images[1]
        if first is None or before != first.size():
            self.fit()
        self.update()

    def set_difference(self, difference: Array | None) -> None:
        """The same pair, its difference amplified otherwise."""
        self._images = (*self._images[:2], image(difference))
        self.update()

    def set_mode(self, mode: Mode) -> None:
        """Show the pair in another way."""
        self.mode = mode
        self.target_up = False
        self.fit()

    def flip(self, *, target: bool) -> None:
        """Show the target, or the golden picture, where one lies over the other."""
        if target != self.target_up:
            self.target_up = target
            self.flipped.emit(target)
            self.update()

    def fit(self) -> None:
        """The whole picture."""
        self._scale = 0.0
        self.update()

    # where it is

    def _panes(self) -> list[QRectF]:
        whole = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.mode is not Mode.SIDES or self._images[1] is None:
            return [whole]
        width = (whole.width() - _GAP) / 2
        return [QRectF(whole.left(), whole.top(), width, whole.height()),
                QRectF(whole.right() - width, whole.top(), width, whole.height())]

    def _settle(self, pane: QRectF, picture: QImage) -> float:
        """The scale; where nobody chose one, the picture fits with room for its name."""
        if self._scale == 0.0:
            self._centre = QPointF(picture.width() / 2, picture.height() / 2)
            room = pane.height() - 2 * self._line()
            return float(max(min(pane.width() / picture.width(), room / picture.height()), 0.01))
        return self._scale

    def _place(self, pane: QRectF, picture: QImage) -> QRectF:
        scale = self._settle(pane, picture)
        corner = pane.center() - self._centre * scale
        return QRectF(corner.x(), corner.y(), picture.width() * scale, picture.height() * scale)

    def _pane_at(self, at: QPointF) -> QRectF:
        return next((p for p in self._panes() if p.contains(at)), self._panes()[0])

    def _pixel(self, at: QPointF) -> QPointF | None:
        picture = self._images[0] or self._images[1]
        if picture is None:
            return None
        pane = self._pane_at(at)
        place = self._place(pane, picture)
        return (at - place.topLeft()) / self._settle(pane, picture)

    # painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Everything."""
        painter = QPainter(self)
        theme = self._look.theme
        painter.fillRect(self.rect(), QColor(theme.base))
        panes = self._panes()
        if self.mode is Mode.SIDES:
            for pane, picture, name in zip(panes, self._images, self._names, strict=False):
                self._draw(painter, pane, picture, name)
        elif self.mode is Mode.SWIPE:
            self._draw_swipe(painter, panes[0])
        elif self.mode is Mode.FLIP:
            side = int(self.target_up)
            self._draw(painter, panes[0], self._images[side], self._names[side])
        else:
            self._draw(painter, panes[0], self._images[2], f"|{self._names[1]} − {self._names[0]}|")
        if self.hasFocus():
            painter.setPen(QColor(theme.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw(self, painter: QPainter, pane: QRectF, picture: QImage | None, name: str) -> None:
        painter.save()
        painter.setClipRect(pane)
        if picture is None:
            painter.setPen(QColor(self._look.theme.muted))
            painter.drawText(pane, Qt.AlignmentFlag.AlignCenter, self.tr("no picture"))
        else:
            place = self._place(pane, picture)
            # Pixels are what is looked at: enlarged ones stay squares.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, place.width() < picture.width())
            painter.drawImage(place, picture)
        self._name(painter, pane, name, Qt.AlignmentFlag.AlignLeft)
        painter.restore()

    def _draw_swipe(self, painter: QPainter, pane: QRectF) -> None:
        at = pane.left() + pane.width() * self.split
        for side, left, right in ((0, pane.left(), at), (1, at, pane.right())):
            painter.save()
            painter.setClipRect(QRectF(left, pane.top(), right - left, pane.height()))
            picture = self._images[side]
            if picture is not None:
                painter.drawImage(self._place(pane, picture), picture)
            painter.restore()
        painter.setPen(QColor(self._look.theme.accent))
        painter.drawLine(QPointF(at, pane.top()), QPointF(at, pane.bottom()))
        self._name(painter, pane, self._names[0], Qt.AlignmentFlag.AlignLeft)
        self._name(painter, pane, self._names[1], Qt.AlignmentFlag.AlignRight)

    def _name(self, painter: QPainter, pane: QRectF, name: str, side: Qt.AlignmentFlag) -> None:
        if not name:
            return
        shade = QColor(self._look.theme.base)
        shade.setAlphaF(0.8)
        width = painter.fontMetrics().horizontalAdvance(name) + 12
        left = pane.left() if side is Qt.AlignmentFlag.AlignLeft else pane.right() - width
        box = QRectF(left, pane.top(), width, self._line())
        painter.fillRect(box, shade)
        painter.setPen(QColor(self._look.theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _line(self) -> int:
        return self.fontMetrics().height() + 4

    # pointer and keys

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the pointer."""
        self.zoom(_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def zoom(self, factor: float, at: QPointF) -> None:
        """Larger or smaller; the pixel under ``at`` stays there."""
        picture, pixel = self._images[0] or self._images[1], self._pixel(at)
        if picture is None or pixel is None:
            return
        pane = self._pane_at(at)
        self._scale = min(max(self._settle(pane, picture) * factor, _LEAST), _MOST)
        self._centre = pixel - (at - pane.center()) / self._scale
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take the swipe's line, or the picture."""
        at = event.position()
        pane = self._panes()[0]
        self._swiping = self.mode is Mode.SWIPE and abs(at.x() - pane.left() - pane.width() * self.split) < _GRIP
        self._drag = at
        self.setFocus()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move what was taken; tell the pixel."""
        at = event.position()
        pixel = self._pixel(at)
        picture = self._images[0] or self._images[1]
        inside = pixel is not None and picture is not None and picture.rect().contains(pixel.toPoint())
        self.pointed.emit((int(pixel.x()), int(pixel.y())) if inside and pixel is not None else None)
        if self._drag is None:
            return
        pane = self._pane_at(at)
        if self._swiping:
            self.set_split((at.x() - pane.left()) / pane.width())
        elif picture is not None:
            self._scale = self._settle(pane, picture)
            self._centre -= (at - self._drag) / self._scale
            self._drag = at
            self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        self._drag, self._swiping = None, False

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        """Fit."""
        self.fit()

    def set_split(self, share: float) -> None:
        """Where the swipe's line stands, from 0 (left) to 1."""
        self.split = min(max(share, 0.0), 1.0)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Space shows the other one; arrows move the line; + and - zoom; 0 fits."""
        key = event.key()
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.flip(target=True)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.mode is Mode.SWIPE:
            self.set_split(self.split + (0.02 if key == Qt.Key.Key_Right else -0.02))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / _STEP if key == Qt.Key.Key_Minus else _STEP, QPointF(self.rect().center()))
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key != Qt.Key.Key_Space:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Space let go: golden again."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.flip(target=False)
        else:
            super().keyReleaseEvent(event)


def image(picture: Array | None) -> QImage | None:
    """A Qt picture of an H×W×3 array in [0, 1]; elements that are no numbers are magenta."""
    if picture is None:
        return None
    values = np.asarray(picture, np.float32)
    broken = ~np.isfinite(values).all(axis=-1)
    pixels = (np.clip(np.nan_to_num(values, posinf=1.0), 0, 1) * 255).round().astype(np.uint8)
    pixels[broken] = (255, 0, 255)
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
