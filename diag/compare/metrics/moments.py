"""Sums of a pair of tensors that can be added up block by block without losing digits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diag.types.metrics import NAN


@dataclass(slots=True)
class Sums:
    """One block of n finite pairs (g golden, t target), sums of float64.

    g and t are taken relative to ``shift_g`` and ``shift_t``, numbers near their means: variances of a tensor whose
    mean is far from zero would drown otherwise. ``gain`` is the sum of t t - g g where it was summed for itself.
    """

    n: int = 0
    shift_g: float = 0.0
    shift_t: float = 0.0
    g: float = 0.0
    t: float = 0.0
    gg: float = 0.0
    tt: float = 0.0
    gt: float = 0.0
    dd: float = 0.0
    gain: float = NAN
    rel: float = 0.0
    noise: float = 0.0
    max_abs: float = 0.0
    max_rel: float = 0.0
    g_min: float = math.inf
    g_max: float = -math.inf
    t_min: float = math.inf
    t_max: float = -math.inf
    g_zero: int = 0
    t_zero: int = 0


@dataclass(slots=True)
class Spread:
    """Count, mean, sum of squares about the mean, and range of some numbers. Adding keeps full precision."""

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0
    min: float = math.inf
    max: float = -math.inf

    def add(self, other: Spread) -> None:
        """Take the other's numbers in."""
        if other.n == 0:
            return
        n = self.n + other.n
        delta = other.mean - self.mean
        self.mean += delta * (other.n / n)
        self.m2 += other.m2 + delta * delta * (self.n * (other.n / n))
        self.n, self.min, self.max = n, min(self.min, other.min), max(self.max, other.max)

    @property
    def square_sum(self) -> float:
        """Sum of the squares themselves."""
        return self.m2 + self.n * self.mean * self.mean

    @property
    def std(self) -> float:
        """Standard deviation (of the population)."""
        if self.n == 0:
            return NAN
        return 0.0 if self.min == self.max else math.sqrt(self.m2 / self.n)


class Moments:
    """All blocks so far."""

    def __init__(self) -> None:
        self.golden = Spread()
        self.target = Spread()
        self.co = self.gain = 0.0
        self.dd = self.rel = self.noise = self.max_abs = self.max_rel = 0.0
        self.g_zero = self.t_zero = 0

    def add(self, s: Sums) -> None:
        """Take one block in (Chan's update of means, variances and the covariance)."""
        n, have = s.n, self.golden.n
        if n == 0:
            return
        g, t = s.g / n, s.t / n
        golden = Spread(n, s.shift_g + g, _square(s.gg - g * s.g), s.g_min, s.g_max)
        target = Spread(n, s.shift_t + t, _square(s.tt - t * s.t), s.t_min, s.t_max)
        self.co += s.gt - g * s.t
        self.co += (golden.mean - self.golden.mean) * (target.mean - self.target.mean) * (have * (n / (have + n)))
        self.gain += target.square_sum - golden.square_sum if math.isnan(s.gain) else s.gain
        self.golden.add(golden)
        self.target.add(target)
        self.dd += s.dd
        self.rel += s.rel
        self.noise += s.noise
        self.max_abs = max(self.max_abs, s.max_abs)
        self.max_rel = max(self.max_rel, s.max_rel)
        self.g_zero += s.g_zero
        self.t_zero += s.t_zero

    def cosine(self) -> tuple[float, float]:
        """The cosine, and 1 - cosine from the distance, which keeps its digits however close the two are."""
        gg, tt = self.golden.square_sum, self.target.square_sum
        if not gg or not tt:
            same = float(gg == tt)
            return same, 1.0 - same
        scale = math.sqrt(gg) * math.sqrt(tt)
        if not math.isfinite(scale):
            return NAN, NAN
        cosine = (self.co + self.golden.n * self.golden.mean * self.target.mean) / scale
        if self.dd > scale:
            cosine = min(1.0, max(-1.0, cosine))
            return cosine, 1.0 - cosine
        shrink = self.gain / (math.sqrt(tt) + math.sqrt(gg))
        distance = min(2.0, max(0.0, (self.dd - shrink * shrink) / (2.0 * scale)))
        return 1.0 - distance, distance

    def pearson(self) -> float:
        """Correlation of the two; NaN where one of them is constant."""
        if self.golden.std == 0 or self.target.std == 0:
            return NAN
        scale = math.sqrt(self.golden.m2) * math.sqrt(self.target.m2)
        return min(1.0, max(-1.0, self.co / scale)) if scale and math.isfinite(scale) else NAN


def _square(x: float) -> float:
    """A sum of squares, which rounding may have brought below 0; NaN, from an overflow, stays."""
    return 0.0 if x < 0 else x
