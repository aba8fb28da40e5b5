"""The 99.9th percentile of magnitudes, exactly, while they stream by: only the largest 0.1 % are kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diag.types.metrics import NAN

SHARE = 0.001


class Tail:
    """The largest magnitudes of at most ``size`` numbers.

    Memory: 0.2 % of the tensor and a block, which is 8 bytes for every thousand float32 elements.
    """

    def __init__(self, size: int, dtype: np.dtype[np.generic]) -> None:
        self._keep = int(SHARE * max(0, size - 1)) + 2
        self._kept: list[NDArray[np.generic]] = []
        self._held = 0
        self._dtype = dtype
        self.threshold = -1.0
        """Numbers up to this one need not be offered any more."""

    def offer(self, magnitudes: NDArray[np.generic]) -> None:
        """Some of the numbers; those below ``threshold`` may be left out."""
        self._kept.append(magnitudes)
        self._held += magnitudes.size
        if self._held >= 2 * self._keep + 1024:
            self._shrink()

    def _shrink(self) -> None:
        everything = np.concatenate(self._kept)
        if everything.size > self._keep:
            everything = np.partition(everything, everything.size - self._keep)[-self._keep:]
            self.threshold = float(everything[0])
        self._kept, self._held = [everything], everything.size

    def quantile(self, count: int) -> float:
        """The percentile of the ``count`` numbers that went by, linear between neighbours; NaN of none."""
        if count == 0:
            return NAN
        self._shrink()
        ordered = np.sort(self._kept[0])[::-1]
        rank = SHARE * (count - 1)
        low = int(rank)
        upper, lower = float(ordered[low]), float(ordered[min(low + 1, ordered.size - 1)])
        return upper + (lower - upper) * (rank - low)
