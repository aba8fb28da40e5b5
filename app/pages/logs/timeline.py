"""How loud the logs were over time: a lane a level; a click goes there, the handles choose a span."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.views.plotting import Plot, Rows, shade
from diag.logs.levels import LEVELS
from diag.logs.record import Level

_HEIGHT = 96
_FORMS = ((20_000_000, "%M:%S.%f"), (86_400_000_000, "%H:%M:%S"))
"""How times are told up to a span in microseconds."""


class Timeline(Plot):
    """Signals:
    jumped: (microseconds since 1970, or the share of the rows from 0 to 1 where lines have no time).
    span_changed: (since, until) in microseconds, or (None, None) for all.
    """

    jumped = Signal(float)
    span_changed = Signal(object, object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        self._lanes: tuple[tuple[str, frozenset[Level], str], ...] = (
            ("ERROR", frozenset((Level.ERROR, Level.CRITICAL)), look.theme.failed),
            ("WARNING", frozenset((Level.WARNING,)), look.theme.watch),
            ("INFO", frozenset((Level.INFO, Level.EVENT, Level.DEBUG, Level.NONE)), look.theme.accent))
        self._counts = np.zeros((len(LEVELS), 1), np.int64)
        self._first = self._last = -1
        super().__init__(look, "timeline", self._numbers, parent=parent)
        self.setAccessibleName(self.tr("Lines over time, by level"))
        self.setToolTip(self.tr("Click: go there. Drag the edges: only this time."))
        self.setFixedHeight(_HEIGHT)
        self.setMouseEnabled(x=False, y=False)
        self.showGrid(x=False, y=False)
        self.getAxis("left").setTicks([[(2 - lane + 0.5, name) for lane, (name, _, _) in enumerate(self._lanes)]])
        self.getAxis("left").setWidth(74)
        self.setYRange(0, 3, padding=0.02)
        self._bars = [pg.BarGraphItem(x0=[], x1=[], y0=[], height=[], pen=None, brush=shade(colour, 0.85))
                      for _, _, colour in self._lanes]
        for bars in self._bars:
            self.addItem(bars)
        self._span = pg.LinearRegionItem((0, 1), brush=shade(look.theme.accent, 0.06),
                                         pen=pg.mkPen(look.theme.accent), swapMode="sort")
        self._span.setZValue(5)
        self._span.sigRegionChangeFinished.connect(self._spanned)
        self.addItem(self._span)
        self.scene().sigMouseClicked.connect(self._clicked)

    def show_counts(self, counts: npt.NDArray[np.int64], first: int, last: int) -> None:
        """Levels by bins; ``first`` and ``last`` in microseconds, -1 where the axis is the order of lines."""
        self._counts, self._first, self._last = counts, first, last
        bins = counts.shape[1]
        edges = np.linspace(0, 1, bins + 1)
        for lane, (bars, (_, levels, _)) in enumerate(zip(self._bars, self._lanes, strict=True)):
            rows = [number for number, level in enumerate(LEVELS) if level in levels]
            sums = counts[rows].sum(axis=0)
            height = np.where(sums > 0, 0.3 + 0.6 * np.sqrt(sums / max(1, sums.max())), 0)
            some = np.flatnonzero(sums)
            bars.setOpts(x0=edges[some], x1=edges[some + 1], y0=np.full(len(some), 2.0 - lane), height=height[some])
        self.setXRange(0, 1, padding=0.005)
        self._span.setBounds((0, 1))
        self.reset_span()
        self._span.setVisible(first >= 0)
        self.getAxis("bottom").setTicks([self._ticks()])

    def reset_span(self) -> None:
        """All of the time again; nothing is emitted."""
        self._span.blockSignals(True)
        self._span.setRegion((0, 1))
        self._span.blockSignals(False)

    def _ticks(self) -> Sequence[tuple[float, str]]:
        places = np.linspace(0.06, 0.94, 6)
        if self._first < 0:
            return [(float(p), f"{p:.0%}") for p in places]
        span = self._last - self._first
        form = next((form for most, form in _FORMS if span <= most), "%m-%d %H:%M")
        texts = [f"{datetime.fromtimestamp(self._at(float(p)) / 1e6, UTC):{form}}" for p in places]
        return [(float(p), text[:-3] if form.endswith("%f") else text) for p, text in zip(places, texts, strict=True)]

    def _at(self, share: float) -> int:
        return self._first + int(share * (self._last - self._first))

    def _clicked(self, event: object) -> None:
        point = self.getViewBox().mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
        share = min(1.0, max(0.0, point.x()))
        self.jumped.emit(float(self._at(share)) if self._first >= 0 else share)

    def _spanned(self) -> None:
        low, high = self._span.getRegion()
        if low <= 0.002 and high >= 0.998:
            self.span_changed.emit(None, None)
        elif self._first >= 0:
            self.span_changed.emit(self._at(low), self._at(high))

    def _numbers(self) -> Rows:
        bins = self._counts.shape[1]
        rows = [[str(self._at(i / bins) if self._first >= 0 else i), *map(str, self._counts[:, i])]
                for i in range(bins)]
        return ["time_us", *(level.value or "NONE" for level in LEVELS)], rows
