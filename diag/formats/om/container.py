"""The container of an OM: a header of 256 bytes, then for every model a table of partitions and their bytes.

Source: the open GE repository and the container part of the open viewer Netron, checked on real files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from diag.formats.cursor import Cursor

MAGIC = b"IMOD"
HEADER = 256
_VERSIONS = (0x10000000, 0x20000000)
_CUT = "The file is cut short or damaged. Copy it again, or compile the model again."
_FLOW = 3
_MOST = 4096

KINDS = {
    0: "MODEL_DEF", 1: "WEIGHTS", 2: "TASK_INFO", 3: "TBE_KERNELS", 4: "CUST_AICPU_KERNELS", 5: "SO_BINS",
    6: "FLOW_MODEL", 7: "FLOW_SUBMODEL", 8: "MODEL_INOUT_INFO", 9: "STATIC_TASK_DESC", 10: "DYNAMIC_TASK_DESC",
    11: "TASK_PARAM", 12: "TILING_DATA", 20: "PRE_MODEL_DESC", 21: "PRE_MODEL_SQE", 22: "PRE_KERNEL_ARGS",
    23: "PRE_MODEL_DESC_EXTEND", 24: "BUNDLE_MODEL_INFO", 25: "BUNDLE_MODEL_VAR_INFO", 26: "CUSTOM_OPS",
}
"""What a partition holds, by its number."""

MODEL_TYPES = {0: "IR", 1: "standard", 2: "tiny", 3: "flow", 4: "lite", 5: "bundle"}
"""Kinds of compiled models, by their number."""


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of the header. ``dynamic``: shapes are open until it runs. ``models``: how many follow one another.

    ``wide``: tables have 64-bit offsets.
    """

    version: int
    name: str
    type: int
    encrypted: bool
    models: int
    length: int
    wide: bool
    platform: str
    dynamic: bool


@dataclass(frozen=True, slots=True)
class Partition:
    """Bytes ``[start, end)`` of the buffer; ``kind`` is a name of KINDS, or ``kind N``."""

    kind: str
    start: int
    end: int


def known_version(head: Header) -> bool:
    """Whether files of this version were seen before."""
    return head.version in _VERSIONS


def header(cursor: Cursor) -> Header:
    """The header. Raises FormatError if the bytes are no OM or too few."""
    data = cursor.data
    if bytes(data[:4]) != MAGIC:
        raise cursor.error(0, "Expected an OM, which begins with IMOD", f"bytes {bytes(data[:8]).hex(' ')}",
                           "Is it the right file?")
    if len(data) < HEADER:
        raise cursor.error(0, f"Expected an OM's header of {HEADER} bytes", f"{len(data)} bytes", _CUT)
    size, version = struct.unpack_from("<II", data, 4)
    (short,) = struct.unpack_from("<I", data, 76)
    (models,) = struct.unpack_from("<I", data, 156)
    (long,) = struct.unpack_from("<Q", data, 184)
    if size != HEADER:
        raise cursor.error(4, f"Expected a header of {HEADER} bytes in an OM, compiled for the Ascend",
                           f"one of {size:,} bytes (version 0x{version:08x})",
                           "It is damaged, or of a CANN that is not known here. Give the model that it was compiled "
                           "from, or the compiler's graph dump.")
    if models > _MOST:
        raise cursor.error(156, f"Expected at most {_MOST:,} models in an OM", f"{models:,}", _CUT)
    return Header(version, _text(cursor, 84, 32), data[82], data[80] == 1, max(1, models), long or short,
                  long != 0 or data[82] == _FLOW, _text(cursor, 160, 20), data[193] == 1)


def models(cursor: Cursor, head: Header) -> Iterator[tuple[Partition, ...]]:
    """The partitions of each model. Raises FormatError where a table or a partition does not fit into the file."""
    at = HEADER
    for model in range(head.models):
        if at >= len(cursor.data):
            raise cursor.error(at, f"Expected the table of model {model + 1} of {head.models}", "the end", _CUT)
        found, at = _table(cursor, head, at)
        yield found


def _table(cursor: Cursor, head: Header, at: int) -> tuple[tuple[Partition, ...], int]:
    first, row = (struct.Struct("<II"), struct.Struct("<IIQQ")) if head.wide else (
        struct.Struct("<I"), struct.Struct("<III"))
    size = len(cursor.data)
    if at + first.size > size:
        raise cursor.error(at, "Expected a table of partitions", "the end", _CUT)
    count = first.unpack_from(cursor.data, at)[0]
    begin = at + first.size
    end = begin + count * row.size
    if count > _MOST or end > size:
        raise cursor.error(at, "Expected a table of partitions that fits into the file", f"{count:,} partitions", _CUT)
    found = tuple(_partition(cursor, row, begin + i * row.size, end) for i in range(count))
    return found, max((p.end for p in found), default=end)


def _partition(cursor: Cursor, row: struct.Struct, at: int, end: int) -> Partition:
    values = row.unpack_from(cursor.data, at)
    kind, start = KINDS.get(values[0], f"kind {values[0]}"), end + values[-2]
    if start + values[-1] > len(cursor.data):
        raise cursor.error(at, f"Expected {values[-1]:,} bytes of {kind}",
                           f"{max(0, len(cursor.data) - start):,} bytes", _CUT)
    return Partition(kind, start, start + values[-1])


def _text(cursor: Cursor, start: int, size: int) -> str:
    return bytes(cursor.data[start:start + size]).split(b"\0")[0].decode("utf-8", "replace")
