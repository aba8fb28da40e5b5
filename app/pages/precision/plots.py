"""Charts of an emulation: each layer's effect and own error, and what keeping layers in float32 costs and gives."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.views.plotting import Plot, Rows, shade
from diag.compare.tolerance import NOISE
from diag.types.precision import LayerRow, Plan


class SensitivityPlot(Plot):
    """One dot a layer, in running order: its effect on the outputs, or its own error in units of storage."""

    def __init__(self, look: Look, *, own: bool, parent: QWidget | None = None) -> None:
        translate = QCoreApplication.translate
        name = translate("PrecisionPlots", "Own error of each layer") if own else translate(
            "PrecisionPlots", "Effect of each layer on the outputs")
        super().__init__(look, name, self._numbers, log_y=True, parent=parent)
        self._look, self._own = look, own
        self._rows_shown: Sequence[LayerRow] = ()
        self.getAxis("bottom").enableAutoSIPrefix(enable=False)
        self.label(translate("PrecisionPlots", "layer, in running order"),
                   translate("PrecisionPlots", "own error (1 = storage)") if own else
                   translate("PrecisionPlots", "error of the worst output"))

    def show_rows(self, rows: Sequence[LayerRow]) -> None:
        """Draw these; layers that stay in float32 in another colour and shape."""
        self.clear()
        self._rows_shown = rows
        theme = self._look.theme
        for kept, colour, symbol in ((False, theme.golden, "o"), (True, theme.injects, "t1")):
            points = [(r.index, self._value(r)) for r in rows if r.kept is kept and self._value(r) > 0]
            if points:
                x, y = (np.array(v, float) for v in zip(*points, strict=True))
                self.addItem(pg.ScatterPlotItem(x, np.log10(y), size=7 if not kept else 9, symbol=symbol, pen=None,
                                                brush=shade(colour, 0.7)))
        if self._own:
            self.addItem(pg.InfiniteLine(math.log10(NOISE[True].good), angle=0,
                                         pen=pg.mkPen(theme.muted, style=Qt.PenStyle.DashLine)))
        self.autoRange()

    def _value(self, row: LayerRow) -> float:
        value = row.own_nr if self._own else row.effect
        return value if math.isfinite(value) else 0.0

    def _numbers(self) -> Rows:
        return ("layer", "value", "float32"), [[r.node, repr(self._value(r)), str(r.kept)] for r in self._rows_shown]


class ParetoPlot(Plot):
    """Error of the outputs over the share of the work that stays in float32; the plan, and what was wanted."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        translate = QCoreApplication.translate
        super().__init__(look, translate("PrecisionPlots", "Cost against error"), self._numbers, parent=parent)
        self._look = look
        self._plan: Plan | None = None
        for side in ("left", "bottom"):
            self.getAxis(side).enableAutoSIPrefix(enable=False)
        self.label(translate("PrecisionPlots", "written elements in float32, %"),
                   translate("PrecisionPlots", "error of the worst output"))

    def show_plan(self, plan: Plan) -> None:
        """Draw this one."""
        self.clear()
        self._plan = plan
        theme = self._look.theme
        known = sorted((p for p in plan.pareto if math.isfinite(p.error)), key=lambda p: p.elements_kept)
        if known:
            x = np.array([100 * p.elements_kept for p in known])
            y = np.array([p.error for p in known])
            self.plot(x, y, pen=pg.mkPen(theme.golden, width=1.5), symbol="o", symbolSize=7, symbolPen=None,
                      symbolBrush=shade(theme.golden, 0.8))
        if math.isfinite(plan.point.error):
            self.addItem(pg.ScatterPlotItem([100 * plan.point.elements_kept], [plan.point.error], size=14,
                                            symbol="star", pen=None, brush=shade(theme.injects, 1)))
        if len(plan.wanted) == 1:
            self.addItem(pg.InfiniteLine(next(iter(plan.wanted.values())), angle=0,
                                         pen=pg.mkPen(theme.passed, style=Qt.PenStyle.DashLine)))
        self.autoRange()
        self.setXRange(0, 100, padding=0.03)

    def _numbers(self) -> Rows:
        points = self._plan.pareto if self._plan is not None else ()
        return (("layers", "macs_kept", "elements_kept", "casts", "error"),
                [[str(p.layers), repr(p.macs_kept), repr(p.elements_kept), str(p.casts), repr(p.error)]
                 for p in points])
