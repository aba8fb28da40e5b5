"""Golden tensors against statistics: largest, smallest, mean value and norm. They prove errors, never their absence.

Each number bounds the error from below: the largest values differ by no more than the largest error, which is no more
than the error's norm, nor do the norms. So a number fails only where the tensor itself would by the same control run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from diag.compare.tolerance import ENVELOPE, ENVELOPE_OUTLIER, STORED_ERROR, Decided
from diag.formats.tensor_dump import RecordedTensor, Summary
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.layer import Decision, Verdict
from diag.types.metrics import Metrics

_LIMIT = 0.05
"""Without a control run: share of the largest |value| (of the norm) by which a number may be off."""

_SUMMED = 5e-3
"""How exactly a device adds up mean and norm, at least; long sums in float32 lose more."""


_MASK = 1e30


@dataclass(frozen=True, slots=True)
class Room:
    """By how much healthy numbers may be off: ``largest`` absolutely, ``norm`` as a share of golden's."""

    largest: float
    norm: float


def room_of(golden: Array, dtype: DType | None, control: Metrics | None) -> Room:
    """From the control run in ``dtype``, with the factors that tensors are judged by; else a constant."""
    finite = golden[np.isfinite(golden)]
    scale = float(np.abs(finite).max(initial=1e-30))
    u = dtype.unit_roundoff if dtype is not None and control is not None else None
    if control is None or u is None:
        return Room(_LIMIT * scale, _LIMIT)
    largest = max(e for e in (control.max_abs, u * scale) if not math.isnan(e))
    norm = max(e for e in (control.rel_l2, STORED_ERROR * u) if not math.isnan(e))
    return Room(min(ENVELOPE_OUTLIER.bad * largest, ENVELOPE.bad * norm * float(np.linalg.norm(finite))),
                ENVELOPE.bad * norm)


def judged(golden: Array, tensor: RecordedTensor, dtype: DType | None = None, control: Metrics | None = None
           ) -> Decided:
    """Fail where a number cannot be golden's, else not comparable."""
    said = tensor.summary
    if said is None or golden.dtype.kind not in "fV" or not golden.size:
        return Verdict.NOT_COMPARABLE, Decision("statistics_only")
    wide = golden.astype(np.float64)
    finite = wide[np.abs(wide) < _MASK]
    # Mask constants that no 16-bit type holds are infinite on the device, or at its type's limit.
    bad = int(wide.size - finite.size)
    theirs = said.nan + said.pos_inf + said.neg_inf
    if theirs > bad:
        return Verdict.FAIL, Decision("statistics_nonfinite", "nonfinite", theirs, bad)
    stored = _stored(tensor, golden)
    if bad or stored < golden.size:
        # They cover what is not finite, too; and numbers of a slice are not those of the whole.
        return Verdict.NOT_COMPARABLE, Decision("statistics_only")
    known = [one for one in _numbers(finite, said, room_of(finite, dtype, control), padded=stored > golden.size)
             if not math.isnan(one[2])]
    for rule, mine, its, least, most in known:
        if not least <= its <= most:
            return Verdict.FAIL, Decision(rule, values={"golden": mine, "target": its})
    return Verdict.NOT_COMPARABLE, Decision("statistics_agree" if known else "statistics_only")


def other(golden: Array, tensors: Sequence[RecordedTensor]) -> bool:
    """Whether nothing that the device read has the statistics of an input, though some were recorded of its kind."""
    # Of padded tensors little can be told: those of the very size decide, where there are any.
    exact = [t for t in tensors if t.summary is not None and _stored(t, golden) == golden.size]
    told = [judged(golden, t) for t in exact or tensors]
    return any(v is Verdict.FAIL for v, _ in told) and not any(d.rule == "statistics_agree" for _, d in told)


def _stored(tensor: RecordedTensor, golden: Array) -> int:
    """How many elements the numbers are of."""
    if tensor.summary is not None and tensor.summary.count >= 0:
        return tensor.summary.count
    return math.prod(tensor.shape) if tensor.shape else golden.size


def _numbers(golden: Array, said: Summary, room: Room, *, padded: bool) -> Iterator[tuple[str, float, float, float,
                                                                                          float]]:
    """Rule, golden's number, the recorded one, and the range that it must keep.

    What pads the device's layout counts in its numbers. It was zero once, but operations make something of it (a
    sigmoid one half): it may raise the largest and lower the smallest value a little, and spoils the mean.
    """
    top, low, norm = float(golden.max()), float(golden.min()), float(np.linalg.norm(golden))
    scale = max(abs(top), abs(low))
    spare = max(scale, 1.0)
    yield "statistics_max", top, said.max, top - room.largest, (spare if padded else top) + room.largest
    yield "statistics_min", low, said.min, (-spare if padded else low) - room.largest, low + room.largest
    summed = min(_LIMIT, max(_SUMMED, golden.size * 2.0**-23))
    free = (room.norm + summed) * norm
    yield "statistics_norm", norm, said.l2, norm - free, math.inf if padded else norm + free
    if not padded:
        mean = float(golden.mean())
        free = room.norm * norm / math.sqrt(golden.size) + summed * float(np.abs(golden).mean())
        yield "statistics_mean", mean, said.mean, mean - free, mean + free
