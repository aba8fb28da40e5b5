"""Sources to records: only the lines that may tell something, multi-line records kept together by their stream."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from diag.cancel import Cancel
from diag.logs import grammar
from diag.logs.levels import LEVELS, count_levels, count_modules, index_lines, telling_rows
from diag.logs.lines import LONGEST, Piece, decode, is_binary, pieces
from diag.logs.record import Kind, Level, Record
from diag.logs.source import Source
from diag.logs.wrappers import logical_lines, unwrap

_WARNING = 4
_REACH = 8192
_VARIABLE = b"0123456789abcdefx"
_DULL = 20_000
_CODE_LINE = re.compile(r"^\s*(?P<code>[EW][A-Z0-9]\d{4})\b")


@dataclass
class Tally:
    """What was counted while reading."""

    lines: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    modules: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    shape: bytes = b""
    dull: set[bytes] = field(default_factory=set)

    def skip_alike(self) -> None:
        """The record just read told nothing: WARNING lines of its shape need not be read again."""
        if self.shape and len(self.dull) < _DULL:
            self.dull.add(self.shape)


@dataclass
class _Stream:
    """What the lines of one stream inherit from those before."""

    header: grammar.Parsed | None = None
    block: str = ""
    tracing: bool = False
    open: bool = False


def read_records(source: Source, tally: Tally, cancel: Cancel, *, quiet: bool = False) -> Iterator[Record]:
    """Records of the source in file order; DEBUG, INFO and EVENT lines only if ``quiet``. Counts all lines.

    Raises Cancelled; what cannot be read becomes a note.
    """
    streams: dict[str, _Stream] = {}
    try:
        with source.open() as file:
            for number, piece in enumerate(pieces(file)):
                cancel.check()
                if number == 0 and is_binary(piece.data[:4096]):
                    tally.notes.append(f"{source.name} is not text and was left out")
                    return
                if piece.cut:
                    tally.notes.append(f"{source.name}: a line longer than {LONGEST:,} bytes was cut")
                yield from _piece_records(source.name, piece, tally, streams, quiet)
    except (OSError, EOFError, ValueError) as problem:
        tally.notes.append(f"{source.name} could not be read to the end: {problem}")


def _piece_records(name: str, piece: Piece, tally: Tally, streams: dict[str, _Stream], quiet: bool) -> Iterator[Record]:
    data = piece.data
    index = index_lines(data)
    tally.lines += len(index.starts)
    count_levels(index, tally.levels)
    count_modules(data, index, tally.modules)
    chosen = np.arange(len(index.starts)) if quiet else telling_rows(data, index)
    starts, ends = index.starts[chosen].tolist(), index.ends[chosen].tolist()
    levels = index.levels[chosen].tolist()
    for place, start, end, level in zip(chosen.tolist(), starts, ends, levels, strict=True):
        raw = data[start:min(end, start + LONGEST)]
        tally.shape = raw[20:600].translate(None, _VARIABLE) if level == _WARNING and not quiet else b""
        if tally.shape and tally.shape in tally.dull:
            continue
        for text in logical_lines(decode(raw)):
            record = _record(name, piece.first_line + place, text, streams, tally, LEVELS[level])
            if record is not None:
                yield record


def _record(name: str, line: int, text: str, streams: dict[str, _Stream], tally: Tally, seen: Level) -> Record | None:
    bare = unwrap(text)
    stream = streams.setdefault(bare.stream, _Stream())
    parsed = grammar.parse_line(bare.text[:_REACH])
    kind = _kind(parsed, stream)
    if bare.level and kind in (Kind.TEXT, Kind.CONTINUATION):
        kind = Kind.FOREIGN  # the wrapper is a log line of its own
    tally.kinds[kind] += 1
    if kind is Kind.BLANK:
        return None
    if seen is Level.NONE and parsed.level is not Level.NONE and kind is not Kind.BLOCK:
        tally.levels[parsed.level] += 1
        if parsed.module:
            tally.modules[parsed.module] += 1
    level = parsed.level
    if level is Level.NONE and bare.level:
        level = grammar.level_of(bare.level) if kind is Kind.FOREIGN else level
    near = stream.header
    own = _CODE_LINE.match(parsed.body)
    code = parsed.code or (own["code"] if own is not None else stream.block)
    return Record(name, line, text, parsed.body, kind, level,
                  grammar.microseconds(parsed.time or (near.time if near is not None else "")),
                  parsed.module, parsed.pid if parsed.pid is not None else near.pid if near is not None else None,
                  parsed.tid, parsed.process, parsed.source, bare.stream, code)


def _kind(parsed: grammar.Parsed, stream: _Stream) -> Kind:
    kind = parsed.kind
    match kind:
        case Kind.HEADER | Kind.LITERT | Kind.FOREIGN | Kind.TORCH:
            if parsed.time or parsed.pid is not None or stream.header is None:
                stream.header = parsed if parsed.pid is not None or parsed.time else stream.header
            stream.block, stream.tracing, stream.open = "", False, True
        case Kind.BLOCK:
            stream.block, stream.tracing, stream.open = parsed.code, False, True
            if parsed.pid is not None or parsed.time:
                stream.header = parsed
        case Kind.TRACEBACK:
            stream.tracing = stream.open = True
        case Kind.EXCEPTION | Kind.OUTCOME | Kind.CRASH:
            stream.tracing, stream.block, stream.open = False, "", kind is Kind.EXCEPTION
        case Kind.TEXT:
            if stream.tracing:
                return Kind.TRACEBACK
            if stream.block:
                return Kind.BLOCK_LINE
            if stream.open:
                return Kind.CONTINUATION
        case _:
            pass
    return kind
