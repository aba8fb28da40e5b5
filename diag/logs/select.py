"""Lines of logs by level, module, process, time and text, with lines around them; multi-line records stay together."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from diag.cancel import Cancel
from diag.errors import UsageError
from diag.logs import grammar
from diag.logs.levels import LEVELS, index_lines
from diag.logs.lines import LONGEST, decode, is_binary, pieces
from diag.logs.record import Kind, Level
from diag.logs.source import Source
from diag.logs.wrappers import unwrap

ORDER = {Level.DEBUG: 0, Level.INFO: 1, Level.EVENT: 1, Level.WARNING: 2, Level.ERROR: 3, Level.CRITICAL: 4,
          Level.NONE: 1}
ORDERS = np.array([ORDER[level] for level in LEVELS], np.uint8)
_NONE = LEVELS.index(Level.NONE)
_REACH = 8192


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records to show; None means any.

    Attributes:
        least: this level and louder.
        modules: names in capitals.
        since_us, until_us: times of the records' own clock, both included.
        pattern: searched in the line as printed.
        around: lines to show before and after each match.
    """

    least: Level | None = None
    modules: frozenset[str] = frozenset()
    pids: frozenset[int] = frozenset()
    tids: frozenset[str] = frozenset()
    since_us: int | None = None
    until_us: int | None = None
    pattern: re.Pattern[str] | None = None
    around: int = 0

    @property
    def only_level(self) -> bool:
        """Whether of a record's head nothing but the level matters."""
        return not (self.modules or self.pids or self.tids) and self.since_us is None and self.until_us is None


class Shown(NamedTuple):
    """A line to show; ``matched`` is False for lines that only stand around a match. A tuple: there may be millions."""

    file: str
    line: int
    text: str
    level: Level
    matched: bool


def make_pattern(text: str) -> re.Pattern[str]:
    """The user's expression, letter case ignored. Raises UsageError where it is none."""
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as problem:
        raise UsageError(f"'{text}' is not a regular expression: {problem}", where="in --grep",
                         hint="Write a backslash before characters like ( [ * to mean them") from None


def select(source: Source, wanted: Filter, cancel: Cancel) -> Iterator[Shown]:
    """The lines of a source that the filter wants, in file order. Raises Cancelled."""
    before: deque[Shown] = deque(maxlen=wanted.around)
    after = 0
    for line in _judged(source, wanted, cancel):
        if line.matched:
            yield from before
            before.clear()
            after = wanted.around
            yield line
        elif after:
            after -= 1
            yield line
        else:
            before.append(line)


def _judged(source: Source, wanted: Filter, cancel: Cancel) -> Iterator[Shown]:
    fits, level, following = wanted == Filter(around=wanted.around), Level.NONE, 1
    simple, least = wanted.only_level, -1 if wanted.least is None else ORDER[wanted.least]
    with source.open() as file:
        for number, piece in enumerate(pieces(file)):
            cancel.check()
            if number == 0 and is_binary(piece.data[:4096]):
                return
            index = index_lines(piece.data)
            places = _possible(index.levels, wanted)
            rows = zip((places + piece.first_line).tolist(), index.starts[places].tolist(), index.ends[places].tolist(),
                       index.levels[places].tolist(), strict=True)
            for line, start, end, seen in rows:
                text = decode(piece.data[start:min(end, start + LONGEST)])
                if simple and seen != _NONE:  # what else its head says decides nothing
                    level = LEVELS[seen]
                    fits = ORDER[level] >= least
                elif (fields := _fields(text, LEVELS[seen], wanted)) is not None:
                    level = fields.level
                    fits = _fits(fields, wanted)
                elif line != following:
                    fits = False  # what lies between begins a record that is not loud enough
                following = line + 1
                matched = fits and (wanted.pattern is None or wanted.pattern.search(text) is not None)
                yield Shown(source.name, line, text, level, matched)


def _possible(levels: npt.NDArray[np.uint8], wanted: Filter) -> npt.NDArray[np.intp]:
    """The lines to be looked at: those that are loud enough, and those that may continue one; all where lines around
    them are wanted.
    """
    if wanted.around or wanted.least is None:
        return np.arange(len(levels))
    return np.flatnonzero((levels == _NONE) | (ORDERS[levels] >= ORDER[wanted.least]))


def _fields(text: str, seen: Level, wanted: Filter) -> grammar.Parsed | None:
    """Fields of a line that begins a record; None for one that continues it."""
    if seen is not Level.NONE and wanted.least is not None and ORDER[seen] < ORDER[wanted.least]:
        return grammar.Parsed(Kind.HEADER, "", seen)
    parsed = grammar.parse_line(unwrap(text[:_REACH]).text)
    starts = parsed.level is not Level.NONE or parsed.pid is not None
    return parsed if starts else None


def _fits(fields: grammar.Parsed, wanted: Filter) -> bool:
    if wanted.least is not None and ORDER[fields.level] < ORDER[wanted.least]:
        return False
    if wanted.modules and fields.module not in wanted.modules:
        return False
    if wanted.pids and fields.pid not in wanted.pids:
        return False
    if wanted.tids and fields.tid not in wanted.tids:
        return False
    if wanted.since_us is None and wanted.until_us is None:
        return True
    time = grammar.microseconds(fields.time)
    return time is not None and (wanted.since_us or 0) <= time and (wanted.until_us is None or time <= wanted.until_us)
