"""The promise of the product: over pairs made by the real converter the planted layer is named.

A fixed sample of the corpus; ``tests/benchmarks/bench_locate.py`` runs all of it, with any seed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus.pairs import Pair
from corpus.score import Score, made, score_all

from diag.runtimes.interface import Runtime, RuntimeSpec
from diag.runtimes.mindspore_lite import MindSporeLite

SAMPLE = r"healthy|weight_channel|bias_dropped|epsilon|pads|mask|scale_missing|concat_order|two_|layer_?norm"
pytestmark = pytest.mark.mslite


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, mslite_python: Path) -> list[Pair]:
    return made(tmp_path_factory.mktemp("corpus"), mslite_python, seed=0, only=SAMPLE)


@pytest.mark.parametrize("name", ["reference", "mindspore-lite"])
def test_the_planted_layer_is_named_first_and_no_healthy_pair_has_a_culprit(
        name: str, pairs: list[Pair], mslite_python: Path, tmp_path: Path) -> None:
    runtime: Runtime | None = None
    chosen = [p for p in pairs if p.truth.reference or not p.truth.sites]
    if name == "mindspore-lite":
        runtime = MindSporeLite(RuntimeSpec("mindspore-lite", "2.0.0", mslite_python))
        chosen = pairs
    scores = list(score_all(chosen, runtime, tmp_path))
    faulty = [s for s in scores if not s.healthy]
    healthy = [s for s in scores if s.healthy]
    assert len(faulty) >= 20
    assert len(healthy) >= 6
    assert [_line(s) for s in healthy if s.culprits] == []
    assert [_line(s) for s in faulty if not 1 <= s.rank <= 3] == []
    first = sum(s.rank == 1 for s in faulty)
    assert first >= 0.95 * len(faulty), [_line(s) for s in faulty if s.rank != 1]


def _line(s: Score) -> str:
    named = ", ".join(f"{c.golden_node} ({c.why})" for c in s.culprits[:3])
    return f"{s.pair.name}: {s.error or s.verdict}; named: {named}; right: {[x.node for x in s.pair.truth.sites]}"
