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


def _words() -> Mapping[str, str]:
    """Headings and tips in the user's language, by their English."""
    translate = QCoreApplication.translate
    return {
        "Operator": translate("Spots", "Operator"),
        "Inputs": translate("Spots", "Inputs"),
        "Data types": translate("Spots", "Data types"),
        "Layer": translate("Spots", "Layer"),
        "error tip": translate("Spots", "Error on its own input, else cumulative"),
        "Type": translate("Spots", "Type"),
        "Unit": translate("Spots", "Unit"),
        "Start ms": translate("Spots", "Start ms"),
        "Duration µs": translate("Spots", "Duration µs"),
        "Wait µs": translate("Spots", "Wait µs"),
        "Blocks": translate("Spots", "Blocks"),
        "Stream": translate("Spots", "Stream"),
        "Here ms": translate("Spots", "Here ms"),
        "Other ms": translate("Spots", "Other ms"),
        "Difference ms": translate("Spots", "Difference ms"),
        "Ratio": translate("Spots", "Ratio"),
        "Total ms": translate("Spots", "Total ms"),
        "Share": translate("Spots", "Share"),
        "Calls": translate("Spots", "Calls"),
        "Mean µs": translate("Spots", "Mean µs"),
        "Longest µs": translate("Spots", "Longest µs"),
        "Call": translate("Spots", "Call"),
        "Level": translate("Spots", "Level"),
        "Matrix": translate("Spots", "Matrix"),
        "matrix tip": translate("Spots", "Use of the matrix unit, weighted by time"),
        "Vector": translate("Spots", "Vector"),
        "vector tip": translate("Spots", "Use of the vector unit, weighted by time"),
        "Load": translate("Spots", "Load"),
        "load tip": translate("Spots", "Use of the load pipe (MTE2), weighted by time"),
    }


def by_operator(told: Told) -> Table:
    """One row an operator, with its layer where a comparison was given."""
    words = _words()
    groups = told.sums.by_name
    columns = [Column("name", words["Operator"]), *_group_columns(), *_pipes(groups),
               Column("shapes", words["Inputs"]), Column("dtypes", words["Data types"])]
    values = {"name": _texts([g.name for g in groups]), **_group_values(groups),
              "shapes": _texts([g.shapes for g in groups]), "dtypes": _texts([g.dtypes for g in groups])}
    if told.layers:
        rows = [told.layers.get(g.name) for g in groups]
        columns += [Column("layer", words["Layer"]), Column("error", "rel_l2", error, right=True,
                                                          tip=words["error tip"])]
        worst = [(r.own_input or r.cumulative) if r is not None else None for r in rows]
        values |= {"layer": _texts([r.golden_node if r is not None else "" for r in rows]),
                   "error": np.array([m.rel_l2 if m is not None else math.nan for m in worst], float)}
    return columns, values, {}


def by_type(told: Told) -> Table:
    """One row an operator type."""
    words = _words()
    groups = told.sums.by_type
    return ([Column("name", words["Type"]), *_group_columns()[:5], *_pipes(groups)],
            {"name": _texts([g.name or "–" for g in groups]), **_group_values(groups)}, {})


def by_core(told: Told) -> Table:
    """One row a unit."""
    words = _words()
    groups = told.sums.by_core
    return ([Column("name", words["Unit"]), *_group_columns()[:5], *_pipes(groups)],
            {"name": _texts([g.name or "–" for g in groups]), **_group_values(groups)}, {})


def host(told: Told) -> Table:
    """One row a function that the host called."""
    words, rows = _words(), told.profile.host
    columns = [Column("name", words["Call"]), Column("total", words["Total ms"], _ms, right=True),
               Column("calls", words["Calls"], _count, right=True),
               Column("longest", words["Longest µs"], _us, right=True), Column("type", words["Level"])]
    return columns, {"name": _texts([c.name for c in rows]), "type": _texts([c.level for c in rows]),
                     "total": np.array([c.total_us / 1e3 for c in rows], float),
                     "calls": np.array([c.count for c in rows], np.int64),
                     "longest": np.array([c.longest_us for c in rows], float)}, {}


def calls(profile: Profile) -> Table:
    """One row a call, in the order of time; row i is row i of the profile."""
    words = _words()
    columns = [Column("name", words["Operator"]), Column("start", words["Start ms"], _ms, right=True),
               Column("duration", words["Duration µs"], _us, right=True),
               Column("wait", words["Wait µs"], _us, right=True),
               Column("blocks", words["Blocks"], _count, right=True), Column("type", words["Type"]),
               Column("core", words["Unit"]), Column("track", words["Stream"]), Column("shapes", words["Inputs"]),
               Column("dtypes", words["Data types"])]
    texts = {"name": profile.names, "type": profile.types, "core": profile.cores, "track": profile.tracks,
             "shapes": profile.shapes, "dtypes": profile.dtypes}
    values: dict[str, Array] = {key: np.array([*column.words, None], object)[column.codes]
                                for key, column in texts.items()}
    values |= {"start": profile.start_us / 1e3, "duration": profile.duration_us, "wait": profile.wait_us,
               "blocks": profile.blocks}
    return columns, values, {key: _ranks(column) for key, column in texts.items()}


def changes(told: Told) -> Table:
    """One row an operator, here and there."""
    words = _words()
    rows = told.change.names if told.change is not None else ()
    columns = [Column("name", words["Operator"]), Column("type", words["Type"]),
               Column("here", words["Here ms"], _ms, right=True), Column("other", words["Other ms"], _ms, right=True),
               Column("difference", words["Difference ms"], _signed, right=True),
               Column("ratio", words["Ratio"], _ratio, right=True)]
    return columns, {"name": _texts([c.name for c in rows]), "type": _texts([c.type for c in rows]),
                     "here": np.array([c.here_us / 1e3 for c in rows], float),
                     "other": np.array([c.other_us / 1e3 for c in rows], float),
                     "difference": np.array([c.difference_us / 1e3 for c in rows], float),
                     "ratio": np.array([c.ratio for c in rows], float)}, {}


def _group_columns() -> list[Column]:
    words = _words()
    return [Column("total", words["Total ms"], _ms, right=True), Column("share", words["Share"], _percent, right=True),
            Column("calls", words["Calls"], _count, right=True), Column("mean", words["Mean µs"], _us, right=True),
            Column("longest", words["Longest µs"], _us, right=True), Column("type", words["Type"]),
            Column("core", words["Unit"])]


def _group_values(groups: Sequence[Group]) -> dict[str, Array]:
    return {"type": _texts([g.type for g in groups]), "core": _texts([g.core for g in groups]),
            "calls": np.array([g.calls for g in groups], np.int64),
            "total": np.array([g.total_us / 1e3 for g in groups], float),
            "mean": np.array([g.mean_us for g in groups], float),
            "longest": np.array([g.longest_us for g in groups], float),
            "share": np.array([g.share for g in groups], float),
            **{name: np.array([getattr(g, name) for g in groups], float) for name in ("mac", "vector", "load")}}


def _pipes(groups: Sequence[Group]) -> list[Column]:
    words = _words()
    if not any(math.isfinite(g.mac) or math.isfinite(g.vector) for g in groups):
        return []
    return [Column("mac", words["Matrix"], _percent, right=True, tip=words["matrix tip"]),
            Column("vector", words["Vector"], _percent, right=True, tip=words["vector tip"]),
            Column("load", words["Load"], _percent, right=True, tip=words["load tip"])]


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
