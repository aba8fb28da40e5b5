"""Real logs with what an expert called the root cause, where they are present."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from samples import shared


@dataclass(frozen=True)
class Labelled:
    """A log, the answer that is right, and texts of which the root cause must be one (empty unless "root")."""

    log: Path
    answer: str
    roots: tuple[str, ...]


def labelled() -> Iterator[Labelled]:
    """All of them by number; the test is skipped where they are not on this machine."""
    folder = shared("logs")
    for path in sorted(folder.glob("*.json"), key=lambda path: int(path.name.partition("-")[0])):
        facts = json.loads(path.read_text("utf-8"))
        roots = [facts["root_cause_line"], *facts.get("acceptable_roots", [])]
        yield Labelled(path.with_suffix(".log"), facts["expected_verdict"], tuple(root for root in roots if root))
