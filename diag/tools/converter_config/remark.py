"""What the linter says about a line, and what would stand there instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from diag.types.finding import Finding

_CLOSE = 0.75
_SURE = 0.86


@dataclass(frozen=True, slots=True)
class Remark:
    """``line``: from 1; 0 for the whole file. ``instead``: lines to put there, None where only a person can tell.

    ``added``: lines for the end of the file.
    """

    finding: Finding
    line: int = 0
    instead: tuple[str, ...] | None = None
    added: tuple[str, ...] = ()


def close(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; "" if none is near."""
    folded = {k.casefold().replace("-", "_"): k for k in known}
    found = difflib.get_close_matches(word.casefold().replace("-", "_"), list(folded), 1, _CLOSE)
    return folded[found[0]] if found else ""


def sure(word: str, meant: str) -> bool:
    """Whether the two are so alike that one may be written for the other."""
    a, b = word.casefold().replace("-", "_"), meant.casefold().replace("-", "_")
    return bool(meant) and difflib.SequenceMatcher(None, a, b).ratio() >= _SURE
