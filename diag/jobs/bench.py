"""One benchmark as a job: measure, judge. In a process of its own, because native libraries may crash on a model."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import FormatError
from diag.events import Event, Finished, passed_on
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.machine import peak_bytes, versions
from diag.perf.load import Load
from diag.perf.plan import BenchPlan
from diag.tools.benchmark.run import ToolPlan
from diag.types.bench import Bench, Series
from diag.types.comparison import Comparison
from diag.types.finding import Finding


@dataclass(frozen=True, slots=True)
class BenchJob:
    """``plan``: see ``diag.perf.plan``; ``tool``: MindSpore Lite's benchmark measures instead, by ``tool_plan``."""

    plan: BenchPlan
    tool: Path | None = None
    tool_plan: ToolPlan | None = None


def run_bench(job: BenchJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``bench_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("bench", job, cancel, Bench, host)


def bench_here(job: BenchJob, cancel: Cancel) -> Iterator[Event]:
    """Measure all contenders; Progress and Message, then Finished(Bench)."""
    comparison = _comparison(job.plan)
    began, load = time.monotonic(), Load()
    models: tuple[Series, ...] = yield from passed_on(_measured(job, cancel))
    found = judged(models, job.plan.slower, 0.0, others=load.others())
    if job.plan.layers and job.plan.contenders:
        found = yield from _with_layers(found, job.plan, comparison, cancel)
    yield Finished(replace(found, wall_s=time.monotonic() - began, run=str(job.plan.out) if job.plan.out else None,
                           options={"comparison": str(job.plan.run) if job.plan.run else None}))


def _comparison(plan: BenchPlan) -> Comparison | None:
    """The recorded comparison, read before anything is measured: a wrong path is told at once."""
    if plan.run is None:
        return None
    from diag.workspace.runs import RunFolder

    return RunFolder.open(plan.run).comparison()


def _with_layers(found: Bench, plan: BenchPlan, comparison: Comparison | None, cancel: Cancel
                 ) -> Generator[Event, None, Bench]:
    from diag.perf.measure import inputs_of
    from diag.tools.profiles.layer_table import joined
    from diag.tools.profiles.layers import NodeTimes, time_layers

    feeds = inputs_of(plan.contenders, plan.inputs)
    times: list[NodeTimes] = []
    for one, given in zip(plan.contenders, feeds, strict=True):
        times.append((yield from passed_on(
            time_layers(one, given, plan.threads, plan.optimise, plan.max_s, cancel))))
    layers, notes = joined(times, comparison)
    return replace(found, layers=layers, layer_notes=notes)


def _measured(job: BenchJob, cancel: Cancel) -> Iterator[Event]:
    if job.tool is not None and job.tool_plan is not None:
        from diag.tools.benchmark.run import measure_with_tool

        return measure_with_tool(job.tool, job.tool_plan, cancel)
    from diag.perf.measure import measure

    return measure(job.plan, cancel)


def recorded(paths: Sequence[Path], slower: float | None = None) -> Bench:
    """What files from elsewhere hold, compared. Raises UsageError, FormatError."""
    from diag.tools.benchmark.recorded import merged, read_recorded

    began = time.monotonic()
    found = [read_recorded(path) for path in paths]
    series = merged([one for each in found for one in each.series])
    findings = [f for each in found for f in each.findings]
    if not series and not findings:
        raise FormatError(paths[0], "It holds a comparison of accuracy, but no times",
                          hint="Run benchmark without --benchmarkDataFile to measure; diag compare compares layers")
    return judged(series, slower, time.monotonic() - began, findings)


def judged(models: tuple[Series, ...], slower: float | None, wall_s: float, said: Sequence[Finding] = (), *,
           others: float = math.nan) -> Bench:
    """The ratios of the series to the first, and what they say; ``said`` are findings that were there before."""
    from diag.perf.pairing import ratios
    from diag.rules.performance import of_bench, verdict_of

    comparison = ratios(models)
    findings = (*said, *of_bench(models, comparison, slower, others=others, cpus=_cpus()))
    return Bench(
        verdict=verdict_of(findings), models=models, comparison=comparison, findings=findings,
        environment={**versions(), "cpus": _cpus(), "others": others},
        wall_s=wall_s, peak_bytes=peak_bytes())


def _cpus() -> int:
    return len(os.sched_getaffinity(0))
