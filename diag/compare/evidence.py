"""Copies of the tensors around the worst layers: what a trial, a histogram and a repro bundle need later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from diag.compare.align.state import Pairing
from diag.runtimes.interface import Array


@dataclass(frozen=True, slots=True)
class Kept:
    """One layer that failed on golden input: the golden tensor, what the target made of it, and what it read.

    ``feeds`` by target value name, in the target's layout. ``fed``: the golden tensors behind them, in input order.
    """

    node: int
    pair: Pairing
    score: float
    golden: Array
    cumulative: Array | None
    own: Array | None
    feeds: Mapping[str, Array]
    fed: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Bytes that the copies take."""
        arrays = [self.golden, self.cumulative, self.own, *self.feeds.values()]
        return sum(a.nbytes for a in arrays if a is not None)


class Evidence:
    """Keeps the layers with the highest scores, up to a number and up to a number of bytes."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self.kept: list[Kept] = []

    def offer(self, node: int, pair: Pairing, score: float, golden: Array, cumulative: Array | None,
              own: Array | None, feeds: Mapping[str, Array], fed: tuple[str, ...]) -> None:
        """Copy what belongs to this layer, if it is among the worst so far."""
        if len(self.kept) >= self._most and score <= self.kept[-1].score:
            return
        self.kept.append(Kept(node, pair, score, np.array(golden), _copy(cumulative), _copy(own),
                              {v: np.array(a) for v, a in feeds.items()}, fed))
        self.kept.sort(key=lambda k: -k.score)
        while len(self.kept) > self._most or (len(self.kept) > 1 and self._total() > self._most_bytes):
            self.kept.pop()

    def find(self, value: str, golden: str) -> Kept | None:
        """What was kept of a pairing."""
        return next((k for k in self.kept if k.pair.value == value and k.pair.golden == golden), None)

    def _total(self) -> int:
        return sum(k.nbytes for k in self.kept)


def _copy(array: Array | None) -> Array | None:
    return None if array is None else np.array(array)


def histogram(golden: Array, target: Array, bins: int = 64) -> dict[str, list[float]]:
    """Counts of both tensors over common edges (finite elements; 0.1 % of each end is clipped into the last bins)."""
    a, b = (x[np.isfinite(x)] for x in (golden.astype(np.float64).ravel(), target.astype(np.float64).ravel()))
    both = np.concatenate([a, b]) if a.size + b.size else np.zeros(1)
    low, high = np.quantile(both, [0.001, 0.999])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    return {"edges": edges.tolist(), "golden": np.histogram(np.clip(a, low, high), edges)[0].tolist(),
            "target": np.histogram(np.clip(b, low, high), edges)[0].tolist()}
