"""How often the triage says what the expert said, printed and asserted."""

from __future__ import annotations

import pytest
from labelled import labelled

from diag.cancel import Cancel
from diag.logs import Verdict, three_lines, triage
from diag.logs.reader import Tally, read_records
from diag.logs.record import Kind
from diag.logs.sources import file_source


def test_root_cause_named_first(capsys: pytest.CaptureFixture[str]) -> None:
    roots, others, wrong = [], [], []
    for sample in labelled():
        found = triage(sample.log)
        if sample.answer == "root":
            text = found.root_cause.text.strip() if found.root_cause is not None else ""
            right = bool(text) and any(root.strip() in text or text in root for root in sample.roots)
            roots.append(right)
        else:
            right = found.verdict == sample.answer
            others.append(right)
        if not right:
            wrong.append(f"{sample.log.name}: {found.verdict}")
    with capsys.disabled():
        print(f"\nroot cause first: {sum(roots)}/{len(roots)}, insufficient and no failure: "
              f"{sum(others)}/{len(others)}")
    assert sum(roots) >= 0.95 * len(roots), wrong
    assert sum(others) >= 0.90 * len(others), wrong


def test_lines_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for sample in labelled():
        for _ in read_records(file_source(sample.log, sample.log.name, tally.notes), tally, Cancel(), quiet=True):
            pass
    total = sum(tally.kinds.values())
    share = 1 - (tally.kinds[Kind.TEXT] + tally.kinds[Kind.CONTINUATION]) / total
    with capsys.disabled():
        print(f"\nlines recognised: {share:.2%} of {total}")
    assert share >= 0.97
    assert tally.notes == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_answer_is_three_whole_lines(lang: str) -> None:
    for sample in labelled():
        found = triage(sample.log)
        lines = three_lines(found, lang)
        assert len(lines) == 3
        assert all(line.strip() for line in lines)
        assert not any("[[" in line or "]]" in line for line in lines)
        assert (found.root_cause is not None) == (found.verdict is Verdict.ROOT)
