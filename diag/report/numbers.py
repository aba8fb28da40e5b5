"""How numbers are written, and which one speaks for a tensor."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.metrics import Metrics

HALF = frozenset({"float16", "bfloat16"})
_NONE = "–"


def computed_in(comparison: Comparison) -> str:
    """The element type that the target computes in: the one it was told, else the commonest of its float layers."""
    if comparison.target.dtype in list(DType):
        return comparison.target.dtype
    found = Counter(r.dtype for r in comparison.layers if r.dtype.is_float and r.cumulative is not None)
    return (found.most_common(1)[0][0] if found else DType.FLOAT32).value


def gate(metrics: Metrics, dtype: str) -> tuple[str, float]:
    """Name and value of the metric that decides for a tensor: mismatch, nr for 16-bit floats, else rel_l2."""
    if not math.isnan(metrics.mismatch):
        return "mismatch", metrics.mismatch
    if dtype in HALF and not math.isnan(metrics.nr):
        return "nr", metrics.nr
    return "rel_l2", metrics.rel_l2


def error(value: float | None) -> str:
    """An error in two digits: ``5.0e-02``; ``–`` where there is none."""
    if value is None or math.isnan(value):
        return _NONE
    return "0" if value == 0 else f"{value:.1e}"


def factor(value: float) -> str:
    """A ratio: ``4,200`` or ``3.1``."""
    if not math.isfinite(value):
        return "∞" if value > 0 else _NONE
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"


def told(metrics: Metrics | None, dtype: str, words: Mapping[str, str]) -> str:
    """The error of a tensor in one short cell; ``words["nan"]`` is used where non-finite elements came first."""
    if metrics is None:
        return _NONE
    if metrics.nonfinite:
        return words["nan"].format(count=f"{metrics.nonfinite:,}")
    return error(gate(metrics, dtype)[1])


def nbytes(size: int) -> str:
    """Bytes for people: ``1.5 GiB``."""
    value = float(size)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
