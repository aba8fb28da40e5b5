"""``ge_proto_*.txt``: the text form of GE's own ModelDef or GraphDef. Field names: the open schema ge_ir.proto."""

from __future__ import annotations

from diag.formats.ge_dump.textproto import Message
from diag.formats.ge_dump.values import attributes, edges, first, integer, messages, tensor, text
from diag.types.ge import GeBody, GeGraph, GeOp, GeSketch, sketched

GRAPH, OP, HOLDER = b"graph", b"op", ""


def body(message: Message) -> GeBody:
    """Of an OpDef."""
    return GeBody(attributes(message), tuple(tensor(m) for m in messages(message, "input_desc")),
                  tuple(tensor(m) for m in messages(message, "output_desc")), integer(message, "id"),
                  integer(message, "stream_id"), tuple(text(n) for n in message.get("subgraph_name", ()) if n))


class Held:
    """A body that was read already."""

    def __init__(self, found: GeBody) -> None:
        self._found = found

    def body(self) -> GeBody:
        """It."""
        return self._found

    def sketch(self) -> GeSketch:
        """The few facts of it."""
        return sketched(self._found)

    def text(self) -> None:
        """Not kept."""


def op(message: Message) -> GeOp:
    """An OpDef."""
    inputs, controls = edges([text(i) for i in message.get("input", ())])
    return GeOp(first(message, "name"), first(message, "type"), inputs, controls, Held(body(message)))


def graphs(message: Message) -> tuple[GeGraph, ...]:
    """Of a ModelDef, or the one of a GraphDef."""
    found = list(messages(message, "graph"))
    if not found and "op" in message:
        found = [message]
    return tuple(GeGraph(first(g, "name"), tuple(op(o) for o in messages(g, "op")), attributes(g)) for g in found)
