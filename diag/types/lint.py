"""What is expected of a model before its conversion: what the reports, the window and a repair share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diag.types.comparison import ModelRun
from diag.types.finding import Finding
from diag.types.layer import Verdict
from diag.types.metrics import NAN

OUTCOMES = ("convert", "build", "run", "wrong", "right")
"""The stage in which something fails, or that it comes out wrong or right. The first is the worst."""


@dataclass(frozen=True, slots=True)
class MeasuredCase:
    """One test or node that was measured: its name, what became of it, its error, the reason in its own words."""

    name: str
    outcome: str
    error: float = NAN
    why: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class NodeForecast:
    """What is expected of one node.

    Attributes:
        outcome: one of ``OUTCOMES``, or "unknown": the operator was never measured.
        grade: how like the node the cases are: measured (this very node), same, like, far, none.
        cases: the evidence, at most a few; ``tests`` and ``agree``: how many there are and show the outcome.
        fixed: the node does not depend on the inputs: the converter computes it, it never runs.
        note: what the node's data say: why a case does not apply, or does.
        rewrites: names of the rewrites that avoid it.
    """

    index: int
    node: str
    op: str
    outcome: str
    grade: str
    tests: int = 0
    agree: int = 0
    cases: tuple[MeasuredCase, ...] = ()
    fixed: bool = False
    note: str = ""
    rewrites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RewriteOffer:
    """A rewrite that applies, where, and, if it was applied, what came of it."""

    name: str
    code: str
    nodes: tuple[str, ...]
    applied: bool = False
    error: float = NAN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lint:
    """Everything that ``diag lint`` found out.

    Attributes:
        outcome: of the whole model: the worst of its nodes'.
        converter, device: for which it holds: "mindspore-lite 2.0.0", "cpu".
        nodes: nodes that are not expected to be right first, in running order.
        evidence: name of the tables that were used.
        written: the rewritten model; "" where none was asked for.
    """

    verdict: Verdict
    model: ModelRun
    converter: str
    device: str
    outcome: str
    nodes: tuple[NodeForecast, ...]
    rewrites: tuple[RewriteOffer, ...]
    findings: tuple[Finding, ...]
    evidence: tuple[str, ...]
    measured: int = 0
    written: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    wall_s: float = 0.0
    peak_bytes: int = 0
