"""The layers of a comparison as columns, and as a table with icons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex
from PySide6.QtGui import QColor

from app.assets import Look
from app.models.columns import Array, Column, ColumnModel, ItemRole
from diag.compare.reasons import reason
from diag.compare.tolerance import STORED_ERROR
from diag.report.catalogues import labels
from diag.report.numbers import error, gate
from diag.rules import Lang
from diag.types.layer import LayerResult, MappingKind, Role, Verdict
from diag.types.metrics import Metrics

VERDICTS = tuple(Verdict)
ROLES = tuple(Role)
KINDS = tuple(MappingKind)

PRESETS: Mapping[str, tuple[str, ...]] = {
    "overview": ("index", "verdict", "op", "node", "cumulative", "own_input", "role", "shape"),
    "errors": ("index", "verdict", "node", "cumulative", "own_input", "rel_l2", "max_abs", "cosine", "role", "reason"),
    "mapping": ("index", "verdict", "op", "node", "target_op", "target", "kind", "confidence", "shape", "dtype"),
    "all": (),
}
"""Column keys by preset; empty: all of them."""


def columns_of(rows: Sequence[LayerResult], lang: Lang = "en") -> dict[str, Array]:
    """The data of the table, reasons in ``lang``; verdict, role and kind are numbers into VERDICTS, ROLES and KINDS."""
    place = {v: i for i, v in enumerate(VERDICTS)}
    role = {r: i for i, r in enumerate(ROLES)}
    kind = {k: i for i, k in enumerate(KINDS)}
    number = np.float64
    return {
        "index": np.array([r.index for r in rows], np.int64),
        "verdict": np.array([place[r.verdict] for r in rows], np.int8),
        "role": np.array([role[r.role] for r in rows], np.int8),
        "kind": np.array([kind[r.mapping.kind] for r in rows], np.int8),
        "op": _texts([r.golden_op for r in rows]),
        "node": _texts([r.golden_node for r in rows]),
        "tensor": _texts([r.golden_tensor for r in rows]),
        "target_op": _texts([r.target_op or "" for r in rows]),
        "target": _texts([r.target_node or "" for r in rows]),
        "confidence": np.array([r.mapping.confidence if r.target_tensor else math.nan for r in rows], number),
        "shape": _texts([shape_text(r.shape) for r in rows]),
        "dtype": _texts(["" if r.dtype == "undefined" else r.dtype.value for r in rows]),
        "cumulative": np.array([decisive(r.cumulative, r.dtype) for r in rows], number),
        "own_input": np.array([decisive(r.own_input, r.dtype) for r in rows], number),
        "rel_l2": np.array([_of(r.cumulative, "rel_l2") for r in rows], number),
        "max_abs": np.array([_of(r.cumulative, "max_abs") for r in rows], number),
        "cosine": np.array([_of(r.cumulative, "cosine") for r in rows], number),
        "reason": _texts([reason(r, lang) for r in rows]),
    }


def decisive(metrics: Metrics | None, dtype: str) -> float:
    """The error that decides; infinite where the target holds values that are not finite, NaN where there is none."""
    if metrics is None:
        return math.nan
    return math.inf if metrics.nonfinite else gate(metrics, dtype)[1]


def expected(row: LayerResult) -> float:
    """The error that a healthy target must show, in the unit of ``decisive``; NaN where that is not known."""
    metrics = row.cumulative if row.cumulative is not None else row.own_input
    if row.expected is None or metrics is None:
        return math.nan
    name, value = gate(metrics, row.dtype)
    if name == "nr":
        unit = metrics.rel_l2 / value if value > 0 else STORED_ERROR * (row.dtype.unit_roundoff or math.nan)
        return row.expected / unit
    return row.expected if name == "rel_l2" else math.nan


def shape_text(shape: Sequence[int] | None) -> str:
    """1×77×768."""
    return "" if shape is None else "×".join(map(str, shape)) or "1"


def error_text(value: float) -> str:
    """An error; infinite means that the target is not finite."""
    return "NaN/∞" if math.isinf(value) else error(value)


class LayerModel(ColumnModel):
    """The table of layers, with the icon of the verdict and of the role."""

    def __init__(self, look: Look, lang: Lang, parent: QObject | None = None) -> None:
        words = labels(lang)
        self._verdicts = [words["verdict"][v.value] for v in VERDICTS]
        self._roles = [words["role"][r.value] for r in ROLES]
        self._kinds = [words["mapping"][k.value] for k in KINDS]
        super().__init__((), parent)
        self.set_columns(self._make_columns())
        theme = look.theme
        self._icons: dict[str, list[Any]] = {
            "verdict": [look.verdict(v.value) for v in VERDICTS],
            "role": [look.icon(r.value, theme.role(r.value)) if r in _DRAWN else None for r in ROLES]}
        self._colours: dict[str, list[Any]] = {"verdict": [QColor(theme.verdict(v.value)) for v in VERDICTS],
                                                    "role": [QColor(theme.role(r.value)) for r in ROLES]}

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Cells as text; icons and colours of verdict and role."""
        if role in (ItemRole.DecorationRole, ItemRole.ForegroundRole) and index.isValid():
            key = self.columns[index.column()].key
            if key in self._icons:
                table: Sequence[Any] = (self._icons if role == ItemRole.DecorationRole else self._colours)[key]
                return table[self._data[key][self._visible[index.row()]]]
            return None
        return super().data(index, role)

    def _make_columns(self) -> tuple[Column, ...]:
        return (
            Column("index", self.tr("#"), right=True, tip=self.tr("Place in the order of execution")),
            Column("verdict", self.tr("Verdict"), lambda v: self._verdicts[v]),
            Column("op", self.tr("Operator"), tip=self.tr("Operator of the original")),
            Column("node", self.tr("Layer"), tip=self.tr("Node of the original")),
            Column("cumulative", self.tr("Cumulative"), error_text, right=True,
                   tip=self.tr("Error in the whole run: what all layers before made, too")),
            Column("own_input", self.tr("Own input"), error_text, right=True,
                   tip=self.tr("Error of this layer alone, on the original's values")),
            Column("tensor", self.tr("Tensor"), tip=self.tr("Tensor of the original")),
            Column("target_op", self.tr("Target operator")),
            Column("target", self.tr("Mapped to"), tip=self.tr("Node of the target")),
            Column("kind", self.tr("Mapped by"), lambda v: self._kinds[v], tip=self.tr("How it was found")),
            Column("confidence", self.tr("Confidence"), _percent, right=True),
            Column("shape", self.tr("Shape")),
            Column("dtype", self.tr("Type"), tip=self.tr("Element type of the target")),
            Column("rel_l2", self.tr("Relative L2"), error, right=True, tip=self.tr("In the whole run")),
            Column("max_abs", self.tr("Max abs"), error, right=True, tip=self.tr("In the whole run")),
            Column("cosine", self.tr("Cosine"), _cosine, right=True, tip=self.tr("For information: it hides errors")),
            Column("role", self.tr("Role"), lambda v: self._roles[v], tip=self.tr("What it does with the error")),
            Column("reason", self.tr("Reason"), tip=self.tr("Which rule decided")),
        )


_DRAWN = (Role.INJECTS, Role.INHERITS, Role.AMPLIFIES)


def _texts(values: Sequence[str]) -> Array:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _of(metrics: Metrics | None, name: str) -> float:
    return math.nan if metrics is None else float(getattr(metrics, name))


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0%}"


def _cosine(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.6f}"
