"""What AOE did to a model, in its own words, and what was measured of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from diag.types.bench import Bench
from diag.types.finding import Finding
from diag.types.layer import Verdict


class TuneStatus(StrEnum):
    """What a task says of itself."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TunedOperator:
    """One operator or subgraph with an entry in the knowledge bank. Times in µs, NaN where not said.

    ``change``: add, update, single (tuned alone). ``improvement``: before : after − 1, as the file says it.
    """

    name: str
    type: str
    before_us: float
    after_us: float
    improvement: float
    change: str = ""


@dataclass(frozen=True, slots=True)
class Bank:
    """Entries of the knowledge bank that were looked at, and what became of them."""

    total: int = 0
    hit: int = 0
    added: int = 0
    updated: int = 0
    reserved: int = 0
    unsatisfied: int = 0


@dataclass(frozen=True, slots=True)
class TunedTask:
    """One job on one model: ``job`` is operator, subgraph, gradient or "". NaN where a time is not said."""

    name: str
    job: str
    status: TuneStatus
    before_ms: float
    after_ms: float
    improvement: float
    seconds: float
    operators: tuple[TunedOperator, ...] = ()
    failed: tuple[str, ...] = ()
    bank: Bank | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Worst output of a model against the ONNX it came from: ``metric`` and its value, and what that means."""

    path: str
    verdict: Verdict
    metric: str
    error: float
    run: str = ""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Everything that ``diag tune`` found out; ``diag.tune/1``.

    ``plan``: files written and commands, in order. ``bench``: before against after. ``ran``: AOE ran here.
    """

    verdict: Verdict
    model: str
    tasks: tuple[TunedTask, ...]
    findings: tuple[Finding, ...]
    environment: Mapping[str, Any]
    wall_s: float
    peak_bytes: int
    ran: bool = False
    folder: str = ""
    commands: tuple[str, ...] = ()
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    accuracy: tuple[Accuracy, ...] = ()
    bench: Bench | None = None
    missing: str = ""
