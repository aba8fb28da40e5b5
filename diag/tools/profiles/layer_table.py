"""Times of layers of several models, and errors of a recorded comparison, in one table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from diag.tools.profiles.join import Layers
from diag.tools.profiles.layers import NodeTime, NodeTimes
from diag.types.bench import LayerNote, LayerTime
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import LayerResult
from diag.types.metrics import Metrics

_HALF = (DType.FLOAT16, DType.BFLOAT16)


@dataclass(slots=True)
class _Row:
    node: str
    op: str
    target: str = ""
    layer: LayerResult | None = None
    times: dict[int, float] = field(default_factory=dict)


def joined(times: Sequence[NodeTimes], comparison: Comparison | None = None
           ) -> tuple[tuple[LayerTime, ...], tuple[LayerNote, ...]]:
    """The rows, in the order of the first model that has times, and the notes with what could be joined.

    Layers are those of the comparison; without one, the nodes of the first model. What belongs to none of them is a
    row of its own, so that each model's times add up to all that was measured.
    """
    rows = _known(comparison, times)
    layers = Layers(rows, _aliases(comparison, rows))
    notes = []
    for model, measured in enumerate(times):
        found = _place(rows, layers, model, measured.nodes, len(times))
        note = measured.note
        notes.append(replace(note, joined=found) if note.method == "profile" else note)
    totals = [sum(node.ms for node in one.nodes) for one in times]
    made = [_told(row, len(times), totals) for row in rows.values() if row.times or row.layer is not None]
    metric = next((m.metric for m in made if m.metric), "")
    return tuple(replace(m, metric=metric) for m in made if any(map(math.isfinite, m.times_ms))), tuple(notes)


def _known(comparison: Comparison | None, times: Sequence[NodeTimes]) -> dict[str, _Row]:
    rows: dict[str, _Row] = {}
    if comparison is not None:
        for layer in comparison.layers:
            rows.setdefault(layer.golden_node, _Row(layer.golden_node, layer.golden_op, layer.target_node or "", layer))
    else:
        first = next((one for one in times if one.nodes), None)
        for node in first.nodes if first is not None else ():
            rows.setdefault(node.name, _Row(node.name, node.op))
    return rows


def _aliases(comparison: Comparison | None, rows: Mapping[str, _Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    for layer in comparison.layers if comparison is not None else ():
        for alias in (layer.target_node or "", *layer.mapping.golden_nodes):
            if alias and alias not in rows:
                found.setdefault(alias, layer.golden_node)
    return found


def _place(rows: dict[str, _Row], layers: Layers, model: int, nodes: Sequence[NodeTime], models: int) -> float:
    """Add the times of one model; returns the share that belongs to a known layer."""
    known = 0.0
    for node in nodes:
        name = layers.find(node.name)
        if name:
            known += node.ms
        row = rows.get(name or node.name)
        if row is None:
            row = rows.setdefault(node.name, _Row(node.name if models == 1 or model == 0 else "", node.op,
                                                  node.name if model else ""))
        row.times[model] = row.times.get(model, 0.0) + node.ms
    total = sum(node.ms for node in nodes)
    return known / total if total > 0 else 0.0


def _told(row: _Row, models: int, totals: Sequence[float]) -> LayerTime:
    times = tuple(row.times.get(model, math.nan) for model in range(models))
    shares = tuple(t / total if total > 0 else math.nan for t, total in zip(times, totals, strict=True))
    layer = row.layer
    if layer is None:
        return LayerTime(row.node, row.op, row.target, times, shares)
    half = layer.dtype in _HALF
    return LayerTime(row.node, row.op, row.target, times, shares, "nr" if half else "rel_l2",
                     _error(layer.cumulative, half), _error(layer.own_input, half), layer.verdict.value,
                     layer.role.value)


def _error(metrics: Metrics | None, half: bool) -> float:
    return math.nan if metrics is None else metrics.nr if half else metrics.rel_l2
