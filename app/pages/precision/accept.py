"""Which paths the page takes by itself."""

from __future__ import annotations

import re
from pathlib import Path

from app.pages.recognise import head

_DOCUMENT = re.compile(r'"schema":\s*"diag\.(precision|lint|fix)/1"')


def pane_of(path: Path) -> str:
    """precision, lint or fix for a document of that command; "" for anything else: models open a comparison."""
    if path.suffix.lower() != ".json":
        return ""
    found = _DOCUMENT.search(head(path))
    return found[1] if found is not None else ""


def wanted(path: Path) -> bool:
    """Whether the page wants it."""
    return pane_of(path) == "precision"
