"""A walk over protobuf's wire format that stays inside its bounds and never touches the payloads."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diag.errors import FormatError

VARINT, FIXED64, LEN, FIXED32 = 0, 1, 2, 5
MAX_DEPTH = 100
"""How deep messages may nest; the same limit as protobuf's own parsers."""

Buffer = bytes | bytearray | memoryview | mmap.mmap

_CUT = "The file is cut short or damaged. Copy or export it again and compare its size with the original."
_GROUPS = {3: "the start of a group", 4: "the end of a group"}


class Field(NamedTuple):
    """One field of a message.

    ``start`` and ``end`` bound its payload (for VARINT: the number's own bytes), counted from the buffer's first byte.
    ``value`` is the number of a VARINT as unsigned 64 bits, 0 for the other wire types.
    """

    number: int
    wire: int
    start: int
    end: int
    value: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """Bounds-checked reads of one buffer.

    ``path`` and ``base`` (offset of the buffer's first byte in the file) make the places in errors; ``what`` is what
    the buffer should be, for their wording ("an ONNX model").
    """

    data: Buffer
    path: Path
    what: str = "a protobuf message"
    base: int = 0

    def error(self, offset: int, expected: str, found: str = "", hint: str = _CUT) -> FormatError:
        """The error to raise for what stands at ``offset`` in the buffer."""
        return FormatError(self.path, expected, offset=self.base + offset, found=found, hint=hint)

    def fields(self, start: int = 0, end: int | None = None, depth: int = 0) -> Iterator[Field]:
        """The fields of the message in ``[start, end)``, in file order; payloads are stepped over, not read.

        ``depth`` is how deep this message lies. Raises FormatError where it stops making sense.
        """
        data, size = self.data, len(self.data)
        new = tuple.__new__  # a fourth of the time of Field(…), and this is the hot path
        end = size if end is None else end
        if depth > MAX_DEPTH:
            raise self.error(start, f"Expected {self.what} nested at most {MAX_DEPTH} messages deep", "a deeper one")
        if not 0 <= start <= end <= size:
            raise self.error(start, f"Expected {self.what} of {end - start:,} bytes", f"{size - start:,} bytes left")
        at = start
        while at < end:
            tag_at, tag = at, data[at]
            at += 1
            if tag >= 0x80:
                tag, at = self.varint(tag_at, end)
            number, wire = tag >> 3, tag & 7
            if not 0 < number < 1 << 29:
                raise self.error(tag_at, f"Expected a field of {self.what}", f"field number {number}")
            begin = at
            if wire == LEN:
                # Most payloads are short: one byte of length.
                length, begin = (data[at], at + 1) if at < end else (0x80, at)
                if length >= 0x80:
                    length, begin = self.varint(at, end)
                at = begin + length
                if at > end:
                    raise self.error(tag_at, f"Field {number} of {self.what} says it has {length:,} bytes",
                                     f"{end - begin:,} bytes")
                yield new(Field, (number, LEN, begin, at, 0))
            elif wire == VARINT:
                value, at = self.varint(begin, end)
                yield new(Field, (number, VARINT, begin, at, value))
            elif wire in (FIXED32, FIXED64):
                at = begin + (4 if wire == FIXED32 else 8)
                if at > end:
                    raise self.error(tag_at, f"Expected {at - begin} bytes in field {number} of {self.what}",
                                     f"{end - begin} bytes")
                yield new(Field, (number, wire, begin, at, 0))
            else:
                raise self.error(tag_at, f"Expected a field of {self.what}", _GROUPS.get(wire, f"wire type {wire}"))

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """The unsigned number at ``at`` and the position behind it; at most 64 bits in 10 bytes."""
        data, value, shift, start = self.data, 0, 0, at
        while at < end:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> 64:
                    break
                return value, at
            shift += 7
            if shift == 70:
                break
        else:
            raise self.error(start, f"Expected a number in {self.what}", "the end in the middle of it")
        raise self.error(start, f"Expected a number of at most 64 bits in {self.what}", "a longer one")

    def packed(self, field: Field) -> list[int]:
        """Elements of a repeated integer field, written packed or one by one, as signed 64-bit numbers."""
        if field.wire == VARINT:
            return [signed(field.value)]
        values, at = [], field.start
        while at < field.end:
            value, at = self.varint(at, field.end)
            values.append(signed(value))
        return values

    def bytes(self, field: Field) -> bytes:
        """A copy of the payload."""
        return bytes(self.data[field.start:field.end])

    def text(self, field: Field) -> str:
        """The payload as UTF-8; bytes that are not UTF-8 stay recognisable as escapes."""
        return self.bytes(field).decode("utf-8", "backslashreplace")


def signed(value: int) -> int:
    """An unsigned 64-bit number read as two's complement."""
    return value - (1 << 64) if value >> 63 else value


def map_file(path: Path) -> mmap.mmap:
    """The whole file, mapped read-only. Raises FormatError if it is missing, a folder, empty or not readable."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise FormatError(path, "The file is empty", hint="Copy or export it again.")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise FormatError(path, "There is no such file", hint="Check the path.") from None
    except IsADirectoryError:
        raise FormatError(path, "Expected a file; found a folder", hint="Name the model file inside it.") from None
    except (OSError, ValueError) as problem:
        raise FormatError(path, f"The file cannot be read: {problem}", hint="Check its permissions.") from None
