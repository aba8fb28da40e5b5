"""The two tensors of the selected layer: numbers for every layer, pictures where the tensors were recorded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QHeaderView, QLabel, QStackedWidget, QVBoxLayout, QWidget

from app.assets import Look
from app.jobs import Job, LatestRunner, call
from app.models.records import Record, RecordModel
from app.session import Session
from app.views.recorded import RecordedList
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.compare.pictures import Array, Pictures, pictures
from diag.report.catalogues import labels
from diag.rules import Lang
from diag.types.layer import LayerResult
from diag.types.metrics import Metrics, Stats
from diag.workspace.runs import RunFolder

if TYPE_CHECKING:
    from app.views.tensor_tabs import TensorTabs

_DISTANCES = ("rel_l2", "nr", "max_abs", "max_abs_over_p999", "max_rel", "mean_rel", "rmse", "cosine", "pearson", "kl",
              "mismatch", "size", "nonfinite", "extreme")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Both recorded tensors of a layer and their pictures."""

    golden: Array
    target: Array
    drawn: Pictures


class TensorView(QWidget):
    """Statistics above, pictures below; which run they are of is chosen at the top (O)."""

    def __init__(self, session: Session, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._look, self._lang = session, look, lang
        self.tabs: TensorTabs | None = None
        self.title = QLabel(self, wordWrap=True)
        self.side = QComboBox(self)
        self.side.addItems([self.tr("whole run"), self.tr("own input")])
        self.side.setToolTip(self.tr("The target's tensor of the whole run, or of this layer alone on the original's "
                                     "values (O)"))
        self.side.setAccessibleName(self.tr("Which run"))
        self.side.activated.connect(lambda i: session.set_own_input(i == 1))
        self.model = RecordModel(("", self.tr("original"), self.tr("target")), (1, 2), self)
        self.stats = small_table(self.model, self.tr("Statistics"), (), self)
        self.distances = RecordModel((self.tr("distance"), self.tr("value")), (1,), self)
        self.distance_table = small_table(self.distances, self.tr("Distance"), (), self)
        for table in (self.stats, self.distance_table):
            table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.recorded = RecordedList(session, lang, self)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.recorded)
        self._arrange()
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._drawn)
        session.selected.connect(self._show)
        session.side_changed.connect(self._sided)
        self._show(session.selection)

    def furnish(self) -> None:
        """Make the pictures: pyqtgraph is loaded now."""
        if self.tabs is None:
            from app.views.tensor_tabs import TensorTabs

            self.tabs = TensorTabs(self._look, self)
            self.pages.addWidget(self.tabs)
            self._show(self._session.selection)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Made when it is first looked at."""
        super().showEvent(event)
        if self.tabs is None:
            QTimer.singleShot(0, self, self.furnish)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.side)
        tables = QHBoxLayout()
        tables.addWidget(self.stats, 3)
        tables.addWidget(self.distance_table, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(top)
        layout.addLayout(tables, 2)
        layout.addWidget(self.pages, 3)

    def _sided(self, own: bool) -> None:
        self.side.setCurrentIndex(int(own))
        self._show(self._session.selection)

    def _show(self, row: LayerResult | None) -> None:
        own = self._session.own_input
        metrics = None if row is None else row.own_input if own else row.cumulative
        shape = "" if row is None or row.shape is None else "  " + "×".join(map(str, row.shape))
        self.title.setText(self.tr("No layer is selected.") if row is None else f"{row.golden_tensor}{shape}")
        self._statistics(metrics)
        self.recorded.tell(row)
        self.pages.setCurrentWidget(self.recorded)
        folder = self._session.folder
        if row is not None and row.target_tensor and folder is not None and self.tabs is not None:
            self._runner.request(_drawing(folder, row.target_tensor, row.golden_tensor, "own" if own else "target"))

    def _drawn(self, outcome: object) -> None:
        if isinstance(outcome, Recorded) and self.tabs is not None:
            self.tabs.show_pair(outcome.golden, outcome.target, outcome.drawn)
            self.pages.setCurrentWidget(self.tabs)
        elif isinstance(outcome, Exception):
            self.recorded.tell_problem(str(outcome))

    def _statistics(self, metrics: Metrics | None) -> None:
        words = labels(self._lang)
        if metrics is None:
            self.model.set_records([])
            self.distances.set_records([])
            return
        self.model.set_records([Record((words["stats"][f.name], _number(getattr(metrics.golden, f.name)),
                                        _number(getattr(metrics.target, f.name)))) for f in fields(Stats)])
        found = [Record((words["metric"][n], _number(getattr(metrics, n)))) for n in _DISTANCES
                 if not np.isnan(getattr(metrics, n))]
        if metrics.worst_index is not None:
            found.append(Record((words["metric"]["worst_index"], str(list(metrics.worst_index)))))
        self.distances.set_records(found)


def _drawing(folder: RunFolder, value: str, golden: str, side: str) -> Job:
    def draw(cancel: Cancel) -> Recorded | None:
        found = folder.tensors(value, golden)
        if "golden" not in found or side not in found or found["golden"].shape != found[side].shape:
            return None
        return Recorded(found["golden"], found[side], pictures(found["golden"], found[side], cancel))

    return call(draw)


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
