"""Graphs of a compiled model: where each operation lies, its name, type and inputs; the rest when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diag.formats.cursor import LEN, Cursor, Field
from diag.formats.ge_dump import proto
from diag.formats.ge_dump.textproto import Message
from diag.formats.ge_dump.values import attributes, edges
from diag.formats.om.compressed import Tables, expand
from diag.formats.om.wire import decode
from diag.types.ge import GeBody, GeGraph, GeOp, GeSketch, sketched

_GRAPH, _ATTR = 7, 11
_GRAPH_NAME, _OP = 1, 6
_NAME, _TYPE, _INPUT = 1, 2, 5


@dataclass(frozen=True, slots=True)
class Part:
    """Where one operation lies. ``tables``: the model's own, then those of the file's first model."""

    cursor: Cursor
    start: int
    end: int
    tables: Sequence[Tables]

    def body(self) -> GeBody:
        """Read it now. Raises FormatError where it is damaged."""
        message = decode(self.cursor, "OpDef", self.start, self.end)
        expand(message, self.tables)
        return proto.body(message)

    def sketch(self) -> GeSketch:
        """The few facts of it."""
        return sketched(self.body())

    def text(self) -> bytes:
        """Its bytes: two operations with the same bytes are the same."""
        return bytes(self.cursor.data[self.start:self.end])


def facts(cursor: Cursor, start: int, end: int) -> tuple[Message, list[Field]]:
    """Of a ModelDef: its attributes, and where its graphs lie."""
    found: Message = {"attr": []}
    graphs = []
    for field in cursor.fields(start, end):
        if field.wire == LEN and field.number == _ATTR:
            found["attr"].append(decode(cursor, "Entry", field.start, field.end))
        elif field.wire == LEN and field.number == _GRAPH:
            graphs.append(field)
    return found, graphs


def graph(cursor: Cursor, place: Field, tables: Sequence[Tables]) -> GeGraph:
    """A GraphDef. Raises FormatError where it makes no sense."""
    name, ops, message = "", [], Message()
    for field in cursor.fields(place.start, place.end, 1):
        if field.wire != LEN:
            continue
        if field.number == _GRAPH_NAME:
            name = cursor.text(field)
        elif field.number == _OP:
            ops.append(_op(cursor, field, tables))
        elif field.number == _ATTR:
            message.setdefault("attr", []).append(decode(cursor, "Entry", field.start, field.end))
    expand(message, tables)
    return GeGraph(name, tuple(ops), attributes(message))


def _op(cursor: Cursor, place: Field, tables: Sequence[Tables]) -> GeOp:
    name, kind, references = "", "", []
    for number, text in _texts(cursor, place):
        if number == _NAME:
            name = text
        elif number == _TYPE:
            kind = text
        else:
            references.append(text)
    inputs, controls = edges(references)
    return GeOp(name, kind, inputs, controls, Part(cursor, place.start, place.end, tables))


def _texts(cursor: Cursor, place: Field) -> Iterator[tuple[int, str]]:
    for field in cursor.fields(place.start, place.end, 2):
        if field.wire == LEN and field.number in (_NAME, _TYPE, _INPUT):
            yield field.number, cursor.text(field)
