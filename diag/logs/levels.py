"""Which lines of a piece are loud, seen from their first bytes, all lines at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diag.logs.record import Level

LEVELS: tuple[Level, ...] = (Level.NONE, Level.DEBUG, Level.INFO, Level.EVENT, Level.WARNING, Level.ERROR,
                             Level.CRITICAL)
"""Levels by the small number that the index keeps."""

_NONE, _DEBUG, _INFO, _EVENT, _WARNING, _ERROR, _CRITICAL = range(7)
_FIRST = np.zeros(256, np.uint8)
for _letter, _number in ((b"D", _DEBUG), (b"I", _INFO), (b"T", _EVENT), (b"W", _WARNING), (b"C", _CRITICAL)):
    _FIRST[_letter[0]] = _number
_WIDTH = np.array([0, 8, 7, 8, 10, 8, 11], np.int64)  # bytes of "[LEVEL] " by number


@dataclass(frozen=True, slots=True)
class LineIndex:
    """Lines of a piece: where each starts and ends (newline excluded), and its level's number."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    levels: npt.NDArray[np.uint8]


def index_lines(data: bytes) -> LineIndex:
    """Start, end and level of every line of ``data``; level NONE for lines that do not begin with ``[LEVEL]``."""
    raw = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(raw == 10)
    ends = newlines if data.endswith(b"\n") else np.append(newlines, len(data))
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    last = len(raw) - 1
    second, third = raw[np.minimum(starts + 1, last)], raw[np.minimum(starts + 2, last)]
    levels = _FIRST[second]
    is_e = second == ord("E")
    levels[is_e & (third == ord("R"))] = _ERROR
    levels[is_e & (third == ord("V"))] = _EVENT
    levels[(raw[np.minimum(starts, last)] != ord("[")) | (ends - starts < 12)] = _NONE
    return LineIndex(starts, ends, levels)


def telling_rows(data: bytes, index: LineIndex) -> npt.NDArray[np.int64]:
    """Lines to read in a triage: all but DEBUG, INFO and EVENT, and of these the relays of kernel and fault events."""
    loud = ~np.isin(index.levels, (_DEBUG, _INFO, _EVENT))
    raw = np.frombuffer(data, np.uint8)
    quiet = np.flatnonzero(~loud)
    letters = raw[np.minimum(index.starts[quiet] + _WIDTH[index.levels[quiet]], len(raw) - 1)]
    for row in quiet[(letters == ord("K")) | (letters == ord("D"))].tolist():
        line = data[index.starts[row]:index.ends[row]]
        loud[row] = b"event_id=" in line or (b"] KERNEL(" in line[:20] and (b"[ERROR]" in line or b"[WARNING]" in line))
    return np.flatnonzero(loud)


def count_levels(index: LineIndex, levels: Counter[str]) -> None:
    """Add the lines that have a level to the counts."""
    for number, count in enumerate(np.bincount(index.levels, minlength=7).tolist()):
        if count and number != _NONE:
            levels[LEVELS[number]] += count


def count_modules(data: bytes, index: LineIndex, modules: Counter[str]) -> None:
    """Add the modules of the lines that have a level, up to 16 letters of each name."""
    raw = np.frombuffer(data, np.uint8)
    chosen = np.flatnonzero(index.levels != _NONE)
    if not len(chosen):
        return
    at = index.starts[chosen] + _WIDTH[index.levels[chosen]]
    letters = raw[np.minimum(at[:, None] + np.arange(16), len(raw) - 1)]
    after = np.logical_or.accumulate(letters == ord("("), axis=1)
    names = np.ascontiguousarray(np.where(after, 0, letters).astype(np.uint8)).view(np.uint64)
    keys = names[:, 0] ^ (names[:, 1] * np.uint64(0x9E3779B97F4A7C15))
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    for where, count in zip(first.tolist(), counts.tolist(), strict=True):
        name = names[where].tobytes().rstrip(b"\0").decode("ascii", "replace").strip()
        if name and name[0].isalpha() and name.isidentifier():
            modules[name] += count
