"""Is b slower than a: the ratio of two series with the interval that decides it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from diag.perf.stats import CONFIDENCE, effective, median_interval
from diag.types.bench import Ratio, Series

LEAST_ROUNDS = 3
EXACT_ROUNDS = 6
"""With fewer, least and largest of the rounds enclose the middle with less than 95 % confidence."""

_LEAST_SAMPLES = 6
# Two-sided 95 % points of Student's t by degrees of freedom.
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)


def ratios(series: Sequence[Series]) -> tuple[Ratio, ...]:
    """Every later series against the first."""
    return tuple(ratio(series[0], other, 0, i) for i, other in enumerate(series[1:], 1))


def ratio(a: Series, b: Series, index_a: int = 0, index_b: int = 1) -> Ratio:
    """The best statement that the two series allow: in pairs by rounds, as two groups, or of two averages."""
    if a.source == b.source and a.rounds and a.rounds == b.rounds:
        return paired(a.samples_ms, b.samples_ms, a.rounds, index_a, index_b)
    if min(len(a.samples_ms), len(b.samples_ms)) >= _LEAST_SAMPLES:
        return unpaired(a.samples_ms, b.samples_ms, index_a, index_b)
    value = b.mean_ms / a.mean_ms if a.mean_ms > 0 else math.nan
    return Ratio(index_a, index_b, value, math.nan, math.nan, None, "averages", 0)


def paired(a: Sequence[float], b: Sequence[float], rounds: Sequence[int], index_a: int = 0, index_b: int = 1) -> Ratio:
    """Of samples that were taken turn by turn, in rounds between which both models were opened anew.

    What a freshly opened model happens to get (addresses, huge pages, a neighbour on the machine) moves all its
    times, so the rounds are what is independent. The interval is the widest of three: the order statistics of the
    rounds' median log ratios (exact, from six rounds on), Student's t over them, and the median over all pairs.
    """
    logs = np.log(np.asarray(b, float) / np.asarray(a, float))
    number = np.asarray(rounds)
    middles = np.array([float(np.median(logs[number == r])) for r in np.unique(number)])
    within = median_interval([float(x) for x in logs])
    centre, low, high = float(np.median(logs)), within.low, within.high
    if len(middles) >= LEAST_ROUNDS:
        half = t95(len(middles) - 1) * float(middles.std(ddof=1)) / math.sqrt(len(middles))
        mean = float(middles.mean())
        low, high = min(low, mean - half), max(high, mean + half)
    if len(middles) >= EXACT_ROUNDS:
        among = median_interval([float(x) for x in middles])
        low, high = min(low, among.low), max(high, among.high)
    sure = len(middles) >= LEAST_ROUNDS and within.confidence >= CONFIDENCE - 1e-9
    different = bool(low > 0 or high < 0) if sure else None
    return Ratio(index_a, index_b, math.exp(centre), math.exp(low), math.exp(high), different, "rounds", len(logs),
                 len(middles))


def unpaired(a: Sequence[float], b: Sequence[float], index_a: int = 0, index_b: int = 1) -> Ratio:
    """Of two series that were measured one after the other: Hodges and Lehmann's shift of the logarithms.

    The ranks of its interval come from the normal approximation of Mann and Whitney's statistic, with the numbers of
    samples that the series are worth.
    """
    logs = np.sort((np.log(np.asarray(b, float))[:, None] - np.log(np.asarray(a, float))[None, :]).ravel())
    m, n = effective(a), effective(b)
    share = 0.5 - 1.96 * math.sqrt((m + n + 1) / (12 * m * n))
    cut = max(0, math.floor(share * len(logs)))
    low, high = float(logs[cut]), float(logs[-1 - cut])
    return Ratio(index_a, index_b, math.exp(float(np.median(logs))), math.exp(low), math.exp(high),
                 bool(low > 0 or high < 0), "hodges_lehmann", min(len(a), len(b)))


def t95(freedom: int) -> float:
    """Half width of the 95 % interval in standard errors."""
    return _T95[freedom - 1] if freedom <= len(_T95) else 1.96 + 2.4 / freedom
