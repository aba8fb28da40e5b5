"""The sums of one block, in numpy. ``kernel.c`` computes the same; both add in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.compare.metrics.moments import Sums
from diag.compare.metrics.rounding import rounder, smallest_normal, storage_error
from diag.compare.metrics.tail import Tail
from diag.types.dtype import DType

BLOCK = 65536
"""Elements of one block: its working arrays stay in the processor's cache."""

SAMPLES = 256
"""How many elements tell the block's mean roughly: at least sqrt(BLOCK), so that no outlier among them hurts."""

Floats = NDArray[Any]


class NumpyBlock:
    """Working arrays for blocks of one float type (float32 or float64), and the measuring of a block."""

    def __init__(self, dtype: np.dtype[np.generic], target_dtype: DType, tail: Tail) -> None:
        self.dtype = dtype
        self._target_dtype = target_dtype
        self._tail = tail
        self._tiny = dtype.type(max(smallest_normal(target_dtype), float(np.finfo(dtype.name).smallest_subnormal)))
        self._difference, self._magnitude, self._spare = (np.empty(BLOCK, dtype) for _ in range(3))
        self._wide_g, self._wide_t = np.empty(BLOCK, np.float64), np.empty(BLOCK, np.float64)
        self._flags = np.empty(BLOCK, bool)
        self._noise = _noise_kind(dtype, target_dtype)
        self._rounder = rounder(target_dtype, BLOCK) if self._noise == "bits" else None

    def measure(self, g: Floats, t: Floats, difference: Floats | None = None) -> Sums:
        """Sums of at most BLOCK finite pairs; ``difference`` is t - g where the caller knows it better."""
        n = g.size
        s = Sums(n=n)
        s.g_min, s.g_max, s.t_min, s.t_max = float(g.min()), float(g.max()), float(t.min()), float(t.max())
        if difference is None:
            difference = np.subtract(t, g, out=self._difference[:n])
        self._add_squares(s, g, t, difference)
        s.g_zero = self._zeros(g) if s.g_min <= 0 <= s.g_max else 0
        s.t_zero = self._zeros(t) if s.t_min <= 0 <= s.t_max else 0
        self._add_errors(s, g, difference)
        return s

    def _add_squares(self, s: Sums, g: Floats, t: Floats, difference: Floats) -> None:
        wide_g, wide_t = self._wide_g[:s.n], self._wide_t[:s.n]
        s.shift_g, s.shift_t = rough_mean(g), rough_mean(t)
        np.copyto(wide_g, g)
        np.copyto(wide_t, t)
        if s.shift_g:
            np.subtract(wide_g, s.shift_g, out=wide_g)
        if s.shift_t:
            np.subtract(wide_t, s.shift_t, out=wide_t)
        s.g, s.t = float(np.add.reduce(wide_g)), float(np.add.reduce(wide_t))
        s.gg, s.tt, s.gt = float(wide_g @ wide_g), float(wide_t @ wide_t), float(wide_g @ wide_t)
        np.copyto(wide_g, difference)
        s.dd = float(wide_g @ wide_g)

    def _add_errors(self, s: Sums, g: Floats, difference: Floats) -> None:
        """Largest and relative errors, the storage noise, and the tail of the magnitudes."""
        wide, magnitude = self._wide_g[:s.n], np.abs(g, out=self._magnitude[:s.n])
        if max(s.g_max, -s.g_min) > self._tail.threshold:
            np.greater(magnitude, magnitude.dtype.type(self._tail.threshold), out=self._flags[:s.n])
            self._tail.offer(magnitude[self._flags[:s.n]])
        error = np.abs(difference, out=self._spare[:s.n])
        s.max_abs = float(error.max())
        if s.max_abs:
            if magnitude.min() < self._tiny:
                np.maximum(magnitude, self._tiny, out=magnitude)
            np.divide(error, magnitude, out=error)
            s.max_rel = float(error.max())
            np.copyto(wide, error)
            s.rel = float(np.add.reduce(wide))
        if self._noise != "none":
            s.noise = self._storage_noise(g)

    def _zeros(self, x: Floats) -> int:
        return int(np.count_nonzero(np.equal(x, 0, out=self._flags[:x.size])))

    def _storage_noise(self, g: Floats) -> float:
        wide = self._wide_g[:g.size]
        if self._rounder is None:
            wide = storage_error(g.astype(np.float64), self._target_dtype)
        else:
            error = self._rounder(g, self._spare[:g.size])
            np.subtract(error, g, out=error)
            if not np.isfinite(error.max()) or not np.isfinite(error.min()):
                error[~np.isfinite(error)] = 0
            np.copyto(wide, error)
        return float(wide @ wide)


def rough_mean(x: Floats) -> float:
    """About the mean of a block; 0 where it is so near that it makes no difference to the sums."""
    step = max(1, x.size // SAMPLES)
    some = x[::step].astype(np.float64)
    mean = float(some.mean())
    # A mean within the spread costs less than one binary digit of 53.
    return mean if mean * mean * some.size > float(some @ some) / 2 else 0.0


def _noise_kind(dtype: np.dtype[np.generic], target_dtype: DType) -> str:
    """How storing in the target's type is emulated: not at all (it holds every value), by bits, or by casts."""
    if not target_dtype.is_float or dtype.itemsize <= target_dtype.numpy.itemsize:
        return "none"
    return "bits" if dtype == np.float32 and target_dtype in (DType.FLOAT16, DType.BFLOAT16) else "cast"
