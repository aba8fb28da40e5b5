"""Which rows hold a text: one search through all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_BREAK = "\n"


class Search:
    """Texts to be searched again and again, without regard to case."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._lines = [t.replace(_BREAK, " ").casefold() for t in texts]
        self._blob = _BREAK.join(self._lines) + _BREAK
        self._ends = np.cumsum(np.fromiter((len(t) + 1 for t in self._lines), np.int64, len(self._lines)))

    def mask(self, words: str) -> npt.NDArray[np.bool_]:
        """Rows that hold every word of ``words``."""
        found: npt.NDArray[np.bool_] | None = None
        # The longest word is likely to be the rarest: the others are looked for only where it is.
        for word in sorted(words.casefold().split(), key=len, reverse=True):
            if found is None:
                found = self._one(word)
                continue
            for row in np.flatnonzero(found).tolist():
                if word not in self._lines[row]:
                    found[row] = False
        return np.ones(len(self._ends), bool) if found is None else found

    def _one(self, word: str) -> npt.NDArray[np.bool_]:
        hits = np.zeros(len(self._ends), bool)
        ends, blob, at = self._ends.tolist(), self._blob, 0
        row = 0
        while (at := blob.find(word, at)) >= 0:
            if at >= ends[row]:
                row = int(np.searchsorted(self._ends, at, side="right"))
            hits[row] = True
            at = ends[row]
            row += 1
            if row >= len(ends):
                break
        return hits
