"""Which rows hold a text: one search through all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_BREAK = "\n"


class Search:
    """Texts to be searched again and again, without regard to case."""

    def __init__(self, texts: Sequence[str]) -> None:
        lines = [t.replace(_BREAK, " ").casefold() for t in texts]
        self._blob = _BREAK.join(lines) + _BREAK
        self._ends = np.cumsum(np.fromiter((len(t) + 1 for t in lines), np.int64, len(lines)))

    def mask(self, words: str) -> npt.NDArray[np.bool_]:
        """Rows that hold every word of ``words``."""
        found = np.ones(len(self._ends), bool)
        for word in words.casefold().split():
            found &= self._one(word)
        return found

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
