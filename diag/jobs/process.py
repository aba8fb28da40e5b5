"""The child process of a job. Light to import: it is started before anything else is, and warms up meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

GRACE_S = 0.6


class HostProcess:
    """One child that will run one job of a kind; it loads what the kind needs while it waits for the job.

    Attributes:
        requests, events: its stdin and stdout.
        log: the file that everything else it prints goes to; removed by ``close`` unless told to keep it.
    """

    def __init__(self, kind: str) -> None:
        with tempfile.NamedTemporaryFile(prefix="diag-job-", suffix=".log", delete=False) as log:
            self.log = Path(log.name)
            # One heap for all threads: tensors that one of them frees are room for the others.
            self._child = subprocess.Popen(
                [sys.executable, "-u", "-X", "faulthandler", "-m", "diag.jobs.host", kind], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                env={"MALLOC_ARENA_MAX": "1", **os.environ, "PYTHONPATH": _path()})
        if self._child.stdin is None or self._child.stdout is None:
            raise AssertionError("both were asked for as pipes")
        self._closed = False
        self.requests: IO[bytes] = self._child.stdin
        self.events: IO[bytes] = self._child.stdout

    def wait(self) -> int:
        """Its exit code; negative: the signal that ended it."""
        return self._child.wait()

    def ask_to_stop(self) -> None:
        """Ends it after a grace at the latest. Returns at once: a signal handler or the window's thread asks."""
        if self._child.poll() is None:
            self._child.terminate()
            killer = threading.Timer(GRACE_S, self._kill)
            killer.daemon = True
            killer.start()

    def close(self, *, keep_log: bool = False) -> None:
        """No process and no open pipe is left. Twice is fine: the first call decides about the log."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            self.requests.close()  # all that one needs to end that still waits for its job
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self._kill()
                self._child.wait()
        with contextlib.suppress(OSError):
            self.events.close()
        if not keep_log:
            self.log.unlink(missing_ok=True)

    def _kill(self) -> None:
        if self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)


def _path() -> str:
    """Our own package must be found by the child, wherever it was started from."""
    here = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(p for p in (here, inherited) if p)
