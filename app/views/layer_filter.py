"""The chips above the table of layers: by verdict, by role, without counterpart, by operator."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QSizePolicy, QWidget

from app.assets import Look
from app.models.layers import KINDS, ROLES, VERDICTS, LayerModel
from app.views.chips import Chip
from app.views.flow import FlowLayout
from diag.report.catalogues import labels
from diag.rules import Lang
from diag.types.layer import MappingKind, Role, Verdict

Mask = npt.NDArray[np.bool_]

_ROLES = (Role.INJECTS, Role.INHERITS, Role.AMPLIFIES)


class LayerFilter(QWidget):
    """Which rows are shown: any of the chosen verdicts, and any of the chosen roles, and the operator.

    Signals:
        changed: the choice is another one.
        cleared: everything is to be shown.
    """

    changed = Signal()
    cleared = Signal()

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = labels(lang)
        flow = FlowLayout(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.verdicts = {v: Chip(look.verdict(v.value), words["verdict"][v.value], self)
                         for v in (Verdict.FAIL, Verdict.WATCH, Verdict.PASS, Verdict.NOT_COMPARABLE)}
        self.roles = {r: Chip(look.icon(r.value, look.theme.role(r.value)), words["role"][r.value], self)
                      for r in _ROLES}
        self.unmapped = Chip(look.icon("unmapped", look.theme.none), self.tr("no counterpart"), self)
        for chip in (*self.verdicts.values(), *self.roles.values(), self.unmapped):
            chip.flipped.connect(self.changed)
            flow.addWidget(chip)
        self.ops = QComboBox(self)
        self.ops.setAccessibleName(self.tr("Operator"))
        self.ops.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.ops.activated.connect(lambda _: self.changed.emit())
        flow.addWidget(self.ops)
        self._reset = QPushButton(self.tr("Clear filters"), self, flat=True)
        self._reset.clicked.connect(self.cleared)
        self._reset.hide()
        flow.addWidget(self._reset)

    def count(self, model: LayerModel) -> None:
        """Say on each chip how many layers it stands for."""
        verdicts = np.bincount(model.values("verdict").astype(np.int64), minlength=len(VERDICTS))
        for verdict, chip in self.verdicts.items():
            chip.set_count(int(verdicts[VERDICTS.index(verdict)]))
        roles = np.bincount(model.values("role").astype(np.int64), minlength=len(ROLES))
        for role, chip in self.roles.items():
            chip.set_count(int(roles[ROLES.index(role)]))
        self.unmapped.set_count(int((model.values("kind") == KINDS.index(MappingKind.NONE)).sum()))
        self._list_ops(Counter(model.values("op").tolist()))

    def matching(self, model: LayerModel) -> Mask:
        """True for the rows to show."""
        mask = np.ones(model.total, bool)
        for key, table, chips in (("verdict", VERDICTS, self.verdicts), ("role", ROLES, self.roles)):
            chosen = [tuple(table).index(v) for v, chip in chips.items() if chip.isChecked()]
            if chosen:
                mask &= np.isin(model.values(key), chosen)
        if self.unmapped.isChecked():
            mask &= model.values("kind") == KINDS.index(MappingKind.NONE)
        op = self.ops.currentData()
        return mask & (model.values("op") == op) if op else mask

    def choose_op(self, op: str) -> None:
        """Show only one operator."""
        self.ops.setCurrentIndex(max(self.ops.findData(op), 0))
        self.changed.emit()

    def clear(self) -> None:
        """Choose nothing."""
        for chip in (*self.verdicts.values(), *self.roles.values(), self.unmapped):
            chip.setChecked(False)
        self.ops.setCurrentIndex(0)

    def set_active(self, active: bool) -> None:
        """Offer the way back when rows are hidden."""
        self._reset.setVisible(active)

    def _list_ops(self, counts: Counter[str]) -> None:
        chosen = self.ops.currentData()
        self.ops.clear()
        self.ops.addItem(self.tr("All operators"), "")
        for op, count in sorted(counts.items()):
            self.ops.addItem(f"{op}  {count:,}", op)
        self.ops.setCurrentIndex(max(self.ops.findData(chosen), 0))
