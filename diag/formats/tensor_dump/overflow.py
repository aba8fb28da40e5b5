"""What the device's overflow detection writes: output 0 of an ``Opdebug`` dump, as bytes."""

from __future__ import annotations

import struct
from pathlib import Path

from diag.errors import FormatError
from diag.formats.tensor_dump import nano, standard
from diag.formats.tensor_dump.names import FileName
from diag.formats.tensor_dump.recording import Overflow

MAGIC = 0x5A5A5A5A

UNITS = {0: "AIC", 1: "AIV", 2: "AICPU", 3: "SDMA"}
"""Which part of the chip saw it, by number."""

_CORE = ("model_id", "stream_id", "task_id", "task_type", "context_id", "thread_id", "pc_start", "para_base",
         "core_id", "block_id", "status")
_FIELDS = {
    "AIC": _CORE, "AIV": _CORE,
    "AICPU": ("model_id", "stream_id", "task_id", "task_type", "context_id", "cpu_id", "thread_id", "status"),
    "SDMA": ("model_id", "stream_id", "task_id", "task_type", "context_id", "thread_id", "src_addr", "dst_addr",
             "channel_id", "status"),
}
_OLD_BYTES = 2048
_OLD_PARTS = (("dha_atomic_add", 0, 128), ("l2_atomic_add", 128, 128), ("ai_core", 256, 256),
              ("dha_atomic_add_status", 512, 256), ("l2_atomic_add_status", 768, 256),
              ("ai_core_status", 1024, 1024))
_OLD_FIELDS = ("model_id", "stream_id", "task_id")


def read(path: Path, name: FileName) -> tuple[Overflow, ...]:
    """The reports of one file. Raises FormatError where it is cut short or no such file."""
    with path.open("rb") as file:
        head = file.read(16)
    header = (nano if nano.is_nano(head) else standard).read(path)
    first = next((t for t in header.tensors if t.side == "output"), None)
    if first is None or first.span is None:
        raise FormatError(path, "Expected the report of the overflow detection as output 0",
                          found=first.problem if first is not None else "no output", hint="Copy the file again.")
    with path.open("rb") as file:
        file.seek(first.span.offset)
        return decode(file.read(min(first.span.length, 2**20)), path, name)


def decode(data: bytes, path: Path, name: FileName) -> tuple[Overflow, ...]:
    """The reports in these bytes; none where the device says that it holds nothing."""
    if len(data) >= 8 and int.from_bytes(data[:4], "little") == MAGIC:
        return _new(data, path, name)
    if len(data) < _OLD_BYTES:
        raise FormatError(path, f"Expected a report of {_OLD_BYTES} bytes, or one that begins with 0x{MAGIC:x}",
                          found=f"{len(data)} bytes", hint="Copy the file again.")
    return _old(data, path, name)


def _new(data: bytes, path: Path, name: FileName) -> tuple[Overflow, ...]:
    if len(data) < 24:
        raise FormatError(path, "Expected 24 bytes at the start of an overflow report", found=f"{len(data)}",
                          hint="The file was cut short. Copy it again.")
    valid, kind, _, length = struct.unpack_from("<4I", data, 8)
    if not valid:
        return ()
    unit = UNITS.get(kind, "")
    count = min(length, len(data) - 24) // 8
    values = dict(zip(_FIELDS.get(unit, _CORE), struct.unpack_from(f"<{count}Q", data, 24), strict=False))
    return (_made(path, name, unit, values),)


def _old(data: bytes, path: Path, name: FileName) -> tuple[Overflow, ...]:
    found = []
    for part, at, size in _OLD_PARTS[:3]:
        model, stream, task = struct.unpack_from("<3Q", data, at)
        status = next((int.from_bytes(data[a:a + 8], "little") for p, a, _ in _OLD_PARTS
                       if p == f"{part}_status"), 0)
        if any(data[at:at + size]):
            values = {**dict(zip(_OLD_FIELDS, (model, stream, task), strict=True)), "status": status}
            found.append(_made(path, name, "", {**values, part: 1}))
    return tuple(found)


def _made(path: Path, name: FileName, unit: str, values: dict[str, int]) -> Overflow:
    def known(key: str, absent: int) -> int:
        return int(values.get(key, absent))

    return Overflow(path, name.time, unit, known("task_id", name.task), known("stream_id", name.stream),
                    known("status", 0), known("model_id", -1), known("context_id", -1), known("thread_id", -1), values)
