"""Protobuf's wire format, written. Only what the editor needs."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from diag.formats.cursor import FIXED32, FIXED64, LEN, VARINT
from diag.formats.mindir.schema import MESSAGES, Field, Kind

Value = int | float | str | bytes


def varint(value: int) -> bytes:
    """An integer; negative ones as 64-bit two's complement."""
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def record(number: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return header(number, len(payload)) + payload


def header(number: int, length: int) -> bytes:
    """What stands before the payload of a length-delimited field."""
    return varint(number << 3 | LEN) + varint(length)


def message(kind: str, fields: Mapping[str, Value | Sequence[Value]]) -> bytes:
    """A message of the schema, fields in the mapping's order. Sub-messages are given as their bytes."""
    numbers = {f.name: (number, f) for number, f in MESSAGES[kind].items()}
    out = bytearray()
    for name, given in fields.items():
        number, known = numbers[name]
        for value in [given] if isinstance(given, Value) else given:
            out += _single(number, known, value)
    return bytes(out)


def number_of(kind: str, name: str) -> int:
    """The number of a field."""
    return next(number for number, f in MESSAGES[kind].items() if f.name == name)


def _single(number: int, known: Field, value: Value) -> bytes:
    if isinstance(value, bytes):
        return record(number, value)
    if isinstance(value, str):
        return record(number, value.encode())
    if known.kind is Kind.FLOAT:
        return varint(number << 3 | FIXED32) + struct.pack("<f", value)
    if known.kind is Kind.DOUBLE:
        return varint(number << 3 | FIXED64) + struct.pack("<d", value)
    return varint(number << 3 | VARINT) + varint(int(value))
