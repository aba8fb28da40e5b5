"""Runs the comparison over a made corpus and counts how often the planted node is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.families import FAMILIES
from corpus.make import TINY, Corpus, make
from corpus.mslite import MindSporeLite
from corpus.pairs import Pair
from corpus.tiny import tiny_families

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan, InputChoice
from diag.errors import DiagError
from diag.events import Finished
from diag.runtimes.interface import Runtime
from diag.types.comparison import Comparison
from diag.types.layer import Culprit


@dataclass(frozen=True, slots=True)
class Score:
    """One pair's outcome.

    ``rank``: place of the first right culprit (from 1), 0 if none is right. ``exact``: its golden_node itself is one
    of the right nodes, not only a member of the fused group. ``explained``: the word of the truth stands in its reason.
    ``found``: how many of the planted sites are among the culprits. ``error``: why the comparison did not end.
    """

    pair: Pair
    rank: int
    exact: bool
    explained: bool
    found: int
    culprits: tuple[Culprit, ...]
    verdict: str
    error: str = ""

    @property
    def healthy(self) -> bool:
        """Whether no culprit is right for this pair."""
        return not self.pair.truth.sites


def made(out: Path, mslite_python: Path, seed: int, only: str = "") -> list[Pair]:
    """A corpus made now; ``only`` is a regular expression over kinds of faults."""
    families = {**FAMILIES, **tiny_families(TINY)}
    with MindSporeLite(mslite_python, out / ".work") as lite:
        return list(make(Corpus(out, lite, seed, families), only))


def score_all(pairs: Sequence[Pair], runtime: Runtime | None, out: Path) -> Iterator[Score]:
    """Scores in order. With the reference runtime, faults that only the real runtime shows count as healthy."""
    for pair in pairs:
        yield score(pair, runtime, out / pair.name)


def score(pair: Pair, runtime: Runtime | None, out: Path) -> Score:
    """Compare one pair with its own inputs."""
    plan = ComparePlan(pair.golden, pair.target, out, InputChoice(archive=pair.inputs), checks=False)
    try:
        events = list(compare(plan, runtime, Cancel()))
    except DiagError as error:
        return Score(pair, 0, False, False, 0, (), "error", " / ".join(error.lines()))
    last = events[-1]
    assert isinstance(last, Finished)
    result: Comparison = last.result
    sites = pair.truth.sites
    rank, hit = next(((i, c) for i, c in enumerate(result.culprits, 1) if _right(c, pair)), (0, None))
    found = sum(any(_names(c) & {*s.nodes, s.node} for c in result.culprits) for s in sites)
    exact = hit is not None and any(hit.golden_node in (*s.nodes, s.node) for s in sites)
    words = f"{hit.why} {' '.join(d.kind + ' ' + d.name for d in hit.differences)}".lower() if hit else ""
    explained = any(s.explains.lower() in words for s in sites)
    return Score(pair, rank, exact, explained, found, result.culprits, result.verdict.value)


def _right(culprit: Culprit, pair: Pair) -> bool:
    return any(_names(culprit) & {*s.nodes, s.node} for s in pair.truth.sites)


def _names(culprit: Culprit) -> set[str]:
    return {culprit.golden_node, *culprit.golden_nodes}
