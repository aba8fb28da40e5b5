"""A table as CSV that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from diag.errors import UsageError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """UTF-8 with a byte order mark. A text that a spreadsheet would take for a formula gets a ' before it.

    Raises UsageError where the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(titles)
            writer.writerows([_safe(cell) for cell in row] for row in rows)
    except OSError as error:
        raise UsageError(f"The table cannot be written: {error.strerror}", where=f"in {path}",
                         hint="Choose a folder that exists and that you may write to") from error


def _safe(cell: str) -> str:
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell
