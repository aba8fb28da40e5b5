"""Statistics dumps: tables instead of tensors. One file per operation (Ascend), or one for a whole run (MindSpore)."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from diag.errors import FormatError
from diag.formats.tensor_dump.numbers import dtype_named
from diag.formats.tensor_dump.recording import RecordedTensor, Side, Summary

_ROWS = 1_000_000
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "side": ("input/output", "io"), "slot": ("index", "slot"), "dtype": ("datatype",), "layout": ("format",),
    "shape": ("shape",), "max": ("maxvalue", "max"), "min": ("minvalue", "min"),
    "mean": ("avgvalue", "meanvalue", "avg", "mean"), "count": ("count",), "nan": ("nancount", "nan"),
    "neg_inf": ("negativeinfcount", "negativeinf"), "pos_inf": ("positiveinfcount", "positiveinf"),
    "l2": ("l2normvalue", "l2norm"), "op": ("optype",), "name": ("opname",), "task": ("taskid",),
    "stream": ("streamid",), "time": ("timestamp",),
}
"""What the columns are called, lower case and without blanks and underscores, by what they mean to us."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a tensor, and (in a table of a whole run) the operation that it belongs to."""

    tensor: RecordedTensor
    op: str
    name: str
    task: int
    stream: int
    time: int


def read(path: Path) -> list[Line]:
    """The rows of a table. Raises FormatError where it has no such columns, or a row does not fit them."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            comma = "\t" if "\t" in file.readline(1 << 14) else ","
            file.seek(0)
            return list(_lines(csv.reader(file, delimiter=comma), path))
    except csv.Error as error:
        raise FormatError(path, "Expected a table of statistics (CSV)", found=str(error)[:120]) from None
    except OSError as error:
        raise FormatError(path, f"The file cannot be read: {error.strerror}") from None


def _lines(rows: Iterator[list[str]], path: Path) -> Iterator[Line]:
    head = next(rows, [])
    places = _places(head)
    if not {"side", "slot"} <= set(places):
        raise FormatError(path, "Expected the columns Input/Output and Index", found=",".join(head)[:80] or "nothing")
    for number, row in enumerate(rows, 2):
        if number > _ROWS:
            raise FormatError(path, f"Expected at most {_ROWS:,} rows", hint="Give a part of it")
        if any(cell.strip() for cell in row):
            yield _line({key: row[i].strip() for key, i in places.items() if i < len(row)}, number, path)


def _places(head: list[str]) -> dict[str, int]:
    names = [re.sub(r"[\s_]", "", cell.lower()) for cell in head]
    return {key: names.index(word) for key, words in _COLUMNS.items() for word in words if word in names}


def _line(cells: dict[str, str], number: int, path: Path) -> Line:
    try:
        side: Side = "input" if cells["side"].lower().startswith("in") else "output"
        slot = int(cells["slot"])
        shape = _shape(cells.get("shape", "-"))
        times = [int(cells.get(k) or -1) for k in ("task", "stream", "time")]
    except (KeyError, ValueError) as error:
        raise FormatError(path, f"Expected a row of statistics in line {number}", found=str(error)[:80],
                          hint="The file was cut short or edited. Copy it again.") from None
    summary = Summary(_number(cells, "max"), _number(cells, "min"), _number(cells, "mean"), _whole(cells, "count", -1),
                      _whole(cells, "nan", int(_is_nan(cells))), _whole(cells, "neg_inf", 0),
                      _whole(cells, "pos_inf", 0), _number(cells, "l2"))
    tensor = RecordedTensor(side, slot, dtype_named(cells.get("dtype", "")), cells.get("layout", ""), shape,
                            summary=summary)
    return Line(tensor, cells.get("op", ""), cells.get("name", ""), times[0], times[1], max(0, times[2]))


def _shape(text: str) -> tuple[int, ...]:
    """``1x3x224``, ``(1, 3)``, ``1,3``; "-" and "" for a scalar."""
    text = text.strip("()[]\" ")
    if text in ("-", ""):
        return ()
    return tuple(int(d) for d in text.replace("x", ",").replace(" ", "").split(",") if d)


def _number(cells: Mapping[str, str], key: str) -> float:
    try:
        return float(cells.get(key, "nan") or "nan")
    except ValueError:
        return math.nan


def _is_nan(cells: Mapping[str, str]) -> bool:
    """Whether a number says that elements are not numbers, where no column counts them."""
    return any(cells.get(key, "").lower() in ("nan", "-nan") for key in ("max", "min", "mean", "l2"))


def _whole(cells: Mapping[str, str], key: str, absent: int) -> int:
    value = _number(cells, key)
    return absent if math.isnan(value) or math.isinf(value) else int(value)
