"""A plane of the tensors as colours: golden, target or difference, with a slider for each other dimension."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from app.assets import Look
from app.jobs import LatestRunner, call
from app.views.plotting import Plot, Rows
from diag.compare.pictures import Array, Slice, plane


class HeatMap(QWidget):
    """Reads a plane whenever a slider moves, beside the event loop."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair: tuple[Array, Array] | None = None
        self._slice: Slice | None = None
        self.what = QComboBox(self)
        self.what.addItems([self.tr("difference"), self.tr("original"), self.tr("target")])
        self.what.setAccessibleName(self.tr("What is drawn"))
        self.what.currentIndexChanged.connect(lambda _: self._draw())
        self.value = QLabel(self)
        self.value.setObjectName("muted")
        self.plot = Plot(look, self.tr("Heat map"), self._rows, parent=self)
        self.plot.plotItem.invertY(True)
        self.plot.label(self.tr("last dimension"), self.tr("dimension before it"))
        self._image = pg.ImageItem(axisOrder="row-major")
        self.plot.addItem(self._image)
        middle = look.theme.base
        self._diverging = pg.ColorMap([0.0, 0.5, 1.0], [look.theme.golden, middle, look.theme.target])
        self._rising = pg.colormap.get("viridis")
        self._bar = pg.ColorBarItem(interactive=False, colorMap=self._diverging, width=12)
        self._bar.setImageItem(self._image, insert_in=self.plot.plotItem)
        self._bar.axis.setTextPen(pg.mkPen(look.theme.muted))
        self.plot.scene().sigMouseMoved.connect(self._pointed)
        self._sliders: list[QSlider] = []
        self._grid = QGridLayout()
        top = QHBoxLayout()
        top.addWidget(self.what)
        top.addWidget(self.value, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addLayout(top)
        layout.addLayout(self._grid)
        layout.addWidget(self.plot, 1)
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._read)

    def set_pair(self, golden: Array, target: Array) -> None:
        """Draw another pair; the sliders go to the middle of what is new."""
        if self._pair is None or self._pair[0].shape != golden.shape:
            self._make_sliders(golden.shape[:-2])
        self._pair = golden, target
        self._request()

    def _make_sliders(self, shape: tuple[int, ...]) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._sliders = []
        for i, size in enumerate(shape):
            slider = QSlider(Qt.Orientation.Horizontal, self)
            slider.setRange(0, size - 1)
            slider.setAccessibleName(self.tr("dimension {number}").format(number=i))
            label = QLabel(self)
            slider.valueChanged.connect(lambda v, n=label, d=i, s=size: n.setText(f"[{d}]  {v} / {s - 1}"))
            slider.valueChanged.connect(lambda _: self._request())
            label.setText(f"[{i}]  0 / {size - 1}")
            label.setMinimumWidth(90)
            slider.setEnabled(size > 1)
            self._grid.addWidget(label, i, 0)
            self._grid.addWidget(slider, i, 1)
            self._sliders.append(slider)

    def _request(self) -> None:
        if self._pair is not None:
            golden, target = self._pair
            at = tuple(s.value() for s in self._sliders)
            self._runner.request(call(lambda _: plane(golden, target, at)))

    def _read(self, outcome: object) -> None:
        if isinstance(outcome, Slice):
            self._slice = outcome
            self._draw()

    def _draw(self) -> None:
        if self._slice is None:
            return
        index = self.what.currentIndex()
        values = (self._slice.difference, self._slice.golden, self._slice.target)[index]
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if index == 0:
            most = max(abs(low), abs(high)) or 1.0
            low, high = -most, most
        if not low < high:
            low, high = low - 0.5, high + 0.5
        self._image.setImage(values, autoLevels=False)
        self._bar.setColorMap(self._diverging if index == 0 else self._rising)
        self._bar.setLevels((low, high))
        self.plot.autoRange(padding=0.0)

    def _pointed(self, at: QPointF) -> None:
        if self._slice is None:
            return
        spot = self.plot.plotItem.vb.mapSceneToView(at)
        row, column = int(np.floor(spot.y())), int(np.floor(spot.x()))
        golden, target = self._slice.golden, self._slice.target
        if 0 <= row < golden.shape[0] and 0 <= column < golden.shape[1]:
            a, b = golden[row, column], target[row, column]
            self.value.setText(f"[{row}, {column}]   {a:.6g}   {b:.6g}   Δ {b - a:.3g}")

    def _rows(self) -> Rows:
        if self._slice is None:
            return ("row", "column", "golden", "target"), []
        golden, target = self._slice.golden, self._slice.target
        return ("row", "column", "golden", "target"), [
            (str(r), str(c), repr(float(golden[r, c])), repr(float(target[r, c])))
            for r in range(golden.shape[0]) for c in range(golden.shape[1])]
