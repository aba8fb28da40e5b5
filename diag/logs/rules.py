"""Root-cause rules: data in ``resources/logs/rules``, compiled once per triage."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Sort(StrEnum):
    """What a matching line is worth."""

    ROOT = "root"  # states the cause
    CLASS = "class"  # names the kind of fault; the cause is near
    WRAPPER = "wrapper"  # passes a failure on
    NOISE = "noise"  # teardown, dumps, failed attempts to fetch details
    BENIGN = "benign"  # harmless when the run ends well
    HINT = "hint"  # context: never a cause, tells something about the run


DEFAULT_RANK: Mapping[Sort, int] = {Sort.ROOT: 90, Sort.CLASS: 60, Sort.WRAPPER: 10, Sort.NOISE: 0, Sort.BENIGN: 0,
                                    Sort.HINT: 0}
NAMEABLE = 35
"""From this rank on a line may be named as the root cause."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a rule says: title (a sentence), cause, fix; placeholders are the rule's named groups."""

    title: str
    cause: str
    fix: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        finding: its stable code (LOG…).
        rank: who wins when several lines could be the cause; higher is nearer to it.
        patterns: any of them found in ``Record.body`` makes the rule match.
        unless: a match of it takes the match back.
        warning: whether a WARNING line may match (ERROR lines and lines without level always may).
        info: whether a line of any level may match.
        latent: a cause although the run says success.
        needs: id of another rule that must match in the same run.
        wants: which file would tell more ("plog", "device-log", "worker-plog", "ranks", "above").
    """

    id: str
    finding: str
    sort: Sort
    rank: int
    patterns: tuple[re.Pattern[str], ...]
    words: Mapping[str, Words]
    unless: re.Pattern[str] | None = None
    warning: bool = False
    info: bool = False
    latent: bool = False
    needs: str = ""
    wants: str = ""

    def search(self, body: str) -> re.Match[str] | None:
        """The match in a record's body, or None."""
        for pattern in self.patterns:
            match = pattern.search(body, 0, _REACH)
            if match is not None:
                return None if self.unless is not None and self.unless.search(body, 0, _REACH) else match
        return None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules in the order in which they are tried, and the sentences of verdicts."""

    rules: tuple[Rule, ...]
    by_id: Mapping[str, Rule] = field(default_factory=dict)


_REACH = 3000
"""Letters of a body that rules look at: records of CANN end at 1,024, and time must not grow with a hostile line."""
_ORDER = {Sort.NOISE: 0, Sort.BENIGN: 1, Sort.ROOT: 2, Sort.CLASS: 3, Sort.HINT: 4, Sort.WRAPPER: 5}


@cache
def load_rules() -> RuleSet:
    """The shipped rules: noise and benign first, then causes by falling rank, wrappers last."""
    found: list[Rule] = []
    for file in sorted(files("resources").joinpath("logs/rules").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            found += [_rule(item) for item in tomllib.loads(file.read_text("utf-8")).get("rule", [])]
    ordered = tuple(sorted(found, key=lambda rule: (_ORDER[rule.sort], -rule.rank)))
    return RuleSet(ordered, {rule.id: rule for rule in ordered})


def _rule(item: Mapping[str, object]) -> Rule:
    sort = Sort(str(item["kind"]))
    match = item["match"]
    patterns = match if isinstance(match, list) else [match]
    rank = item.get("rank", DEFAULT_RANK[sort])
    unless = item.get("unless")
    return Rule(
        str(item["id"]), str(item["finding"]), sort, rank if isinstance(rank, int) else DEFAULT_RANK[sort],
        tuple(re.compile(str(pattern), re.DOTALL) for pattern in patterns),
        {lang: _words(item[lang]) for lang in ("en", "zh")},
        re.compile(str(unless), re.DOTALL) if unless else None, item.get("warning") is True, item.get("info") is True,
        item.get("latent") is True, str(item.get("needs", "")), str(item.get("wants", "")))


def _words(item: object) -> Words:
    if not isinstance(item, Mapping):
        raise TypeError("words of a rule are a table with title, cause and fix")
    return Words(str(item["title"]), str(item.get("cause", "")), str(item.get("fix", "")))
