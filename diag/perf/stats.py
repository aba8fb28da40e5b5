"""Robust numbers of one series of times. Nothing here assumes a normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diag.types.bench import Interval

CONFIDENCE = 0.95
OUTLIER_SIGMAS = 5.0
_MAD_TO_SIGMA = 1.4826
_DRIFT_Z = 3.0
_LEAST_DRIFT = 0.02

NO_INTERVAL = Interval(math.nan, math.nan, math.nan, "")

Numbers = npt.NDArray[np.float64]


def quantile(samples: Sequence[float], share: float) -> float:
    """The linear-interpolated quantile; NaN of nothing."""
    return float(np.quantile(samples, share)) if len(samples) else math.nan


def mad(samples: Sequence[float]) -> float:
    """Median absolute deviation from the median; NaN of nothing."""
    if not len(samples):
        return math.nan
    values = np.asarray(samples, float)
    return float(np.median(np.abs(values - np.median(values))))


def median_interval(samples: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Interval of the median from the order statistics: exact for any distribution of independent samples.

    Samples that follow each other closely count as fewer (``effective``). ``confidence`` of the answer is what the
    chosen ranks really give; with too few samples the interval runs from the least to the largest, with less.
    """
    n = len(samples)
    if n < 2:
        return NO_INTERVAL
    ordered = np.sort(np.asarray(samples, float))
    counted = max(2, min(n, round(effective(samples))))
    rank, covered = _rank(counted, confidence)
    # The same shares of the order as in ``counted`` independent samples.
    low = math.floor((rank - 1) / (counted - 1) * (n - 1))
    return Interval(float(ordered[low]), float(ordered[n - 1 - low]), covered, "order_statistics")


def _rank(n: int, confidence: float) -> tuple[int, float]:
    """The largest k so that the k-th smallest and k-th largest enclose the median; and with what confidence."""
    term, below, k = 0.5**n, 0.0, 0
    while k < (n + 1) // 2 and 2 * (below + term) <= 1 - confidence:
        below += term
        term *= (n - k) / (k + 1)
        k += 1
    return (k, 1 - 2 * below) if k else (1, 1 - 2 * 0.5**n)


def effective(samples: Sequence[float]) -> float:
    """How many independent samples these are worth, from the correlation of the ranks of neighbours."""
    n = len(samples)
    if n < 8:
        return float(n)
    ranks = np.argsort(np.argsort(np.asarray(samples, float), kind="stable"), kind="stable").astype(float)
    centred = ranks - ranks.mean()
    rho = float(centred[1:] @ centred[:-1] / (centred @ centred))
    # The estimate leans down by about 1/n; what noise alone gives is not held against the series.
    rho = min(0.95, rho + 1 / n)
    return n * (1 - rho) / (1 + rho) if rho > 1 / math.sqrt(n) else float(n)


def outliers(samples: Sequence[float]) -> int:
    """Samples that are slower than the median by more than five robust standard deviations."""
    if len(samples) < 5:
        return 0
    values = np.asarray(samples, float)
    middle = float(np.median(values))
    limit = middle + OUTLIER_SIGMAS * _MAD_TO_SIGMA * max(mad(samples), 1e-3 * middle)
    return int((values > limit).sum())


def drift(samples: Sequence[float]) -> float:
    """By what share of the median the times rose (or fell) from the first to the last sample.

    0 unless the rank correlation with time is beyond chance and the change is at least 2 %. The slope is the median
    of all pairwise slopes, which a few outliers do not move.
    """
    n = len(samples)
    if n < 12:
        return 0.0
    values = np.asarray(samples, float)
    middle = float(np.median(values))
    i, j = np.triu_indices(n, 1) if n <= 600 else _some_pairs(n)
    steps = values[j] - values[i]
    score = float(np.sign(steps).sum()) * (n * (n - 1) / 2 / len(i))
    sigma = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    change = float(np.median(steps / (j - i))) * (n - 1) / middle if middle > 0 else 0.0
    return change if abs(score) > _DRIFT_Z * sigma and abs(change) >= _LEAST_DRIFT else 0.0


def _some_pairs(n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of a long series: each sample with those half of it and more away."""
    i = np.repeat(np.arange(n // 2), 8)
    j = i + n // 2 + np.tile(np.arange(8), n // 2) * ((n - n // 2 - 1) // 8)
    keep = j < n
    return i[keep], j[keep]
