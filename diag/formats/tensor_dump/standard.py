"""The standard dump file: length of a header, the header (a protobuf DumpData), the elements of all tensors.

Elements follow each other in the order input, output, buffer, space, ``size`` bytes each, without padding between
them; ``size`` may be larger than the elements need. Files of the first version have no length in front: the whole
file is the message, with the elements inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from diag.errors import FormatError
from diag.formats.cursor import LEN, VARINT, Cursor, Field, map_file
from diag.formats.tensor_dump.numbers import PROTO, layout_of
from diag.formats.tensor_dump.recording import RecordedTensor, Side
from diag.types.dtype import DType
from diag.types.tensor import Span

_HEADER_LIMIT = 64 * 2**20
_MOST_DIMS = 25
_WHAT = "a dump's header"

_OUTPUT = {"data_type": 1, "layout": 2, "shape": 3, "origin": 4, "data": 5, "size": 6, "original": 7, "sub_format": 8}
_INPUT = {"data_type": 1, "layout": 2, "shape": 3, "data": 4, "size": 5, "original": 6, "sub_format": 7}


@dataclass(slots=True)
class Header:
    """What the message says; ``unclaimed`` are bytes behind the last tensor (negative: missing ones)."""

    version: str = ""
    name: str = ""
    time: int = 0
    tensors: list[RecordedTensor] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    unclaimed: int = 0


@dataclass(slots=True)
class _Draft:
    side: Side
    data_type: int = 0
    layout: int = 0  # NCHW: the message leaves zeros out
    shape: tuple[int, ...] = ()
    original: tuple[int, ...] | None = None
    sub_format: int = 0
    size: int = 0
    inline: tuple[int, int] | None = None
    origin: tuple[str, int] | None = None


def read(path: Path) -> Header:
    """All tensors of a file, elements left in it.

    A file that is cut short gives those that are whole, and says why the others are not. Raises FormatError where the
    header itself cannot be read.
    """
    data = map_file(path)
    try:
        length = int.from_bytes(data[:8], "little")
        if len(data) >= 8 and 0 < length <= min(len(data) - 8, _HEADER_LIMIT):
            return _parsed(Cursor(data, path, _WHAT), 8, 8 + length, len(data))
        if data[:1] == b"\x0a" and len(data) <= 2**31:
            return _parsed(Cursor(data, path, _WHAT), 0, len(data), len(data))
        found = f"a length of {length:,} in a file of {len(data):,} bytes" if len(data) >= 8 else f"{len(data)} bytes"
        raise FormatError(path, "Expected the length of a dump's header", offset=0, found=found,
                          hint="The file was cut short, or it is no tensor dump. Copy it again.")
    finally:
        data.close()


def _parsed(cursor: Cursor, start: int, end: int, size: int) -> Header:
    header = Header()
    drafts: list[_Draft] = []
    extra = 0
    for f in cursor.fields(start, end):
        if f.number == 1 and f.wire == LEN:
            header.version = cursor.text(f)
        elif f.number == 2 and f.wire == VARINT:
            header.time = f.value
        elif f.number in (3, 4) and f.wire == LEN:
            drafts.append(_tensor(cursor, f, "output" if f.number == 3 else "input"))
        elif f.number in (5, 8) and f.wire == LEN:
            extra += _size_of(cursor, f)
        elif f.number == 6 and f.wire == LEN:
            header.name = cursor.text(f)
        elif f.number == 7 and f.wire == LEN:
            header.attributes.update([_attribute(cursor, f)])
    inputs = [d for d in drafts if d.side == "input"]
    outputs = [d for d in drafts if d.side == "output"]
    at = end
    for group in (inputs, outputs):
        for slot, draft in enumerate(group):
            if draft.inline or draft.size or 0 in draft.shape:  # else an optional input that was not given
                header.tensors.append(_placed(draft, slot, at, size, cursor.path))
            at += 0 if draft.inline else draft.size
    header.unclaimed = size - at - extra
    return header


def _tensor(cursor: Cursor, message: Field, side: Side) -> _Draft:
    draft = _Draft(side)
    numbers = {n: key for key, n in (_OUTPUT if side == "output" else _INPUT).items()}
    for f in cursor.fields(message.start, message.end, 1):
        key = numbers.get(f.number)
        if key in ("data_type", "layout", "sub_format", "size") and f.wire == VARINT:
            setattr(draft, key, f.value)
        elif key == "shape" and f.wire == LEN:
            draft.shape = _dims(cursor, f)
        elif key == "original" and f.wire == LEN:
            draft.original = _dims(cursor, f)
        elif key == "data" and f.wire == LEN and f.end > f.start:
            draft.inline = (f.start, f.end - f.start)
        elif key == "origin" and f.wire == LEN:
            draft.origin = _origin(cursor, f)
    return draft


def _dims(cursor: Cursor, message: Field) -> tuple[int, ...]:
    dims: list[int] = []
    for f in cursor.fields(message.start, message.end, 2):
        if f.number == 1 and f.wire in (VARINT, LEN):
            dims += cursor.packed(f)
    if len(dims) > _MOST_DIMS:
        raise cursor.error(message.start, f"Expected a shape of at most {_MOST_DIMS} dimensions", f"{len(dims)}")
    return tuple(dims)


def _origin(cursor: Cursor, message: Field) -> tuple[str, int] | None:
    name, index = "", 0
    for f in cursor.fields(message.start, message.end, 2):
        if f.number == 1 and f.wire == LEN:
            name = cursor.text(f)
        elif f.number == 2 and f.wire == VARINT:
            index = f.value
    return (name, index) if name else None


def _size_of(cursor: Cursor, message: Field) -> int:
    """Bytes of a buffer or workspace: both have their size as field 3."""
    return sum(f.value for f in cursor.fields(message.start, message.end, 1) if f.number == 3 and f.wire == VARINT)


def _attribute(cursor: Cursor, message: Field) -> tuple[str, str]:
    found = {f.number: cursor.text(f) for f in cursor.fields(message.start, message.end, 1) if f.wire == LEN}
    return found.get(1, ""), found.get(2, "")


def _placed(draft: _Draft, slot: int, at: int, file_size: int, path: Path) -> RecordedTensor:
    dtype = PROTO.get(draft.data_type, DType.UNDEFINED)
    layout, groups = layout_of(draft.layout)
    groups = max(groups, draft.sub_format if draft.sub_format < 2**16 else 1)
    start, length = draft.inline or (at, draft.size)
    span, problem = located(path, dtype, draft.data_type, draft.shape, start, length, file_size)
    return RecordedTensor(draft.side, slot, dtype, layout, draft.shape, draft.original, span, groups, draft.origin,
                          problem=problem)


def located(path: Path, dtype: DType, number: int, shape: tuple[int, ...], start: int, length: int,
            file_size: int) -> tuple[Span | None, str]:
    """Where the elements lie, or why they cannot be had."""
    if dtype.bits < 8:
        known = f"{dtype.value} elements are packed" if dtype.bits else f"element type {number} is not known"
        return None, f"{known}: they cannot be compared"
    if any(d < 0 for d in shape):
        return None, f"its shape {list(shape)} is not fixed"
    need = dtype.nbytes(math.prod(shape))
    if need > length:
        return None, f"its shape {list(shape)} needs {need:,} bytes, the file says it has {length:,}"
    if start + need > file_size:
        missing = start + need - file_size
        return None, f"the file is cut short: {missing:,} of its {need:,} bytes are missing"
    return Span(path, start, need), ""
