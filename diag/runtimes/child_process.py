"""A child process in a group of its own, of which nothing survives: not it, not its children, not after our death."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from diag.runtimes.child_log import LogPump

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Child:
    """Attributes: ``requests`` and ``events``, file descriptors to its stdin and from its stdout; ``log``, its pump."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path, log_bytes: int) -> None:
        """Start it. Raises OSError if the program cannot be started."""
        ends = [os.pipe(), os.pipe()]
        (lifeline, self._lifeline), (pipe, log_in) = ends
        try:
            self._popen = subprocess.Popen(
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log_in, cwd=cwd, bufsize=0,
                env={**env, "DIAG_LIFELINE": str(lifeline)}, pass_fds=(lifeline,), start_new_session=True)
        except BaseException:
            for fd in (self._lifeline, pipe):
                os.close(fd)
            raise
        finally:
            os.close(lifeline)
            os.close(log_in)
        if self._popen.stdin is None or self._popen.stdout is None:
            raise AssertionError("both were asked for as pipes")
        self._stdin, self._stdout = self._popen.stdin, self._popen.stdout
        self.pid = self._popen.pid
        self.requests = self._stdin.fileno()
        self.events = self._stdout.fileno()
        self.log = LogPump(pipe, log, log_bytes)
        self._code: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the process is over (it may still be unreaped: its group id must not be reused before stop)."""
        return self._code is not None or os.waitid(
            os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def cpu_s(self) -> float | None:
        """CPU seconds of the process and its living descendants; None where the system does not tell."""
        try:
            return sum(_ticks(pid) for pid in _tree(self.pid)) / _TICKS_PER_S
        except OSError:
            return None

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended by itself within the time."""
        deadline = time.monotonic() + timeout_s
        while not self.ended:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def stop(self, grace_s: float, *, polite: bool = False) -> int:
        """End it and everything in its group; returns its exit code (negative: the signal). Twice is fine.

        ``polite``: let it end by itself at the end of its stdin first, for at most ``grace_s``.
        """
        if self._code is not None:
            return self._code
        with contextlib.suppress(OSError):
            self._stdin.close()
        if not (polite and self.wait(grace_s)) and not self.ended:
            self._signal(signal.SIGTERM)
            self.wait(grace_s)
        # Before reaping: while the leader is a zombie nobody else can get its group id.
        self._signal(signal.SIGKILL)
        self._code = self._popen.wait()
        self._stdout.close()
        os.close(self._lifeline)
        self.log.finish()
        return self._code

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    found, queue = [], [pid]
    while queue:
        found.append(current := queue.pop())
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{current}/task").iterdir():
                queue.extend(int(child) for child in (task / "children").read_text().split())
    return found


def _ticks(pid: int) -> int:
    # After the command in brackets, which may hold blanks: utime and stime are the 12th and 13th field.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
