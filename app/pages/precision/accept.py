"""Which paths the page takes by itself."""

from __future__ import annotations

from pathlib import Path

from app.pages.recognise import kind_of_result

PANES = ("precision", "lint", "fix")


def wanted(path: Path) -> bool:
    """Whether the page wants it: recorded results of its panes; models open a comparison."""
    return kind_of_result(path) in PANES
