"""Golden tensors that a target value may answer: near its inputs and its name in the golden graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import zip_longest

from diag.types.graph import Graph

SizeOf = Callable[[str], int | None]
"""Number of elements of a golden tensor, None while it is unknown."""


class Neighbourhood:
    """Walks the golden graph around a tensor, over values that depend on the inputs only."""

    def __init__(self, golden: Graph, live: set[str], size_of: SizeOf) -> None:
        self.graph = golden
        self._live = live
        self._size_of = size_of

    def chain(self, start: Iterable[str], elements: int, hops: int) -> list[str]:
        """``start`` and what is computed from it within ``hops`` nodes, nearest first, of ``elements`` elements."""
        return [v for v in self._down(start, hops) if self._size_of(v) == elements]

    def around(self, value: str, elements: int, hops: int) -> list[str]:
        """Tensors of that size within ``hops`` nodes below ``value`` and above it, nearest first, without itself."""
        below = self.chain([value], elements, hops)[1:] if self._size_of(value) == elements else \
            self.chain([value], elements, hops)
        above = [v for v in self._up(value, hops) if self._size_of(v) == elements]
        mixed = [v for pair in zip_longest(below, above) for v in pair if v is not None]
        return list(dict.fromkeys(mixed))

    def above(self, values: Iterable[str], hops: int) -> set[str]:
        """Everything that ``values`` are computed from, within ``hops`` nodes."""
        return {v for value in values for v in self._up(value, hops)}

    def between(self, start: Iterable[str], end: str) -> list[int]:
        """Nodes that compute ``end`` from ``start`` (and constants), in order; empty if ``end`` is in ``start``."""
        stop = set(start)
        found: set[int] = set()
        queue = [end]
        while queue:
            value = queue.pop()
            index = self.graph.producers.get(value)
            if value in stop or index is None or index in found or value not in self._live:
                continue
            found.add(index)
            queue += self.reads(index)
        return sorted(found)

    def reads(self, index: int) -> list[str]:
        """Values that a golden node reads and that depend on the inputs."""
        return [v for v in self.graph.nodes[index].inputs if v in self._live]

    def _down(self, start: Iterable[str], hops: int) -> Iterable[str]:
        seen = dict.fromkeys(start)
        queue = deque((v, 0) for v in seen)
        while queue:
            value, depth = queue.popleft()
            yield value
            if depth == hops:
                continue
            for i in self.graph.consumers.get(value, ()):
                for output in self.graph.nodes[i].outputs:
                    if output in self._live and output not in seen:
                        seen[output] = None
                        queue.append((output, depth + 1))

    def _up(self, value: str, hops: int) -> Iterable[str]:
        seen = {value}
        queue = deque([(value, 0)])
        while queue:
            current, depth = queue.popleft()
            if depth == hops or current not in self.graph.producers:
                continue
            for read in self.reads(self.graph.producers[current]):
                if read not in seen:
                    seen.add(read)
                    yield read
                    queue.append((read, depth + 1))
