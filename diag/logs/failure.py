"""A failure of a program that we started, explained from the log that was kept of it."""

from __future__ import annotations

from pathlib import Path

from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError, ToolFailed
from diag.logs.diagnosis import Verdict
from diag.logs.triage import triage
from diag.logs.words import explain, three_lines
from diag.telling import lines


def explain_failure(log: Path | None, lang: str = "en", *, cancel: Cancel | None = None) -> tuple[str, ...]:
    """Three lines: cause and place, what it means, what to do. Empty where the log is not there or tells nothing.

    For whoever runs a converter, a benchmark, AOE or a worker, and sits above this room. Raises Cancelled only.
    """
    if log is None or not log.is_file():
        return ()
    try:
        found = triage(log, cancel=cancel)
    except Cancelled:
        raise
    except DiagError:
        return ()  # the log went away: the failure itself is what matters
    if found.verdict is Verdict.ROOT or (found.verdict is Verdict.INSUFFICIENT and found.chain):
        return tuple(three_lines(found, lang))
    return ()


def cause_of(log: Path | None, lang: str = "en") -> str:
    """The cause as one sentence without a full stop, for "X could not run it: …"; "" where the log does not say."""
    if log is None or not log.is_file():
        return ""
    cause = triage(log).root_cause
    return explain(cause, lang).title.rstrip(".。") if cause is not None else ""


def failure_lines(error: DiagError, lang: str = "en") -> list[str]:
    """What, where, what now; below them, where the error kept a log, what the log says."""
    told = explain_failure(error.log, lang) if isinstance(error, ToolFailed) else ()
    return [*lines(error, lang), *told]
