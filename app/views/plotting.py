"""Plots that look alike and can be exported. pyqtgraph comes with this module: import it after the first show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.assets import Look
from app.models.export import write_csv
from app.problems import show
from diag.errors import DiagError

Rows = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Headings and rows of what a plot shows."""

_FINER = 2


class LogAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of exponents: -5 is told as 1e-5."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Whole powers of ten only."""
        first, last = int(low // 1), int(high // 1) + 1
        step = max(1, round((last - first) / max(2, size / 34)))
        return [(step, [float(v) for v in range(first, last + 1) if v % step == 0 and low <= v <= high])]

    def tickStrings(self, values: Sequence[float], _scale: float, _spacing: float) -> list[str]:  # noqa: N802
        """1e-5."""
        return [f"1e{v:.0f}" if v else "1" for v in values]


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot in the colours of the theme, with a menu to export it. ``rows`` gives the numbers behind it."""

    def __init__(self, look: Look, name: str, rows: Callable[[], Rows], *, log_x: bool = False, log_y: bool = False,
                 parent: QWidget | None = None) -> None:
        axes = {side: LogAxis(side) for side, log in (("bottom", log_x), ("left", log_y)) if log}
        super().__init__(parent, background=look.theme.base, axisItems=axes)
        self._name, self._rows = name, rows
        self.setAccessibleName(name)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.showGrid(x=True, y=True, alpha=0.12)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(look.theme.border))
            axis.setTextPen(pg.mkPen(look.theme.muted))
            axis.setStyle(tickFont=self.font())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)

    def label(self, bottom: str, left: str) -> None:
        """What the axes mean."""
        self.setLabel("bottom", bottom)
        self.setLabel("left", left)

    def save(self, path: Path) -> None:
        """Write the picture (.png, .svg) or its numbers (.csv). Raises DiagError where it cannot be written."""
        if path.suffix.lower() == ".csv":
            write_csv(path, *self._rows())
            return
        written = self._save_svg(path) if path.suffix.lower() == ".svg" else self._picture().save(str(path))
        if not written:
            raise DiagError("The picture cannot be written", where=f"in {path}",
                            hint="Choose a folder that exists and that you may write to")

    def _save_svg(self, path: Path) -> bool:
        """By Qt's own generator: that of pyqtgraph stumbles over round symbols."""
        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(self.size())
        generator.setViewBox(self.rect())
        painter = QPainter()
        if not path.parent.is_dir() or not painter.begin(generator):
            return False
        self.render(painter)
        return painter.end()

    def _picture(self) -> QPixmap:
        """Twice as fine as on the screen."""
        picture = QPixmap(self.size() * _FINER)
        picture.setDevicePixelRatio(_FINER)
        picture.fill(self.backgroundBrush().color())
        painter = QPainter(picture)
        self.render(painter, self.rect().toRectF(), self.rect())
        painter.end()
        return picture

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        translate = QCoreApplication.translate
        menu.addAction(translate("Plot", "Show everything"), self.autoRange)
        menu.addAction(translate("Plot", "Copy picture"),
                       lambda: QGuiApplication.clipboard().setPixmap(self._picture()))
        menu.addAction(translate("Plot", "Export picture or numbers …"), self._export)
        menu.exec(self.mapToGlobal(at))
        menu.deleteLater()

    def _export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._name, "plot.png", "PNG (*.png);;SVG (*.svg);;CSV (*.csv)")
        if name:
            try:
                self.save(Path(name))
            except DiagError as error:
                show(self, error)


def shade(colour: str, alpha: float) -> QColor:
    """A colour that lets the grid through."""
    shaded = QColor(colour)
    shaded.setAlphaF(alpha)
    return shaded
