"""What a comparison says of each node of a graph, and which nodes answer which on the other side. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from diag.compare.reasons import Reasoned
from diag.types.comparison import Comparison
from diag.types.graph import Graph
from diag.types.layer import LayerResult, MappingKind, Role, Verdict

Ints = npt.NDArray[np.int64]
Side = Literal["golden", "target"]


class State(IntEnum):
    """What is known of a node, from the least to the most alarming; a scope shows the highest one inside it.

    NONE: nothing was compared. INSIDE: a fused node of the other side does its work and gives no tensor for it.
    INCOMPARABLE: its counterpart is known, its tensor could not be compared. UNMAPPED: no counterpart.

    The last four are for two graphs that are laid side by side without numbers: what a compiler's pass did.
    """

    NONE = 0
    INSIDE = 1
    INCOMPARABLE = 2
    UNMAPPED = 3
    PASS = 4
    WATCH = 5
    FAIL = 6
    CHANGED = 7
    FUSED = 8
    ADDED = 9
    REMOVED = 10


DIFFERENCES = (State.REMOVED, State.ADDED, State.FUSED, State.CHANGED)
ALARMING = frozenset({State.FAIL, *DIFFERENCES})
"""States that ``next`` goes to."""

STATES = len(State)
_OF_VERDICT = {Verdict.PASS: State.PASS, Verdict.WATCH: State.WATCH, Verdict.FAIL: State.FAIL,
               Verdict.NOT_COMPARABLE: State.INCOMPARABLE}


@dataclass(frozen=True, slots=True)
class Overlay:
    """By node of one graph.

    Attributes:
        state: (nodes,) int8, values of State.
        own: (nodes,) bool, whether the node makes an error of its own.
        rows: the results that speak of the node, in order of execution.
        reasons: why a node has no counterpart, where the comparison says so.
        notes: the same as ready sentences.
    """

    state: npt.NDArray[np.int8]
    own: npt.NDArray[np.bool_]
    rows: tuple[tuple[LayerResult, ...], ...]
    reasons: dict[int, Reasoned]
    notes: dict[int, str] = field(default_factory=dict)

    def longer(self, nodes: int) -> Overlay:
        """The same with nodes behind that nothing is known of."""
        more = nodes - len(self.state)
        return self if more <= 0 else Overlay(np.append(self.state, np.zeros(more, np.int8)),
                                              np.append(self.own, np.zeros(more, bool)),
                                              self.rows + ((),) * more, self.reasons, self.notes)


@dataclass(frozen=True, slots=True)
class Links:
    """Who answers whom, N to M: node numbers of the other side by node number, for both directions."""

    to_target: dict[int, tuple[int, ...]]
    to_golden: dict[int, tuple[int, ...]]

    def across(self, side: Side, nodes: Iterable[int]) -> tuple[int, ...]:
        """The nodes of the other side that answer these."""
        table = self.to_target if side == "golden" else self.to_golden
        return tuple(dict.fromkeys(other for node in nodes for other in table.get(node, ())))

    def group(self, side: Side, nodes: Sequence[int]) -> tuple[int, ...]:
        """All nodes of this side that share a counterpart with these: the members of a fused group."""
        back: Side = "target" if side == "golden" else "golden"
        return tuple(dict.fromkeys((*nodes, *self.across(back, self.across(side, nodes)))))


NO_LINKS = Links({}, {})


def plain(graph: Graph) -> Overlay:
    """The overlay of a graph that nothing was compared with."""
    size = len(graph.nodes)
    return Overlay(np.zeros(size, np.int8), np.zeros(size, bool), ((),) * size, {})


def overlay(graph: Graph, comparison: Comparison, side: Side) -> Overlay:
    """What the comparison says of this graph's nodes."""
    size = len(graph.nodes)
    state, own = np.zeros(size, np.int8), np.zeros(size, bool)
    rows: list[list[LayerResult]] = [[] for _ in range(size)]
    names = _Names(graph)
    for row in comparison.layers:
        for node in names.of_row(row, side):
            rows[node].append(row)
            state[node] = max(state[node], _state(row, side))
            own[node] |= row.role is Role.INJECTS
    reasons: dict[int, Reasoned] = {}
    for missing in comparison.unmatched_golden if side == "golden" else comparison.unmatched_target:
        for node in names.find(missing.tensor, missing.node):
            reasons[node] = missing
            state[node] = max(state[node], State.UNMAPPED if state[node] != State.INSIDE else State.INSIDE)
    return Overlay(state, own, tuple(map(tuple, rows)), reasons)


def links(golden: Graph, target: Graph, comparison: Comparison) -> Links:
    """Who answers whom, fused groups with all their members."""
    mine, theirs = _Names(golden), _Names(target)
    across: dict[int, dict[int, None]] = {}
    back: dict[int, dict[int, None]] = {}
    for row in comparison.layers:
        if row.target_node is None and row.target_tensor is None:
            continue
        group = [g for name in row.mapping.golden_nodes for g in mine.by_name.get(name, ())]
        for t in theirs.find(row.target_tensor, row.target_node):
            for g in (*mine.find(row.golden_tensor, row.golden_node), *group):
                across.setdefault(g, {})[t] = None
                back.setdefault(t, {})[g] = None
    return Links({k: tuple(sorted(v)) for k, v in across.items()}, {k: tuple(sorted(v)) for k, v in back.items()})


class _Names:
    """Node numbers by what results call them. Tensors come first: names of nodes need not be unique."""

    def __init__(self, graph: Graph) -> None:
        self.producers = graph.producers
        self.by_name: dict[str, list[int]] = {}
        for i, node in enumerate(graph.nodes):
            self.by_name.setdefault(node.name, []).append(i)

    def find(self, tensor: str | None, node: str | None) -> tuple[int, ...]:
        if tensor is not None and tensor in self.producers:
            return (self.producers[tensor],)
        return tuple(self.by_name.get(node or "", ())[:1])

    def of_row(self, row: LayerResult, side: Side) -> tuple[int, ...]:
        if side == "golden":
            return self.find(row.golden_tensor, row.golden_node)
        return self.find(row.target_tensor, row.target_node) if row.target_tensor is not None else ()


def _state(row: LayerResult, side: Side) -> State:
    if side == "golden" and row.target_tensor is None and row.mapping.kind is MappingKind.NONE:
        return State.INSIDE if row.target_node is not None else State.UNMAPPED
    return _OF_VERDICT[row.verdict]


def counts(state: npt.NDArray[np.int8], where: npt.NDArray[Any]) -> Ints:
    """How many of the nodes are in each state: (STATES,)."""
    return np.bincount(state[where], minlength=STATES).astype(np.int64)
