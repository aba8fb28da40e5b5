"""Operators of a profile in lanes, ready to be found and drawn at any zoom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diag.perf.hotspots import is_ai_cpu, kinds_of
from diag.types.timeline import Profile

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

AI_CPU = 5
"""The category after those of ``Kind``: it is always worth a colour of its own."""

MOST_LANES = 24


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """``rows`` of the profile in the order of their starts; ``reach`` is the latest end up to each."""

    name: str
    rows: Rows
    start: Floats
    end: Floats
    reach: Floats
    category: npt.NDArray[np.int32]

    def between(self, low: float, high: float) -> slice:
        """The operators that may be seen between two times."""
        return slice(int(np.searchsorted(self.reach, low)), int(np.searchsorted(self.start, high, side="right")))

    def at(self, time: float, slack: float) -> int:
        """The place of the operator at a time, the innermost; -1 for none. ``slack`` widens each a little."""
        seen = self.between(time - slack, time + slack)
        inside = np.flatnonzero((self.start[seen] - slack <= time) & (self.end[seen] + slack >= time))
        if not len(inside):
            return -1
        lengths = (self.end[seen] - self.start[seen])[inside]
        return int(seen.start) + int(inside[int(np.argmin(lengths))])


def lanes_of(profile: Profile) -> list[Lane]:
    """A lane a stream (thread) and unit, or a unit alone where there are too many."""
    if not profile.has_axis:
        return []
    category = categories(profile)
    pairs = profile.tracks.codes.astype(np.int64) * (len(profile.cores.words) + 1) + profile.cores.codes
    if len(np.unique(pairs)) > MOST_LANES:
        pairs = profile.cores.codes.astype(np.int64)
    single = len(set(profile.tracks.words)) <= 1
    found = []
    for code in np.unique(pairs):
        rows = np.flatnonzero(pairs == code)
        core, track = profile.cores[int(rows[0])], profile.tracks[int(rows[0])]
        name = core if single or track in ("", "N/A") else f"{core} · {track}" if core else track
        start = profile.start_us[rows]
        end = start + profile.duration_us[rows]
        found.append(Lane(name or "–", rows, start, end, np.maximum.accumulate(end), category[rows]))
    return sorted(found, key=lambda lane: -float((lane.end - lane.start).sum()))[:MOST_LANES]


def categories(profile: Profile) -> npt.NDArray[np.int32]:
    """The Kind of each row, or AI_CPU."""
    slow = np.array([is_ai_cpu(word) for word in profile.cores.words] or [False])[profile.cores.codes]
    return np.where(slow, AI_CPU, kinds_of(profile)).astype(np.int32)


def runs(pixels: int, first: Floats, last: Floats) -> Iterator[tuple[int, int]]:
    """Stretches of pixels that the intervals (in pixels) cover, as (start, length)."""
    low = np.clip(first, 0, pixels - 1).astype(np.int64)
    high = np.clip(last, 0, pixels - 1).astype(np.int64)
    depth = np.bincount(low, minlength=pixels + 1) - np.bincount(high + 1, minlength=pixels + 1)[:pixels + 1]
    covered = np.cumsum(depth)[:pixels] > 0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], covered, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), (edges[1::2] - edges[::2]).tolist(), strict=True)


def used(lanes: Sequence[Lane]) -> list[int]:
    """Categories that occur, in their order."""
    return sorted({int(c) for lane in lanes for c in np.unique(lane.category)})
