"""Findings of a repair: what is proved, what helped, what could not be tried here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from diag.rules.codes import Code, finding
from diag.types.finding import Finding, Severity
from diag.types.fix import Came, Fix, Step, Try
from diag.types.layer import Verdict


def examined(fix: Fix) -> Fix:
    """The repair with its findings, the gravest first."""
    order = {Severity.FAIL: 0, Severity.WATCH: 1, Severity.INFO: 2}
    return replace(fix, findings=tuple(sorted(examine(fix), key=lambda f: order[f.severity])))


def examine(fix: Fix) -> Iterator[Finding]:
    """All findings, in the order in which they are told."""
    if fix.proved is not None:
        yield _proved(fix, fix.tries[fix.proved])
    elif fix.verdict is Verdict.PASS:
        yield finding(Code.FIX_HEALTHY, fix.target.path)
    else:
        tried = [t for t in fix.tries if t.came is not Came.NOT_HERE]
        best = min((t.after.error for t in tried if t.after is not None), default=fix.before.error)
        yield finding(Code.FIX_NONE, fix.target.path, count=len(tried), best=_known(best))
        for one in fix.tries:
            if one.came is Came.NOT_HERE:
                yield finding(Code.FIX_NOT_HERE, fix.target.path, what=one.name, missing=one.reason)
    for one in fix.tries:
        if one.came is Came.HELPED and one.after is not None:
            yield finding(Code.FIX_HELPED, fix.target.path, attempt=one.name, before=_known(fix.before.error),
                          after=_known(one.after.error))


def _proved(fix: Fix, one: Try) -> Finding:
    after = one.after.error if one.after is not None else math.nan
    if one.step is Step.AGAIN:
        return finding(Code.FIX_STALE, fix.target.path, before=_known(fix.before.error), after=_known(after))
    return finding(Code.FIX_PROVED, fix.output, attempt=" + ".join((*one.base, one.name)),
                   before=_known(fix.before.error), after=_known(after), seconds=round(fix.wall_s, 1))


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
