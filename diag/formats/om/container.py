"""The container of an OM: a header of 256 bytes, then for every model a table of partitions and their bytes.

Source: the open GE repository and the container part of the open viewer Netron, checked on real files.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from diag.errors import FormatError
from diag.formats.cursor import Buffer

MAGIC = b"IMOD"
KNOWN_VERSIONS = (0x10000000, 0x20000000)
HEADER = 256
_CUT = "The file is cut short or damaged. Copy it again, or compile the model again."
_FLOW, _BUNDLE = 3, 5
_MOST_MODELS, _MOST_PARTITIONS = 4096, 4096

KINDS = {
    0: "model definition", 1: "weights", 2: "tasks", 3: "kernels", 4: "custom AI CPU kernels",
    5: "shared libraries", 6: "flow model", 7: "flow submodel", 8: "inputs and outputs", 9: "static task description",
    10: "dynamic task description", 11: "task parameters", 12: "tiling data", 20: "model description",
    21: "model queue entries", 22: "kernel arguments", 23: "model description, extended", 24: "bundle",
    25: "bundle variables", 26: "custom operators",
}
"""What a partition holds, by its number."""

MODEL_TYPES = {0: "IR", 1: "standard", 2: "tiny", 3: "flow", 4: "lite", 5: "bundle"}


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of the header. ``dynamic``: shapes are open until it runs. ``models``: 1, or more for parts."""

    version: int
    name: str
    model_type: int
    encrypted: bool
    models: int
    length: int
    wide: bool
    platform: str
    user_info: str
    dynamic: bool


@dataclass(frozen=True, slots=True)
class Partition:
    """Bytes ``[start, start + size)`` of the OM. ``model`` counts from 0."""

    model: int
    kind: int
    start: int
    size: int

    @property
    def name(self) -> str:
        """What it holds, in words."""
        return KINDS.get(self.kind, f"kind {self.kind}")


def header(data: Buffer, path: Path, base: int = 0) -> Header:
    """The header. Raises FormatError if the bytes are no OM, are too few, or are encrypted."""
    if bytes(data[:4]) != MAGIC:
        raise FormatError(path, "Expected an OM, which begins with IMOD", offset=base,
                          found=f"bytes {bytes(data[:8]).hex(' ')}", hint="Is it the right file?")
    if len(data) < HEADER:
        raise FormatError(path, f"Expected an OM's header of {HEADER} bytes", offset=base, found=f"{len(data)} bytes",
                          hint=_CUT)
    size, version = struct.unpack_from("<II", data, 4)
    (short,) = struct.unpack_from("<I", data, 76)
    encrypted, kind = data[80], data[82]
    _, models = struct.unpack_from("<II", data, 152)
    (long,) = struct.unpack_from("<Q", data, 184)
    if size != HEADER:
        raise FormatError(path, f"Expected an OM's header of {HEADER} bytes", offset=base + 4,
                          found=f"one of {size:,} bytes; the file says version {version:#010x}",
                          hint="It comes from another CANN than is known here. Give the compiler's graph dump instead.")
    found = Header(version, _text(data, 84, 32), kind, encrypted == 1, max(1, models), long or short,
                   long != 0 or kind == _FLOW, _text(data, 160, 20), _text(data, 120, 32), data[193] == 1)
    if found.encrypted:
        raise FormatError(path, "Expected an OM that can be read; this one is encrypted", offset=base + 80,
                          hint="Compile it again without encryption, or give the compiler's graph dump.")
    if found.models > _MOST_MODELS:
        raise FormatError(path, f"Expected at most {_MOST_MODELS:,} models in an OM", offset=base + 156,
                          found=f"{found.models:,}", hint=_CUT)
    return found


def partitions(data: Buffer, path: Path, head: Header, base: int = 0) -> tuple[Partition, ...]:
    """All partitions of all models. Raises FormatError where a table or a partition does not fit into the file."""
    found: list[Partition] = []
    at = HEADER
    for model in range(head.models):
        if at >= len(data) and model:
            raise _cut(path, base + at, f"Expected the table of model {model + 1} of {head.models}", "the end")
        table, at = _table(data, path, head, at, base, model)
        found += table
    return tuple(found)


def _table(data: Buffer, path: Path, head: Header, at: int, base: int, model: int) -> tuple[list[Partition], int]:
    first, row = ("<II", "<IIQQ") if head.wide else ("<I", "<III")
    if at + struct.calcsize(first) > len(data):
        raise _cut(path, base + at, "Expected a table of partitions", "the end")
    (count, *_) = struct.unpack_from(first, data, at)
    begin = at + struct.calcsize(first)
    end = begin + count * struct.calcsize(row)
    if count > _MOST_PARTITIONS or end > len(data):
        raise _cut(path, base + at, "Expected a table of partitions that fits into the file", f"{count:,} partitions")
    found, last = [], end
    for i in range(count):
        values = struct.unpack_from(row, data, begin + i * struct.calcsize(row))
        kind, offset, size = values[0], values[-2], values[-1]
        start = end + offset
        if start + size > len(data):
            raise _cut(path, base + begin + i * struct.calcsize(row),
                       f"Expected the {KINDS.get(kind, f'partition of kind {kind}')} of {size:,} bytes",
                       f"{max(0, len(data) - start):,} bytes")
        found.append(Partition(model, kind, start, size))
        last = max(last, start + size)
    return found, last


def _text(data: Buffer, start: int, size: int) -> str:
    return bytes(data[start:start + size]).split(b"\0")[0].decode("utf-8", "replace")


def _cut(path: Path, offset: int, expected: str, found: str) -> FormatError:
    return FormatError(path, expected, offset=offset, found=found, hint=_CUT)
