"""ERROR and CRITICAL lines of a log with their fields, as fast as bytes can be searched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from diag.logs.grammar import Parsed, parse_line
from diag.logs.levels import LEVELS, index_lines
from diag.logs.lines import LONGEST, decode, pieces
from diag.logs.record import Level

_LOUD = LEVELS.index(Level.ERROR)
_FIELDS = re.compile(rb"\[[A-Z]+\]\s+([A-Z]\w*)\((-?\d+)[^)]*\):(\d{4}-\d+-\d+[- ][\d:.]+)")


class LoudLine(NamedTuple):
    """A line: its number from 1, the byte at which it begins, its bytes; fields are parsed when they are asked for."""

    line: int
    offset: int
    raw: bytes

    @property
    def head(self) -> tuple[str, int | None, str]:
        """Module, process and time as printed; ("", None, "") where the line has no header of CANN or MindSpore."""
        match = _FIELDS.match(self.raw)
        if match is None:
            return "", None, ""
        module, pid, time = match.groups()
        return module.decode(), int(pid), time.decode()

    @property
    def fields(self) -> Parsed:
        """All fields."""
        return parse_line(decode(self.raw[:8192]))


def loud_lines(stream: BinaryIO) -> Iterator[LoudLine]:
    """Lines that begin with ``[ERROR]`` or ``[CRITICAL]``, in file order."""
    for piece in pieces(stream):
        index = index_lines(piece.data)
        rows = np.flatnonzero(index.levels >= _LOUD)
        for row, start, end in zip(rows.tolist(), index.starts[rows].tolist(), index.ends[rows].tolist(), strict=True):
            yield LoudLine(piece.first_line + row, piece.offset + start, piece.data[start:min(end, start + LONGEST)])
