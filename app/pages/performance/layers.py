"""Layers with their times and errors, as columns of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.models.columns import Array, Column
from diag.report.catalogues import labels
from diag.report.numbers import error
from diag.types.bench import LayerTime


def layer_columns(names: Sequence[str], lang: str, layers: Sequence[LayerTime] = ()) -> list[Column]:
    """The columns for models of these names; errors only where a comparison gave some."""
    translate = QCoreApplication.translate
    columns = [Column("node", translate("LayerTimes", "Layer")), Column("op", translate("LayerTimes", "Operator"))]
    columns += [Column(f"time{i}", translate("LayerTimes", "{name} ms").format(name=_short(name)), _ms, right=True,
                       tip=name) for i, name in enumerate(names)]
    columns.append(Column("share", translate("LayerTimes", "Share"), _percent, right=True,
                          tip=translate("LayerTimes", "Largest share of a model's summed layer time")))
    metric = next((layer.metric for layer in layers if layer.metric), "")
    if metric:
        roles = labels("zh" if lang == "zh" else "en")["role"]
        columns += [Column("cumulative", metric, error, right=True, tip=translate("LayerTimes", "Cumulative error")),
                    Column("own", translate("LayerTimes", "Own input"), error, right=True),
                    Column("role", translate("LayerTimes", "Role"), lambda role: roles.get(role, role))]
    return columns


def layer_rows(layers: Sequence[LayerTime], models: int) -> Mapping[str, Array]:
    """The values of all columns."""
    rows: dict[str, Array] = {
        "node": _texts(layer.node or layer.target_node for layer in layers),
        "op": _texts(layer.op for layer in layers),
        "share": np.array([max((s for s in layer.shares if math.isfinite(s)), default=math.nan) for layer in layers]),
        "cumulative": np.array([layer.cumulative for layer in layers], float),
        "own": np.array([layer.own_input for layer in layers], float),
        "role": _texts(layer.role for layer in layers)}
    for i in range(models):
        rows[f"time{i}"] = np.array([layer.times_ms[i] for layer in layers], float)
    return rows


def _texts(values: Iterable[str]) -> Array:
    return np.array([*values, None], object)[:-1]


def _ms(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "–"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %" if math.isfinite(value) else "–"


def _short(name: str) -> str:
    return name if len(name) <= 16 else name[:5] + "…" + name[-10:]
