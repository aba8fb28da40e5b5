"""What answers an item on the other side. No Qt."""

from __future__ import annotations

from collections.abc import Iterable

from app.graph.model import GraphModel
from app.graph.overlay import Links


def answer(model: GraphModel | None, other: GraphModel | None, links: Links, item: int,
           nodes: Iterable[int]) -> tuple[int, ...]:
    """A scope of the same path, else the nodes that answer these; inputs and outputs by their place."""
    if other is None or model is None or item < 0:
        return ()
    if model.is_scope(item):
        path = model.paths[item - model.root]
        if path in other.paths:
            return (other.root + other.paths.index(path),)
    if model.is_scope(item) or model.is_node(item):
        return links.across(model.side, nodes)
    at = item - model.first_input
    inputs, outputs = len(model.graph.inputs), len(model.graph.outputs)
    if at < inputs:
        return (other.first_input + at,) if inputs == len(other.graph.inputs) else ()
    return (other.first_output + at - inputs,) if outputs == len(other.graph.outputs) else ()
