"""Runs an external program in a group of its own: its lines as they come, limits on time and on doing nothing."""

from __future__ import annotations

import math
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable, WorkerCrashed
from diag.events import Event, Finished, Message, Progress
from diag.runtimes.child_process import Child

_TICK_MS = 100
_CHUNK = 1 << 16
_LOG_BYTES = 256 << 20
_LINE = 2000
_GRACE_S = 1.0


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """``wall_s`` for the whole; ``stall_s`` without a line and without processor time (a hang); ``grace_s`` between
    asking it to end and killing it.
    """

    wall_s: float = 3600.0
    stall_s: float = 300.0
    grace_s: float = _GRACE_S


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """A program that ended: exit code (negative: the signal), where its stdout and stderr are, how long it took."""

    code: int
    stdout: Path
    stderr: Path
    seconds: float

    @property
    def ending(self) -> str:
        """``exit code 3`` or ``SIGSEGV``."""
        return signal.Signals(-self.code).name if self.code < 0 else f"exit code {self.code}"

    def text(self) -> str:
        """Everything it printed, stdout first."""
        return "\n".join(p.read_text(encoding="utf-8", errors="replace") for p in (self.stdout, self.stderr))


def run_program(name: str, command: Sequence[str], folder: Path, cancel: Cancel, *,
                env: Mapping[str, str] | None = None, limits: ProgramLimits | None = None, beat_s: float = math.inf
                ) -> Iterator[Event]:
    """Each line of stdout as Message, then Finished(ProgramRun), whatever the exit code.

    A program may be silent for hours: every ``beat_s`` seconds comes a Progress with the seconds so far.

    It runs in ``folder``, where ``stdout.txt`` and ``stderr.log`` are kept. Raises RuntimeUnavailable if it cannot be
    started, WorkerCrashed when a limit ends it, Cancelled. No process of it is left behind.
    """
    cancel.check()
    limits = limits or ProgramLimits()
    folder.mkdir(parents=True, exist_ok=True)
    out, log = folder / "stdout.txt", folder / "stderr.log"
    began = time.monotonic()
    try:
        child = Child(list(command), {**os.environ, **(env or {})}, folder, log, _LOG_BYTES)
    except OSError as error:
        raise RuntimeUnavailable(f"{name} cannot be started: {error.strerror or error}", where=f"in {command[0]}",
                                 hint="Check the file and its permissions") from error
    try:
        with out.open("wb") as kept:
            yield from _lines(name, child, kept.write, cancel, limits, log, beat_s)
        child.wait(_GRACE_S)
    finally:
        code = child.stop(limits.grace_s)
    yield Finished(ProgramRun(code, out, log, time.monotonic() - began))


def _lines(name: str, child: Child, keep: Callable[[bytes], object], cancel: Cancel, limits: ProgramLimits,
           log: Path, beat_s: float) -> Iterator[Event]:
    began = alive = beat = time.monotonic()
    end, cpu = began + limits.wall_s, child.cpu_s()
    poll = select.poll()
    poll.register(child.events, select.POLLIN)
    rest = b""
    while True:
        ready = poll.poll(_TICK_MS)
        cancel.check()
        now = time.monotonic()
        if now > end:
            _ended(f"{name} did not end within {limits.wall_s:g} s", log)
        if now - beat >= beat_s:
            beat = now
            yield Progress(name, round(now - began), 0, "s")
        if ready:
            chunk = os.read(child.events, _CHUNK)
            if not chunk:
                break
            keep(chunk)
            alive = now
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-_LINE:]
            for line in lines:
                text = line[:_LINE].decode("utf-8", "replace").rstrip()
                if text:
                    yield Message(text)
            continue
        used = child.cpu_s()
        if used is None or used != cpu:
            alive, cpu = now, used
        if now - alive > limits.stall_s:
            _ended(f"{name} hangs: no line and no processor time used for {limits.stall_s:g} s", log)
    if rest.strip():
        yield Message(rest.decode("utf-8", "replace").rstrip())


def _ended(what: str, log: Path) -> NoReturn:
    raise WorkerCrashed(what, where=f"Log: {log}", hint="Its output up to there is kept", log=log)
