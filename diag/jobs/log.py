"""A triage in a process of its own: it reads with the whole of an interpreter, and the window goes on painting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diag.cancel import Cancel
from diag.events import Event
from diag.jobs.remote import run_remote
from diag.logs.diagnosis import LogDiagnosis
from diag.logs.triage import diagnose


@dataclass(frozen=True, slots=True)
class LogJob:
    """Files, folders and archives to be read together."""

    paths: tuple[Path, ...]


def triage_here(job: LogJob, cancel: Cancel) -> Iterator[Event]:
    """In this process; see ``diag.logs.triage``."""
    yield from diagnose(job.paths, cancel)


def run_triage(job: LogJob, cancel: Cancel) -> Iterator[Event]:
    """In a child. Raises what the triage raises, WorkerCrashed, Cancelled."""
    yield from run_remote("log", job, cancel, LogDiagnosis)
