"""A comparison as a command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from diag.compare.plan import DEFAULT_BUDGET
from diag.errors import DiagError
from diag.jobs.compare import CompareJob


def arguments(job: CompareJob) -> list[str]:
    """What ``diag`` must be given to do the same. The key of an encrypted model is left out."""
    plan, inputs = job.plan, job.plan.inputs
    words = ["compare", str(plan.golden), str(plan.target)]
    if inputs.archive is not None:
        words += ["--inputs", str(inputs.archive)]
    for name, path in inputs.files.items():
        words += ["--input", f"{name}={path}"]
    if inputs.shapes:
        words += ["--shape", ";".join(f"{n}:{','.join(map(str, s))}" for n, s in inputs.shapes.items())]
    return [*words, *_options(job)]


def line(job: CompareJob) -> str:
    """The same for the shell."""
    return shlex.join(["diag", *arguments(job)])


def job_of(command: str) -> CompareJob | None:
    """The job that a command line of ``diag compare`` describes; None where this version does not understand it."""
    from diag.cli import compare, parse

    try:
        words = shlex.split(command)[2:]
        return compare.job_of(parse.read("compare", compare, words))
    except (DiagError, ValueError):
        return None


def _options(job: CompareJob) -> Iterator[str]:
    plan = job.plan
    for option, value, usual in (
            ("--seed", plan.inputs.seed, 0), ("--runtime", job.runtime, "auto"), ("--device", plan.device, "cpu"),
            ("--dtype", plan.dtype, "auto"), ("--threads", plan.threads, 1), ("--preset", plan.preset, "calibrated"),
            ("--budget", plan.budget, DEFAULT_BUDGET), ("--map", plan.map_file, None), ("--graph", plan.graph, None)):
        if value != usual:
            yield from (option, str(value))
    for name in plan.record:
        yield from ("--record", name)
    if not plan.own_input:
        yield "--no-own-input"
    if plan.checks is not None:
        yield "--checks" if plan.checks else "--no-checks"
