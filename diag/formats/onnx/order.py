"""Names and order that every graph can rely on: names unique and not empty, nodes in an order in which they can run."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from diag.types.graph import Graph, Node


def unique_names(nodes: Sequence[tuple[str, str, str]]) -> list[str]:
    """A name for each (name, operator, first output): its own where it can be, else made from the other two."""
    taken = {name for name, _, _ in nodes}
    used: set[str] = set()
    names = []
    for name, op, output in nodes:
        wanted = name or f"{op}_{output}" if output else name or op or "node"
        free, count = wanted, 2
        while free in used or (free in taken and free != name):
            free, count = f"{wanted}_{count}", count + 1
        used.add(free)
        names.append(free)
    return names


def reads(node: Node) -> Iterator[str]:
    """Every value that the node needs: its inputs, and what its subgraphs take from outside."""
    yield from (v for v in node.inputs if v)
    for graph in node.subgraphs:
        yield from free_values(graph)


def free_values(graph: Graph) -> Iterator[str]:
    """Values that the graph uses and does not make itself."""
    own = {i.name for i in graph.inputs} | set(graph.weights) | {v for n in graph.nodes for v in n.outputs}
    for node in graph.nodes:
        yield from (v for v in reads(node) if v not in own)
    yield from (o.name for o in graph.outputs if o.name and o.name not in own)


def running_order(nodes: Sequence[Node], given: AbstractSet[str]) -> list[int] | None:
    """Indices of the nodes so that each value is written before it is read; None if they already stand so.

    ``given`` are the graph's inputs and weights. Nodes on a cycle, and those behind it, come last in the given order.
    """
    writer = {value: i for i, node in enumerate(nodes) for value in node.outputs if value}
    needs = [{writer[v] for v in reads(node) if v in writer and v not in given} for node in nodes]
    if all(other < i for i, others in enumerate(needs) for other in others):
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
