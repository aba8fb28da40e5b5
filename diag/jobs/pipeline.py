"""A pipeline's search, or one plain run, as a job: in a process of its own, because native libraries may crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diag.cancel import Cancel
from diag.events import Event
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.pipeline.plan import PipelinePlan
from diag.types.pipeline import PipelineDiagnosis, PipelineRun


@dataclass(frozen=True, slots=True)
class LocateJob:
    """Find the submodel at fault. ``plan``: see ``diag.pipeline.plan``."""

    plan: PipelinePlan


@dataclass(frozen=True, slots=True)
class RunJob:
    """Run the pipeline once, ``plan.swapped`` as their MindIR."""

    plan: PipelinePlan


def run_locate(job: LocateJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``locate_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("pipeline", job, cancel, PipelineDiagnosis, host)


def run_once(job: RunJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``once_here`` in a process of its own, with the same events; ends with Finished(PipelineRun)."""
    return run_remote("pipeline_run", job, cancel, PipelineRun, host)


def locate_here(job: LocateJob, cancel: Cancel) -> Iterator[Event]:
    """Search. Partial(SwapRun) as runs end, then Finished(PipelineDiagnosis)."""
    from diag.pipeline.locate import locate
    from diag.runtimes.discover import discover

    yield from locate(job.plan, discover(), cancel)


def once_here(job: RunJob, cancel: Cancel) -> Iterator[Event]:
    """Run."""
    from diag.pipeline.once import once
    from diag.runtimes.discover import discover

    yield from once(job.plan, discover(), cancel)
