"""Builds the columns of a Profile from pieces, a bounded piece of the file at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from diag.types.timeline import Host, Profile, Texts

TEXTS = ("names", "types", "cores", "tracks", "shapes", "dtypes")
FLOATS = ("start_us", "duration_us", "wait_us", "mac", "vector", "load")
INTS = ("calls", "blocks")
_DEFAULTS = {"calls": 1, "blocks": 0}


@dataclass(slots=True)
class _Words:
    """A growing vocabulary."""

    known: dict[str, int] = field(default_factory=dict)

    def codes(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        known = self.known
        return np.fromiter((known.setdefault(t, len(known)) for t in texts), np.int32, len(texts))


class Builder:
    """Takes blocks of rows; ``profile`` gives them all, in the order of their starts.

    ``origin``: the whole microseconds that the starts of all files are counted from; set by the first that has one.
    """

    def __init__(self) -> None:
        self._words = {name: _Words() for name in TEXTS}
        self._blocks: dict[str, list[npt.NDArray[np.generic]]] = {n: [] for n in (*TEXTS, *FLOATS, *INTS)}
        self.origin: int | None = None
        self.unreadable = 0
        self.first_unreadable = ""

    def add(self, rows: int, columns: Mapping[str, Any]) -> None:
        """``rows`` rows: texts as sequences, numbers as arrays; what is missing is unknown."""
        for name in TEXTS:
            texts = columns.get(name)
            self._blocks[name].append(self._words[name].codes([""] * rows if texts is None else texts))
        for name in FLOATS:
            numbers = columns.get(name)
            self._blocks[name].append(np.full(rows, np.nan) if numbers is None else np.asarray(numbers, np.float64))
        for name in INTS:
            numbers = columns.get(name)
            self._blocks[name].append(np.full(rows, _DEFAULTS[name], np.int32) if numbers is None
                                      else np.asarray(numbers, np.int32))

    def refuse(self, count: int, why: str) -> None:
        """Count rows that cannot be read."""
        if count and not self.unreadable:
            self.first_unreadable = why[:200]
        self.unreadable += count

    def profile(self, path: str, source: str, *, runs: int = 1, host: Sequence[Host] = (),
                originals: Sequence[tuple[str, tuple[str, ...]]] = (),
                type_totals: Sequence[tuple[str, int, float]] = ()) -> Profile:
        """Everything that was added; starts begin at 0."""
        whole = {name: np.concatenate(blocks) if blocks else np.zeros(0) for name, blocks in self._blocks.items()}
        order = np.argsort(whole["start_us"].astype(np.float64), kind="stable")
        start = whole["start_us"].astype(np.float64)[order]
        if len(start) and np.isfinite(start[0]):
            start = start - start[0]
        columns: dict[str, Any] = {
            **{n: Texts(whole[n].astype(np.int32)[order], tuple(self._words[n].known)) for n in TEXTS},
            **{n: whole[n].astype(np.float64)[order] for n in FLOATS if n != "start_us"},
            **{n: whole[n].astype(np.int32)[order] for n in INTS}}
        return Profile(path=path, source=source, runs=max(1, runs), start_us=start, host=tuple(host),
                       unreadable=self.unreadable, first_unreadable=self.first_unreadable,
                       originals=tuple(originals), type_totals=tuple(type_totals), **columns)
