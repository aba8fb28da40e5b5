"""What a triage found, as findings about the whole; the cause's own finding comes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from diag.logs.diagnosis import LogDiagnosis, Role, Verdict
from diag.rules.codes import finding
from diag.types.codes import Code
from diag.types.finding import Evidence, Finding


def examine(found: LogDiagnosis) -> Iterator[Finding]:
    """The findings, the most important first; none for logs without a failure that could all be read."""
    cause = found.root_cause
    if cause is not None:
        yield cause.finding
        name, seen = PurePath(cause.file).name, [Evidence(cause.file, cause.line)]
        if found.latent:
            yield finding(Code.LOG_HIDDEN, name, evidence=seen, line=cause.line, rule=cause.rule)
        else:
            roles = [one.role for one in found.chain]
            yield finding(Code.LOG_CAUSE, name, evidence=seen, line=cause.line, rule=cause.rule,
                          followers=roles.count(Role.CONSEQUENCE), passed_on=roles.count(Role.WRAPPER))
    elif found.verdict is Verdict.INSUFFICIENT:
        first = PurePath(found.files[0]).name if found.files else "-"
        yield finding(Code.LOG_NOT_ENOUGH, first, count=sum(one.count for one in found.chain), process=found.pid,
                      evidence=[Evidence(one.file, one.line) for one in found.chain])
    if found.notes:
        yield finding(Code.LOG_UNREAD, PurePath(found.notes[0].partition(" ")[0].rstrip(":")).name,
                      count=len(found.notes), first=found.notes[0].rstrip("."))
