"""A log that still grows: what was added since the last look, and whether it was rotated or cut."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from diag.logs.book import Chunk
from diag.logs.columns import ModuleNames, piece_columns
from diag.logs.lines import Piece

_MOST = 4 << 20
_HALF = 1 << 18
"""Bytes of a last line without its end that are waited for; then it is taken as it is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a file was read: bytes, lines, and which file it was (device and inode)."""

    path: Path
    offset: int
    lines: int
    inode: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Grown:
    """What a look found. ``rotated``: the file is another one, or was cut: it is to be read from its start."""

    seen: Seen
    chunk: Chunk | None = None
    rotated: bool = False


def seen_now(path: Path, offset: int, lines: int) -> Seen:
    """The state after everything up to ``offset`` was read. Raises OSError."""
    facts = path.stat()
    return Seen(path, offset, lines, (facts.st_dev, facts.st_ino))


def look(seen: Seen, file: int, name: str, modules: tuple[str, ...]) -> Grown:
    """Read whole lines that were added, at most 4 MiB of them. A file that is gone for now gives nothing new."""
    try:
        with seen.path.open("rb") as stream:
            facts = os.fstat(stream.fileno())
            if (facts.st_dev, facts.st_ino) != seen.inode or facts.st_size < seen.offset:
                return Grown(Seen(seen.path, 0, 0, (facts.st_dev, facts.st_ino)), None, rotated=True)
            stream.seek(seen.offset)
            data = stream.read(_MOST)
    except OSError:
        return Grown(seen)
    end = data.rfind(b"\n") + 1
    if not end and len(data) < _HALF:
        return Grown(seen)
    data = data[:end or len(data)]
    names = ModuleNames()
    for module in modules[1:]:
        names.number(module.encode())
    columns = piece_columns(Piece(data, seen.lines + 1, seen.offset), names)
    chunk = Chunk(file, name, seen.path, columns, seen.lines + 1, frozenset(columns.pid[columns.pid >= 0].tolist()))
    return Grown(replace(seen, offset=seen.offset + len(data), lines=seen.lines + len(columns.offset)), chunk)
