"""One benchmark as a job: measure, judge. In a process of its own, because native libraries may crash on a model."""

from __future__ import annotations

import platform
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass

from diag.cancel import Cancel
from diag.events import Event, Finished
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.perf.plan import BenchPlan
from diag.types.bench import Bench, Series


@dataclass(frozen=True, slots=True)
class BenchJob:
    """``plan``: see ``diag.perf.plan``."""

    plan: BenchPlan


def run_bench(job: BenchJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``bench_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("bench", job, cancel, Bench, host)


def bench_here(job: BenchJob, cancel: Cancel) -> Iterator[Event]:
    """Measure all contenders; Progress and Message, then Finished(Bench)."""
    from diag.perf.measure import measure

    began = time.monotonic()
    models: tuple[Series, ...] = ()
    for event in measure(job.plan, cancel):
        if isinstance(event, Finished):
            models = event.result
        else:
            yield event
    yield Finished(judged(models, job.plan.slower, time.monotonic() - began))


def judged(models: tuple[Series, ...], slower: float | None, wall_s: float) -> Bench:
    """The ratios of the series to the first, and what they say."""
    from diag import __version__
    from diag.perf.pairing import ratios
    from diag.rules.performance import of_bench, verdict_of

    comparison = ratios(models)
    findings = of_bench(models, comparison, slower)
    return Bench(
        verdict=verdict_of(findings), models=models, comparison=comparison, findings=findings,
        environment={"diag": __version__, "python": platform.python_version(), "platform": platform.platform(),
                     "cpus": _cpus()},
        wall_s=wall_s, peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _cpus() -> int:
    import os

    return len(os.sched_getaffinity(0))
