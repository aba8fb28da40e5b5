"""Names and order that every graph can rely on: names unique and not empty, nodes in an order in which they can run."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from diag.types.graph import Graph, Node


def unique_names(nodes: Sequence[tuple[str, str, tuple[str, ...]]]) -> list[str]:
    """A name for each (name, operator, outputs): its own where it can be, else made from the other two."""
    taken = {name for name, _, _ in nodes}
    used: set[str] = set()
    last: dict[str, int] = {}
    names = []
    for name, op, outputs in nodes:
        first = next(filter(None, outputs), "")
        wanted = free = name or f"{op}_{first}".strip("_") or "node"
        while free in used or (free != name and free in taken):
            last[wanted] = last.get(wanted, 1) + 1
            free = f"{wanted}_{last[wanted]}"
        used.add(free)
        names.append(free)
    return names


def reads(node: Node) -> tuple[str, ...]:
    """Every value that the node needs: its inputs ("" for an omitted one), and what its subgraphs take from outside."""
    if not node.attributes:
        return node.inputs
    inner = tuple(v for graph in node.subgraphs for v in free_values(graph))
    return node.inputs + inner if inner else node.inputs


def free_values(graph: Graph) -> list[str]:
    """Values that the graph uses and does not make itself."""
    own = {i.name for i in graph.inputs} | graph.weights.keys() | {""}
    for node in graph.nodes:
        own.update(node.outputs)
    used = [v for node in graph.nodes for v in reads(node) if v not in own]
    return used + [o.name for o in graph.outputs if o.name not in own]


def can_run(nodes: Iterable[Node], given: AbstractSet[str], wanted: Iterable[str]) -> bool:
    """Whether nodes read only what is ``given`` or written by a node before them, and all of ``wanted`` is there."""
    seen = {"", *given}
    for node in nodes:
        if not seen.issuperset(reads(node)):
            return False
        seen.update(node.outputs)
    return seen.issuperset(wanted)


def running_order(nodes: Sequence[Node], given: AbstractSet[str]) -> list[int] | None:
    """Indices of the nodes so that each value is written before it is read; None if they already stand so.

    ``given`` are the graph's inputs and weights. Nodes on a cycle, and those behind it, come last in the given order.
    """
    writer = {value: i for i, node in enumerate(nodes) for value in node.outputs if value and value not in given}
    needs = [{writer[v] for v in reads(node) if v in writer} for node in nodes]
    if all(not others or max(others) < i for i, others in enumerate(needs)):
        return None
    waiting = [len(others) for others in needs]
    readers: list[list[int]] = [[] for _ in nodes]
    for i, others in enumerate(needs):
        for other in others:
            readers[other].append(i)
    ready = [i for i, count in enumerate(waiting) if count == 0]
    order: list[int] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for reader in readers[i]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                heapq.heappush(ready, reader)
    done = set(order)
    return order + [i for i in range(len(nodes)) if i not in done]
