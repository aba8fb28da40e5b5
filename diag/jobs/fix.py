"""One repair as a job, in a process of its own: native libraries may crash on a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable
from diag.events import Event, Finished, passed_on
from diag.fix.plan import FixPlan, PipelineFixPlan
from diag.formats.registry import identify
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.rules.repair import examined
from diag.runtimes.interface import Runtime, RuntimeSpec
from diag.types.fix import Fix, PipelineFix


@dataclass(frozen=True, slots=True)
class FixJob:
    """``plan``: see ``diag.fix.plan``; ``runtime``: auto, reference, mindspore-lite."""

    plan: FixPlan
    runtime: str = "auto"


@dataclass(frozen=True, slots=True)
class PipelineFixJob:
    """``plan``: see ``diag.fix.pipeline``; ``runtime``: auto, reference, mindspore-lite."""

    plan: PipelineFixPlan
    runtime: str = "auto"


def run_fix(job: FixJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``fix_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("fix", job, cancel, Fix, host)


def fix_here(job: FixJob, cancel: Cancel) -> Iterator[Event]:
    """Choose the runtime, repair; Progress, Message and Partial(Try), then Finished(Fix) with its findings."""
    from diag.fix.engine import fix

    runtime, name, others = chosen(job)
    yield Finished(examined((yield from passed_on(fix(job.plan, runtime, name, cancel, others)))))


def run_pipeline_fix(job: PipelineFixJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``pipeline_fix_here`` in a process of its own, with the same events; ends with Finished(PipelineFix)."""
    return run_remote("pipeline_fix", job, cancel, PipelineFix, host)


def pipeline_fix_here(job: PipelineFixJob, cancel: Cancel) -> Iterator[Event]:
    """Find the submodels at fault, repair them, search again."""
    from diag.fix.pipeline import fix_pipeline
    from diag.runtimes.discover import discover

    known = discover()
    runtime, name = _chosen(known, job.runtime, "cpu")
    yield from fix_pipeline(job.plan, known, runtime, name, cancel)


def chosen(job: FixJob) -> tuple[Runtime | None, str, dict[str, RuntimeSpec]]:
    """What runs converted models (None: the reference runtime, in this process), the name of the converter, others."""
    from diag.runtimes.discover import discover

    if identify(job.plan.compare.target) == "onnx":
        return None, "–", {}
    known = discover()
    runtime, name = _chosen(known, job.runtime, job.plan.compare.device)
    usable = {f"{s.name} {s.version}": s for s in known if s.name == "mindspore-lite" and s.usable}
    return runtime, name, {n: s for n, s in usable.items() if n != name}


def _chosen(known: Sequence[RuntimeSpec], wanted: str, device: str) -> tuple[Runtime | None, str]:
    from diag.runtimes.registry import choose, runtime

    spec = choose(known, "mindspore-lite")  # has the converter too: without it nothing can be proved
    name = f"{spec.name} {spec.version}"
    if wanted == "reference":
        return None, name
    if wanted not in ("auto", "mindspore-lite"):
        raise RuntimeUnavailable(f"{wanted} does not run what this converter makes", hint="Leave --runtime out")
    return runtime(choose(known, "mindspore-lite", device)), name
