"""Votes of people who compared two pictures without knowing which was which, and what they prove."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from diag.errors import FormatError, UsageError


class Choice(StrEnum):
    """Which picture was called better."""

    GOLDEN = "golden"
    TARGET = "target"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote about the picture of a swap; ``swap`` is its name."""

    swap: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts, and the exact two-sided sign test: how probable a split at least as uneven is if no one sees anything.

    Votes for neither say nothing about the direction and are left out of the test.
    """

    golden: int
    target: int
    neither: int
    p_value: float


def summary(votes: Iterable[Vote]) -> Summary:
    """What the votes say. Without a preference the p-value is 1."""
    chosen = [v.choice for v in votes]
    golden, target = chosen.count(Choice.GOLDEN), chosen.count(Choice.TARGET)
    n, k = golden + target, max(golden, target)
    tail = sum(math.comb(n, i) for i in range(k, n + 1)) / 2**n if n else 1.0
    return Summary(golden, target, chosen.count(Choice.NEITHER), min(1.0, 2 * tail))


def keep(file: Path, vote: Vote) -> None:
    """Append a vote to the run's ``votes.jsonl``. Raises UsageError where it cannot be written."""
    try:
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"swap": vote.swap, "choice": vote.choice.value}, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UsageError("The vote cannot be kept", where=f"in {file}: {error.strerror}",
                         hint="Check the folder's permissions") from error


def read(file: Path) -> list[Vote]:
    """The votes so far; none if there is no file. Raises FormatError for a line that is no vote."""
    if not file.exists():
        return []
    votes = []
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            facts = json.loads(line)
            votes.append(Vote(str(facts["swap"]), Choice(facts["choice"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(file, "A vote a line is wanted", found=f"line {len(votes) + 1}: {str(error)[:80]}",
                          hint="Remove the broken line") from error
    return votes
