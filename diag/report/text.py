"""Text for a terminal: how wide it is, where it breaks, and nothing in it that a terminal would obey."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_CHINESE, _CLOSING = "\u2e80-\u9fff\uff00-\uffef", "，。；：、！？）》」』”’"  # no line begins with a closing mark
_BREAKABLE = re.compile(rf"\s+|(?:[^\s{_CHINESE}]+|[{_CHINESE}])[{_CLOSING}]*")


def clean(text: object) -> str:
    """Text without control and direction characters: names come from strangers' files."""
    return "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else " " if c.isspace() else
                   f"\\u{ord(c):04x}" for c in str(text))


def width(text: str) -> int:
    """Columns that ``text`` takes: Chinese characters two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """``text`` filled with blanks to ``columns``."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def elide(text: str, columns: int) -> str:
    """``text`` in at most ``columns``, its middle left out: both ends of a node's name say something."""
    if width(text) <= columns:
        return text
    tail = max(1, (columns - 1) * 2 // 3)
    head = max(0, columns - 1 - tail)
    return _take(text, head) + "…" + _take(text[::-1], tail)[::-1]


def wrap(text: str, columns: int, indent: str = "", first: str | None = None) -> list[str]:
    """``text`` in lines of at most ``columns``, each after ``indent`` (the first after ``first``)."""
    lines: list[str] = []
    line = indent if first is None else first
    empty = True
    for piece in _BREAKABLE.findall(text):
        if piece.isspace():
            line += "" if empty else " "
            continue
        for part in _fitting(piece, max(8, columns - width(indent))):
            if not empty and width(line) + width(part) > columns:
                lines.append(line.rstrip())
                line = indent
            line += part
            empty = False
    return [*lines, line.rstrip()]


def _fitting(piece: str, columns: int) -> Iterator[str]:
    while width(piece) > columns:
        head = _take(piece, columns)
        yield head
        piece = piece[len(head):]
    yield piece


def _take(text: str, columns: int) -> str:
    taken = 0
    for i, c in enumerate(text):
        taken += width(c)
        if taken > columns:
            return text[:i]
    return text
