"""All lines of many logs as one book to leaf through: columns in memory, text read from the disk when it is shown."""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from diag.logs.columns import Columns
from diag.logs.lines import decode

_OPEN = 64
_SHOWN = 1 << 16
"""Bytes of one line that are shown."""

_KINDS = (("offset", np.int64), ("length", np.int32), ("level", np.uint8), ("module", np.uint8), ("pid", np.int32),
          ("time_us", np.int64))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines in a row of one file.

    Attributes:
        file: number of the file, from 0, in the order of reading.
        name: of the file, as a triage calls it.
        path: where the bytes lie; None for those in the spool.
        columns: offsets count in that place.
        first_line: number of its first line, from 1.
        pids: processes that it names.
    """

    file: int
    name: str
    path: Path | None
    columns: Columns
    first_line: int
    pids: frozenset[int] = frozenset()


class Spool:
    """Text that has no file of its own (members of archives, compressed or UTF-16 files): one hidden temporary file."""

    def __init__(self, most: int) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="diag-log-")  # noqa: SIM115 - closed by close()
        self._most, self._used = most, 0

    def put(self, data: bytes) -> int | None:
        """Append; where it begins, None when there is no more room."""
        if self._used + len(data) > self._most:
            return None
        at = self._used
        self._file.write(data)
        self._file.flush()
        self._used += len(data)
        return at

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of it."""
        return os.pread(self._file.fileno(), length, offset)

    def close(self) -> None:
        """Give it back."""
        self._file.close()


class Book:
    """Rows are lines, numbered from 0 through all files. One thread adds; others may read what was there before.

    Attributes:
        files: names by number.
        modules: names by number, "" first.
        pids: processes that lines name.
    """

    def __init__(self, spool: Spool) -> None:
        self.files: list[str] = []
        self.modules: tuple[str, ...] = ("",)
        self.pids: set[int] = set()
        self.spool = spool
        self._paths: list[Path | None] = []
        self._count = 0
        self._arrays: dict[str, npt.NDArray[Any]] = {name: np.empty(0, kind) for name, kind in _KINDS}
        self._rows: list[int] = []  # of each chunk: its first row, its first line, its file
        self._lines: list[int] = []
        self._owners: list[int] = []
        self._first: list[int] = []  # of each file: its first chunk
        self._handles: OrderedDict[int, IO[bytes]] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def reserve(self, rows: int) -> None:
        """Room for so many rows: memory that is not used yet costs nothing."""
        if rows > len(self._arrays["offset"]):
            for name, kind in _KINDS:
                grown = np.empty(rows, kind)
                grown[:self._count] = self._arrays[name][:self._count]
                self._arrays[name] = grown

    def add(self, chunk: Chunk) -> None:
        """More lines at the end."""
        while len(self.files) <= chunk.file:
            self.files.append(chunk.name)
            self._paths.append(chunk.path)
            self._first.append(len(self._rows))
        count = len(chunk.columns.offset)
        if self._count + count > len(self._arrays["offset"]):
            self.reserve(max(4096, int((self._count + count) * 1.5)))
        for name, _ in _KINDS:
            self._arrays[name][self._count:self._count + count] = getattr(chunk.columns, name)
        self._rows.append(self._count)
        self._lines.append(chunk.first_line)
        self._owners.append(chunk.file)
        self._count += count
        self.pids |= chunk.pids
        if len(chunk.columns.modules) > len(self.modules):
            self.modules = chunk.columns.modules

    def drop_last(self) -> None:
        """Forget the last line: it was only half written and comes again."""
        self._count -= 1

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column by its name in ``Columns``, of the rows that are there now."""
        return self._arrays[name][:self._count]

    def chunks(self) -> Sequence[tuple[int, int, int]]:
        """(first row, row after the last, file) of every chunk."""
        ends = [*self._rows[1:], self._count]
        return list(zip(self._rows, ends, self._owners, strict=True))

    def place(self, row: int) -> tuple[int, int]:
        """Number of the file, and of the line in it from 1."""
        chunk = bisect_right(self._rows, row) - 1
        return self._owners[chunk], self._lines[chunk] + row - self._rows[chunk]

    def row_of(self, file: str, line: int) -> int:
        """The row of a line of a file, -1 where it is not there (yet)."""
        if file not in self.files:
            return -1
        number = self.files.index(file)
        first = self._first[number]
        last = self._first[number + 1] if number + 1 < len(self._first) else len(self._rows)
        chunk = bisect_right(self._lines, line, first, last) - 1
        if chunk < first:
            return -1
        row = self._rows[chunk] + line - self._lines[chunk]
        after = self._rows[chunk + 1] if chunk + 1 < len(self._rows) else self._count
        return row if row < after else -1

    def read(self, file: int, offset: int, length: int) -> bytes:
        """Bytes of a file; fewer, or none, where it has shrunk or gone."""
        path = self._paths[file]
        if path is None:
            return self.spool.read(offset, length)
        try:
            return os.pread(self._handle(file, path).fileno(), length, offset)
        except OSError:
            return b""

    def text(self, row: int) -> str:
        """The line as printed, at most 64 KiB of it."""
        columns = self._arrays
        file, _ = self.place(row)
        length = min(int(columns["length"][row]), _SHOWN)
        return decode(self.read(file, int(columns["offset"][row]), length))

    def close(self) -> None:
        """Close all files."""
        while self._handles:
            self._handles.popitem()[1].close()
        self.spool.close()

    def _handle(self, file: int, path: Path) -> IO[bytes]:
        handle = self._handles.get(file)
        if handle is None:
            if len(self._handles) >= _OPEN:
                self._handles.popitem(last=False)[1].close()
            handle = self._handles[file] = path.open("rb")
        else:
            self._handles.move_to_end(file)
        return handle
