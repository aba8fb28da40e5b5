"""Files in tests/golden that say what a writer must write. ``UPDATE_GOLDEN=1`` writes them anew: then read the diff."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent / "golden"


def check(name: str, text: str) -> None:
    """``text`` is what the file says, byte by byte."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    assert path.exists(), f"{path} is not there: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_bytes().decode("utf-8")
