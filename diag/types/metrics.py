"""Numbers that say how far a target tensor is from its golden one. Definitions: see ``diag.compare.metrics``."""

from __future__ import annotations

import math
from dataclasses import dataclass

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Stats:
    """Facts of one tensor. min, max, mean, std and l2 are over its finite elements; NaN where there are none."""

    min: float = NAN
    max: float = NAN
    mean: float = NAN
    std: float = NAN
    l2: float = NAN
    nan: int = 0
    pos_inf: int = 0
    neg_inf: int = 0
    zero: int = 0


@dataclass(frozen=True, slots=True)
class Metrics:
    """Distance of target t from golden g over n elements; a number that has no meaning here is NaN (JSON null).

    ``one_minus_cosine`` is accumulated in distance form: subtracting ``cosine`` from 1 would lose it.
    ``extreme`` counts elements at the dtype's extreme on both sides (mask constants), left out of norms.
    ``kl`` is computed on request only (preset mindstudio).
    ``nonfinite`` counts elements where golden is finite and the target is not, or the kinds of non-finite differ.
    """

    cosine: float = NAN
    one_minus_cosine: float = NAN
    pearson: float = NAN
    rel_l2: float = NAN
    max_abs: float = NAN
    max_rel: float = NAN
    mean_rel: float = NAN
    rmse: float = NAN
    nr: float = NAN
    max_abs_over_p999: float = NAN
    mismatch: float = NAN
    size: int = 0
    worst_index: tuple[int, ...] | None = None
    nonfinite: int = 0
    extreme: int = 0
    golden: Stats = Stats()
    target: Stats = Stats()
    kl: float = NAN
