"""Before and after as AOE tells it: the model, or its operators with the largest gain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.views.plotting import Plot, Rows
from diag.types.tuning import TunedTask

_MOST, _NAME, _TALL = 20, 30, 0.36


class BeforeAfter(Plot):
    """Two bars a row; operators in µs, or models in ms where no operator is told."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, QCoreApplication.translate("TunePlots", "Before and after"), self._numbers,
                         parent=parent)
        self._look = look
        self._rows_: list[tuple[str, float, float]] = []
        self.setMouseEnabled(x=True, y=False)
        self.getAxis("left").setWidth(220)
        self.getAxis("bottom").enableAutoSIPrefix(enable=False)
        self.legend = self.addLegend(offset=(-10, -10), labelTextColor=look.theme.text)

    def show_tasks(self, tasks: Sequence[TunedTask], _lang: str) -> None:
        """Draw these."""
        translate = QCoreApplication.translate
        ops = [(o.name or t.name, o.before_us, o.after_us) for t in tasks for o in t.operators
               if math.isfinite(o.after_us)]
        whole = [(t.name, t.before_ms, t.after_ms) for t in tasks if math.isfinite(t.before_ms + t.after_ms)]
        self._rows_ = sorted(ops, key=lambda row: row[2] - row[1])[:_MOST] or whole
        self.label(translate("TunePlots", "operators, µs") if ops else translate("TunePlots", "whole models, ms"), "")
        self.clear()
        if not self._rows_:
            return
        y = -np.arange(len(self._rows_), dtype=float)
        for shift, column, colour, name in ((_TALL / 2, 1, self._look.theme.golden, translate("TunePlots", "before")),
                                            (-_TALL / 2, 2, self._look.theme.target, translate("TunePlots", "after"))):
            widths = np.array([row[column] for row in self._rows_])
            self.addItem(pg.BarGraphItem(x0=0, y=y + shift, height=_TALL, width=widths, brush=colour, pen=None,
                                         name=name))
        self.getAxis("left").setTicks([[(float(at), _short(row[0])) for at, row in zip(y, self._rows_, strict=True)]])
        self.setYRange(-len(self._rows_) + 0.3, 0.7, padding=0)
        self.setXRange(0, max(max(row[1], row[2]) for row in self._rows_), padding=0.04)

    def _numbers(self) -> Rows:
        return ("name", "before", "after"), [[name, repr(before), repr(after)] for name, before, after in self._rows_]


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[:10] + "…" + name[-19:]
