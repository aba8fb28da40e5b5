"""Tables as CSV that a spreadsheet opens without running anything in it; that of all layers."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import fields

from diag.types.comparison import Comparison
from diag.types.layer import LayerResult
from diag.types.metrics import Metrics, Stats

BOM = "\ufeff"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_STATS = tuple(f.name for f in fields(Stats))
_METRICS = tuple(f.name for f in fields(Metrics) if f.name not in ("golden", "target"))
_FACTS = ("index", "verdict", "role", "golden_node", "golden_op", "golden_tensor", "target_node", "target_op",
          "target_tensor", "mapping", "confidence", "golden_nodes", "layout", "shape", "dtype", "reason")

Cell = str | int | float | None


def render(comparison: Comparison) -> str:
    """One row a layer; keys of the contract as heading (``cumulative.rel_l2``), plain numbers."""
    names = _metric_names()
    titles = (*_FACTS, *(f"cumulative.{name}" for name in names), *(f"own_input.{name}" for name in names))
    return csv_text(titles, ([*_facts(row), *_metrics(row.cumulative), *_metrics(row.own_input)]
                          for row in comparison.layers))


def csv_text(titles: Iterable[str], rows: Iterable[Iterable[Cell]]) -> str:
    """Any table: a text that a spreadsheet would take for a formula gets a quote, what is no number stays empty."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    for row in (titles, *rows):
        writer.writerow([_cell(cell) for cell in row])
    return out.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def _metric_names() -> list[str]:
    return [*_METRICS, *(f"{side}.{name}" for side in ("golden", "target") for name in _STATS)]


def _facts(layer: LayerResult) -> list[Cell]:
    mapping = layer.mapping
    return [layer.index, layer.verdict.value, layer.role.value, layer.golden_node, layer.golden_op,
            layer.golden_tensor, layer.target_node, layer.target_op, layer.target_tensor, mapping.kind.value,
            mapping.confidence, " ".join(mapping.golden_nodes), _dims(mapping.layout), _dims(layer.shape),
            layer.dtype.value, layer.reason]


def _metrics(metrics: Metrics | None) -> list[Cell]:
    if metrics is None:
        return [None] * len(_metric_names())
    own = [_dims(metrics.worst_index) if name == "worst_index" else getattr(metrics, name) for name in _METRICS]
    return own + [getattr(side, name) for side in (metrics.golden, metrics.target) for name in _STATS]


def _dims(dims: tuple[int, ...] | None) -> str | None:
    return None if dims is None else "x".join(map(str, dims)) or "scalar"


def _cell(value: Cell) -> str | int | float | None:
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
