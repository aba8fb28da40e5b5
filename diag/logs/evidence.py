"""What reading left behind for judging: hits, outcomes, counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from diag.logs.judge import Judgement
from diag.logs.reader import Tally
from diag.logs.record import Record


@dataclass
class Hit:
    """A record that tells something. ``count`` grows with every repetition of the same message by the same process."""

    record: Record
    judgement: Judgement
    order: tuple[int, int]
    time_us: int
    run: int
    count: int = 1
    codes: frozenset[str] = frozenset()


@dataclass
class Evidence:
    """All that was read: hits in order, what runs came to, codes, and counts."""

    hits: list[Hit] = field(default_factory=list)
    succeeded: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    crashed: bool = False
    codes: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
