"""Charts of a measurement: all samples with median and interval, sample by sample, and ratios with theirs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.views.plotting import Plot, Rows, shade
from diag.types.bench import Ratio, Series

_ROOM = 0.32
"""Half the height of a row's cloud of samples."""

_NAME = 26


def colours(look: Look) -> tuple[str, ...]:
    """One a model, the same in every chart."""
    theme = look.theme
    return theme.golden, theme.target, theme.own, theme.passed, theme.injects, theme.none


class _ByModel(Plot):
    """A chart with one row a model, the first at the top."""

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(look, name, self._numbers, parent=parent)
        self._look = look
        self._heads: Sequence[str] = ()
        self._cells: Sequence[Sequence[str]] = ()
        self.setMouseEnabled(x=True, y=False)
        self.getAxis("left").setWidth(190)
        self.getAxis("bottom").enableAutoSIPrefix(enable=False)

    def _numbers(self) -> Rows:
        return self._heads, self._cells

    def _begin(self, names: Sequence[str]) -> None:
        self.clear()
        axis = self.getAxis("left")
        axis.setTicks([[(-i, _short(name)) for i, name in enumerate(names)]])
        self.setYRange(-len(names) + 0.4, 0.6, padding=0)

    def _bar(self, low: float, high: float, y: float, colour: str) -> None:
        if math.isfinite(low) and math.isfinite(high):
            self.plot([low, high], [y, y], pen=pg.mkPen(colour, width=4, cap=Qt.PenCapStyle.RoundCap))

    def _tick(self, x: float, y: float, colour: str, half: float = 0.28) -> None:
        if math.isfinite(x):
            self.plot([x, x], [y - half, y + half], pen=pg.mkPen(colour, width=2))


class SamplePlot(_ByModel):
    """Every sample as a dot; the median as a tick, its interval as a bar."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, QCoreApplication.translate("BenchPlots", "All samples, median and interval"), parent)
        self.label(QCoreApplication.translate("BenchPlots", "ms"), "")

    def show_models(self, models: Sequence[Series], names: Sequence[str]) -> None:
        """Draw these."""
        self._begin(names)
        self._heads, self._cells = ("model", "ms"), [[n, repr(v)] for m, n in zip(models, names, strict=True)
                                                     for v in m.samples_ms]
        palette, limits = colours(self._look), []
        for i, model in enumerate(models):
            colour = palette[i % len(palette)]
            values = np.asarray(model.samples_ms or (model.min_ms, model.mean_ms, model.max_ms), float)
            height = -i + _ROOM * (np.arange(len(values)) * 7 % 13 - 6) / 6
            self.addItem(pg.ScatterPlotItem(values, height, size=6, pen=None, brush=shade(colour, 0.45)))
            self._bar(model.median.low, model.median.high, -i, colour)
            self._tick(model.median_ms if math.isfinite(model.median_ms) else model.mean_ms, -i, colour, 0.4)
            limits += [float(values.min()), _usual(values)]
        if limits:
            self.setXRange(min(limits), max(limits), padding=0.06)


class RatioPlot(_ByModel):
    """Time over that of the first model, with intervals and the line at 1."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, QCoreApplication.translate("BenchPlots", "Time over that of the first model"), parent)
        self.label(QCoreApplication.translate("BenchPlots", "time over that of the first model; left of 1 is faster"),
                   "")

    def show_ratios(self, ratios: Sequence[Ratio], names: Sequence[str]) -> None:
        """Draw these."""
        self._begin([names[r.b] for r in ratios])
        self._heads = ("model", "ratio", "low", "high")
        self._cells = [[names[r.b], repr(r.ratio), repr(r.low), repr(r.high)] for r in ratios]
        palette, limits = colours(self._look), [1.0]
        self.addItem(pg.InfiniteLine(1.0, pen=pg.mkPen(self._look.theme.muted, style=Qt.PenStyle.DashLine)))
        for i, one in enumerate(ratios):
            colour = palette[one.b % len(palette)]
            self._bar(one.low, one.high, -i, colour)
            self._tick(one.ratio, -i, colour)
            limits += [v for v in (one.low, one.ratio, one.high) if math.isfinite(v)]
        spread = max(limits) - min(limits) or 0.1
        self.setXRange(min(limits), max(limits), padding=0.1 + 0.01 / spread)


class OverTime(Plot):
    """The samples in the order they were taken; lines stand where the models were opened anew."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        translate = QCoreApplication.translate
        super().__init__(look, translate("BenchPlots", "Sample by sample"), self._numbers, parent=parent)
        self._look = look
        self._models: Sequence[Series] = ()
        self._names: Sequence[str] = ()
        self.label(translate("BenchPlots", "sample"), translate("BenchPlots", "ms"))
        self.getAxis("left").enableAutoSIPrefix(enable=False)
        self.legend = self.addLegend(offset=(-10, 10), labelTextColor=look.theme.text)

    def show_models(self, models: Sequence[Series], names: Sequence[str]) -> None:
        """Draw these."""
        self.clear()
        self._models, self._names = models, names
        palette, tops = colours(self._look), []
        for i, model in enumerate(models):
            if not model.samples_ms:
                continue
            values = np.asarray(model.samples_ms, float)
            self.plot(np.arange(len(values)), values, pen=pg.mkPen(palette[i % len(palette)], width=1.3),
                      name=_short(names[i]))
            tops.append(_usual(values))
        longest = max(models, key=lambda m: len(m.rounds), default=None)
        for at in np.flatnonzero(np.diff(longest.rounds)) if longest is not None and longest.rounds else ():
            self.addItem(pg.InfiniteLine(at + 0.5, pen=pg.mkPen(self._look.theme.border)))
        if tops:
            least = min(min(m.samples_ms) for m in models if m.samples_ms)
            self.setYRange(min(least, max(tops)), max(tops), padding=0.08)
            self.setXRange(0, max(len(m.samples_ms) for m in models), padding=0.02)

    def _numbers(self) -> Rows:
        rows = [[n, str(i), repr(v)] for m, n in zip(self._models, self._names, strict=True)
                for i, v in enumerate(m.samples_ms)]
        return ("model", "sample", "ms"), rows


def _usual(values: np.ndarray) -> float:
    """The largest value that is worth its room."""
    return float(min(values.max(), max(2 * np.median(values), 1.1 * np.quantile(values, 0.95))))


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[:9] + "…" + name[-16:]
