"""Which pane a path belongs to, from its name and its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from app.pages.recognise import kind_of_result
from diag.formats.clues import SECTION, head

_BATCH = r"(?m)^\s*\[\[model\]\]"
_CONFIGS = (".ini", ".cfg", ".config", ".txt", "")


def pane_of(path: Path) -> str:
    """Convert or config; "" if no pane wants it."""
    if kind_of_result(path) == "convert":
        return "convert"
    if path.is_dir():
        return ""
    suffix = path.suffix.lower()
    if suffix == ".toml":
        return "convert" if re.search(_BATCH, head(path)) else ""
    return "config" if suffix in _CONFIGS and re.search(SECTION, head(path)) else ""


def wanted(path: Path) -> bool:
    """Whether the page of conversions wants it."""
    return bool(pane_of(path))
