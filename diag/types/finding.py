"""A finding: a code that is API, and the facts behind it. Its words live in the catalogues of ``diag.rules``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WATCH = "watch"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where it can be seen: a file of the run and, for text, the line (from 1)."""

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth telling.

    Attributes:
        code: stable, e.g. ``ACC012``; the text catalogues have an entry for it.
        severity: info, watch or fail.
        subject: the node, tensor, file or setting that it is about.
        values: facts that fill the words' placeholders, JSON-able.
        evidence: where to look.
    """

    code: str
    severity: Severity
    subject: str
    values: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
