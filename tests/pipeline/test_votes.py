"""Blind votes: counted, tested, kept, and read again."""

from __future__ import annotations

import pytest

from diag.errors import FormatError, UsageError
from diag.pipeline.votes import Choice, Vote, keep, read, summary


def votes(golden: int, target: int, neither: int = 0) -> list[Vote]:
    kinds = [Choice.GOLDEN] * golden + [Choice.TARGET] * target + [Choice.NEITHER] * neither
    return [Vote("unet", kind) for kind in kinds]


# exact binomial tails, worked out by hand: 2 · sum of C(n, i) / 2^n for i from the larger count
@pytest.mark.parametrize(("golden", "target", "p"), [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 2 / 32), (6, 0, 2 / 64),
                                                     (8, 2, 2 * 56 / 1024), (5, 5, 1.0), (0, 7, 2 / 128)])
def test_the_sign_test_is_exact(golden, target, p):
    found = summary(votes(golden, target, neither=3))
    assert (found.golden, found.target, found.neither) == (golden, target, 3)
    assert found.p_value == pytest.approx(p, rel=1e-12)


def test_votes_are_kept_in_order(tmp_path):
    file = tmp_path / "votes.jsonl"
    assert read(file) == []
    for vote in votes(1, 2, 1):
        keep(file, vote)
    assert read(file) == votes(1, 2, 1)


@pytest.mark.parametrize("line", ["{", "[]", '{"swap": "unet"}', '{"swap": "unet", "choice": "best"}', "7"])
def test_a_broken_vote_is_said_with_its_line(tmp_path, line):
    file = tmp_path / "votes.jsonl"
    keep(file, Vote("unet", Choice.GOLDEN))
    with file.open("a") as out:
        out.write(line + "\n")
    with pytest.raises(FormatError, match="vote") as caught:
        read(file)
    assert "line 2" in "\n".join(caught.value.lines())


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="cannot be kept"):
        keep(tmp_path / "gone" / "votes.jsonl", Vote("unet", Choice.TARGET))
