"""The kinds of jobs that a child can run: a name, the type of its request, and the generator that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from diag.cancel import Cancel
from diag.events import Event


@dataclass(frozen=True, slots=True)
class Kind:
    """``request``: the frozen dataclass of the job; ``run``: its generator of events."""

    request: type[Any]
    run: Callable[[Any, Cancel], Iterator[Event]]


def _compare() -> Kind:
    import diag.compare.engine  # noqa: F401 - loaded while the host waits for its job
    from diag.jobs.compare import CompareJob, compare_here

    return Kind(CompareJob, compare_here)


def _reduce() -> Kind:
    from diag.jobs.reduce import ReduceJob, reduce_here

    return Kind(ReduceJob, reduce_here)


def _bench() -> Kind:
    from diag.jobs.bench import BenchJob, bench_here

    return Kind(BenchJob, bench_here)


KINDS: dict[str, Callable[[], Kind]] = {"compare": _compare, "reduce": _reduce, "bench": _bench}
