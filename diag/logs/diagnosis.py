"""What triage says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from diag.types.finding import Finding


class Verdict(StrEnum):
    """The answer of a triage."""

    ROOT = "root"
    INSUFFICIENT = "insufficient-evidence"
    NO_FAILURE = "no-failure"


class Role(StrEnum):
    """What a line is in the story."""

    CAUSE = "cause"
    CONSEQUENCE = "consequence"
    WRAPPER = "wrapper"


@dataclass(frozen=True, slots=True)
class Cause:
    """A line that tells something, and why it was chosen.

    Attributes:
        file, line: where; line counts from 1.
        time: as microseconds since 1970 in the writer's clock; None where the line has none.
        code: the error code that it prints, "" where it has none.
        text: the line as printed.
        rule: id of the rule that recognised it.
        finding: its stable code with the values that the words need.
        count: how often the same line was printed.
        node, operator: of the model, where the line or its neighbours name them.
    """

    file: str
    line: int
    time: int | None
    module: str
    level: str
    code: str
    text: str
    rule: str
    finding: Finding
    role: Role
    count: int = 1
    node: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class CodeSeen:
    """An error code met in the logs, and how often."""

    code: str
    family: str
    count: int
    meaning: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines of each level and module; which lines were only wrappers, noise or benign, by rule."""

    lines: int = 0
    level: Mapping[str, int] = field(default_factory=dict)
    module: Mapping[str, int] = field(default_factory=dict)
    wrappers: Mapping[str, int] = field(default_factory=dict)
    noise: Mapping[str, int] = field(default_factory=dict)
    benign: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogDiagnosis:
    """The answer.

    Attributes:
        root_cause: the line that is the cause; None unless the verdict is ROOT.
        chain: from the cause to the last consequence, the cause first.
        latent: the run reports success, and the result is broken all the same.
        outcome: "success", "failed", "crashed" or "unknown".
        wanted: where a better answer would be found, as keys of the sentences ("plog", "device-log" …).
        pid: process that the answer is about; None where no line tells.
        notes: what could not be read, as sentences.
    """

    verdict: Verdict
    root_cause: Cause | None
    chain: tuple[Cause, ...]
    codes: tuple[CodeSeen, ...]
    counts: Counts
    files: tuple[str, ...]
    outcome: str = "unknown"
    latent: bool = False
    wanted: tuple[str, ...] = ()
    pid: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """A name that a log line gave, and the node that it means.

    ``exact`` is False where suffixes that compilers add had to be taken off.
    """

    name: str
    node: str
    op: str
    graph: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Triage:
    """A diagnosis with the nodes that it names, and what it took."""

    diagnosis: LogDiagnosis
    linked: tuple[Linked, ...] = ()
    wall_s: float = 0.0
    peak_bytes: int = 0
