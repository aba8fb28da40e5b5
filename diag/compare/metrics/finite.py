"""Blocks with NaN, infinities or mask constants: what takes part in the sums, and what is only counted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.compare.metrics.moments import Spread
from diag.compare.metrics.rounding import largest
from diag.types.dtype import DType

NEAR_EXTREME = 0.99
"""Mask constants are written as -3.4e38 as often as by the exact largest number."""

F64 = NDArray[np.float64]


@dataclass(slots=True)
class SideRest:
    """What one side has outside of the sums."""

    spread: Spread = field(default_factory=Spread)
    nan: int = 0
    pos_inf: int = 0
    neg_inf: int = 0
    zero: int = 0

    def add(self, other: SideRest) -> None:
        """Take another block's rest in."""
        self.spread.add(other.spread)
        self.nan += other.nan
        self.pos_inf += other.pos_inf
        self.neg_inf += other.neg_inf
        self.zero += other.zero


@dataclass(frozen=True, slots=True)
class Split:
    """One block: positions of the pairs that are summed and of those that fail; the rest of each side."""

    keep: NDArray[np.intp]
    nonfinite: NDArray[np.intp]
    extreme: int
    golden_rest: SideRest
    target_rest: SideRest


def extreme_limit(array_dtype: np.dtype[Any], computed_in: DType | None) -> float:
    """From which magnitude on a value is at the extreme of its type (or of the narrower one it was computed in).

    Types of 8 bits and less saturate in healthy use, integers are compared exactly: for them there is no such limit.
    """
    kinds = [DType.of(array_dtype.newbyteorder("=")), computed_in]
    wide = [largest(k) for k in kinds if k is not None and k.is_float and k.bits >= 16]
    return NEAR_EXTREME * min(wide) if wide else math.inf


def split(g: F64, t: F64, limit_g: float, limit_t: float) -> Split:
    """Sort the pairs of a block.

    Fails: the target is not finite where golden is, or they are not finite in different ways. Golden infinite and the
    target at its own extreme with the same sign is saturation of a mask, counted as extreme.
    """
    finite_g, finite_t = np.isfinite(g), np.isfinite(t)
    both = finite_g & finite_t
    same_sign = np.signbit(g) == np.signbit(t)
    extreme = (np.abs(g) >= limit_g) & (np.abs(t) >= limit_t) & same_sign & finite_t
    alike = (np.isnan(g) & np.isnan(t)) | (np.isinf(g) & (g == t))
    keep = np.flatnonzero(both & ~extreme)
    bad = np.flatnonzero(~both & ~alike & ~extreme)
    out_g, out_t = finite_g & (extreme | ~both), finite_t & (extreme | ~both)
    return Split(keep, bad, int(np.count_nonzero(extreme)), _rest(g, out_g), _rest(t, out_t))


def _rest(x: F64, mine: NDArray[np.bool_]) -> SideRest:
    """Counts of what is not finite, and the spread of finite elements whose pair is not summed."""
    rest = SideRest(nan=int(np.count_nonzero(np.isnan(x))), pos_inf=int(np.count_nonzero(np.isposinf(x))),
                    neg_inf=int(np.count_nonzero(np.isneginf(x))))
    some = x[mine]
    if some.size:
        low, high = float(some.min()), float(some.max())
        scale = max(abs(low), abs(high)) or 1.0  # squares and sums of numbers near the end of the range overflow
        mean = float((some / scale).mean()) * scale
        m2 = float(np.square(some - mean).sum())
        rest.spread = Spread(some.size, mean, m2, low, high)
        rest.zero = int(np.count_nonzero(some == 0))
    return rest
