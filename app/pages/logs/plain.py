"""Text of logs for places where Qt might take it for markup, or where letters would command a terminal."""

from __future__ import annotations

import re
from html import escape

_TIP = 2000
_CONTROL = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421, 9: 32} | dict.fromkeys(
    (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069), 0xFFFD)
"""Control letters become their pictures; those that turn the direction of writing become a replacement mark."""


def shown(text: str, most: int = 4000) -> str:
    """One line without letters that do something."""
    return (text if len(text) <= most else text[:most] + " …").translate(_CONTROL)


def breakable(text: str) -> str:
    """The text with places in long words where a line may end, for labels; not for copying."""
    return re.sub(r"\S{24,}", lambda word: re.sub(r"(?<=[_/.,:()\-])|(?<=\w{16})", "\u200b", word[0]), text)


def tip(text: str) -> str:
    """A tool tip that shows the text as it is: Qt guesses, so it is told what is markup and what is not."""
    return f"<span style='white-space:pre-wrap'>{escape(shown(text, _TIP))}</span>"
