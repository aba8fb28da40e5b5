"""Rows of a book by level, module, process, thread, time and text; multi-line records stay together."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from diag.cancel import Cancel
from diag.logs import grammar
from diag.logs.book import Book
from diag.logs.levels import LEVELS
from diag.logs.record import Level
from diag.logs.select import ORDER, ORDERS, Filter
from diag.logs.wrappers import unwrap

Rows = npt.NDArray[np.int64]
_BLOCK = 1 << 20
_NONE = LEVELS.index(Level.NONE)


def sift(book: Book, rows: int, wanted: Filter, cancel: Cancel, begin: int = 0) -> Rows:
    """The rows from ``begin`` up to but not ``rows`` that the filter wants, ascending. Raises Cancelled."""
    mask = np.ones(rows, bool)
    mask[:begin] = False
    if wanted.least is not None or wanted.modules or wanted.pids or wanted.since_us is not None \
            or wanted.until_us is not None:
        for first, own in owners(book, rows):
            cancel.check()
            mask[first:first + len(own)] &= _by_columns(book, own, wanted)
    if wanted.tids:
        _keep_threads(book, mask, wanted.tids, cancel)
    if wanted.pattern is not None:
        _keep_text(book, mask, wanted.pattern, cancel)
    return np.flatnonzero(_around(mask, wanted.around))


def owners(book: Book, rows: int) -> Iterator[tuple[int, Rows]]:
    """Block by block: (its first row, for each of its rows the row at which the record begins)."""
    level = book.column("level")[:rows]
    starts = _file_starts(book, rows)
    carried = 0
    for first in range(0, rows, _BLOCK):
        last = min(first + _BLOCK, rows)
        own = np.where(level[first:last] != _NONE, np.arange(first, last), -1)
        own[starts[(starts >= first) & (starts < last)] - first] = starts[(starts >= first) & (starts < last)]
        own[0] = own[0] if own[0] >= 0 else carried
        own = np.maximum.accumulate(own)
        carried = int(own[-1])
        yield first, own


def _file_starts(book: Book, rows: int) -> Rows:
    starts, before = [], -1
    for first, _, file in book.chunks():
        if file != before and first < rows:
            starts.append(first)
        before = file
    return np.array(starts, np.int64)


def heads(book: Book, rows: Rows) -> Rows:
    """Those of the rows, ascending, that begin a record."""
    kept = [part[own[part - first] == part] for first, own in owners(book, int(rows[-1]) + 1 if len(rows) else 0)
            for part in (rows[np.searchsorted(rows, first):np.searchsorted(rows, first + len(own))],)]
    return np.concatenate(kept) if kept else rows


def _by_columns(book: Book, own: Rows, wanted: Filter) -> npt.NDArray[np.bool_]:
    mask = np.ones(len(own), bool)
    if wanted.least is not None:
        mask &= ORDERS[book.column("level")[own]] >= ORDER[wanted.least]
    if wanted.modules:
        numbers = [number for number, name in enumerate(book.modules) if name.upper() in wanted.modules]
        mask &= np.isin(book.column("module")[own], numbers)
    if wanted.pids:
        mask &= np.isin(book.column("pid")[own], list(wanted.pids))
    if wanted.since_us is not None or wanted.until_us is not None:
        time = book.column("time_us")[own]
        mask &= time >= (wanted.since_us or 0)
        if wanted.until_us is not None:
            mask &= time <= wanted.until_us
    return mask


def _keep_threads(book: Book, mask: npt.NDArray[np.bool_], tids: frozenset[str], cancel: Cancel) -> None:
    """Threads are not in the columns: their lines are read."""
    level = book.column("level")
    for first, own in owners(book, len(mask)):
        heads = np.unique(own[mask[first:first + len(own)]])
        right = []
        for i, row in enumerate(heads.tolist()):
            if not i % 500:
                cancel.check()
            if level[row] != _NONE and grammar.parse_line(unwrap(book.text(row)[:8192]).text).tid in tids:
                right.append(row)
        mask[first:first + len(own)] &= np.isin(own, right)


def _keep_text(book: Book, mask: npt.NDArray[np.bool_], pattern: re.Pattern[str], cancel: Cancel) -> None:
    search, word = _bytes_pattern(pattern), _literal(pattern)
    offset, length = book.column("offset"), book.column("length")
    for first, after, file in book.chunks():
        after = min(after, len(mask))
        if first >= after or not mask[first:after].any():
            continue
        cancel.check()
        begin = int(offset[first])
        data = book.read(file, begin, int(offset[after - 1]) + int(length[after - 1]) - begin)
        found = [] if word and word not in data.lower() else _matching(search, data, offset[first:after] - begin)
        hit = np.zeros(after - first, bool)
        hit[found] = True
        mask[first:after] &= hit


def _matching(search: re.Pattern[bytes], data: bytes, starts: Rows) -> list[int]:
    """Lines of ``data`` in which the pattern is found; after a match the search goes on in the next line."""
    found: list[int] = []
    at = 0
    windows = b"\r\n" in data or data.endswith(b"\r")
    if windows:  # ``$`` must match before the end of a line of Windows too; as long as before, so the places stay
        data = (data + b"\n").replace(b"\r\n", b"\n\n")[:-1]
    while (match := search.search(data, at)) is not None:
        line = int(np.searchsorted(starts, match.start(), "right")) - 1
        at = int(starts[line + 1]) if line + 1 < len(starts) else len(data) + 1
        alone = match.end() < at and not windows  # a match that runs on into the next line is none
        if alone or search.search(data[starts[line]:at].rstrip(b"\r\n")) is not None:
            found.append(line)
        if at > len(data):
            break
    return found


def _literal(pattern: re.Pattern[str]) -> bytes:
    """The longest word that every match holds, in small letters; empty where that is not easily known."""
    text = pattern.pattern
    if not text.isascii() or re.search(r"[|(\[\\]", text):
        return b""
    words = re.split(r".[*?{][^}]*}?|[.+^$]", text)
    return max(words, key=len).lower().encode()


def _bytes_pattern(pattern: re.Pattern[str]) -> re.Pattern[bytes]:
    """The pattern for bytes, never over the end of a line; text beyond ASCII in UTF-8 and in GB18030."""
    spellings = dict.fromkeys((pattern.pattern.encode("utf-8"), pattern.pattern.encode("gb18030")))
    flags = re.IGNORECASE | re.MULTILINE if pattern.flags & re.IGNORECASE else re.MULTILINE
    return re.compile(b"|".join(b"(?:" + one + b")" for one in spellings), flags)


def _around(mask: npt.NDArray[np.bool_], lines: int) -> npt.NDArray[np.bool_]:
    if lines <= 0 or not mask.any():
        return mask
    steps = np.zeros(len(mask) + 1, np.int32)
    rows = np.flatnonzero(mask)
    np.add.at(steps, np.maximum(rows - lines, 0), 1)
    np.add.at(steps, np.minimum(rows + lines + 1, len(mask)), -1)
    wide: npt.NDArray[np.bool_] = np.cumsum(steps[:-1]) > 0
    return wide


def histogram(book: Book, rows: int, bins: int, cancel: Cancel) -> tuple[npt.NDArray[np.int64], int, int]:
    """(levels by bins, first, last): how many lines of each level over time, or over rows where there are no times.

    First and last are microseconds since 1970; both -1 where the axis is the rows.
    """
    time, level = book.column("time_us")[:rows], book.column("level")[:rows]
    known = time > 0
    first, last = (int(time[known].min()), int(time[known].max())) if known.any() else (-1, -1)
    counts = np.zeros((len(LEVELS), bins), np.int64)
    span = max(1, last - first + 1 if first >= 0 else rows)
    for start in range(0, rows, _BLOCK):
        cancel.check()
        stop = min(start + _BLOCK, rows)
        at = time[start:stop] - first if first >= 0 else np.arange(start, stop)
        good = known[start:stop] if first >= 0 else np.ones(stop - start, bool)
        flat = level[start:stop][good].astype(np.int64) * bins + np.minimum(at[good] * bins // span, bins - 1)
        counts += np.bincount(flat, minlength=counts.size)[:counts.size].reshape(counts.shape)
    return counts, first, last
