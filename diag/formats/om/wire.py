"""GE's messages in their binary form, as the same trees that the text form gives (``ge_dump.textproto``)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from diag.formats.cursor import LEN, VARINT, Cursor, Field
from diag.formats.ge_dump.textproto import Message, Scalar
from diag.formats.om.schema import MESSAGES


def decode(cursor: Cursor, kind: str, start: int, end: int, depth: int = 0) -> Message:
    """The message of a kind (a key of MESSAGES) in ``[start, end)``. Raises FormatError where it makes no sense."""
    fields, found = MESSAGES[kind], Message()
    for field in cursor.fields(start, end, depth):
        known = fields.get(field.number)
        if known is not None:
            found.setdefault(known[0], []).extend(_values(cursor, field, known[1], depth))
    return found


def _values(cursor: Cursor, field: Field, kind: str, depth: int) -> Iterator[Scalar | Message]:
    if kind in ("int", "ints", "bool"):
        if field.wire in (VARINT, LEN):
            yield from map(str, cursor.packed(field))
    elif kind in ("float", "floats"):
        if field.wire != VARINT:
            yield from map(repr, struct.unpack_from(f"<{(field.end - field.start) // 4}f", cursor.data, field.start))
    elif field.wire != LEN:
        raise cursor.error(field.start, f"Expected bytes in a field of {cursor.what}", "a number")
    elif kind == "str":
        yield cursor.bytes(field)
    elif kind == "skip":
        yield b""
    else:
        yield decode(cursor, kind, field.start, field.end, depth + 1)
