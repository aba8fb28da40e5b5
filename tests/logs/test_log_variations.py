"""Logs written for this test, of the kinds that people send: what the triage must answer.

``variations.txt`` holds them; a line ``### name | answer | part of the root cause's line`` begins each.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diag.logs import triage

_PARTS = re.split(r"^### (.+)\n", Path(__file__).with_name("variations.txt").read_text("utf-8"), flags=re.MULTILINE)[1:]
CASES = dict(zip(_PARTS[::2], _PARTS[1::2], strict=True))


@pytest.mark.parametrize("head", CASES)
def test_variation(head: str) -> None:
    _name, answer, root = (part.strip() for part in head.split("|", 2))
    found = triage(CASES[head])
    assert found.verdict == answer
    assert root in (found.root_cause.text if found.root_cause is not None else "")


def test_there_are_enough_of_each() -> None:
    answers = [head.split("|")[1].strip() for head in CASES]
    assert answers.count("root") >= 20
    assert min(answers.count("insufficient-evidence"), answers.count("no-failure")) >= 3
