"""Golden tensors against statistics: what largest, smallest and mean value can say, which is never that all is well."""

from __future__ import annotations

import math

import numpy as np

from diag.formats.tensor_dump import Summary
from diag.runtimes.interface import Array
from diag.types.layer import Decision, Verdict

_LIMIT = 0.05
"""Share of golden's largest |value| by which largest, smallest or mean value may be off."""


def judged(golden: Array, said: Summary) -> tuple[Verdict, Decision]:
    """Fail where a number cannot be golden's, else not comparable."""
    if golden.dtype.kind not in "fV" or not golden.size:
        return Verdict.NOT_COMPARABLE, Decision("statistics_only")
    wide = golden.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    bad = int(wide.size - finite.size)
    theirs = said.nan + said.pos_inf + said.neg_inf
    if theirs > bad:
        return Verdict.FAIL, Decision("statistics_nonfinite", "nonfinite", theirs, bad)
    if not finite.size:
        return Verdict.NOT_COMPARABLE, Decision("statistics_only")
    top, low = float(finite.max()), float(finite.min())
    mean = float(finite.mean())
    if said.count > golden.size:
        # Padding of the device's layout is zero, and counts.
        top, low, mean = max(top, 0.0), min(low, 0.0), mean * golden.size / said.count
    scale = max(abs(top), abs(low), 1e-30)
    for rule, mine, its in (("statistics_max", top, said.max), ("statistics_min", low, said.min),
                            ("statistics_mean", mean, said.mean)):
        if not math.isnan(its) and not abs(its - mine) <= _LIMIT * scale:
            return Verdict.FAIL, Decision(rule, values={"golden": mine, "target": its})
    return Verdict.NOT_COMPARABLE, Decision("statistics_agree")
