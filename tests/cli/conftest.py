"""A command line as a function: exit code, stdout and stderr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import diag.cli.compare as diag_compare
import diag.cli.parse as diag_parse
from diag.cli.main import main
from diag.jobs.compare import compare_here


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What stood on stderr."""
        return self.err.splitlines()


Command = Callable[..., Answer]


@pytest.fixture
def diag(apart: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """As ``apart``, but the comparison runs in this process: many short ones are quicker so."""
    monkeypatch.setattr(diag_compare, "run_compare", lambda job, cancel, _host: compare_here(job, cancel))
    monkeypatch.setattr(diag_parse, "_WARMED", {})
    return apart


@pytest.fixture
def apart(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs ``diag`` with these words, in a home of its own; the comparison in a process of its own, as for users."""
    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))

    def run(*words: object) -> Answer:
        capfd.readouterr()
        code = main([str(w) for w in words])
        return Answer(code, *capfd.readouterr())

    return run
