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


def _precision() -> Kind:
    import diag.precision.engine  # noqa: F401 - loaded while the host waits for its job
    from diag.jobs.precision import PrecisionJob, precision_here

    return Kind(PrecisionJob, precision_here)


def _pipeline() -> Kind:
    import diag.pipeline.locate  # noqa: F401 - loaded while the host waits for its job
    from diag.jobs.pipeline import LocateJob, locate_here

    return Kind(LocateJob, locate_here)


def _pipeline_run() -> Kind:
    import diag.pipeline.once  # noqa: F401 - loaded while the host waits for its job
    from diag.jobs.pipeline import RunJob, once_here

    return Kind(RunJob, once_here)


def _tune() -> Kind:
    from diag.jobs.tune import TuneJob, tune_here

    return Kind(TuneJob, tune_here)


def _convert() -> Kind:
    import diag.tools.converter.offered  # noqa: F401 - loaded while the host waits for its job
    from diag.jobs.convert import ConvertJob, convert_here

    return Kind(ConvertJob, convert_here)


def _lint() -> Kind:
    from diag.jobs.lint import LintJob, lint_here

    return Kind(LintJob, lint_here)


def _fix() -> Kind:
    from diag.jobs.fix import FixJob, fix_here

    return Kind(FixJob, fix_here)


def _pipeline_fix() -> Kind:
    from diag.jobs.fix import PipelineFixJob, pipeline_fix_here

    return Kind(PipelineFixJob, pipeline_fix_here)


def _log() -> Kind:
    from diag.jobs.log import LogJob, triage_here

    return Kind(LogJob, triage_here)


def _rewrites() -> Kind:
    import diag.rewrites.apply  # noqa: F401 - loaded while the host waits for its job
    from diag.jobs.rewrites import RewriteJob, rewrites_here

    return Kind(RewriteJob, rewrites_here)


KINDS: dict[str, Callable[[], Kind]] = {
    "compare": _compare, "reduce": _reduce, "bench": _bench, "tune": _tune, "convert": _convert,
    "rewrites": _rewrites,
    "precision": _precision, "lint": _lint, "fix": _fix, "pipeline_fix": _pipeline_fix, "pipeline": _pipeline,
    "pipeline_run": _pipeline_run, "log": _log,
}
