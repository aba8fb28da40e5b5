"""Bytes of a MindIR → messages with named fields, after the table in ``schema``."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from diag.formats import cursor as wire
from diag.formats.cursor import FIXED32, FIXED64, LEN, MAX_DEPTH, VARINT, Cursor
from diag.formats.mindir.schema import MESSAGES, Field, Kind

MAX_FIELDS = 12_000_000
MAX_MESSAGES = 4_000_000
"""More than this is damage or an attack on the memory: a real model of 8,401 nodes has 600,000 fields, 160,000 of
them messages."""


class Place(NamedTuple):
    """Bytes ``[start, end)`` of the buffer."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message. ``fields`` has only what the bytes have; ``start`` and ``end`` bound its payload."""

    kind: str
    start: int
    end: int
    fields: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def text(self, name: str) -> str:
        """A text field; "" if absent."""
        value: str = self.fields.get(name, "")
        return value

    def integer(self, name: str) -> int:
        """An integer field; 0 if absent."""
        value: int = self.fields.get(name, 0)
        return value

    def texts(self, name: str) -> list[str]:
        """A repeated text field."""
        return list(self.fields.get(name, ()))

    def integers(self, name: str) -> list[int]:
        """A repeated integer field."""
        return list(self.fields.get(name, ()))

    def message(self, name: str) -> Message | None:
        """A sub-message, if present."""
        value: Message | None = self.fields.get(name)
        return value

    def messages(self, name: str) -> list[Message]:
        """A repeated sub-message."""
        return list(self.fields.get(name, ()))


@dataclass(slots=True)
class Decoder:
    """Decodes messages of one buffer; counts what it has read, so that a bomb is noticed."""

    cursor: Cursor
    fields: int = field(default=0)
    messages: int = field(default=0)

    def message(self, kind: str, start: int, end: int, depth: int = 0) -> Message:
        """The message of ``kind`` in ``[start, end)``. Unknown fields are stepped over."""
        if depth > MAX_DEPTH:
            raise self.cursor.error(start, f"Expected messages at most {MAX_DEPTH} deep", "deeper ones")
        self.messages += 1
        if self.messages > MAX_MESSAGES:
            raise self.cursor.error(start, f"Expected a model of at most {MAX_MESSAGES:,} messages", "more")
        table = MESSAGES[kind]
        fields: dict[str, Any] = {}
        for found in self.cursor.fields(start, end, depth):
            self._count(1, found.start)
            known = table.get(found.number)
            if known is None:
                continue
            if known.repeated:
                fields.setdefault(known.name, []).extend(self._repeated(known, found, kind, depth))
            else:
                fields[known.name] = self._single(known, found, kind, depth)
        return Message(kind, start, end, fields)

    def _count(self, number: int, at: int) -> None:
        self.fields += number
        if self.fields > MAX_FIELDS:
            raise self.cursor.error(at, f"Expected a model of at most {MAX_FIELDS:,} fields", "more")

    def _repeated(self, known: Field, found: wire.Field, kind: str, depth: int) -> Iterator[Any]:
        if found.wire == LEN and known.kind in (Kind.INT, Kind.UINT):
            self._count(found.end - found.start, found.start)
            values = self.cursor.packed(found)
            return iter(values if known.kind is Kind.INT else [v & 0xFFFFFFFFFFFFFFFF for v in values])
        if found.wire == LEN and known.kind in (Kind.FLOAT, Kind.DOUBLE):
            width = 4 if known.kind is Kind.FLOAT else 8
            if (found.end - found.start) % width:
                raise self.cursor.error(found.start, f"Expected {width}-byte numbers in {kind}.{known.name}",
                                        f"{found.end - found.start} bytes")
            self._count((found.end - found.start) // width, found.start)
            return iter(np.frombuffer(self.cursor.bytes(found), f"<f{width}").tolist())
        return iter((self._single(known, found, kind, depth),))

    def _single(self, known: Field, found: wire.Field, kind: str, depth: int) -> object:
        if found.wire != _WIRE[known.kind]:
            raise self.cursor.error(found.start, f"Expected {known.kind} in {kind}.{known.name} (field {found.number})",
                                    f"wire type {found.wire}")
        match known.kind:
            case Kind.MESSAGE:
                return self.message(known.message, found.start, found.end, depth + 1)
            case Kind.TEXT:
                return self.cursor.text(found)
            case Kind.INT:
                return wire.signed(found.value)
            case Kind.UINT:
                return found.value
            case Kind.SPAN:
                return Place(found.start, found.end)
            case Kind.BYTES:
                return self.cursor.bytes(found)
            case Kind.FLOAT | Kind.DOUBLE:
                return struct.unpack("<f" if known.kind is Kind.FLOAT else "<d", self.cursor.bytes(found))[0]


_WIRE = {Kind.INT: VARINT, Kind.UINT: VARINT, Kind.FLOAT: FIXED32, Kind.DOUBLE: FIXED64, Kind.TEXT: LEN,
         Kind.BYTES: LEN, Kind.SPAN: LEN, Kind.MESSAGE: LEN}
