"""Graphs inside nodes (If, Loop, Scan) laid out beside the node that runs them, each in a scope of its own. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.graph.tree import Path, Place, common, places
from diag.types.graph import Graph, Node
from diag.types.tensor import TensorInfo, Weight

_DEEPEST = 8
"""Bodies inside bodies: deeper ones are named by the node that holds them, and not drawn."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A graph with the nodes of all bodies behind its own, which keep their numbers.

    Attributes:
        graph: what is drawn. A value of a body that is called like another one has another name here, and what a body
            is given is called as its node calls it.
        places: of every node.
        bodies: scopes that are bodies: they are boxes, however little they hold.
        feeds: by node, what its bodies give: values that it reads beside its inputs.
        position: of every node in the order of execution; a body runs before its node is done.
        own: how many nodes are the graph's own, the first ones.
        holder: of each further node the node of the graph that runs it.
    """

    graph: Graph
    places: Sequence[Place]
    bodies: frozenset[Path]
    feeds: Mapping[int, tuple[str, ...]]
    position: Sequence[float]
    own: int
    holder: Sequence[int] = ()


def unfold(graph: Graph) -> Unfolded:
    """The graph with what its nodes hold."""
    where = places(graph)
    own = len(graph.nodes)
    if not any(True for node in graph.nodes for _ in node.subgraphs):
        return Unfolded(graph, where, frozenset(), {}, range(own), own)
    making = _Unfolding(graph, where)
    for number in range(own):
        making.open(number, 0)
    whole = replace(graph, nodes=tuple(making.nodes), weights=making.weights, values=making.values)
    return Unfolded(whole, making.places, frozenset(making.bodies), making.feeds, making.position, own,
                    making.holder)


class _Unfolding:
    """The lists that grow."""

    def __init__(self, graph: Graph, where: Sequence[Place]) -> None:
        self.nodes, self.places = list(graph.nodes), list(where)
        self.position = [float(i) for i in range(len(graph.nodes))]
        self.weights: dict[str, Weight] = dict(graph.weights)
        self.values: dict[str, TensorInfo] = dict(graph.values)
        self.bodies: dict[Path, None] = {}
        self.feeds: dict[int, tuple[str, ...]] = {}
        self.holder: list[int] = []
        self._own = len(graph.nodes)
        self._taken = {*(v for n in graph.nodes for v in n.outputs), *(i.name for i in graph.inputs), *graph.weights}

    def open(self, owner: int, depth: int) -> None:
        """Add the bodies of a node, and theirs."""
        node = self.nodes[owner]
        if depth >= _DEEPEST:
            return
        for key, body in _bodies(node):
            path = self._scope(owner, key)
            self.bodies[path] = None
            names = self._names(node, body)
            first = len(self.nodes)
            self._add(owner, body, path, names, depth)
            self.feeds[owner] = (*self.feeds.get(owner, ()), *(names.get(o.name, o.name) for o in body.outputs))
            for number in range(first, first + len(body.nodes)):
                self.open(number, depth + 1)

    def _scope(self, owner: int, key: str) -> Path:
        place = self.places[owner]
        path: Path = (*place.scope, f"{place.label} · {key}")
        count = 2
        while path in self.bodies:
            path, count = (*place.scope, f"{place.label} · {key} ({count})"), count + 1
        return path

    def _names(self, node: Node, body: Graph) -> dict[str, str]:
        """What values of a body are called here, where that is not what the body calls them."""
        # Loop and Scan give their inputs to the body in the same order; what If has, its branches read by name.
        given = node.inputs if body.inputs else ()
        names = {info.name: given[i] if i < len(given) else "" for i, info in enumerate(body.inputs)}
        for value in dict.fromkeys((*(v for n in body.nodes for v in n.outputs if v), *body.weights)):
            fresh, count = value, 2
            while fresh in self._taken:
                fresh, count = f"{value} ({count})", count + 1
            self._taken.add(fresh)
            if fresh != value:
                names[value] = fresh
        return names

    def _add(self, owner: int, body: Graph, path: Path, names: Mapping[str, str], depth: int) -> None:
        self.holder += [owner if owner < self._own else self.holder[owner - self._own]] * len(body.nodes)
        outer, step = self.places[owner], 0.9 / 2 ** depth / (len(body.nodes) + 1)
        start = self.position[owner] - step * (len(body.nodes) + 1)
        for i, (node, place) in enumerate(zip(body.nodes, places(body), strict=True)):
            inner = place.scope[len(common(place.scope, (*outer.scope, outer.label))):]
            self.nodes.append(replace(node, inputs=tuple(names.get(v, v) for v in node.inputs),
                                      outputs=tuple(names.get(v, v) for v in node.outputs)))
            self.places.append(Place((*path, *inner), place.label))
            self.position.append(start + step * (i + 1))
        self.weights.update({names.get(k, k): weight for k, weight in body.weights.items()})
        for key, info in body.values.items():
            self.values.setdefault(names.get(key, key), info)


def _bodies(node: Node) -> Iterator[tuple[str, Graph]]:
    """The graphs of a node with the names of their attributes."""
    for key, value in node.attributes.items():
        if isinstance(value, Graph):
            yield key, value
        elif isinstance(value, tuple):
            yield from ((key, graph) for graph in value if isinstance(graph, Graph))
