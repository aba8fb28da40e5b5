"""Pictures of a pair of tensors: histogram, scatter, error against magnitude, heat map, worst elements, channels."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QTabWidget, QWidget

from app.assets import Look
from app.models.records import Record, RecordModel
from app.views.heat import HeatMap
from app.views.plotting import Plot, Rows, shade
from app.views.tables import small_table
from diag.compare.pictures import Array, Pictures, channel_axis
from diag.report.numbers import error

_BANDS = (1e-2, 1e-1)
"""Relative tolerances that are drawn around y = x."""


class TensorTabs(QTabWidget):
    """One tab each."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._drawn: Pictures | None = None
        self.setDocumentMode(True)
        self.setUsesScrollButtons(True)
        self.histogram = Plot(look, self.tr("Histogram"), self._histogram_rows, log_y=True)
        self.scatter = Plot(look, self.tr("Original against target"), self._sample_rows)
        self.magnitude = Plot(look, self.tr("Error against magnitude"), self._sample_rows, log_x=True, log_y=True)
        self.heat = HeatMap(look)
        self.worst = RecordModel((self.tr("index"), self.tr("original"), self.tr("target"), self.tr("difference")),
                                 (1, 2, 3), self)
        self.channels = RecordModel((self.tr("channel"), self.tr("relative L2"), self.tr("max abs")), (1, 2), self)
        for title, widget in (
                (self.tr("Histogram"), self.histogram), (self.tr("Scatter"), self.scatter),
                (self.tr("By magnitude"), self.magnitude), (self.tr("Heat map"), self.heat),
                (self.tr("Worst"), small_table(self.worst, self.tr("Worst elements"), (150,), share=(1, 2, 3))),
                (self.tr("Channels"), small_table(self.channels, self.tr("Worst channels"), (110,), share=(1, 2)))):
            self.addTab(widget, title)
        self._make_items()

    def show_pair(self, golden: Array, target: Array, drawn: Pictures) -> None:
        """Draw another pair."""
        self._drawn = drawn
        self._draw_histogram(drawn)
        self._draw_scatter(drawn)
        self._draw_magnitude(drawn)
        self.heat.set_pair(golden, target)
        self.worst.set_records([Record((str(list(w.index)), f"{w.golden:.7g}", f"{w.target:.7g}",
                                        f"{w.target - w.golden:.3g}")) for w in drawn.worst])
        self.channels.set_records([Record((str(c.number), error(c.rel_l2), error(c.max_abs))) for c in drawn.channels])
        axis = channel_axis(golden.shape)
        self.setTabVisible(5, axis is not None)
        self.setTabToolTip(5, self.tr("Axis {axis} of the tensor").format(axis=axis))

    def _make_items(self) -> None:
        theme = self._look.theme
        self._golden = self._steps(theme.golden, self.tr("original"))
        self._target = self._steps(theme.target, self.tr("target"))
        self.histogram.addLegend(offset=(-8, 8), labelTextColor=theme.text, brush=shade(theme.base, 0.8))
        for item in (self._golden, self._target):
            self.histogram.addItem(item)
        self.histogram.label(self.tr("value"), self.tr("elements"))
        dots = {"size": 4, "pen": None, "brush": shade(theme.target, 0.55)}
        self._dots = pg.ScatterPlotItem(**dots)
        self._by_size = pg.ScatterPlotItem(**dots)
        self._bands = [pg.PlotDataItem(pen=pg.mkPen(theme.muted, width=1, style=pg.QtCore.Qt.PenStyle.DashLine))
                       for _ in range(2 * len(_BANDS))]
        self._same = pg.PlotDataItem(pen=pg.mkPen(theme.golden, width=1.5))
        for item in (self._dots, *self._bands, self._same):
            self.scatter.addItem(item)
        self.scatter.label(self.tr("original (y = x; bands: 1 % and 10 %)"), self.tr("target"))
        self.magnitude.addItem(self._by_size)
        self.magnitude.label(self.tr("size of the original's value"), self.tr("size of the error"))

    def _steps(self, colour: str, title: str) -> pg.PlotDataItem:
        return pg.PlotDataItem(stepMode="center", pen=pg.mkPen(colour, width=1.5), fillLevel=-0.3,
                               brush=shade(colour, 0.18), name=title)

    def _draw_histogram(self, drawn: Pictures) -> None:
        for item, counts in ((self._golden, drawn.golden_counts), (self._target, drawn.target_counts)):
            with np.errstate(divide="ignore"):
                item.setData(drawn.edges, np.maximum(np.log10(counts.astype(float)), -0.3))
        self.histogram.autoRange()

    def _draw_scatter(self, drawn: Pictures) -> None:
        fine = np.isfinite(drawn.x) & np.isfinite(drawn.y)
        x, y = drawn.x[fine], drawn.y[fine]
        self._dots.setData(x, y)
        both = np.concatenate([x, y]) if x.size else np.array([0.0, 1.0])
        low, high = float(both.min()), float(both.max())
        line = np.linspace(low, high, 64)
        self._same.setData(line, line)
        for i, band in enumerate(_BANDS):
            self._bands[2 * i].setData(line, line + band * np.abs(line))
            self._bands[2 * i + 1].setData(line, line - band * np.abs(line))
        self.scatter.autoRange()

    def _draw_magnitude(self, drawn: Pictures) -> None:
        size, off = np.abs(drawn.x), np.abs(drawn.y - drawn.x)
        fine = np.isfinite(size) & np.isfinite(off) & (size > 0) & (off > 0)
        self._by_size.setData(np.log10(size[fine]), np.log10(off[fine]))
        self.magnitude.autoRange()

    def _histogram_rows(self) -> Rows:
        d = self._drawn
        rows = [] if d is None else [tuple(map(repr, map(float, r))) for r in zip(
            d.edges[:-1], d.edges[1:], d.golden_counts, d.target_counts, strict=True)]
        return ("from", "to", "golden", "target"), rows

    def _sample_rows(self) -> Rows:
        d = self._drawn
        rows = [] if d is None else [tuple(map(repr, map(float, r))) for r in zip(d.x, d.y, strict=True)]
        return ("golden", "target"), rows
