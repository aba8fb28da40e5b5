"""All lines of a log as columns: level, module, process, time, place; without a Python object per line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from diag.cancel import Cancel
from diag.logs.levels import LEVELS, index_lines
from diag.logs.lines import Piece, pieces

__all__ = ["LEVELS", "Columns", "ModuleNames", "piece_columns", "read_columns"]

_Rows = tuple[npt.NDArray[np.generic], ...]
_KINDS = (np.int64, np.int32, np.uint8, np.uint8, np.int32, np.int64)
_BLOCK = 1 << 19
_PIECE = 1 << 20
_HEAD = 64
"""Bytes at the start of a line in which its header's fields end; where it does not, pid and time are missing."""
_WIDTH = np.array([0, 8, 7, 8, 10, 8, 11], np.int64)
_NAME = 16
_STAMP = 32


def _form(text: str) -> tuple[np.uint64, np.uint64]:
    """What eight letters must look like: 0 stands for a digit, _ for anything."""
    mask = bytes(0xF0 if letter == "0" else 0 if letter == "_" else 0xFF for letter in text)
    form = bytes(0x30 if letter == "0" else 0 if letter == "_" else ord(letter) for letter in text)
    return np.uint64(int.from_bytes(mask, "little")), np.uint64(int.from_bytes(form, "little"))


_KEPT = np.array([(1 << 8 * letters) - 1 for letters in range(9)], np.uint64)
_FORMS = tuple(map(_form, ("0000-00-", "00-00:00", ":00.000.", "000_____")))
_DIGITS = 9
_LEARNED = 1000


@dataclass(frozen=True, slots=True)
class Columns:
    """One row per line, in file order.

    Attributes:
        offset: byte at which the line begins in the (decompressed, UTF-8) stream, int64.
        length: bytes of the line without the newline, int32.
        level: index into ``LEVELS``, uint8; 0 for lines without one.
        module: index into ``modules``, uint8; 0 ("") for lines without one.
        pid: int32, -1 where there is none.
        time_us: microseconds since 1970 in the writer's clock, int64, -1 where there is none.
    """

    offset: npt.NDArray[np.int64]
    length: npt.NDArray[np.int32]
    level: npt.NDArray[np.uint8]
    module: npt.NDArray[np.uint8]
    pid: npt.NDArray[np.int32]
    time_us: npt.NDArray[np.int64]
    modules: tuple[str, ...]


def read_columns(stream: BinaryIO, cancel: Cancel | None = None) -> Columns:
    """Columns of the whole stream: 26 bytes a line in memory. Raises Cancelled."""
    names = ModuleNames()
    table = _Table()
    for piece in pieces(stream, _PIECE):
        if cancel is not None:
            cancel.check()
        table.add(_columns(piece.data, piece.offset, names))
    modules = names.texts()
    offset, length, level, module, pid, time_us = (table.take(i) for i in range(len(_KINDS)))
    return Columns(offset, length, level, module, pid, time_us, modules)  # type: ignore[arg-type]


def piece_columns(piece: Piece, names: ModuleNames) -> Columns:
    """Columns of one piece; module numbers are those of ``names``, which may gain some."""
    offset, length, level, module, pid, time_us = _columns(piece.data, piece.offset, names)
    return Columns(offset, length, level, module, pid.astype(np.int32), time_us, names.texts())  # type: ignore[arg-type]


class ModuleNames:
    """Module names by number, up to 255 of them; more become ""."""

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {b"": 0}
        self._keys = np.empty(0, np.uint64)
        self._numbers = np.empty(0, np.int16)

    def find(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int16]:
        """Numbers of names by keys that were learned, -1 for others."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int16)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._numbers[at], np.int16(-1))

    def learn(self, key: np.uint64, name: bytes) -> int:
        """Number a name, and remember its key: there are few names and many lines."""
        number = self.number(name)
        if len(self._keys) < _LEARNED:
            at = int(np.searchsorted(self._keys, key))
            self._keys = np.insert(self._keys, at, key)
            self._numbers = np.insert(self._numbers, at, number)
        return number

    def number(self, name: bytes) -> int:
        """The name's number, a new one where it is met first."""
        return self.known.setdefault(name, len(self.known)) if len(self.known) < 255 else self.known.get(name, 0)

    def texts(self) -> tuple[str, ...]:
        """All names by their numbers."""
        return tuple(name.decode("ascii", "replace") for name in self.known)


class _Table:
    """Rows gathered in blocks of one size, so that small arrays do not scatter over the heap."""

    def __init__(self) -> None:
        self._blocks: list[list[npt.NDArray[np.generic]]] = [[] for _ in _KINDS]
        self._used = _BLOCK

    def add(self, columns: _Rows) -> None:
        done, count = 0, len(columns[0])
        while done < count:
            if self._used == _BLOCK:
                for blocks, kind in zip(self._blocks, _KINDS, strict=True):
                    blocks.append(np.empty(_BLOCK, kind))
                self._used = 0
            fits = min(count - done, _BLOCK - self._used)
            for blocks, column in zip(self._blocks, columns, strict=True):
                blocks[-1][self._used:self._used + fits] = column[done:done + fits]
            self._used, done = self._used + fits, done + fits

    def take(self, number: int) -> npt.NDArray[np.generic]:
        """One whole column; its blocks are let go."""
        blocks, self._blocks[number] = self._blocks[number], []
        if not blocks:
            return np.empty(0, _KINDS[number])
        blocks[-1] = blocks[-1][:self._used]
        return np.concatenate(blocks)


def _columns(data: bytes, offset: int, names: ModuleNames) -> _Rows:
    index = index_lines(data)
    raw = np.frombuffer(data + bytes(_HEAD + _STAMP), np.uint8)
    count = len(index.starts)
    module, pid = np.zeros(count, np.uint8), np.full(count, -1, np.int32)
    time = np.full(count, -1, np.int64)
    rows = np.flatnonzero(index.levels)
    if len(rows):
        name_at = index.starts[rows] + _WIDTH[index.levels[rows]]
        window = np.lib.stride_tricks.sliding_window_view(raw, _HEAD)[np.minimum(name_at, len(raw) - _HEAD)]
        brackets = (window[:, :_NAME + 1] == ord("(")).argmax(axis=1), (window == ord(")")).argmax(axis=1)
        good = (brackets[0] > 0) & (brackets[0] <= _NAME) & (brackets[0] < brackets[1])
        opened, closed = name_at + brackets[0], name_at + brackets[1]
        rows, name_at, opened, closed = rows[good], name_at[good], opened[good], closed[good]
    if len(rows):
        module[rows] = _modules(raw, name_at, opened, names)
        pid[rows] = _number(raw, opened + 1)
        time[rows] = _times(raw, closed + 2)
    return (index.starts + offset, (index.ends - index.starts).astype(np.int32), index.levels, module, pid, time)


def _modules(raw: npt.NDArray[np.uint8], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64],
             names: ModuleNames) -> npt.NDArray[np.uint8]:
    first, second = _words(raw, start, 2)
    width = end - start
    keys = (first & _KEPT[np.clip(width, 0, 8)]) ^ ((second & _KEPT[np.clip(width - 8, 0, 8)])
                                                    * np.uint64(0x9E3779B97F4A7C15))
    found = names.find(keys)
    for row in np.flatnonzero(found < 0).tolist():
        if found[row] < 0:  # not yet numbered together with an equal one before it
            found[keys == keys[row]] = names.learn(keys[row], raw[start[row]:end[row]].tobytes())
    return found.astype(np.uint8)


def _number(raw: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    value = np.zeros(len(at), np.int64)
    running = np.ones(len(at), bool)
    for i in range(_DIGITS):
        digit = raw[at + i].astype(np.int64) - ord("0")
        running &= (digit >= 0) & (digit <= 9)
        if not running.any():
            break
        value = np.where(running, value * 10 + digit, value)
    return value


def _times(raw: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Times of the form 2024-05-06-10:00:00.000.000, others -1."""
    words = _words(raw, at, 4)
    good = np.ones(len(at), bool)
    for word, (mask, form) in zip(words, _FORMS, strict=True):
        good &= (word & mask) == form
    first = int(words[0][0]), int(words[1][0]) & 0xFFFF
    if (words[0] == first[0]).all() and ((words[1] & np.uint64(0xFFFF)) == first[1]).all():
        days = _date([word[:1] for word in words[:2]])  # one day: the usual case
    else:
        days = _date(words[:2])
    hour, minute, second = _pair(words[1], 3), _pair(words[1], 6), _pair(words[2], 1)
    micros = _digit(words[2], 4) * 100_000 + _pair(words[2], 5) * 1000
    micros += _pair(words[3], 0) * 10 + _digit(words[3], 2)
    return np.where(good, ((days * 24 + hour) * 3600 + minute * 60 + second) * 1_000_000 + micros, -1)


def _date(words: Sequence[npt.NDArray[np.uint64]]) -> npt.NDArray[np.int64]:
    year = _pair(words[0], 0) * 100 + _pair(words[0], 2)
    return _days(year, _pair(words[0], 5), _pair(words[1], 0))


def _words(raw: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], count: int) -> list[npt.NDArray[np.uint64]]:
    """So many times eight letters from each place on, as little-endian numbers."""
    view = np.lib.stride_tricks.sliding_window_view(raw, 8 * count)
    words = np.ascontiguousarray(view[np.minimum(at, len(view) - 1)]).view("<u8")
    return [np.ascontiguousarray(words[:, i]) for i in range(count)]


def _digit(word: npt.NDArray[np.uint64], place: int) -> npt.NDArray[np.int64]:
    return (word >> np.uint64(8 * place) & np.uint64(0xF)).astype(np.int64)


def _pair(word: npt.NDArray[np.uint64], place: int) -> npt.NDArray[np.int64]:
    return _digit(word, place) * 10 + _digit(word, place + 1)


def _days(year: npt.NDArray[np.int64], month: npt.NDArray[np.int64],
          day: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Days since 1970 (Gregorian)."""
    shifted = year - (month <= 2)
    of_era = shifted % 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return shifted // 400 * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + day_of_year - 719468
