"""One comparison as a job: what to compare, and on which runtime. Runs here, or in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diag.cancel import Cancel
from diag.compare.plan import ComparePlan
from diag.errors import RuntimeUnavailable, ToolFailed, UsageError
from diag.events import Event, Finished, Message
from diag.formats.registry import identify
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.logs.failure import cause_of
from diag.runtimes.interface import Runtime, RuntimeSpec
from diag.types.comparison import Comparison


@dataclass(frozen=True, slots=True)
class CompareJob:
    """``runtime``: auto, reference, onnxruntime, mindspore-lite, mindspore; or a usable spec decides it: ``spec``."""

    plan: ComparePlan
    runtime: str = "auto"
    spec: RuntimeSpec | None = None


def run_compare(job: CompareJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``compare_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("compare", job, cancel, Comparison, host)


def compare_here(job: CompareJob, cancel: Cancel) -> Iterator[Event]:
    """Choose the runtime and compare. ``auto`` goes on with the reference runtime where the real one fails."""
    from diag.compare.engine import compare

    if _is_recording(job):
        yield from _recorded(job, cancel)
        return
    runtime, instead = _runtime(job)
    if runtime is None or job.runtime != "auto":
        yield from _noted(compare(job.plan, runtime, cancel), instead)
        return
    try:
        yield from compare(job.plan, runtime, cancel)
    except ToolFailed as error:
        why = cause_of(error.log)
        reason = f"{runtime.spec.name} could not run it: {error.message.rstrip('.')}" + (f" ({why})" if why else "")
        yield Message(f"{reason}. Going on with the reference runtime.", "warning")
        for event in compare(job.plan, None, cancel):
            yield _marked(event, reason)


def _is_recording(job: CompareJob) -> bool:
    from diag.compare.recorded.source import is_recording

    return is_recording(job.plan.target)


def _recorded(job: CompareJob, cancel: Cancel) -> Iterator[Event]:
    from diag.compare.recorded.engine import compare_recording

    if job.runtime not in ("auto", "onnxruntime"):
        raise UsageError(f"{job.runtime} cannot run a recording: it is what another machine ran",
                         where=f"in {job.plan.target}", hint="Leave --runtime out")
    yield from compare_recording(job.plan, cancel)


def _runtime(job: CompareJob) -> tuple[Runtime | None, str]:
    """The runtime (None: in this process) and why it is not the one that a user would expect."""
    from diag.runtimes.discover import discover
    from diag.runtimes.registry import choose, runtime

    onnx = identify(job.plan.target) == "onnx"
    if job.runtime in ("reference", "onnxruntime") or onnx:
        if job.runtime not in ("auto", "onnxruntime") and onnx:
            raise RuntimeUnavailable(f"{job.runtime} does not run ONNX models", where=f"in {job.plan.target}",
                                     hint="Leave --runtime out: an ONNX target runs in onnxruntime")
        if job.runtime == "onnxruntime" and not onnx:
            raise RuntimeUnavailable("onnxruntime does not run MindIR models", where=f"in {job.plan.target}",
                                     hint="Use --runtime reference or mindspore-lite")
        if job.plan.device != "cpu":
            raise RuntimeUnavailable(f"{'onnxruntime' if onnx else 'reference'} runs on the CPU only",
                                     where=f"--device {job.plan.device}",
                                     hint="Leave --device out, or give the MindIR and --runtime mindspore-lite")
        return None, ""
    if job.spec is not None:
        return runtime(job.spec), ""
    name = "mindspore-lite" if job.runtime == "auto" else job.runtime
    try:
        return runtime(choose(discover(), name, job.plan.device)), ""
    except RuntimeUnavailable as error:
        if job.runtime != "auto" or job.plan.device != "cpu":
            raise
        return None, f"{error.message}: the target runs in the reference runtime. {error.hint}"


def _noted(events: Iterator[Event], instead: str) -> Iterator[Event]:
    for i, event in enumerate(events):
        if i == 1 and instead:
            # The first event is that the models are being opened: where that fails, the runtime does not matter.
            yield Message(instead)
        yield _marked(event, instead) if instead else event


def _marked(event: Event, instead: str) -> Event:
    """The result with the reason why the reference runtime stood in."""
    if not isinstance(event, Finished):
        return event
    found: Comparison = event.result
    return Finished(replace(found, checks={**found.checks, "reference_instead": instead}))
