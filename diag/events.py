"""What long work says while it runs: a generator of these, ended by Finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come; total 0 means unknown.

    ``peak_bytes``: largest resident size so far of the process that does the work; 0 where that is this very one.
    """

    stage: str
    done: int
    total: int
    unit: str = ""
    eta_s: float | None = None
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for the person who waits."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class Partial(Generic[T]):
    """One finished item of the result, as soon as it is known."""

    item: T


@dataclass(frozen=True, slots=True)
class Finished(Generic[T]):
    """The whole result; always the last event."""

    result: T


Event = Progress | Message | Partial[Any] | Finished[Any]
