"""Findings of a preflight: one for each operator and outcome, what avoids it, and what a rewrite came to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from diag.rules.codes import Code, finding
from diag.types.finding import Finding, Severity
from diag.types.lint import Lint, NodeForecast

_CODES = {"convert": Code.LINT_CONVERT, "build": Code.LINT_BUILD, "run": Code.LINT_RUN, "wrong": Code.LINT_WRONG}
_NAMES = 3


def examined(lint: Lint) -> Lint:
    """The preflight with its findings, the gravest first."""
    order = {Severity.FAIL: 0, Severity.WATCH: 1, Severity.INFO: 2}
    return replace(lint, findings=tuple(sorted(examine(lint), key=lambda f: order[f.severity])))


def examine(lint: Lint) -> Iterator[Finding]:
    """All findings, in the order in which they are told."""
    runtime = f"{lint.converter} {lint.device}"
    groups: dict[tuple[str, str], list[NodeForecast]] = {}
    for node in lint.nodes:
        if node.outcome != "right":
            groups.setdefault((node.outcome, node.op), []).append(node)
    for (outcome, op), nodes in groups.items():
        first = nodes[0]
        if outcome == "unknown":
            yield finding(Code.LINT_UNKNOWN, first.node, op=op, count=len(nodes), runtime=runtime)
        else:
            yield finding(_CODES[outcome], first.node, op=op, count=len(nodes), reason=_reason(first),
                          shown=evidence(first), nodes=[n.node for n in nodes[:20]])
    if not groups:
        yield finding(Code.LINT_RIGHT, lint.model.path, count=len(lint.nodes), runtime=runtime)
    told: set[str] = set()
    for node in lint.nodes:
        if node.outcome == "right" and node.note and node.op not in told:
            told.add(node.op)
            yield finding(Code.LINT_DATA, node.node, op=node.op, note=node.note)
    yield from _rewrites(lint)


def _rewrites(lint: Lint) -> Iterator[Finding]:
    for offer in lint.rewrites:
        if not offer.applied and not offer.note and offer.nodes:
            yield finding(Code.LINT_AVOIDED, lint.model.path, rewrite=offer.name, count=len(offer.nodes))
    applied = [o for o in lint.rewrites if o.applied]
    if applied:
        worst = max((o.error for o in applied if math.isfinite(o.error)), default=0.0)
        yield finding(Code.LINT_REWRITTEN, lint.written, rewrites=", ".join(o.name for o in applied), error=worst)
    refused = [o for o in lint.rewrites if o.note]
    if refused:
        yield finding(Code.LINT_NOT_REWRITTEN, lint.model.path, reason=refused[0].note)


def evidence(node: NodeForecast) -> str:
    """What the forecast rests on: how many of the cases that are most like the node say so, and which."""
    return f"{node.agree}/{node.tests} ({', '.join(c.name for c in node.cases[:_NAMES])})" if node.cases else "0/0"


def _reason(node: NodeForecast) -> str:
    if node.note:
        return node.note
    for case in node.cases:
        said = case.cause.partition(": ")[2] or case.cause or case.why
        if said:
            return said.strip().rstrip(".").strip('"')
    errors = [c.error for c in node.cases if math.isfinite(c.error)]
    return f"rel_l2 = {max(errors):.2g}" if errors else "?"
