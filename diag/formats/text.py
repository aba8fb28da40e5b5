"""What programs print and people save again: UTF-8 with or without mark, or UTF-16 as some consoles redirect it."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path


def read_text(path: Path) -> str:
    """The text; what cannot be decoded is replaced. Raises OSError."""
    data = path.read_bytes()
    wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
