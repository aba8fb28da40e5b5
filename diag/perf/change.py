"""One profile against another: which operators and types take more or less time, by run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diag.perf.hotspots import Group, Hotspots


@dataclass(frozen=True, slots=True)
class Changed:
    """Time of one run in both profiles, µs; 0 where it does not occur."""

    name: str
    type: str
    here_us: float
    other_us: float

    @property
    def difference_us(self) -> float:
        """Above 0: this profile takes longer."""
        return self.here_us - self.other_us

    @property
    def ratio(self) -> float:
        """Here over there; infinite for what is new."""
        return self.here_us / self.other_us if self.other_us > 0 else math.inf if self.here_us > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Change:
    """``names`` and ``types`` by the size of their difference, the largest first. Totals are of one run, µs.

    ``common``: the share of this profile's time that lies in operators whose name occurs in both.
    """

    here_us: float
    other_us: float
    names: tuple[Changed, ...]
    types: tuple[Changed, ...]
    common: float


def change(here: Hotspots, other: Hotspots) -> Change:
    """The difference of one run to one run."""
    names, types = _merge(here.by_name, other.by_name, here.runs, other.runs), \
        _merge(here.by_type, other.by_type, here.runs, other.runs)
    there = {group.name for group in other.by_name}
    shared = sum(group.total_us for group in here.by_name if group.name in there)
    return Change(here.total_us / here.runs, other.total_us / other.runs, tuple(names), tuple(types),
                  shared / here.total_us if here.total_us > 0 else 0.0)


def _merge(here: Sequence[Group], other: Sequence[Group], runs: int, other_runs: int) -> list[Changed]:
    mine, theirs = _sums(here, runs), _sums(other, other_runs)
    kinds = {**{g.name: g.type for g in other}, **{g.name: g.type for g in here}}
    found = [Changed(name, kinds[name], mine.get(name, 0.0), theirs.get(name, 0.0)) for name in kinds]
    return sorted(found, key=lambda one: (-abs(one.difference_us), one.name))


def _sums(groups: Sequence[Group], runs: int) -> Mapping[str, float]:
    sums: dict[str, float] = {}
    for group in groups:
        sums[group.name] = sums.get(group.name, 0.0) + group.total_us / runs
    return sums
