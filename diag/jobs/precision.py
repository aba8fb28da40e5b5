"""One emulation as a job, in a process of its own: native libraries may crash on a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diag.cancel import Cancel
from diag.events import Event, Finished, passed_on
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.precision.settings import PrecisionPlan
from diag.rules.precision import examined
from diag.types.precision import Emulation


@dataclass(frozen=True, slots=True)
class PrecisionJob:
    """``plan``: see ``diag.precision.settings``."""

    plan: PrecisionPlan


def run_precision(job: PrecisionJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``precision_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("precision", job, cancel, Emulation, host)


def precision_here(job: PrecisionJob, cancel: Cancel) -> Iterator[Event]:
    """Emulate, plan, write; Progress, then Finished(Emulation) with its findings."""
    from diag.precision.engine import emulate

    yield Finished(examined((yield from passed_on(emulate(job.plan, cancel)))))
