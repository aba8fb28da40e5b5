"""A graph as a tree of scopes with edges between what stands side by side. Built once, read by all; no Qt.

Everything that can be shown is an *item* with a number: first the nodes (numbers as in ``graph.nodes``), then the
graph's inputs, its outputs, and the scopes, parents before children; the first scope is the whole graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from app.graph.bodies import Unfolded, unfold
from app.graph.overlay import STATES, Overlay, Side, plain
from app.graph.tree import Path, Place
from diag.cancel import Cancel
from diag.types.graph import Graph

Array = npt.NDArray[Any]

IN, OUT = -1, -2
"""Ends of a scope's inner edges that stand for everything outside: what comes in, what goes out."""

_UNDRAWN = frozenset({"Constant"})


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges between children of one scope, for all scopes, sorted by scope: ``source`` may be IN, ``target`` OUT."""

    scope: Array
    source: Array
    target: Array
    weight: Array


@dataclass(frozen=True)
class GraphModel:
    """One graph and what is known of it.

    Attributes:
        graph: what is drawn: the graph's own nodes, and behind them those of the bodies of If, Loop and Scan.
        side: which side of the comparison it is.
        parent: (items,) scope that holds the item; -1 of the root and of what is not drawn (constants).
        depth: (items,) 0 of the root.
        labels: short name of each item where it stands.
        position: (items,) place in the order of execution; of a scope the mean of what it holds.
        leaves: (items,) number of nodes inside; 1 of a node.
        states: (items, STATES) how many of them are in each state.
        own: (items,) whether one of them makes an error of its own.
        constants: (nodes,) number of inputs that are weights or constants.
        edges: as Edges.
        holder: of each node of a body the node of the graph that runs it, from ``first_body`` on.
    """

    graph: Graph
    side: Side
    overlay: Overlay
    parent: Array
    depth: Array
    labels: tuple[str, ...]
    paths: tuple[str, ...]
    position: Array
    leaves: Array
    states: Array
    own: Array
    constants: Array
    edges: Edges
    holder: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.parent)

    @property
    def first_input(self) -> int:
        """The first item that is an input of the graph."""
        return len(self.graph.nodes)

    @property
    def first_body(self) -> int:
        """The first node that stands in a body of another one."""
        return self.first_input - len(self.holder)

    def outer(self, nodes: Iterable[int]) -> list[int]:
        """For nodes in bodies those that run them, else the nodes themselves; each once."""
        first = self.first_body
        return list(dict.fromkeys(self.holder[n - first] if first <= n < self.first_input else n for n in nodes))

    @property
    def first_output(self) -> int:
        """The first item that is an output of the graph."""
        return self.first_input + len(self.graph.inputs)

    @property
    def root(self) -> int:
        """The scope that is the whole graph, first of the scopes."""
        return self.first_output + len(self.graph.outputs)

    @cached_property
    def worst(self) -> Array:
        """(items,) the highest state inside, int8."""
        found: Array = ((self.states > 0) * np.arange(STATES)).max(1).astype(np.int8)
        return found

    @cached_property
    def children(self) -> tuple[Array, Array]:
        """(first, items): the children of scope s are ``items[first[s - root]:first[s - root + 1]]``, in order."""
        drawn = np.flatnonzero(self.parent >= 0)
        drawn = drawn[np.lexsort((self.position[drawn], self.parent[drawn]))]
        first = np.searchsorted(self.parent[drawn], np.arange(self.root, self.size + 1))
        return first, drawn

    def is_scope(self, item: int) -> bool:
        """Whether the item holds others."""
        return item >= self.root

    def is_node(self, item: int) -> bool:
        """Whether the item is an operation."""
        return 0 <= item < self.first_input

    def inside(self, scope: int) -> Array:
        """The children of a scope, in the order of execution."""
        first, items = self.children
        found: Array = items[first[scope - self.root]:first[scope - self.root + 1]]
        return found

    def ancestors(self, item: int) -> list[int]:
        """The scopes that hold an item, innermost first."""
        found = []
        while (item := int(self.parent[item])) >= 0:
            found.append(item)
        return found

    def nodes_in(self, item: int) -> Array:
        """The nodes that an item stands for: itself, or all inside the scope."""
        if not self.is_scope(item):
            return np.array([item] if self.is_node(item) else [], np.int64)
        up = self.chain
        return np.flatnonzero((up[:, :self.first_input] == item).any(0))

    @cached_property
    def chain(self) -> Array:
        """(depths, items) the ancestor of each item at each depth, itself at its own, -1 below."""
        return _chain(self.parent, self.depth)

    def name(self, item: int) -> str:
        """The full name: of the node, of the input or output, or the path of the scope."""
        if self.is_node(item):
            return self.graph.nodes[item].name
        if item < self.root:
            return self.labels[item]
        return self.paths[item - self.root] or self.graph.name


def build(graph: Graph, side: Side, overlay: Overlay | None = None, cancel: Cancel | None = None) -> GraphModel:
    """The model of a graph. Raises Cancelled."""
    whole = unfold(graph)
    found = (overlay if overlay is not None else plain(graph)).longer(len(whole.graph.nodes))
    stop = cancel or Cancel()
    drawn = _drawn(whole)
    stop.check()
    tree = _Tree(whole, drawn)
    stop.check()
    source, target, constants = _wires(whole, drawn)
    depth, chain = tree.depth, _chain(tree.parent, tree.depth)
    edges = _by_scope(source, target, depth, chain)
    stop.check()
    return GraphModel(whole.graph, side, found, tree.parent, depth, tuple(tree.labels), tuple(tree.paths),
                      *_sums(tree, drawn, found, whole.position), constants, edges, tuple(whole.holder))


def _drawn(whole: Unfolded) -> Array:
    """(nodes,) whether each is drawn: constants are not, unless they are all that a body does."""
    drawn = np.array([node.op not in _UNDRAWN for node in whole.graph.nodes], bool)
    bodies = [next(s for k in range(len(place.scope), 0, -1) if (s := place.scope[:k]) in whole.bodies)
              for place in whole.places[whole.own:]]
    busy = {body for body, seen in zip(bodies, drawn[whole.own:], strict=True) if seen}
    drawn[whole.own:] |= np.array([body not in busy for body in bodies], bool)
    return drawn


class _Tree:
    """Parents, depths and labels of all items."""

    def __init__(self, whole: Unfolded, drawn: Array) -> None:
        graph, where = whole.graph, whole.places
        outside = len(graph.inputs) + len(graph.outputs)
        self.root = len(graph.nodes) + outside
        self.inputs = len(graph.inputs)
        inner, trunk = _thinned(where, drawn, whole.bodies)
        self.paths: list[str] = [""]
        names = graph.input_names or tuple(i.name for i in graph.inputs)
        ends = graph.output_names or tuple(o.name for o in graph.outputs)
        self.labels = [place.label for place in where] + list(names) + list(ends) + [graph.name]
        parents = [-1] * len(graph.nodes) + [self.root] * outside + [-1]
        numbers: dict[Path, int] = {(): self.root}
        for i in np.flatnonzero(drawn).tolist():
            full, kept = inner[i]
            parents[i] = self._scope(full, kept, trunk, numbers, parents)
            self.labels[i] = "/".join((*full[kept[-1] if kept else trunk:], where[i].label))
        self.parent = np.array(parents, np.int64)
        self.depth = np.zeros(len(parents), np.int64)
        for scope in range(self.root + 1, len(parents)):
            self.depth[scope] = self.depth[self.parent[scope]] + 1
        held = np.flatnonzero(self.parent[:self.root] >= 0)
        self.depth[held] = self.depth[self.parent[held]] + 1

    def _scope(self, full: Path, kept: tuple[int, ...], trunk: int, numbers: dict[Path, int],
               parents: list[int]) -> int:
        """The number of a scope; it and those around it are made where they are new."""
        above, start = self.root, trunk
        for end in kept:
            path = full[:end]
            if path not in numbers:
                numbers[path] = len(parents)
                parents.append(above)
                self.labels.append("/".join(full[start:end]))
                self.paths.append("/" + "/".join(path))
            above, start = numbers[path], end
        return above


def _thinned(where: Sequence[Place], drawn: Array,
             bodies: frozenset[Path]) -> tuple[dict[int, tuple[Path, tuple[int, ...]]], int]:
    """Per drawn node its scope path and the lengths of those prefixes that are worth a box; the length of the path
    that all nodes share.

    A scope that holds all of the graph, one node, or nothing but one other scope would only cost a click; but a body of
    another node is never mixed with what stands around it.
    """
    numbers = np.flatnonzero(drawn).tolist()
    total: dict[Path, int] = {}
    heads: dict[Path, set[str | int]] = {}
    for i in numbers:
        path = where[i].scope
        for k in range(len(path) + 1):
            total[path[:k]] = total.get(path[:k], 0) + 1
            heads.setdefault(path[:k], set()).add(path[k] if k < len(path) else i)
    worth = {path for path in total
             if path in bodies or (path and 1 < total[path] < len(numbers) and len(heads[path]) > 1)}
    trunk = max((len(path) for path in total if total[path] == len(numbers)), default=0)
    boxes = {path: tuple(k for k in range(1, len(path) + 1) if path[:k] in worth) for path in total}
    return {i: (where[i].scope, boxes[where[i].scope]) for i in numbers}, trunk


def _wires(whole: Unfolded, drawn: Array) -> tuple[Array, Array, Array]:
    """Edges between drawn nodes, inputs and outputs of the graph; and the number of constant inputs per node."""
    graph = whole.graph
    first_input = len(graph.nodes)
    given = {info.name: first_input + i for i, info in enumerate(graph.inputs)}
    constants = np.zeros(len(graph.nodes), np.int64)
    source, target = [], []
    producers, seen = graph.producers, drawn.tolist()
    for i, node in enumerate(graph.nodes):
        if not seen[i]:
            continue
        for value in dict.fromkeys(node.inputs):
            origin = producers.get(value, given.get(value, -1))
            if origin >= first_input or (origin >= 0 and seen[origin]):
                source.append(origin)
                target.append(i)
            elif value:
                constants[i] += 1
        for value in whole.feeds.get(i, ()):
            origin = producers.get(value, given.get(value, -1))
            if origin >= first_input or (origin >= 0 and seen[origin]):
                source.append(origin)
                target.append(i)
    for k, info in enumerate(graph.outputs):
        origin = producers.get(info.name, given.get(info.name, -1))
        if origin >= first_input or (origin >= 0 and seen[origin]):
            source.append(origin)
            target.append(first_input + len(graph.inputs) + k)
    return np.array(source, np.int64), np.array(target, np.int64), constants


def _by_scope(source: Array, target: Array, depth: Array, chain: Array) -> Edges:
    """Each edge where it is seen: between siblings in the scope that holds both ends, and to the rim of every scope
    that holds only one of them. Edges that fall together are one, with a weight.
    """
    found: list[tuple[Array, Array, Array]] = []
    for level in range(len(chain) - 1):
        a, b = chain[level][source], chain[level][target]
        below_a, below_b = chain[level + 1][source], chain[level + 1][target]
        both = (a == b) & (a >= 0) & (below_a != below_b)
        found.append((a[both], below_a[both], below_b[both]))
        leaving = (a != b) & (level < depth[source])
        found.append((a[leaving], below_a[leaving], np.full(int(leaving.sum()), OUT)))
        entering = (a != b) & (level < depth[target])
        found.append((b[entering], np.full(int(entering.sum()), IN), below_b[entering]))
    if not found:
        empty = np.zeros(0, np.int64)
        return Edges(empty, empty, empty, empty)
    scope, one, other = (np.concatenate(part) for part in zip(*found, strict=True))
    width = len(depth) + 2
    key, weight = np.unique((scope * width + one + 2) * width + other + 2, return_counts=True)
    return Edges(key // width // width, key // width % width - 2, key % width - 2, weight)


def _chain(parent: Array, depth: Array) -> Array:
    chain = np.full((int(depth.max(initial=0)) + 1, len(parent)), -1, np.int64)
    here, level = np.arange(len(parent)), depth.copy()
    shown = (parent >= 0) | (depth == 0)
    for _ in range(len(chain)):
        live = (level >= 0) & (here >= 0) & shown
        chain[level[live], np.flatnonzero(live)] = here[live]
        here = np.where(live, parent[here], -1)
        level = level - 1
    return chain


def _sums(tree: _Tree, drawn: Array, overlay: Overlay, order: Sequence[float]) -> tuple[Array, Array, Array, Array]:
    """Position, leaves, states and own of all items: of scopes, summed from the inside out."""
    size, nodes = len(tree.parent), len(drawn)
    leaves, own = np.zeros(size, np.int64), np.zeros(size, bool)
    states, place = np.zeros((size, STATES), np.int64), np.zeros(size)
    leaves[:nodes], own[:nodes] = drawn, overlay.own & drawn
    states[np.flatnonzero(drawn), overlay.state[drawn]] = 1
    place[:nodes] = np.asarray(order) * drawn
    for level in range(int(tree.depth.max(initial=0)), 0, -1):
        here = np.flatnonzero((tree.depth == level) & (tree.parent >= 0))
        above = tree.parent[here]
        for total in (leaves, states, place):
            np.add.at(total, above, total[here])
        np.logical_or.at(own, above, own[here])
    position = np.where(leaves > 0, place / np.maximum(leaves, 1), float(nodes))
    position[nodes:nodes + tree.inputs] = -1
    return position, leaves, states, own
