"""The timeline of a profile: lanes of operators painted from columns, so that 100,000 of them move smoothly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.assets import Look
from app.pages.performance.lanes import AI_CPU, Lane, lanes_of, runs, used
from diag.report.sheet.chart import ticks
from diag.types.timeline import Kind, Profile

_LABEL, _AXIS, _LEGEND, _GAP, _TALLEST = 150, 24, 22, 6, 46
_FACTOR = 1.25
_WORDY = 34
"""Pixels from which an operator's name is written into it."""

_SLACK = 2.0
"""Pixels beside an operator that still hit it."""


class Timeline(QWidget):
    """Wheel zooms, dragging moves, a click chooses, a double click shows everything.

    Signals:
        chosen: the row of the profile that was clicked.
    """

    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._profile: Profile | None = None
        self.lanes: list[Lane] = []
        self._low, self._high, self._end = 0.0, 1.0, 1.0
        self._selected = -1
        self._drag: tuple[QPoint, float, float] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Timeline"))

    def show_profile(self, profile: Profile | None) -> None:
        """Another profile, all of it."""
        self._profile = profile
        self.lanes = lanes_of(profile) if profile is not None else []
        self._end = max((float(lane.reach[-1]) for lane in self.lanes), default=1.0) or 1.0
        self._selected = -1
        self.show_all()

    def show_all(self) -> None:
        """From the first operator to the last."""
        self._look_at(0.0, self._end)

    def select(self, row: int) -> None:
        """Mark an operator and bring it into view."""
        self._selected = row
        if self._profile is not None and 0 <= row < len(self._profile):
            start = float(self._profile.start_us[row])
            length = float(self._profile.duration_us[row])
            if not self._low <= start <= self._high:
                half = (self._high - self._low) / 2
                self._look_at(start + length / 2 - half, start + length / 2 + half)
        self.update()

    @property
    def view(self) -> tuple[float, float]:
        """The times at the left and right edge, µs."""
        return self._low, self._high

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for a few lanes."""
        return QSize(600, 240)

    # painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Everything that is in view."""
        painter = QPainter(self)
        theme = self._look.theme
        painter.fillRect(self.rect(), QColor(theme.base))
        if not self.lanes:
            painter.setPen(QColor(theme.muted))
            words = self.tr("This profile has no time axis.") if self._profile is not None else ""
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
            painter.end()
            return
        self._paint_axis(painter)
        for number, lane in enumerate(self.lanes):
            self._paint_lane(painter, lane, self._lane_rect(number))
        self._paint_legend(painter)
        painter.setPen(QPen(QColor(theme.border)))
        painter.drawRect(QRectF(self.rect()).adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_axis(self, painter: QPainter) -> None:
        theme, bottom = self._look.theme, self.height() - _AXIS
        painter.setFont(self.font())
        for value in ticks(self._low / 1e3, self._high / 1e3):
            x = self._x(value * 1e3)
            painter.setPen(QColor(theme.grid))
            painter.drawLine(QPointF(x, _LEGEND), QPointF(x, bottom))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(x - 60, bottom + 3, 120, _AXIS - 4), Qt.AlignmentFlag.AlignHCenter,
                             f"{value:g} ms")

    def _paint_lane(self, painter: QPainter, lane: Lane, rect: QRectF) -> None:
        theme = self._look.theme
        painter.setPen(QColor(theme.text))
        words = QFontMetricsF(self.font()).elidedText(lane.name, Qt.TextElideMode.ElideMiddle, _LABEL - 16)
        painter.drawText(QRectF(8, rect.y(), _LABEL - 16, rect.height()),
                         Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.setClipRect(QRectF(_LABEL, 0, self.width() - _LABEL, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        seen = lane.between(self._low, self._high)
        count = seen.stop - seen.start
        if count > self.width() // 2:
            self._paint_dense(painter, lane, seen, rect)
        elif count > 0:
            self._paint_each(painter, lane, seen, rect)
        painter.setClipping(False)

    def _paint_dense(self, painter: QPainter, lane: Lane, seen: slice, rect: QRectF) -> None:
        """More operators than pixels: per category the pixels that it covers, what matters more on top."""
        pixels = max(1, int(self.width() - _LABEL))
        scale = pixels / (self._high - self._low)
        first, last = (lane.start[seen] - self._low) * scale, (lane.end[seen] - self._low) * scale
        category = lane.category[seen]
        for number in np.unique(category).tolist():
            own = category == number
            colour = self._colours()[number]
            for x, length in runs(pixels, first[own], last[own]):
                painter.fillRect(QRectF(_LABEL + x, rect.y(), length, rect.height()), colour)

    def _paint_each(self, painter: QPainter, lane: Lane, seen: slice, rect: QRectF) -> None:
        colours, theme = self._colours(), self._look.theme
        metrics = QFontMetricsF(self.font())
        for place in range(seen.start, seen.stop):
            x = self._x(float(lane.start[place]))
            width = max(1.0, self._x(float(lane.end[place])) - x)
            box = QRectF(x, rect.y(), width, rect.height())
            painter.fillRect(box.adjusted(0, 0, -0.6 if width > 3 else 0, 0), colours[int(lane.category[place])])
            if width > _WORDY and self._profile is not None:
                painter.setPen(QColor(theme.base))
                shown = QRectF(max(x, _LABEL) + 3, rect.y(), min(x + width, self.width()) - max(x, _LABEL) - 6,
                               rect.height())
                name = self._profile.names[int(lane.rows[place])]
                painter.drawText(shown, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                                 metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, shown.width()))
                painter.setPen(Qt.PenStyle.NoPen)
            if int(lane.rows[place]) == self._selected:
                painter.setPen(QPen(QColor(theme.text), 2))
                painter.drawRect(box.adjusted(-1, -1, 1, 1))
                painter.setPen(Qt.PenStyle.NoPen)

    def _paint_legend(self, painter: QPainter) -> None:
        x, metrics = float(_LABEL), QFontMetricsF(self.font())
        for number in used(self.lanes):
            words = self._words()[number]
            painter.fillRect(QRectF(x, 7, 10, 10), self._colours()[number])
            painter.setPen(QColor(self._look.theme.muted))
            painter.drawText(QRectF(x + 15, 2, metrics.horizontalAdvance(words) + 4, _LEGEND - 2),
                             Qt.AlignmentFlag.AlignVCenter, words)
            x += 36 + metrics.horizontalAdvance(words)

    def _colours(self) -> Mapping[int, QColor]:
        theme = self._look.theme
        return {int(Kind.COMPUTE): QColor(theme.golden), int(Kind.LAYOUT): QColor(theme.watch),
                int(Kind.TRANSFER): QColor(theme.none), int(Kind.COMMUNICATION): QColor(theme.own),
                int(Kind.HOST): QColor(theme.muted), AI_CPU: QColor(theme.failed)}

    def _words(self) -> Mapping[int, str]:
        return {int(Kind.COMPUTE): self.tr("compute"), int(Kind.LAYOUT): self.tr("layout and type changes"),
                int(Kind.TRANSFER): self.tr("transfers"), int(Kind.COMMUNICATION): self.tr("communication"),
                int(Kind.HOST): self.tr("host"), AI_CPU: self.tr("AI CPU")}

    # geometry

    def _lane_rect(self, number: int) -> QRectF:
        room = self.height() - _AXIS - _LEGEND - 4
        tall = min(float(_TALLEST), room / max(1, len(self.lanes)))
        gap = min(float(_GAP), tall / 4)
        return QRectF(_LABEL, _LEGEND + 2 + number * tall, self.width() - _LABEL, max(2.0, tall - gap))

    def _x(self, time: float) -> float:
        return _LABEL + (time - self._low) * (self.width() - _LABEL) / (self._high - self._low)

    def _time(self, x: float) -> float:
        return self._low + (x - _LABEL) * (self._high - self._low) / max(1, self.width() - _LABEL)

    def _look_at(self, low: float, high: float) -> None:
        least = max(1e-3, self._end * 1e-7)
        length = min(max(high - low, least), self._end)
        low = min(max(low, 0.0), self._end - length)
        self._low, self._high = low, low + length
        self.update()

    def row_at(self, at: QPointF) -> int:
        """The row of the profile under a point, -1 for none."""
        slack = _SLACK * (self._high - self._low) / max(1, self.width() - _LABEL)
        for number, lane in enumerate(self.lanes):
            if at.x() >= _LABEL and self._lane_rect(number).contains(at):
                place = lane.at(self._time(at.x()), slack)
                return int(lane.rows[place]) if place >= 0 else -1
        return -1

    # mouse and keys

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Show ``factor`` times as much; the time ``at`` stays where it is (default: the middle)."""
        at = (self._low + self._high) / 2 if at is None else at
        self._look_at(at - (at - self._low) * factor, at + (self._high - at) * factor)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the pointer; with Shift, or sideways, move."""
        turn, side = event.angleDelta().y(), event.angleDelta().x()
        if side or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step = (self._high - self._low) * (side or turn) / 1200
            self._look_at(self._low - step, self._high - step)
        elif turn:
            self.zoom(_FACTOR ** (-turn / 120), self._time(event.position().x()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begin to drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position().toPoint(), self._low, self._high

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move, or tell what is under the pointer."""
        if self._drag is not None and event.buttons() & Qt.MouseButton.LeftButton:
            began, low, high = self._drag
            shift = (began.x() - event.position().x()) * (high - low) / max(1, self.width() - _LABEL)
            self._look_at(low + shift, high + shift)
            return
        row = self.row_at(event.position())
        if row >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.told(row), self)
        else:
            QToolTip.hideText()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A press that did not move is a choice."""
        began, self._drag = self._drag, None
        if began is None or (event.position().toPoint() - began[0]).manhattanLength() > 3:
            return
        row = self.row_at(event.position())
        if row >= 0:
            self._selected = row
            self.update()
            self.chosen.emit(row)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        """Show everything."""
        self.show_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """+ and - zoom, arrows move, Home shows everything."""
        step = (self._high - self._low) / 10
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal | Qt.Key.Key_Up:
                self.zoom(1 / _FACTOR)
            case Qt.Key.Key_Minus | Qt.Key.Key_Down:
                self.zoom(_FACTOR)
            case Qt.Key.Key_Left:
                self._look_at(self._low - step, self._high - step)
            case Qt.Key.Key_Right:
                self._look_at(self._low + step, self._high + step)
            case Qt.Key.Key_Home:
                self.show_all()
            case _:
                super().keyPressEvent(event)

    def told(self, row: int) -> str:
        """An operator in a few lines."""
        profile = self._profile
        if profile is None:
            return ""
        lines = [profile.names[row], f"{profile.types[row]}  ·  {profile.cores[row]}",
                 self.tr("{duration} µs from {start} ms on").format(
                     duration=f"{profile.duration_us[row]:,.3f}", start=f"{profile.start_us[row] / 1e3:,.3f}")]
        if profile.shapes[row] not in ("", "N/A"):
            lines.append(f"{profile.shapes[row][:120]}  ({profile.dtypes[row][:60]})")
        return "\n".join(lines)
