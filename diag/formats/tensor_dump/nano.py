"""Dumps of the small chips: the same length in front, then tagged blocks instead of a protobuf message.

u32 magic, u32 version, then blocks of u32 tag, u32 length: tag 4 holds the inputs, tag 5 the outputs. Each begins with
the number of tensors; a tensor has fixed fields and then tagged values of its own (shape, original shape, name of the
original operation). Its element types have the runtime interface's numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from diag.errors import FormatError
from diag.formats.cursor import map_file
from diag.formats.tensor_dump.numbers import RUNTIME, layout_of
from diag.formats.tensor_dump.recording import RecordedTensor, Side
from diag.formats.tensor_dump.standard import Header, located
from diag.types.dtype import DType

MAGIC = 0x5A5A5A5A

_INPUTS, _OUTPUTS = 4, 5
_SHAPE, _ORIGINAL_SHAPE, _ORIGIN_NAME = 0, 1, 2
_INPUT_FIELDS = struct.Struct("<3i3QI")  # dtype, format, address type, address, offset, size, length of values
_OUTPUT_FIELDS = struct.Struct("<6i3QI")  # dtype, format, address type, origin's index, dtype, format, …
_MOST = 4096
_HEADER_LIMIT = 64 * 2**20


def is_nano(head: bytes) -> bool:
    """Whether a file that begins so is of this kind."""
    return len(head) >= 12 and int.from_bytes(head[8:12], "little") == MAGIC


def read(path: Path) -> Header:
    """All tensors of a file. Raises FormatError where its blocks do not hold together."""
    data = map_file(path)
    try:
        end = min(len(data), 8 + int.from_bytes(data[:8], "little"), _HEADER_LIMIT)
        return _Blocks(data[:end], len(data), path).header()
    finally:
        data.close()


class _Blocks:
    """A walk over the tagged blocks of one file: ``head`` up to the elements, ``size`` of the whole file."""

    def __init__(self, head: bytes, size: int, path: Path) -> None:
        self._head, self._size, self._path = head, size, path

    def header(self) -> Header:
        header = Header()
        _, version = self._unpack("<2I", 8)
        header.version = f"nano {version}"
        drafts: list[tuple[Side, list[RecordedTensor]]] = []
        at, body = 16, len(self._head)
        while at < len(self._head):
            tag, length = self._unpack("<2I", at)
            at += 8
            if tag in (_INPUTS, _OUTPUTS):
                side: Side = "input" if tag == _INPUTS else "output"
                found, body = self._tensors(side, at, at + length, body)
                drafts.append((side, found))
            at += length
        header.tensors = [t for _, found in drafts for t in found]
        header.unclaimed = self._size - body
        return header

    def _tensors(self, side: Side, at: int, end: int, body: int) -> tuple[list[RecordedTensor], int]:
        (count,) = self._unpack("<I", at)
        if count > _MOST:
            raise self._error(at, f"Expected at most {_MOST} tensors", f"{count:,}")
        at += 4
        fields = _INPUT_FIELDS if side == "input" else _OUTPUT_FIELDS
        found = []
        for slot in range(count):
            values = self._unpack(fields.format, at)
            at += fields.size
            size, length = values[-2], values[-1]
            tensor = self._tensor(side, slot, values, dict(self._values(at, min(at + length, end))), body)
            found.append(tensor)
            at, body = at + length, body + size
        return found, body

    def _tensor(self, side: Side, slot: int, values: tuple[int, ...], tagged: dict[int, tuple[int, ...]],
                body: int) -> RecordedTensor:
        dtype = RUNTIME.get(values[0], DType.UNDEFINED)
        layout, groups = layout_of(values[1])
        shape = tagged.get(_SHAPE, ())
        span, problem = located(self._path, dtype, values[0], shape, body, values[-2], self._size)
        name = bytes(c & 0xFF for c in tagged.get(_ORIGIN_NAME, ())).rstrip(b"\0").decode("utf-8", "replace")
        return RecordedTensor(side, slot, dtype, layout, shape, tagged.get(_ORIGINAL_SHAPE), span, groups,
                              (name, values[3]) if name else None, problem=problem)

    def _values(self, at: int, end: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Tag, length in bytes, then values: u64 each of a shape, characters of a name."""
        while at + 8 <= end:
            tag, length = self._unpack("<2I", at)
            at += 8
            if length > min(_MOST, end - at):
                raise self._error(at - 4, f"Expected at most {max(0, min(_MOST, end - at)):,} bytes of values",
                                  f"{length:,}")
            form = f"<{length}B" if tag == _ORIGIN_NAME else f"<{length // 8}Q"
            yield tag, self._unpack(form, at)
            at += length

    def _unpack(self, form: str, at: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(form, self._head, at)
        except struct.error:
            need = struct.calcsize(form)
            raise self._error(at, f"Expected {need:,} bytes of a small chip's dump header",
                              f"{max(0, len(self._head) - at):,}") from None

    def _error(self, at: int, expected: str, found: str) -> FormatError:
        return FormatError(self._path, expected, offset=at, found=found,
                           hint="The file was cut short or damaged. Copy it again.")
