"""What long work says while it runs: a generator of these, ended by Finished."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from types import UnionType
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


def passed_on(events: Iterable[Event], kinds: type[Any] | UnionType = object) -> Generator[Event, None, Any]:
    """Work within longer work: its events of these kinds go on, its result is returned instead of being told."""
    for event in events:
        if isinstance(event, Finished):
            return event.result
        if isinstance(event, kinds):
            yield event
    raise AssertionError("work ended without Finished")


def result_of(events: Iterable[Event]) -> Any:  # noqa: ANN401 - whatever the work finishes with
    """The result of work that nobody watches."""
    for event in events:
        if isinstance(event, Finished):
            return event.result
    raise AssertionError("work ended without Finished")
