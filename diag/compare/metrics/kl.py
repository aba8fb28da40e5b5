"""Kullback-Leibler divergence as MindStudio computes it, for people who compare with its documents.

Each tensor is scaled to 0..1 by its own range, raised to a floor, and divided by its sum; then target ‖ golden. It
needs the ranges first, so it is a second pass over the data, and it is made on request only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.compare.metrics.block import BLOCK, dot
from diag.compare.metrics.walk import blocks
from diag.types.metrics import NAN, Metrics, Stats

FLOOR = 1.2e-7
"""Smallest scaled value: the spacing of float32 at 1, about."""

Array = NDArray[Any]


def divergence(golden: Array, target: Array, metrics: Metrics) -> float:
    """KL of real tensors whose ``metrics`` are known; NaN where one is constant, not finite somewhere, or no number."""
    sides = metrics.golden, metrics.target
    if any(s.nan or s.pos_inf or s.neg_inf or not s.max > s.min for s in sides):
        return NAN
    sum_g = sum_t = cross = 0.0
    for g, t in blocks(golden, target, BLOCK, BLOCK):
        scaled_g, scaled_t = _scaled(g, sides[0]), _scaled(t, sides[1])
        sum_g += float(scaled_g.sum())
        sum_t += float(scaled_t.sum())
        cross += dot(scaled_t, np.log(scaled_t / scaled_g))
    return cross / sum_t + math.log(sum_g / sum_t)


def _scaled(x: Array, stats: Stats) -> NDArray[np.float64]:
    wide = x.astype(np.float64)
    wide -= stats.min
    wide /= stats.max - stats.min
    return np.maximum(wide, FLOOR, out=wide)
