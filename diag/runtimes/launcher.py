"""Talks with a runtime in its own process: one request at a time, JSON lines and tensor packs, nothing trusted."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from diag.cancel import Cancel
from diag.errors import DiagError, RuntimeUnavailable, ToolFailed, WorkerCrashed
from diag.events import Event, Finished, Message, Progress, result_of
from diag.runtimes.child_log import last_lines
from diag.runtimes.child_process import Child

SCRIPT = Path(__file__).parent / "worker" / "main.py"
PROTOCOL = 1
_TICK_S = 0.1
_CHUNK = 1 << 20
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a worker may take before it is ended.

    ``wall_s`` for one request; ``stall_s`` without an event and without CPU use (a hang); ``line_bytes`` for one event;
    ``log_bytes`` of its log that are kept (and the last MiB); ``grace_s`` between asking it to end and killing it.
    """

    wall_s: float = 600.0
    stall_s: float = 120.0
    line_bytes: int = 64 << 20
    log_bytes: int = 64 << 20
    grace_s: float = 0.5


DEFAULT_LIMITS = Limits()


class Worker:
    """A runtime's process that stays alive between requests. Not for two threads at once.

    Attributes:
        name: the runtime, for sentences.
        job_dir: where tensors travel; the process' working directory.
        log: everything that it prints; kept when it fails, whoever made ``job_dir`` removes it.
    """

    def __init__(self, name: str, python: Path, job_dir: Path, *, env: Mapping[str, str] | None = None,
                 script: Path = SCRIPT, limits: Limits = DEFAULT_LIMITS) -> None:
        """Start it. Raises RuntimeUnavailable if the interpreter cannot be started.

        ``env`` is laid over our own environment: not isolated (-I, -E), because CANN speaks through PYTHONPATH and
        LD_LIBRARY_PATH.
        """
        self.name = name
        self.job_dir = job_dir.absolute()
        self.log = self.job_dir / "worker.log"
        self._limits = limits
        self._buffer = bytearray()
        self._number = 0
        self._greeted = False
        self._busy = False
        self._over = False
        self._cancel = Cancel()
        command = [str(python), "-u", "-X", "faulthandler", str(script.absolute()), str(self.job_dir)]
        try:
            self._child = Child(command, _environment(env or {}), self.job_dir, self.log, limits.log_bytes)
        except OSError as error:
            raise RuntimeUnavailable(f"{name} cannot be started: {error.strerror or error}", where=f"Python: {python}",
                                     hint="See: diag runtime doctor") from error

    @property
    def alive(self) -> bool:
        """Whether it can take a request."""
        return not self._over and not self._child.ended

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self._child.pid

    def call(self, op: str, fields: Mapping[str, Any], cancel: Cancel, *, wall_s: float | None = None
             ) -> dict[str, Any]:
        """The answer to one request; see ``stream``."""
        answer: dict[str, Any] = result_of(self.stream(op, fields, cancel, wall_s=wall_s))
        return answer

    def stream(self, op: str, fields: Mapping[str, Any], cancel: Cancel, *, wall_s: float | None = None
               ) -> Iterator[Event]:
        """Its events, then Finished(answer).

        Raises ToolFailed for an error that it reports (it stays alive), WorkerCrashed when it dies, hangs, breaks
        the protocol or takes longer than ``wall_s``, Cancelled. Then, and when the iterator is closed before its
        end, the process is ended.
        """
        if self._busy:
            raise RuntimeError("a worker answers one request at a time")
        cancel.check()
        self._busy, settled, self._cancel = True, False, cancel
        self._number += 1
        watch = _Watch(self._child, cancel, self._limits.wall_s if wall_s is None else wall_s, self._limits.stall_s)
        try:
            self._greet(watch)
            self._send({**fields, "op": op, "id": self._number, "backend": self.name})
            while True:
                event = self._event(watch, self._number)
                match event["event"]:
                    case "answer":
                        settled = True
                        yield Finished(_answer(event, self))
                        return
                    case "error":
                        settled = True
                        self._report(event)
                    case _:
                        yield _told(event, self)
        finally:
            self._busy = False
            if not settled:
                self.kill()

    def fail(self, what: str, *, hint: str = "") -> NoReturn:
        """End it, because it did ``what`` ("sent …"), and raise WorkerCrashed."""
        self.kill()
        raise self._crash(f"The {self.name} process {what}", hint)

    def close(self) -> None:
        """Let it end by itself, or end it: at once where its last request was cancelled. Twice is fine."""
        self._over = True
        self._child.stop(max(1.0, self._limits.grace_s), polite=not self._busy and not self._cancel)

    def kill(self) -> int:
        """End it now with all its children; returns its exit code."""
        self._over = True
        return self._child.stop(self._limits.grace_s)

    def _greet(self, watch: _Watch) -> None:
        if self._over:
            raise self._crash(f"The {self.name} process has already ended", "")
        if self._greeted:
            return
        hello = self._event(watch, 0)
        if hello["event"] != "hello" or hello.get("protocol") != PROTOCOL:
            theirs = hello.get("protocol", hello["event"])
            self.fail(f"speaks another protocol ({str(theirs)[:_SHOWN]}, not {PROTOCOL})",
                      hint="Install Ascend Diag again: its parts are of different versions")
        self._greeted = True

    def _send(self, request: Mapping[str, Any]) -> None:
        # Requests are small (tensors travel in files), and a worker reads them before it does anything else.
        data = json.dumps(request, allow_nan=False).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._child.requests, data):]
        except BrokenPipeError:
            self._died()

    def _event(self, watch: _Watch, number: int) -> dict[str, Any]:
        line = self._line(watch)
        shown = line[:_SHOWN].decode("utf-8", "replace")
        try:
            event = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError):
            self.fail(f"sent something that is not an event: {shown}")
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            self.fail(f"sent something that is not an event: {shown}")
        if event.get("id") != number:
            self.fail(f"answered another request than number {number}: {shown}")
        return event

    def _line(self, watch: _Watch) -> bytes:
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > self._limits.line_bytes:
                self.fail(f"sent an event of more than {self._limits.line_bytes:,} bytes")
            verdict = watch.wait()
            if verdict:
                self.fail(verdict, hint=self._last_word())
            chunk = os.read(self._child.events, _CHUNK)
            if not chunk:
                self._died()
            self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[:end + 1]
        return line

    def _died(self) -> NoReturn:
        by_itself = self._child.wait(self._limits.grace_s)
        code = self.kill()
        if not by_itself:
            raise self._crash(f"The {self.name} process closed its side and did not end", "")
        if code >= 0:
            raise self._crash(f"The {self.name} process ended without an answer (exit code {code})", self._last_word())
        name = signal.Signals(-code).name
        hint = "The system may have killed it for want of memory" if name == "SIGKILL" else self._last_word()
        raise self._crash(f"The {self.name} process crashed ({name})", hint)

    def _report(self, event: Mapping[str, Any]) -> NoReturn:
        self._child.log.settle()
        kind, message = str(event.get("type", "Error"))[:_SHOWN], _sentence(str(event.get("message", "")))
        if kind in ("ImportError", "ModuleNotFoundError"):
            raise RuntimeUnavailable(f"{self.name} cannot be used: {message}", where=f"Log: {self.log}",
                                     hint="See: diag runtime doctor")
        raise ToolFailed(f"{self.name} failed: {message or kind}", where=f"Log: {self.log}", log=self.log)

    def _crash(self, what: str, hint: str) -> DiagError:
        return WorkerCrashed(what, where=f"Log: {self.log}", hint=hint, log=self.log)

    def _last_word(self) -> str:
        lines = last_lines(self.log, 1)
        return f"Last line of its log: {lines[-1][:_SHOWN]}" if lines else ""


class _Watch:
    """Waits for the next event of one request, and says when waiting has no sense any more."""

    def __init__(self, child: Child, cancel: Cancel, wall_s: float, stall_s: float) -> None:
        self._child, self._cancel = child, cancel
        self._wall_s, self._stall_s = wall_s, stall_s
        self._end = time.monotonic() + wall_s
        self._poll = select.poll()
        self._poll.register(child.events, select.POLLIN)
        self._alive_at = self._looked_at = time.monotonic()
        self._cpu_s = child.cpu_s()

    def wait(self) -> str:
        """Returns "" when there is something to read, else what is wrong. Raises Cancelled."""
        while True:
            ready = self._poll.poll(_TICK_S * 1000)
            # Looked at even if there is something to read: a flood of events must not outrun the limits.
            self._cancel.check()
            now = time.monotonic()
            if now > self._end:
                return f"did not answer within {self._wall_s:g} s"
            if ready:
                self._alive_at = now
                return ""
            if now - self._looked_at >= min(1.0, self._stall_s / 4):
                self._look(now)
            if now - self._alive_at > self._stall_s:
                return f"hangs: no answer and no CPU time used for {self._stall_s:g} s"

    def _look(self, now: float) -> None:
        cpu_s = self._child.cpu_s()
        # Where the system does not tell CPU time, only the wall limit ends a hang.
        if cpu_s is None or cpu_s != self._cpu_s:
            self._alive_at = now
        self._looked_at, self._cpu_s = now, cpu_s


def _answer(event: Mapping[str, Any], worker: Worker) -> dict[str, Any]:
    answer = event.get("answer")
    if not isinstance(answer, dict):
        worker.fail("sent an answer that is no object")
    return answer


def _told(event: Mapping[str, Any], worker: Worker) -> Event:
    match event:
        case {"event": "progress", "stage": str(stage), "done": int(done), "total": int(total)}:
            return Progress(stage[:_SHOWN], done, total)
        case {"event": "message", "text": str(text)}:
            return Message(text[:10 * _SHOWN])
    return worker.fail(f"sent an unknown event: {str(event)[:_SHOWN]}")


def _sentence(message: str) -> str:
    """The first line that says something: runtimes frame their messages with rules and headings."""
    lines = (line.strip() for line in message.splitlines())
    return next((line for line in lines if line and not line.startswith("-")), message.strip())[:_SHOWN]


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONSTARTUP")}
    # Its .pyc files would land in our own package, perhaps as another user.
    return {**own, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", **extra}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
