"""Operators of a profile as columns: summed up by operator or type, one by one, or against another profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.models.columns import Array, Column, ranks
from diag.perf.hotspots import Group
from diag.report.numbers import error
from diag.report.profile import Told
from diag.types.timeline import Profile, Texts

Table = tuple[list[Column], Mapping[str, Array], Mapping[str, Array]]
"""Columns, values, and known ranks of text columns."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Spots", text)


def by_operator(told: Told) -> Table:
    """One row an operator, with its layer where a comparison was given."""
    groups = told.sums.by_name
    columns = [Column("name", _tr("Operator")), *_group_columns(), *_pipes(groups),
               Column("shapes", _tr("Inputs")), Column("dtypes", _tr("Data types"))]
    values = {"name": _texts([g.name for g in groups]), **_group_values(groups),
              "shapes": _texts([g.shapes for g in groups]), "dtypes": _texts([g.dtypes for g in groups])}
    if told.layers:
        rows = [told.layers.get(g.name) for g in groups]
        columns += [Column("layer", _tr("Layer")), Column("error", "rel_l2", error, right=True,
                                                          tip=_tr("Error on its own input, else cumulative"))]
        worst = [(r.own_input or r.cumulative) if r is not None else None for r in rows]
        values |= {"layer": _texts([r.golden_node if r is not None else "" for r in rows]),
                   "error": np.array([m.rel_l2 if m is not None else math.nan for m in worst], float)}
    return columns, values, {}


def by_type(told: Told) -> Table:
    """One row an operator type."""
    groups = told.sums.by_type
    return ([Column("name", _tr("Type")), *_group_columns()[:5], *_pipes(groups)],
            {"name": _texts([g.name or "–" for g in groups]), **_group_values(groups)}, {})


def by_core(told: Told) -> Table:
    """One row a unit."""
    groups = told.sums.by_core
    return ([Column("name", _tr("Unit")), *_group_columns()[:5], *_pipes(groups)],
            {"name": _texts([g.name or "–" for g in groups]), **_group_values(groups)}, {})


def calls(profile: Profile) -> Table:
    """One row a call, in the order of time; row i is row i of the profile."""
    columns = [Column("name", _tr("Operator")), Column("start", _tr("Start ms"), _ms, right=True),
               Column("duration", _tr("Duration µs"), _us, right=True), Column("wait", _tr("Wait µs"), _us, right=True),
               Column("blocks", _tr("Blocks"), _count, right=True), Column("type", _tr("Type")),
               Column("core", _tr("Unit")), Column("track", _tr("Stream")), Column("shapes", _tr("Inputs")),
               Column("dtypes", _tr("Data types"))]
    texts = {"name": profile.names, "type": profile.types, "core": profile.cores, "track": profile.tracks,
             "shapes": profile.shapes, "dtypes": profile.dtypes}
    values: dict[str, Array] = {key: np.array([*column.words, None], object)[column.codes]
                                for key, column in texts.items()}
    values |= {"start": profile.start_us / 1e3, "duration": profile.duration_us, "wait": profile.wait_us,
               "blocks": profile.blocks}
    return columns, values, {key: _ranks(column) for key, column in texts.items()}


def changes(told: Told) -> Table:
    """One row an operator, here and there."""
    rows = told.change.names if told.change is not None else ()
    columns = [Column("name", _tr("Operator")), Column("type", _tr("Type")),
               Column("here", _tr("Here ms"), _ms, right=True), Column("other", _tr("Other ms"), _ms, right=True),
               Column("difference", _tr("Difference ms"), _signed, right=True),
               Column("ratio", _tr("Ratio"), _ratio, right=True)]
    return columns, {"name": _texts([c.name for c in rows]), "type": _texts([c.type for c in rows]),
                     "here": np.array([c.here_us / 1e3 for c in rows], float),
                     "other": np.array([c.other_us / 1e3 for c in rows], float),
                     "difference": np.array([c.difference_us / 1e3 for c in rows], float),
                     "ratio": np.array([c.ratio for c in rows], float)}, {}


def _group_columns() -> list[Column]:
    return [Column("total", _tr("Total ms"), _ms, right=True), Column("share", _tr("Share"), _percent, right=True),
            Column("calls", _tr("Calls"), _count, right=True), Column("mean", _tr("Mean µs"), _us, right=True),
            Column("longest", _tr("Longest µs"), _us, right=True), Column("type", _tr("Type")),
            Column("core", _tr("Unit"))]


def _group_values(groups: Sequence[Group]) -> dict[str, Array]:
    return {"type": _texts([g.type for g in groups]), "core": _texts([g.core for g in groups]),
            "calls": np.array([g.calls for g in groups], np.int64),
            "total": np.array([g.total_us / 1e3 for g in groups], float),
            "mean": np.array([g.mean_us for g in groups], float),
            "longest": np.array([g.longest_us for g in groups], float),
            "share": np.array([g.share for g in groups], float),
            **{name: np.array([getattr(g, name) for g in groups], float) for name in ("mac", "vector", "load")}}


def _pipes(groups: Sequence[Group]) -> list[Column]:
    if not any(math.isfinite(g.mac) or math.isfinite(g.vector) for g in groups):
        return []
    return [Column("mac", _tr("Matrix"), _percent, right=True, tip=_tr("Use of the matrix unit, weighted by time")),
            Column("vector", _tr("Vector"), _percent, right=True, tip=_tr("Use of the vector unit, weighted by time")),
            Column("load", _tr("Load"), _percent, right=True, tip=_tr("Use of the load pipe (MTE2), weighted by time"))]


def _ranks(column: Texts) -> Array:
    """The rank of each row's text, from the few words that there are."""
    return ranks(np.array([*column.words, None], object)[:-1])[column.codes] if column.words else np.zeros(0, np.int64)


def _texts(values: Sequence[str]) -> Array:
    return np.array([*values, None], object)[:-1]


def _ms(value: float) -> str:
    return "–" if not math.isfinite(value) else f"{value:,.3f}" if value < 1e4 else f"{value:,.0f}"


def _us(value: float) -> str:
    return "–" if not math.isfinite(value) else f"{value:,.2f}" if value < 1e4 else f"{value:,.0f}"


def _signed(value: float) -> str:
    return f"{value:+,.3f}" if math.isfinite(value) else "–"


def _ratio(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "–"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %" if math.isfinite(value) else "–"


def _count(value: int) -> str:
    return f"{value:,}"
