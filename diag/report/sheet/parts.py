"""What a sheet is made of. All text is plain: the tellers escape it for where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diag.types.finding import Finding, Severity
from diag.types.layer import Verdict


@dataclass(frozen=True, slots=True)
class Column:
    """``right``: numbers. ``wide``: takes the room that is left. ``spare``: left out where columns are few."""

    name: str
    right: bool = False
    wide: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """``note`` says how its numbers came about. ``limit``: rows that a terminal shows; a page shows all."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    limit: int = 15


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture for the page: ``svg`` is markup made by ``diag.report.sheet.chart``."""

    title: str
    svg: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, or a block of commands where ``code``."""

    title: str
    lines: tuple[str, ...]
    code: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings with their words."""

    title: str
    findings: tuple[Finding, ...]


def by_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The worst first, otherwise in their order."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: -order.index(finding.severity)))


Part = Table | Chart | Lines | Findings


@dataclass(frozen=True, slots=True)
class Sheet:
    """``headline`` is the answer in one sentence; ``verdict`` is None where nothing was judged, only shown."""

    verdict: Verdict | None
    headline: str
    parts: tuple[Part, ...]
