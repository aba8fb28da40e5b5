"""Looks for the golden tensor that an array equals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.layout import Layout, arrange, distance, layouts
from diag.compare.align.state import NEAR_HOPS
from diag.runtimes.interface import Array
from diag.types.graph import Graph

Found = tuple[str, Layout, float]
"""A golden tensor, how it lies in the target, and the relative L2 distance."""


class Finder:
    """Candidates and distances. ``golden_array`` gives a golden tensor that is held now, None if it is not."""

    def __init__(self, golden: Graph, target: Graph, near: Neighbourhood, anchor: Mapping[int, int],
                 golden_array: Callable[[str], Array | None]) -> None:
        self._golden, self._target, self._near, self._anchor = golden, target, near, anchor
        self._golden_array = golden_array

    def nearest(self, places: Iterable[str], array: Array) -> Found | None:
        """The candidate that an array equals best; an earlier one wins unless a later one is far better."""
        best: Found | None = None
        for golden, layout, d in self.distances(places, array):
            if best is None or d < 0.5 * best[2]:
                best = (golden, layout, d)
            if d == 0.0 or (best is not None and best[2] <= 1e-6):
                break
        return best

    def distances(self, places: Iterable[str], array: Array) -> Iterable[Found]:
        """Each candidate in each layout, with its distance."""
        for name in places:
            golden = self._golden_array(name)
            if golden is None or golden.size != array.size:
                continue
            if (golden.dtype.kind in "biu") != (array.dtype.kind in "biu"):
                continue
            for layout in layouts(golden.shape, array.shape):
                yield name, layout, distance(arrange(golden, layout, array.shape), array)

    def named(self, node: int, k: int, array: Array) -> list[str]:
        """Golden tensors that a target node's name stands for: its anchor's output, and what comes right after it."""
        anchor = self._anchor.get(node)
        if anchor is None:
            return []
        outputs = [o for o in self._golden.nodes[anchor].outputs if o]
        if len(outputs) > 1 and len(outputs) > k and len(self._target.nodes[node].outputs) > 1:
            outputs = [outputs[k]]
        return self._near.chain(outputs, array.size, NEAR_HOPS)

    def read_as(self, value: str, chain: Sequence[str]) -> str | None:
        """The tensor of ``chain`` that the counterparts of this value's readers read."""
        for reader in self._target.consumers.get(value, ()):
            anchor = self._anchor.get(reader)
            if anchor is not None:
                found = next((g for g in reversed(chain) if g in self._golden.nodes[anchor].inputs), None)
                if found is not None:
                    return found
        return None

    def elsewhere(self, node: int, k: int, golden: str, own: Array) -> bool:
        """Whether a node bears the very name of a golden node but answers a tensor that is not made from it.

        Equal blocks answer each other's tensors when what lies between them is gone: the name may know better.
        """
        anchor = self._anchor.get(node)
        if anchor is None or self._golden.nodes[anchor].name != self._target.nodes[node].name:
            return False
        named = self.named(node, k, own)
        return bool(named) and golden not in named

    def size_of(self, golden: str) -> int | None:
        """Elements of a golden tensor that is held now."""
        held = self._golden_array(golden)
        return None if held is None else held.size
