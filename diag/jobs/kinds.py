"""The kinds of jobs that a child can run, one line each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from diag.cancel import Cancel
from diag.events import Event

KINDS: dict[str, tuple[str, str, str, str]] = {
    # kind: (module, type of its request, generator that does it, engine that it imports when it begins);
    # the host loads all of it while it waits for its job
    "compare": ("diag.jobs.compare", "CompareJob", "compare_here", "diag.compare.engine"),
    "reduce": ("diag.jobs.reduce", "ReduceJob", "reduce_here", ""),
    "bench": ("diag.jobs.bench", "BenchJob", "bench_here", ""),
    "tune": ("diag.jobs.tune", "TuneJob", "tune_here", ""),
    "convert": ("diag.jobs.convert", "ConvertJob", "convert_here", "diag.tools.converter.offered"),
    "rewrites": ("diag.jobs.rewrites", "RewriteJob", "rewrites_here", "diag.rewrites.apply"),
    "precision": ("diag.jobs.precision", "PrecisionJob", "precision_here", "diag.precision.engine"),
    "lint": ("diag.jobs.lint", "LintJob", "lint_here", ""),
    "fix": ("diag.jobs.fix", "FixJob", "fix_here", ""),
    "pipeline_fix": ("diag.jobs.fix", "PipelineFixJob", "pipeline_fix_here", ""),
    "pipeline": ("diag.jobs.pipeline", "LocateJob", "locate_here", "diag.pipeline.locate"),
    "pipeline_run": ("diag.jobs.pipeline", "RunJob", "once_here", "diag.pipeline.once"),
    "log": ("diag.jobs.log", "LogJob", "triage_here", ""),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """``request``: the frozen dataclass of the job; ``run``: its generator of events."""

    request: type[Any]
    run: Callable[[Any, Cancel], Iterator[Event]]


def load(name: str) -> Kind:
    """The kind of this name, and what it needs."""
    module, request, run, engine = KINDS[name]
    if engine:
        importlib.import_module(engine)
    found = importlib.import_module(module)
    return Kind(getattr(found, request), getattr(found, run))
