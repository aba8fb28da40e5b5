"""The sums of one block, in numpy. ``kernel.c`` computes the same; both add in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.compare.metrics.moments import Sums
from diag.compare.metrics.rounding import rounder, storage_error
from diag.compare.metrics.tail import Tail
from diag.types.dtype import DType

BLOCK = 65536
"""Elements of one block: its working arrays stay in the processor's cache."""

SAMPLES = 256
"""How many elements tell the block's mean roughly: at least sqrt(BLOCK), so that no outlier among them hurts."""

ROW = 1024
"""Elements that are summed in the blocks' own type before float64 takes over."""

MANY = 1 << 20
"""Elements from which on float32 sums of rows are exact enough: their errors average out to 1e-9."""

SMALL = 1e-12
"""Blocks whose largest magnitude lies between this and its inverse can be squared in float32."""

LARGE = 1e30
"""Relative errors whose sum might overflow float32."""

Floats = NDArray[Any]


class NumpyBlock:
    """Working arrays for blocks of one float type (float32 or float64), and the measuring of a block.

    ``stored_in`` is the narrower type whose storage error of golden is wanted (None: none is), ``tiny`` the smallest
    denominator of relative errors. Magnitudes that may belong to the largest ones go to ``tail``. ``size`` is how many
    elements there will be in all.
    """

    def __init__(self, dtype: np.dtype[np.generic], stored_in: DType | None, tiny: float, tail: Tail,
                 size: int) -> None:
        self.dtype = dtype
        self._stored_in = stored_in
        self._rounder = rounder(stored_in, min(BLOCK, size)) if stored_in is not None and dtype == np.float32 else None
        self._tail = tail
        self._tiny = dtype.type(max(tiny, float(np.finfo(dtype.name).smallest_subnormal)))
        room = min(BLOCK, size)
        self._difference, self._magnitude, self._spare = (np.empty(room, dtype) for _ in range(3))
        self._wide_g, self._wide_t = np.empty(room, np.float64), np.empty(room, np.float64)
        self._flags = np.empty(room, bool)
        self._ones = np.ones(ROW, dtype)
        self._many = size >= MANY and dtype == np.float32

    def measure(self, s: Sums, g: Floats, t: Floats, difference: Floats | None = None) -> Sums:
        """Fill the sums of at most BLOCK finite pairs in; ``s`` comes from ``ranges``.

        ``difference`` is t - g where the caller knows it better.
        """
        if difference is None:
            difference = np.subtract(t, g, out=self._difference[:s.n])
        if not self._add_narrow_squares(s, g, t, difference):
            self._add_squares(s, g, t, difference)
        s.t_zero = self._zeros(t) if s.t_min <= 0 <= s.t_max else 0
        self._add_errors(s, g, difference)
        return s

    def _add_squares(self, s: Sums, g: Floats, t: Floats, difference: Floats) -> None:
        s.shift_g, s.shift_t = rough_mean(g), rough_mean(t)
        wide_g, wide_t = self._wide_g[:s.n], self._wide_t[:s.n]
        np.copyto(wide_g, g)
        np.copyto(wide_t, t)
        if s.shift_g:
            np.subtract(wide_g, s.shift_g, out=wide_g)
        if s.shift_t:
            np.subtract(wide_t, s.shift_t, out=wide_t)
        s.g, s.t = float(np.add.reduce(wide_g)), float(np.add.reduce(wide_t))
        s.gg, s.tt, s.gt = dot(wide_g, wide_g), dot(wide_t, wide_t), dot(wide_g, wide_t)
        np.copyto(wide_g, difference)
        s.dd = dot(wide_g, wide_g)

    def _add_narrow_squares(self, s: Sums, g: Floats, t: Floats, difference: Floats) -> bool:
        """Rows of 1024 in float32, their sums in float64; what would cancel is taken from the difference instead.

        False: not for this block, because there are not enough others for the errors to average out, its squares may
        leave float32's range, or its means are far from zero.
        """
        reach = max(s.g_max, -s.g_min), max(s.t_max, -s.t_min)
        if not self._many or s.n != BLOCK or not all(SMALL < r < 1 / SMALL for r in reach):
            return False
        s.g, s.t, s.gg, s.tt = self._sum_rows(g), self._sum_rows(t), dot(g, g), dot(t, t)
        if is_far(s.g, s.gg, s.n) or is_far(s.t, s.tt, s.n):
            return False
        gd, s.dd = dot(g, difference), dot(difference, difference)
        s.gt, s.gain = s.gg + gd, 2 * gd + s.dd
        return True

    def _sum_rows(self, x: Floats) -> float:
        return float((x.reshape(-1, ROW) @ self._ones).sum(dtype=np.float64))

    def _add_errors(self, s: Sums, g: Floats, difference: Floats) -> None:
        """Largest and relative errors, the storage noise, and the tail of the magnitudes."""
        magnitude = np.abs(g, out=self._magnitude[:s.n])
        if max(s.g_max, -s.g_min) > self._tail.threshold:
            np.greater(magnitude, magnitude.dtype.type(self._tail.threshold), out=self._flags[:s.n])
            self._tail.offer(magnitude[self._flags[:s.n]])
        error = np.abs(difference, out=self._spare[:s.n])
        s.max_abs = float(error.max())
        smallest = magnitude.min()
        s.g_zero = self._zeros(g) if smallest == 0 else 0
        if s.max_abs:
            if smallest < self._tiny:
                np.maximum(magnitude, self._tiny, out=magnitude)
            np.divide(error, magnitude, out=error)
            s.max_rel = float(error.max())
            s.rel = self._sum_ratios(s, g, difference, error)
        if self._stored_in is not None:
            s.noise = self._storage_noise(g)

    def _sum_ratios(self, s: Sums, g: Floats, difference: Floats, ratio: Floats) -> float:
        """Sum of the relative errors; over a golden zero they may be too large for float32, then float64 does it."""
        if s.max_rel < LARGE:
            if self._many and s.n == BLOCK:
                return self._sum_rows(ratio)
            np.copyto(self._wide_g[:s.n], ratio)
            return float(np.add.reduce(self._wide_g[:s.n]))
        wide = np.abs(difference.astype(np.float64)) / np.maximum(np.abs(g.astype(np.float64)), float(self._tiny))
        s.max_rel = float(wide.max())
        return float(np.add.reduce(wide))

    def _zeros(self, x: Floats) -> int:
        return int(np.count_nonzero(np.equal(x, 0, out=self._flags[:x.size])))

    def _storage_noise(self, g: Floats) -> float:
        wide = self._wide_g[:g.size]
        if self._rounder is None and self._stored_in is not None:
            wide = storage_error(g.astype(np.float64), self._stored_in)
        elif self._rounder is not None:
            error = self._rounder(g, self._spare[:g.size])
            np.subtract(error, g, out=error)
            if not np.isfinite(error.max()) or not np.isfinite(error.min()):
                error[~np.isfinite(error)] = 0
            np.copyto(wide, error)
        return dot(wide, wide)


def dot(x: Floats, y: Floats) -> float:
    """Sum of the products, row by row: BLAS would start threads for a whole block, which cost more than they bring."""
    whole = x.size // ROW * ROW
    rows = np.matmul(x[:whole].reshape(-1, 1, ROW), y[:whole].reshape(-1, ROW, 1))
    return float(rows.sum(dtype=np.float64)) + float(x[whole:] @ y[whole:])


def ranges(g: Floats, t: Floats) -> Sums:
    """The sums of a block with its ranges filled in; NaN and infinities show there."""
    return Sums(g.size, g_min=float(g.min()), g_max=float(g.max()), t_min=float(t.min()), t_max=float(t.max()))


def is_far(total: float, squares: float, n: int) -> bool:
    """Whether a mean is far from zero, measured by the spread; a near one costs less than one binary digit of 53."""
    return total * total / n > squares / 2


def rough_mean(x: Floats) -> float:
    """About the mean of a block; 0 where it is near zero."""
    some = x[::max(1, x.size // SAMPLES)].astype(np.float64)
    total = float(some.sum())
    return total / some.size if is_far(total, float(some @ some), some.size) else 0.0
