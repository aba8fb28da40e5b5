"""One tile a submodel, in the order of the pipeline: what runs it, its own error, its time, and a switch."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.pages.pipeline.state import Board
from app.views.elided import ElidedLabel
from diag.report.catalogues import labels
from diag.rules import Lang
from diag.types.layer import Verdict
from diag.types.pipeline import Submodel, SubmodelResult

_ICON = 18
_LEAST = 140


class Tile(QFrame):
    """A submodel.

    Signals:
        chosen: it was clicked.
        layers_wanted: (run folder of its layer comparison, relative to the pipeline's).
        switched: the ONNX or the MindIR was chosen for the next run by hand.
    """

    chosen = Signal(str)
    layers_wanted = Signal(str)
    switched = Signal()

    def __init__(self, submodel: Submodel, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self._look, self._verdicts = submodel.name, look, labels(lang)["verdict"]
        self.setObjectName("tile")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(submodel.name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # all are as wide as one another
        self.setMinimumWidth(_LEAST)
        self._comparison = ""
        self.icon = QLabel(self)
        self.title = ElidedLabel(self)
        self.title.setText(submodel.name)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.where = self._muted(self._runner(submodel.runtime, submodel.dtype))
        self.judged = self._muted("")
        self.error = self._muted("")
        self.time = self._muted("")
        self.layers = QPushButton(self.tr("Layers"), self)
        self.layers.setToolTip(self.tr("Compare it layer by layer, on what the pipeline gave it"))
        self.layers.clicked.connect(lambda: self.layers_wanted.emit(self._comparison))
        self.layers.hide()
        self._switch(submodel)
        self._arrange()

    @property
    def wants_mindir(self) -> bool:
        """Whether the switch stands on MindIR."""
        return self.mindir.isChecked()

    def show_result(self, result: SubmodelResult | None, *, culprit: bool, comparison: str) -> None:
        """Its verdict and numbers; ``comparison`` is "" where its layers were not compared."""
        self._comparison = comparison
        self.layers.setVisible(bool(comparison))
        self.setProperty("culprit", culprit)
        self.style().polish(self)
        if result is None:
            self.icon.clear()
            self.judged.setText("")
            self.error.setText("")
            self.time.setText("")
            return
        word = self._verdicts[result.verdict.value]
        icon = self._look.icon("target", self._look.theme.failed) if culprit else \
            self._look.verdict(result.verdict.value)
        self.icon.setPixmap(icon.pixmap(QSize(_ICON, _ICON)))
        self.icon.setToolTip(self.tr("culprit") if culprit else word)
        self.where.setText(self._runner(result.runtime, result.dtype))
        self.judged.setText(self._judged(result, word, culprit=culprit))
        self.judged.setToolTip(result.reason)
        self.error.setText(self._error(result))
        self.time.setText(self._time(result))
        self.setAccessibleDescription(f"{self.judged.text()}. {self.error.text()}. {result.reason}")

    def mark(self, *, on: bool) -> None:
        """Show that it is selected."""
        self.setProperty("selected", on)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Select it."""
        super().mousePressEvent(event)
        self.chosen.emit(self.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter and Space select it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.name)
        else:
            super().keyPressEvent(event)

    def _judged(self, result: SubmodelResult, word: str, *, culprit: bool) -> str:
        head = self.tr("culprit") if culprit else word
        known = result.verdict is not Verdict.PASS and math.isfinite(result.ratio)
        return head + (self.tr(" · {ratio}× usual").format(ratio=f"{result.ratio:,.0f}") if known else "")

    def _error(self, result: SubmodelResult) -> str:
        if math.isnan(result.error):
            return ""
        return self.tr("exactly equal") if result.error == 0 else \
            self.tr("error {error}").format(error=f"{result.error:.1e}")

    def _time(self, result: SubmodelResult) -> str:
        if math.isnan(result.golden_ms) or math.isnan(result.target_ms):
            return self.tr("{count} calls").format(count=result.calls) if result.calls else ""
        return self.tr("{count} calls · {golden} → {target} ms").format(
            count=result.calls, golden=f"{result.golden_ms:.1f}", target=f"{result.target_ms:.1f}")

    def _runner(self, runtime: str, dtype: str) -> str:
        return " · ".join(w for w in (runtime, dtype) if w and w != "auto") or self.tr("runtime: automatic")

    def _muted(self, text: str) -> ElidedLabel:
        label = ElidedLabel(self)
        label.setText(text)
        label.setObjectName("muted")
        return label

    def _switch(self, submodel: Submodel) -> None:
        self.onnx, self.mindir = QToolButton(self), QToolButton(self)
        group = QButtonGroup(self)
        for button, text in ((self.onnx, "ONNX"), (self.mindir, "MindIR")):
            button.setObjectName("chip")
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(self.tr("Which one the next run by hand takes"))
            group.addButton(button)
        self.onnx.setChecked(True)
        self.mindir.setEnabled(bool(submodel.mindir))
        if not submodel.mindir:
            self.mindir.setToolTip(self.tr("The pipeline's file names no MindIR for it"))
        self.mindir.toggled.connect(lambda _: self.switched.emit())

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.icon)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.onnx)
        foot.addWidget(self.mindir)
        foot.addStretch(1)
        foot.addWidget(self.layers)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(3)
        column.addLayout(head)
        for label in (self.where, self.judged, self.error, self.time):
            column.addWidget(label)
        column.addLayout(foot)


class Tiles(QWidget):
    """All tiles in a row.

    Signals:
        layers_wanted: as a tile's.
        switched: as a tile's.
    """

    layers_wanted = Signal(str)
    switched = Signal()

    def __init__(self, board: Board, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board, self._look, self._lang = board, look, lang
        self.tiles: dict[str, Tile] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        board.opened.connect(self._fill)
        board.submodel_selected.connect(self._mark)

    def swapped(self) -> tuple[str, ...]:
        """The submodels whose switch stands on MindIR."""
        return tuple(name for name, tile in self.tiles.items() if tile.wants_mindir)

    def _fill(self) -> None:
        for tile in self.tiles.values():
            tile.hide()
            tile.deleteLater()
        self.tiles = {}
        spec, found = self._board.spec, self._board.diagnosis
        for submodel in spec.submodels if spec else ():
            tile = Tile(submodel, self._look, self._lang, self)
            tile.chosen.connect(self._board.select_submodel)
            tile.layers_wanted.connect(self.layers_wanted)
            tile.switched.connect(self.switched)
            result = self._board.result(submodel.name)
            culprit = next((c for c in found.culprits if c.submodel == submodel.name), None) if found else None
            comparison = (culprit.comparison if culprit else "") or (result.comparison if result else "")
            tile.show_result(result, culprit=culprit is not None, comparison=comparison)
            self._row.addWidget(tile, 1)
            self.tiles[submodel.name] = tile

    def _mark(self, name: str) -> None:
        for tile in self.tiles.values():
            tile.mark(on=tile.name == name)
