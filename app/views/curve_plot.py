"""The drawing of the curve. Items are made once and given new data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QPointF, Qt, Signal
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.models.layers import decisive, expected
from app.views.plotting import Plot, Rows, shade
from diag.report.catalogues import labels
from diag.report.html.data import limits
from diag.rules import Lang
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import LayerResult

Floats = npt.NDArray[np.float64]

_MANY = 600
"""Layers from which the lines are thin and without dots."""

_BOTTOM = -30.0
"""log10 of what lies below every error."""


class CurvePlot(Plot):
    """Two lines and their marks.

    Signals:
        pointed: the LayerResult under the pointer.
        chosen: the LayerResult that was clicked.
        stretched: (first, last) execution index between the lines of the brush.
    """

    pointed = Signal(object)
    chosen = Signal(object)
    stretched = Signal(object)

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        translate = QCoreApplication.translate
        super().__init__(look, translate("CurvePlot", "Error over depth"), self._numbers, log_y=True, parent=parent)
        self._look, self._lang = look, lang
        self._layers: list[LayerResult] = []
        self._x = np.zeros(0)
        self._y: dict[str, Floats] = {}
        theme = look.theme
        self.setMouseEnabled(x=True, y=False)
        self._bands = [self._band(shade(theme.passed, 0.10)), self._band(shade(theme.failed, 0.08))]
        self._colours = {"cumulative": theme.target, "own_input": theme.own}
        self._expected = self._envelope(theme.passed)
        self._curves = {name: self._line(colour) for name, colour in self._colours.items()}
        self._zeros = {name: self._flat(colour) for name, colour in self._colours.items()}
        self._dots = {name: self._scatter("o", colour, 4) for name, colour in self._colours.items()}
        self._marks = {"injects": self._scatter("star", theme.injects), "nonfinite": self._scatter("x", theme.failed),
                       "dtype": self._scatter("t", theme.none)}
        self._cursor = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.accent, width=1.5))
        self.addItem(self._cursor)
        self._region = pg.LinearRegionItem(brush=shade(theme.accent, 0.15), pen=pg.mkPen(theme.accent))
        self._region.hide()
        self.addItem(self._region)
        self._region.sigRegionChangeFinished.connect(self._stretched)
        self.scene().sigMouseMoved.connect(self._moved)
        self.scene().sigMouseClicked.connect(self._clicked)

    def set_rows(self, rows: Sequence[LayerResult], comparison: Comparison | None) -> None:
        """Draw these layers. Limits are drawn when the comparison is there."""
        self._layers = sorted((r for r in rows if r.cumulative is not None or r.own_input is not None),
                            key=lambda r: r.index)
        self._x = np.array([r.index for r in self._layers], float)
        zero: dict[str, npt.NDArray[np.bool_]] = {}
        for name in self._curves:
            value = np.array([decisive(getattr(r, name), r.dtype) for r in self._layers], float)
            with np.errstate(divide="ignore"):
                drawn = np.log10(value)
            drawn[~np.isfinite(drawn)] = np.nan
            self._y[name] = drawn
            zero[name] = value == 0
        self._draw_lines(zero)
        self._draw_expected()
        self._mark_all()
        self._limits(comparison)
        bottom = QCoreApplication.translate("CurvePlot", "layer, in the order of execution")
        self.label(bottom, self._metric(comparison))

    def legend(self) -> str:
        """What the signs mean, as rich text."""
        theme, translate = self._look.theme, QCoreApplication.translate
        signs = (
            ("●", theme.target, translate("CurvePlot", "cumulative")),
            ("●", theme.own, translate("CurvePlot", "own input")),
            ("★", theme.injects, labels(self._lang)["role"]["injects"]),
            ("✕", theme.failed, translate("CurvePlot", "NaN or ∞")),
            ("▼", theme.none, translate("CurvePlot", "type changes")),
            ("–", theme.muted, translate("CurvePlot", "no error at all")),
            ("■", theme.passed, translate("CurvePlot", "expected noise")),
            ("■", theme.failed, translate("CurvePlot", "above the limit")))
        words = (f"<span style='color:{colour}'>{sign}</span> {escape(word)}" for sign, colour, word in signs)
        return "&nbsp;&nbsp; ".join(f"<nobr>{word}</nobr>" for word in words)

    def mark(self, row: LayerResult | None) -> None:
        """Put the cursor on a layer."""
        self._cursor.setVisible(row is not None)
        if row is not None:
            self._cursor.setValue(row.index)

    def show_all(self) -> None:
        """The whole curve."""
        if self._x.size:
            self.setXRange(float(self._x[0]), float(self._x[-1]), padding=0.02)
            self._scale_y()

    def set_brush(self, on: bool) -> None:
        """Show the two lines of the brush, over the middle of what is seen."""
        if on and not self._region.isVisible():
            (low, high), _ = self.viewRange()
            quarter = (high - low) / 4
            self._region.setRegion((low + quarter, high - quarter))
        self._region.setVisible(on)
        if on:
            self._stretched()

    # making

    def _line(self, colour: str) -> Any:  # noqa: ANN401 - an item of pyqtgraph
        item = pg.PlotDataItem(symbolSize=4, symbolBrush=colour, symbolPen=None)
        item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)
        self.addItem(item)
        return item

    def _envelope(self, colour: str) -> Any:  # noqa: ANN401 - an item of pyqtgraph
        item = pg.PlotDataItem(pen=pg.mkPen(shade(colour, 0.5)), fillLevel=_BOTTOM, brush=shade(colour, 0.14))
        item.setClipToView(True)
        item.setZValue(-15)
        self.addItem(item, ignoreBounds=True)
        return item

    def _flat(self, colour: str) -> Any:  # noqa: ANN401 - an item of pyqtgraph
        dash = QPainterPath(QPointF(-0.5, 0.0))
        dash.lineTo(0.5, 0.0)
        item = pg.ScatterPlotItem(symbol=dash, size=7, pen=pg.mkPen(colour, width=2), brush=None)
        self.addItem(item, ignoreBounds=True)
        return item

    def _scatter(self, symbol: str, colour: str, size: int = 13) -> Any:  # noqa: ANN401 - an item of pyqtgraph
        edge = pg.mkPen(self._look.theme.base) if size > 6 else pg.mkPen(None)
        item = pg.ScatterPlotItem(symbol=symbol, size=size, brush=pg.mkBrush(colour), pen=edge)
        item.setZValue(10)
        self.addItem(item)
        return item

    def _band(self, colour: Any) -> Any:  # noqa: ANN401 - an item of pyqtgraph
        band = pg.LinearRegionItem(orientation="horizontal", movable=False, brush=colour, pen=pg.mkPen(None))
        band.setZValue(-20)
        band.hide()
        self.addItem(band, ignoreBounds=True)
        return band

    def _draw_lines(self, zero: Mapping[str, npt.NDArray[np.bool_]]) -> None:
        """A line ends at a layer without any error: on a logarithmic scale zero is nowhere, it has its own mark."""
        many, floor = len(self._layers) > _MANY, self._floor()
        for (name, curve), shift in zip(self._curves.items(), (0.0, 0.12), strict=True):
            y = self._y[name]
            # Thick pens and symbols are slow to paint, and cannot be told apart where layers are many.
            curve.setData(self._x, y, connect="finite", symbol=None if many or not np.isfinite(y).any() else "o",
                          pen=pg.mkPen(self._colours[name], width=1 if many else 1.5))
            alone = _alone(y) if many else np.zeros(y.size, bool)
            self._dots[name].setData(self._x[alone], y[alone])
            at = self._x[zero[name]]
            self._zeros[name].setData(at, np.full(at.size, floor + shift))

    def _draw_expected(self) -> None:
        known = [(r.index, e) for r in self._layers for e in [expected(r)] if e > 0]
        x, y = np.array(known, float).reshape(-1, 2).T
        self._expected.setData(x, np.log10(y))
        self._expected.setVisible(x.size > 1)

    def _mark_all(self) -> None:
        top = self._top()
        inject, broken, other = [], [], []
        before = None
        for i, row in enumerate(self._layers):
            if row.role.value == "injects":
                inject.append((row.index, self._height(i, top)))
            if any(m is not None and m.nonfinite for m in (row.cumulative, row.own_input)):
                broken.append((row.index, top))
            if row.dtype.is_float:
                if before not in (None, row.dtype):
                    other.append((row.index, self._height(i, top)))
                before = row.dtype
        for name, points in (("injects", inject), ("nonfinite", broken), ("dtype", other)):
            self._marks[name].setData(*zip(*points, strict=True)) if points else self._marks[name].setData([], [])

    def _height(self, i: int, top: float) -> float:
        known = [y[i] for y in (self._y["own_input"], self._y["cumulative"]) if np.isfinite(y[i])]
        return float(known[0]) if known else top

    def _top(self) -> float:
        values = np.concatenate(list(self._y.values())) if self._y else np.zeros(0)
        finite = values[np.isfinite(values)]
        return float(finite.max()) if finite.size else 0.0

    def _metric(self, comparison: Comparison | None) -> str:
        known = labels(self._lang)["metric"]
        return known["nr"] if "nr" in _limits_of(comparison) else known["rel_l2"]

    def _limits(self, comparison: Comparison | None) -> None:
        table = _limits_of(comparison)
        decisive_limits = table.get("nr") or table.get("rel_l2")
        for band in self._bands:
            band.setVisible(decisive_limits is not None)
        # Where every layer has its own expected noise, one band for all would say something else.
        self._bands[0].setVisible(decisive_limits is not None and not self._expected.isVisible())
        if decisive_limits is not None:
            good, bad = decisive_limits["own_input"][0], decisive_limits["cumulative"][1]
            self._bands[0].setRegion((_BOTTOM, float(np.log10(good))))
            self._bands[1].setRegion((float(np.log10(bad)), -_BOTTOM))
        self._scale_y()

    def _scale_y(self) -> None:
        values = np.concatenate(list(self._y.values())) if self._y else np.zeros(0)
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (-8.0, 0.0)
        low = min(low, self._floor()) if any(len(z.data) for z in self._zeros.values()) else low
        self.setYRange(low - 0.3, max(high, low + 2) + 0.4, padding=0)

    def _floor(self) -> float:
        """Where an error of zero is drawn: one decade below the smallest one."""
        values = np.concatenate(list(self._y.values()))
        finite = values[np.isfinite(values)]
        return float(np.floor(finite.min())) - 1 if finite.size else -8.0

    # what a person does

    def _moved(self, at: QPointF) -> None:
        row = self._near(at)
        if row is not None:
            self.pointed.emit(row)

    def _clicked(self, event: Any) -> None:  # noqa: ANN401 - an event of pyqtgraph
        row = self._near(event.scenePos()) if event.button() == Qt.MouseButton.LeftButton else None
        if row is not None:
            self.chosen.emit(row)

    def _near(self, at: QPointF) -> LayerResult | None:
        box = self.plotItem.vb
        if not self._x.size or not box.sceneBoundingRect().contains(at):
            return None
        return self._layers[int(np.abs(self._x - box.mapSceneToView(at).x()).argmin())]

    def _stretched(self) -> None:
        low, high = self._region.getRegion()
        self.stretched.emit((int(np.ceil(low)), int(np.floor(high))))

    def _numbers(self) -> Rows:
        def told(name: str, i: int) -> str:
            value = decisive(getattr(self._layers[i], name), self._layers[i].dtype)
            return "" if np.isnan(value) else repr(value)

        return ("index", "layer", "cumulative", "own_input", "expected"), [
            (str(r.index), r.golden_node, told("cumulative", i), told("own_input", i),
             "" if np.isnan(expected(r)) else repr(expected(r)))
            for i, r in enumerate(self._layers)]


def _alone(y: Floats) -> npt.NDArray[np.bool_]:
    """Points without a neighbour, which no line shows."""
    there = np.isfinite(np.concatenate([[np.nan], y, [np.nan]]))
    return np.asarray(there[1:-1] & ~there[:-2] & ~there[2:], bool)


def _limits_of(comparison: Comparison | None) -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """Limits by metric; none where a run of an older version does not say what the target computed in."""
    if comparison is None or comparison.target.dtype not in list(DType):
        return {}
    return limits(comparison.preset, comparison.target.dtype)
