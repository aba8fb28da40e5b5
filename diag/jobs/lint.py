"""One preflight as a job, in a process of its own: native libraries may crash on a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diag.cancel import Cancel
from diag.events import Event, Finished, passed_on
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.lint.plan import LintPlan
from diag.rules.preflight import examined
from diag.types.lint import Lint


@dataclass(frozen=True, slots=True)
class LintJob:
    """``plan``: see ``diag.lint.plan``."""

    plan: LintPlan


def run_lint(job: LintJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``lint_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("lint", job, cancel, Lint, host)


def lint_here(job: LintJob, cancel: Cancel) -> Iterator[Event]:
    """Forecast, measure, rewrite; Progress and Message, then Finished(Lint) with its findings."""
    from diag.lint.engine import lint

    yield Finished(examined((yield from passed_on(lint(job.plan, cancel)))))
