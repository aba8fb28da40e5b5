"""Sets of nodes: around one node, between two places, and what lies between given tensors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from diag.compare.sides import Side
from diag.formats.mindir.select import SHAPE_OPS


class Wiring:
    """Who reads and writes what in one model.

    Attributes:
        data: values that depend on the elements of the inputs, not only on their shapes.
        writer: index of the node that writes each value.
    """

    def __init__(self, side: Side) -> None:
        self.graph = side.graph
        steps = {s.node: s for s in side.session.program.steps}
        self._reads = [tuple(dict.fromkeys((*node.inputs, *(steps[i].reads if i in steps else ()))))
                       for i, node in enumerate(self.graph.nodes)]
        self.writer = self.graph.producers
        self.data = {i.name for i in self.graph.inputs}
        for i, node in enumerate(self.graph.nodes):
            if node.op not in SHAPE_OPS and any(v in self.data for v in self._reads[i]):
                self.data.update(v for v in node.outputs if v)
        self._readers: dict[str, list[int]] = {}
        for i, reads in enumerate(self._reads):
            for value in reads:
                self._readers.setdefault(value, []).append(i)

    def reads(self, node: int) -> list[str]:
        """What the node reads, subgraphs included."""
        return [v for v in self._reads[node] if v]

    def data_reads(self, node: int) -> list[str]:
        """What the node reads and that depends on the inputs' elements."""
        return [v for v in self._reads[node] if v in self.data]

    def readers(self, node: int) -> list[int]:
        """The nodes that read what this node writes."""
        return [r for v in self.graph.nodes[node].outputs for r in self._readers.get(v, ()) if v in self.data]

    def above(self, node: int) -> list[int]:
        """The nodes that write what this node reads."""
        return [self.writer[v] for v in self.data_reads(node) if v in self.writer]

    def written(self, nodes: Iterable[int]) -> set[str]:
        """Everything that these nodes write."""
        return {v for n in nodes for v in self.graph.nodes[n].outputs if v}

    def back(self, values: Iterable[str], stop: Collection[str]) -> set[int]:
        """The nodes that compute ``values``, up to values in ``stop``; what only shapes decide is left out."""
        found: set[int] = set()
        queue = list(values)
        while queue:
            node = self.writer.get(queue.pop())
            if node is not None and node not in found:
                found.add(node)
                queue += [v for v in self.data_reads(node) if v not in stop]
        return found

    def reached(self, values: Collection[str], nodes: Collection[int]) -> set[int]:
        """Those of ``nodes`` that something leads to from ``values``."""
        known = set(values)
        found = set()
        for node in sorted(nodes):
            if any(v in known for v in self._reads[node]):
                found.add(node)
                known.update(self.graph.nodes[node].outputs)
        return found


@dataclass(frozen=True, slots=True)
class Region:
    """Target nodes that compute ``outs`` from values in ``stop`` (or from the graph's inputs).

    ``nodes`` are in running order. ``hops`` around the focus, -1 for an interval.
    """

    nodes: tuple[int, ...]
    outs: tuple[str, ...]
    stop: frozenset[str]
    hops: int


def around(wiring: Wiring, value: str, hops: int, answered: Collection[str], hidden: Collection[str]) -> Region:
    """The node that writes ``value``, with those up to ``hops`` above and below it.

    It ends at ``answered`` values: a node whose inputs have no golden tensor brings those before it along. ``hidden``
    values cannot be outputs.
    """
    middle = wiring.writer[value]
    core = {middle} | _spread(wiring.above, middle, hops) | _spread(wiring.readers, middle, hops)
    outs = dict.fromkeys([value])
    for node in sorted(core):
        if not any(r in core for r in wiring.readers(node)):
            outs.update(dict.fromkeys(v for v in wiring.graph.nodes[node].outputs
                                      if v in wiring.data and v in answered and v not in hidden))
    return _region(wiring, core, tuple(outs), answered, hops)


def between(wiring: Wiring, start: int, value: str, answered: Collection[str]) -> Region:
    """All nodes from index ``start`` on that ``value`` is computed from."""
    core = {n for n in wiring.back([value], ()) if n >= start}
    return _region(wiring, core, (value,), answered, -1)


def _region(wiring: Wiring, core: set[int], outs: tuple[str, ...], answered: Collection[str], hops: int) -> Region:
    stop = frozenset(answered) - wiring.written(core)
    return Region(tuple(sorted(wiring.back(outs, stop))), outs, stop, hops)


def _spread(step: Callable[[int], list[int]], middle: int, hops: int) -> set[int]:
    found: set[int] = set()
    edge = {middle}
    for _ in range(hops):
        edge = {n for m in edge for n in step(m)} - found - {middle}
        found |= edge
        if not edge:
            break
    return found
