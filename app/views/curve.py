"""Error over depth: both errors of every layer on a logarithmic scale, with the limits behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.assets import Look
from app.models.layers import decisive, error_text
from app.session import Session
from app.views.elided import ElidedLabel
from diag.rules import Lang
from diag.types.layer import LayerResult

if TYPE_CHECKING:
    from app.views.curve_plot import CurvePlot


class CurveView(QWidget):
    """The plot, one line that names the layer under the pointer, and the brush that filters the table."""

    def __init__(self, session: Session, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._look, self._lang = session, look, lang
        self.plot: CurvePlot | None = None
        self.name = ElidedLabel(self)
        self.brush = QToolButton(self)
        self.brush.setText(self.tr("Filter by stretch"))
        self.brush.setToolTip(self.tr("Show only the layers between two lines that you move"))
        self.brush.setCheckable(True)
        self.brush.toggled.connect(self._brush)
        self.all = QToolButton(self)
        self.all.setText(self.tr("Whole curve"))
        self.all.clicked.connect(lambda: self.plot is not None and self.plot.show_all())
        self._legend = QLabel(self, wordWrap=True)
        self._legend.setObjectName("muted")
        self._empty = QLabel(self.tr("The curve appears with the first layers."), self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setObjectName("muted")
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.brush)
        top.addWidget(self.all)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 4, 6, 6)
        self._layout.setSpacing(4)
        self._layout.addLayout(top)
        self._layout.addWidget(self._empty, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Error over depth"))
        self._soon = QTimer(self, singleShot=True, interval=200)
        self._soon.timeout.connect(self.refresh)
        # An event of its own: everybody has much to do when a comparison is opened.
        self._fresh = QTimer(self, singleShot=True, interval=30)
        self._fresh.timeout.connect(self._redraw)
        session.opened.connect(self._opened)
        session.rows_added.connect(lambda _: self._soon.isActive() or self._soon.start())
        session.selected.connect(self._show)
        session.brushed.connect(lambda span: self.brush.setChecked(span is not None))

    def furnish(self) -> None:
        """Make the plot: pyqtgraph is loaded now."""
        if self.plot is not None:
            return
        from app.views.curve_plot import CurvePlot

        self.plot = CurvePlot(self._look, self._lang, self)
        self.plot.pointed.connect(self._name)
        self.plot.chosen.connect(lambda row: self._session.select(row.golden_tensor))
        self.plot.stretched.connect(self._session.brush)
        self._legend.setText(self.plot.legend())
        self._layout.addWidget(self._legend)
        self._layout.addWidget(self.plot, 1)
        self.refresh()

    def refresh(self) -> None:
        """Draw the layers as they are now."""
        if self.plot is None:
            return
        rows = self._session.rows
        self._empty.setVisible(not rows)
        self.plot.setVisible(bool(rows))
        self._legend.setVisible(bool(rows))
        self.plot.set_rows(rows, self._session.comparison)
        self._show(self._session.selection)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Made when it is first looked at, after the window's first picture."""
        super().showEvent(event)
        if self.plot is None:
            QTimer.singleShot(0, self, self.furnish)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrow keys go from layer to layer."""
        by = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()), 0)
        rows = sorted((r for r in self._session.rows if r.cumulative is not None), key=lambda r: r.index)
        if not by or not rows:
            super().keyPressEvent(event)
            return
        here = self._session.selection.index if self._session.selection else -1
        ahead = [r for r in rows if (r.index - here) * by > 0]
        if ahead:
            self._session.select((ahead[0] if by > 0 else ahead[-1]).golden_tensor)

    def _opened(self) -> None:
        self._fresh.start()

    def _redraw(self) -> None:
        self.refresh()
        if self.plot is not None:
            self.plot.show_all()

    def _brush(self, on: bool) -> None:
        if self.plot is not None:
            self.plot.set_brush(on)
        if not on:
            self._session.brush(None)

    def _show(self, row: LayerResult | None) -> None:
        if self.plot is not None:
            self.plot.mark(row)
        self._name(row)

    def _name(self, row: LayerResult | None) -> None:
        row = row or self._session.selection
        if row is None:
            self.name.setText(self.tr("Point to a layer to see its name, click to select it."))
            return
        parts: list[Any] = [f"#{row.index}  {row.golden_node}"]
        for title, metrics in ((self.tr("cumulative"), row.cumulative), (self.tr("own input"), row.own_input)):
            value = decisive(metrics, row.dtype)
            if not math.isnan(value):
                parts.append(f"{title} {error_text(value)}")
        self.name.setText("    ".join(parts))
