"""Conversions as a job: one after the other, each recorded as soon as it is known. In a process of its own, because the
first runs load native libraries that may crash on a model.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError, FormatError, ToolFailed, UsageError
from diag.events import Event, Finished, Message, Partial, Progress, passed_on
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.machine import peak_bytes, versions
from diag.tools.converter.plan import ConverterPlan
from diag.types.conversion import Conversion, Conversions, ConvertStatus


@dataclass(frozen=True, slots=True)
class ConvertJob:
    """``plans`` by name; ``resume``: what was converted well before, by the same plan, is kept."""

    plans: dict[str, ConverterPlan] = field(default_factory=dict)
    resume: bool = False


def run_convert(job: ConvertJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``convert_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("convert", job, cancel, Conversions, host)


def convert_here(job: ConvertJob, cancel: Cancel) -> Iterator[Event]:
    """Convert all: Progress, Message, Partial(Conversion) for each as it is done, then Finished(Conversions).

    In a batch a model that cannot be read, or a plan that makes no sense, is a failed conversion; alone it is an
    error. Raises UsageError, FormatError, RuntimeUnavailable (no converter), Cancelled: what was done is recorded.
    """
    from diag.tools.converter.run import verdict_of

    began = time.monotonic()
    models: list[Conversion] = []
    for number, (name, plan) in enumerate(job.plans.items()):
        yield Progress("Converting", number, len(job.plans), "models")
        found = yield from _one(name, plan, job, cancel)
        models.append(found)
        yield Partial(found)
    yield Finished(Conversions(
        verdict_of(tuple(models)), tuple(models), tuple(f for m in models for f in m.findings), versions(),
        time.monotonic() - began, peak_bytes()))


def _one(name: str, plan: ConverterPlan, job: ConvertJob, cancel: Cancel) -> Generator[Event, None, Conversion]:
    from diag.tools.converter.offered import convert_with_offers
    from diag.tools.converter.record import keep, kept
    from diag.tools.converter.run import digest_of

    try:
        digest = digest_of(plan) if plan.onnx.is_file() else ""
        before = kept(plan.output, digest) if job.resume else None
        if before is not None:
            yield Message(f"{name}: kept from before")
            return replace(before, status=ConvertStatus.KEPT, name=name)
        made: Conversion = yield from passed_on(_within(event, name) if len(job.plans) > 1 else event
                                                for event in convert_with_offers(plan, cancel))
        found = replace(made, name=name, digest=digest)
        keep(found, plan.output)
        return found
    except (UsageError, FormatError, ToolFailed) as error:
        if len(job.plans) == 1 or isinstance(error, Cancelled):
            raise
        return _refused(name, plan, error)


def _within(event: Event, name: str) -> Event:
    return replace(event, stage=f"{name}: {event.stage}") if isinstance(event, Progress) else event


def _refused(name: str, plan: ConverterPlan, error: DiagError) -> Conversion:
    """A conversion that could not even be begun."""
    from diag.rules.codes import finding
    from diag.types.codes import Code

    reason = " ".join(line.rstrip(".") + "." for line in error.lines()).rstrip(".")
    told = finding(Code.CONVERT_FAILED, name, tool="It", ending="no start", reason=reason)
    return Conversion(plan.onnx, None, ConvertStatus.FAILED, ending="not started", findings=(told,), name=name)

