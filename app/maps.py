"""Pairings that a person made, kept by the contents of both models, so that the next comparison uses them."""

from __future__ import annotations

import json
from pathlib import Path

from diag.compare.align.manual import write
from diag.errors import UsageError
from diag.runtimes.places import data_dir
from diag.types.comparison import Comparison


def map_file(comparison: Comparison) -> Path:
    """Where the pairings of these two models are kept; it need not exist."""
    return data_dir() / "maps" / f"{comparison.golden.sha256[:16]}-{comparison.target.sha256[:16]}.json"


def known_map(comparison: Comparison | None) -> Path | None:
    """The pairings of these two models, if a person made any."""
    if comparison is None or not comparison.golden.sha256:
        return None
    file = map_file(comparison)
    return file if file.is_file() else None


def add_pair(comparison: Comparison, golden: str, value: str) -> Path:
    """Keep one more pairing: golden tensor ↔ target value. Raises UsageError where it cannot be written."""
    file = map_file(comparison)
    try:
        pairs = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, {**pairs, value: golden})
    except (OSError, ValueError) as error:
        raise UsageError("The pairing cannot be kept", where=f"in {file}: {error}",
                         hint="Check the folder's permissions, or remove the file") from error
    return file
