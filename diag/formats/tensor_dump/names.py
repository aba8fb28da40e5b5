r"""What the name of a dump file says. The grammar is a table: the first pattern that fits the whole name decides.

In operator types and names, '/', '\', '.' and ' ' were written as '_'; so a dot always separates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OP = r"(?P<op>[^.]+)\.(?P<name>[^.]+)"
_LOOSE = r"(?P<op>[^.]+)\.(?P<name>.+?)"
_TIME = r"(?P<time>\d{8,20})"
_SLICED = r"(?:\.(?P<task_type>\d{1,3})\.(?P<context>\d+)\.(?P<thread>\d+)(?:\.(?P<device>\d+))?)?"
_TAIL = r"(?:\.(?P<side>input|output)\.(?P<slot>\d+)(?:\.(?P<rest>.+?))??)?(?P<ending>(?i:\.npy|\.bin|\.csv))?"

_PATTERNS = {
    "overflow": (rf"(?P<op>Opdebug)\.(?P<name>Node_OpDebug)\.(?P<task>\d+)(?:\.(?P<stream>\d+))?\.{_TIME}{_SLICED}"
                 rf"{_TAIL}"),
    "exception": rf"(?P<op>exception_info)\.(?P<stream>\d+)\.(?P<task>\d+)\.{_TIME}(?P<ending>)",
    "standard": rf"{_OP}\.(?P<task>\d{{1,10}})\.(?P<stream>\d{{1,10}})\.{_TIME}{_SLICED}{_TAIL}",
    "numbered": rf"{_OP}\.(?P<number>\d+)\.(?P<task>\d{{1,10}})\.(?P<stream>\d{{1,10}})\.{_TIME}{_SLICED}{_TAIL}",
    "no-stream": rf"{_OP}\.(?P<task>\d{{1,10}})\.{_TIME}{_SLICED}{_TAIL}",
    "loose": rf"{_LOOSE}\.(?P<task>\d{{1,10}})\.(?P<stream>\d{{1,10}})\.{_TIME}{_SLICED}{_TAIL}",
    "lite": (r"(?P<name>.+)_(?P<side>input|output)_(?P<slot>\d+)_shape_(?P<shape>\d+(?:_\d+)*)_"
             r"(?P<dtype>[A-Za-z]+\d*)_(?P<layout>[A-Za-z0-9]+)(?P<ending>(?i:\.bin))"),
    "array": rf"(?P<name>[^.]+)\.(?P<slot>\d{{1,4}})\.{_TIME}(?P<ending>(?i:\.npy))",
}

GRAMMAR: tuple[tuple[str, re.Pattern[str]], ...] = tuple((k, re.compile(p + r"\Z")) for k, p in _PATTERNS.items())




@dataclass(frozen=True, slots=True)
class FileName:
    """The parts of a name; -1, 0 or "" where it has no such part.

    ``kind`` is the line of the grammar. ``rest``: what follows the slot of a single tensor's file (its shape, layout,
    element type). ``ending``: .npy, .bin, .csv or "".
    """

    kind: str
    op: str
    name: str
    task: int = -1
    stream: int = -1
    time: int = 0
    context: int = -1
    thread: int = -1
    side: str = ""
    slot: int = -1
    rest: str = ""
    ending: str = ""
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    layout: str = ""


def parse(name: str) -> FileName | None:
    """The parts of a dump file's name; None if it is no such name."""
    for kind, pattern in GRAMMAR:
        match = pattern.match(name)
        if match is not None:
            return _made(kind, match.groupdict())
    return None


def _made(kind: str, parts: dict[str, str | None]) -> FileName:
    def number(key: str, absent: int = -1) -> int:
        text = parts.get(key)
        return absent if text is None else int(text)

    shape = parts.get("shape")
    return FileName(
        kind, parts.get("op") or "", parts.get("name") or "", number("task"), number("stream"), number("time", 0),
        number("context"), number("thread"), parts.get("side") or "", number("slot"), parts.get("rest") or "",
        (parts.get("ending") or "").lower(), None if shape is None else tuple(int(d) for d in shape.split("_")),
        parts.get("dtype") or "", parts.get("layout") or "")


def sanitised(name: str) -> str:
    """An operator's name as it stands in file names."""
    return re.sub(r"[ ./\\]", "_", name)
