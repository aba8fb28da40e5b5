"""How far the latents of the chosen swap are from the golden ones, step by step.

Free running carries errors on from step to step; teacher forcing feeds each step with golden latents, so it shows what
the step alone adds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from app.assets import Look
from app.pages.pipeline.state import Board
from app.views.plotting import Plot, Rows
from diag.types.metrics import Metrics
from diag.types.pipeline import StepDivergence, SwapRun

_FLOOR = 1e-9
_SIZE = 8
_AIR = 0.05

Floats = npt.NDArray[np.float64]


class Steps(QWidget):
    """The curves, and a slider that moves through the steps everywhere."""

    def __init__(self, board: Board, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board, self._look = board, look
        self._steps: Sequence[StepDivergence] = ()
        self.plot = Plot(look, self.tr("Latents over steps"), self._rows, log_y=True, parent=self)
        self.plot.label(self.tr("denoising step"), self.tr("relative L2 error of the latents"))
        self.plot.getAxis("bottom").setTickSpacing(1, 1)
        theme = look.theme
        self._free = pg.PlotDataItem(pen=pg.mkPen(theme.target, width=2), symbol="o", symbolSize=_SIZE,
                                     symbolBrush=theme.target, symbolPen=None)
        self._forced = pg.PlotDataItem(pen=pg.mkPen(theme.golden, width=2, style=Qt.PenStyle.DashLine), symbol="s",
                                       symbolSize=_SIZE, symbolBrush=theme.golden, symbolPen=None)
        self._here = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.accent))
        for item in (self._free, self._forced, self._here):
            self.plot.addItem(item)
        self.plot.scene().sigMouseClicked.connect(lambda event: self._clicked(event.scenePos()))
        self.legend = QLabel(
            f'<span style="color:{theme.target}">●</span> ' + self.tr("free running") +
            f' &nbsp; <span style="color:{theme.golden}">■</span> ' + self.tr("golden latents fed into each step"),
            self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName(self.tr("Denoising step"))
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.valueChanged.connect(board.select_step)
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        self.empty = QLabel(self.tr("This run has no steps: it has no denoising loop, or it did not get that far."),
                            self, wordWrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setObjectName("muted")
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.told)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot, 1)
        layout.addLayout(row)
        layout.addWidget(self.empty, 1)
        board.run_selected.connect(self._show)
        board.step_selected.connect(self._mark)
        self._show(None)

    def _show(self, run: SwapRun | None) -> None:
        self._steps = run.steps if run is not None else ()
        for widget in (self.legend, self.plot, self.slider, self.told):
            widget.setVisible(bool(self._steps))
        self.empty.setVisible(not self._steps)
        x = np.array([s.step for s in self._steps], float)
        drawn = []
        for item, levels in ((self._free, _levels([s.latents for s in self._steps])),
                             (self._forced, _levels([s.teacher_forced for s in self._steps]))):
            known = np.isfinite(levels)
            drawn.append(levels[known])
            # An item without a single number would have no bounds.
            item.setData(*((x, levels) if known.any() else ([], [])))
        self.slider.setRange(0, max(0, len(self._steps) - 1))
        self._frame(x, np.concatenate(drawn))
        self._mark(self._board.step)

    def _frame(self, x: Floats, levels: Floats) -> None:
        """Whole powers of ten, at least one of them, so that the axis has marks."""
        if x.size and levels.size:
            low, high = math.floor(levels.min() - _AIR), math.ceil(levels.max() + _AIR)
            self.plot.setRange(xRange=(float(x.min()), float(x.max())), yRange=(low, high), padding=0.04)

    def _mark(self, step: int) -> None:
        if not self._steps:
            return
        step = min(step, len(self._steps) - 1)
        self.slider.setValue(step)
        here = self._steps[step]
        self._here.setPos(here.step)
        text = self.tr("step {step}, timestep {time}: free {free}").format(
            step=here.step, time=f"{here.timestep:g}", free=_told(here.latents))
        if here.teacher_forced is not None:
            text += self.tr(", alone {alone}").format(alone=_told(here.teacher_forced))
        self.told.setText(text)

    def _clicked(self, at: QPointF) -> None:
        if self._steps:
            x = self.plot.plotItem.vb.mapSceneToView(at).x()
            nearest = min(range(len(self._steps)), key=lambda i: abs(self._steps[i].step - x))
            QTimer.singleShot(0, self, lambda: self._board.select_step(nearest))

    def _rows(self) -> Rows:
        return ("step", "timestep", "free_rel_l2", "teacher_forced_rel_l2"), [
            (str(s.step), repr(s.timestep), repr(s.latents.rel_l2),
             "" if s.teacher_forced is None else repr(s.teacher_forced.rel_l2)) for s in self._steps]


def _levels(metrics: Sequence[Metrics | None]) -> Floats:
    """Powers of ten; equal values lie at the floor, what is not a number leaves a gap."""
    values = np.array([math.nan if m is None else m.rel_l2 for m in metrics], float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.log10(np.maximum(values, _FLOOR)))


def _told(metrics: Metrics) -> str:
    return "–" if math.isnan(metrics.rel_l2) else f"{metrics.rel_l2:.2e}"
