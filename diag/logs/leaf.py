"""Sources to the chunks of a book, in the order of reading: what a window shows while it still reads."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from diag.cancel import Cancel
from diag.events import Event, Finished, Partial, Progress
from diag.logs import grammar
from diag.logs.book import Chunk, Spool
from diag.logs.columns import Columns, ModuleNames, piece_columns
from diag.logs.levels import LEVELS
from diag.logs.lines import Piece, decode, is_binary, is_wide, pieces
from diag.logs.record import Level
from diag.logs.source import Source
from diag.logs.sources import sources_of
from diag.logs.wrappers import unwrap

_PIECE = 1 << 20
_FIRST = 1 << 18
_BATCH_S = 0.05
_PARSED = 200_000
"""Lines without a header at their start of which level, process and time are parsed: more would take too long."""

_MAY_TELL = re.compile(rb"ERROR|WARN|INFO|DEBUG|CRITICAL|FATAL|^\s*[EWIF]\s?\d{2,}|\b[EW][A-Z0-9]\d{4}\b|Error\b")


def leaf_through(items: Iterable[Path | str | Source], spool: Spool, cancel: Cancel) -> Iterator[Event]:
    """Partial(list of Chunk) as they are read, Progress in bytes, Finished(list of notes). Raises Cancelled.

    Raises UsageError where a path does not exist; what cannot be read becomes a note.
    """
    notes: list[str] = []
    reader = _Reader(spool, notes)
    batch: list[Chunk] = []
    told, done = 0.0, 0
    for source in sources_of(items, notes):
        for chunk, size in reader.chunks(source, cancel):
            batch.append(chunk)
            done += size
            if time.monotonic() - told > _BATCH_S:
                yield Partial(batch)
                yield Progress("Reading logs", done, 0, "bytes")
                batch, told = [], time.monotonic()
    if batch:
        yield Partial(batch)
    yield Finished(notes)


class _Reader:
    """Numbers files and modules through all sources."""

    def __init__(self, spool: Spool, notes: list[str]) -> None:
        self._spool, self._notes = spool, notes
        self._names = ModuleNames()
        self._numbers: dict[str, int] = {}
        self._file = -1
        self._parsed = 0

    def chunks(self, source: Source, cancel: Cancel) -> Iterator[tuple[Chunk, int]]:
        self._file += 1
        try:
            with source.open() as file:
                plain = is_plain(source)
                for number, piece in enumerate(pieces(file, _FIRST if self._file == 0 else _PIECE)):
                    cancel.check()
                    if number == 0 and is_binary(piece.data[:4096]):
                        self._notes.append(f"{source.name} is not text and was left out")
                        break
                    chunk = self._chunk(source, piece, plain=plain)
                    if chunk is None:
                        self._notes.append(f"{source.name} is shown in part: it is too large to be unpacked")
                        break
                    yield chunk, len(piece.data)
                else:
                    return
        except (OSError, EOFError, ValueError) as problem:
            self._notes.append(f"{source.name} could not be read to the end: {problem}")

    def _chunk(self, source: Source, piece: Piece, *, plain: bool) -> Chunk | None:
        columns = self._refined(piece, piece_columns(piece, self._names))
        if not plain:
            at = self._spool.put(piece.data)
            if at is None:
                return None
            columns = replace(columns, offset=columns.offset - piece.offset + at)
        return Chunk(self._file, source.name, source.path if plain else None, columns, piece.first_line,
                     frozenset(np.unique(columns.pid[columns.pid >= 0]).tolist()))

    def _refined(self, piece: Piece, columns: Columns) -> Columns:
        """Level, module, process and time of lines whose header stands behind a prefix, or has another form."""
        for row in np.flatnonzero(columns.level == 0).tolist():
            if self._parsed >= _PARSED:
                break
            start = int(columns.offset[row]) - piece.offset
            raw = piece.data[start:start + min(int(columns.length[row]), 2000)]
            if _MAY_TELL.search(raw) is None:
                continue
            self._parsed += 1
            bare = unwrap(decode(raw))
            fields = grammar.parse_line(bare.text)
            level = fields.level if fields.level is not Level.NONE or not bare.level else grammar.level_of(bare.level)
            columns.level[row] = LEVELS.index(level)
            columns.module[row] = self._names.number(fields.module.encode()[:16]) if fields.module else 0
            columns.pid[row] = fields.pid if fields.pid is not None and -1 < fields.pid < 1 << 31 else -1
            columns.time_us[row] = grammar.microseconds(fields.time) or -1
        return replace(columns, modules=self._names.texts())


def is_plain(source: Source) -> bool:
    """Whether the bytes of the source are the bytes of its file: not compressed, not in an archive, not UTF-16."""
    if source.path is None or source.name != str(source.path):
        return False
    with source.path.open("rb") as file:
        head = file.read(4096)
    return head[:2] != b"\x1f\x8b" and head[:3] != b"BZh" and head[:6] != b"\xfd7zXZ\0" and not is_wide(head)
