"""How far an answer is from what must come out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

WRONG_ABOVE = 1e-3
"""Relative L2 error above which an answer counts as wrong: no rounding explains it."""


def distance(found: Sequence[Array], expected: Sequence[Array]) -> tuple[float | None, str]:
    """The largest relative L2 error over the outputs; None and a sentence where no number can say it."""
    if len(found) < len(expected):
        return None, f"{len(found)} outputs, not {len(expected)}"
    worst = 0.0
    for one, other in zip(found, expected, strict=False):
        error, why = _relative(one, other)
        if error is None:
            return None, why
        worst = max(worst, error)
    return worst, ""


def right(error: float | None, why: str) -> bool:
    """Whether an answer at this distance is right."""
    return not why and error is not None and error <= WRONG_ABOVE


def _relative(found: Array, expected: Array) -> tuple[float | None, str]:
    if found.shape != expected.shape:
        return None, f"shape {_text(found.shape)}, not {_text(expected.shape)}"
    if found.dtype.kind == "f" and expected.dtype.kind == "f":
        with np.errstate(over="ignore"):
            # Doubles are floats in a MindIR: what overflows there is infinite on both sides.
            expected = expected.astype(found.dtype)
    one, other = found.astype(np.float64), expected.astype(np.float64)
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return None, "not-a-number in other places"
    infinite = np.isinf(other)
    if not np.array_equal(infinite, np.isinf(one)) or not np.array_equal(one[infinite], other[infinite]):
        return None, "infinite in other places"
    finite = np.isfinite(other)
    difference = float(np.linalg.norm(one[finite] - other[finite]))
    size = float(np.linalg.norm(other[finite]))
    if difference == 0.0:
        return 0.0, ""
    return (difference / size, "") if size else (None, "not zero where zero must come out")


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
