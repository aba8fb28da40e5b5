"""Where log text comes from."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Source:
    """One text to read: a file, a member of an archive, or text in memory.

    Attributes:
        name: what to call it in an answer.
        open: opens it for reading bytes; to be called once, before the next source is asked for.
        path: the file that it is or lies in; None for text in memory.
    """

    name: str
    open: Callable[[], BinaryIO]
    path: Path | None = None


def text_source(text: str, name: str = "(text)") -> Source:
    """Text that is already in memory."""
    return Source(name, lambda: io.BytesIO(text.encode("utf-8", "replace")))
