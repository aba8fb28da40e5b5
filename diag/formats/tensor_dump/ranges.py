"""How large recorded values are, and which operation a report of the overflow detection is about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from diag.formats.tensor_dump.arrays import load
from diag.formats.tensor_dump.recording import Overflow, RecordedOp, RecordedTensor, Recording

Array = npt.NDArray[np.generic]

_CHUNK = 2**22


def about(recording: Recording, report: Overflow) -> RecordedOp | None:
    """The operation that a report is about: the same task and stream, and the same slice where it says one."""
    same = [o for o in recording.ops if o.task == report.task and o.stream in (report.stream, -1)]
    sliced = [o for o in same if o.context in (report.context, -1) and o.thread in (report.thread, -1)]
    return next(iter(sliced or same), None)


def report_facts(recording: Recording) -> list[dict[str, Any]]:
    """All reports, the earliest first, as JSON-able facts with the range of what their operation read and wrote."""
    return [_one(recording, r) for r in recording.overflows]


def _one(recording: Recording, report: Overflow) -> dict[str, Any]:
    op = about(recording, report)
    found: dict[str, Any] = {"file": str(report.file), "time": report.time, "unit": report.unit, "task": report.task,
                             "stream": report.stream, "status": report.status, "name": op.name if op else "",
                             "op": op.op if op else ""}
    if op is None:
        return found
    reads, writes = summary(op.inputs), summary(op.outputs)
    return {**found, "largest_input": reads[0], "largest_output": writes[0], "nonfinite": writes[1],
            "nonfinite_input": reads[1]}


def summary(tensors: Sequence[RecordedTensor]) -> tuple[float | None, int]:
    """Largest finite |value| over these tensors, None where nothing is known, and how many are not finite."""
    top, bad, known = 0.0, 0, False
    for t in tensors:
        if t.summary is not None:
            values = [abs(v) for v in (t.summary.max, t.summary.min) if math.isfinite(v)]
            top, bad = max([top, *values]), bad + t.summary.nan + t.summary.pos_inf + t.summary.neg_inf
            known = known or bool(values)
        elif t.span is not None and t.dtype.is_float:
            high, odd = extremes(load(t))
            top, bad, known = max(top, high), bad + odd, True
    return (top if known else None), bad


def extremes(array: Array) -> tuple[float, int]:
    """Largest finite |value| and the number of elements that are not finite, a piece at a time."""
    flat = array.reshape(-1)
    top, bad = 0.0, 0
    for at in range(0, flat.size, _CHUNK):
        piece = flat[at:at + _CHUNK].astype(np.float32 if flat.dtype.itemsize <= 4 else np.float64)
        finite = np.isfinite(piece)
        bad += int(piece.size - np.count_nonzero(finite))
        top = max(top, float(np.abs(piece).max(initial=0.0, where=finite)))
    return top, bad
