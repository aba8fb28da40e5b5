"""Read by every Python that starts with this folder in PYTHONPATH: kinds of jobs that misbehave, for the child."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import FormatError, RuntimeUnavailable
from diag.events import Event, Finished, Message, Progress
from diag.jobs.kinds import KINDS


@dataclass(frozen=True)
class Strange:
    """``how`` it behaves."""

    how: str


def strange(job: Strange, cancel: Cancel) -> Iterator[Event]:
    yield Progress("begun", 1, 2, str(os.getpid()))
    match job.how:
        case "abort":
            os.abort()
        case "segfault":
            print("about to read nothing", file=sys.stderr, flush=True)
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "quiet exit":
            os._exit(0)
        case "noise":
            os.write(1, b"native noise\n" * 1000)
            print("more noise", flush=True)
        case "flood":
            for i in range(20_000):
                yield Message(f"line {i} " + "x" * 100)
        case "garbage in the channel":
            _into_the_channel(b"\xff\xfe garbage\n")
        case "no object in the channel":
            _into_the_channel(b"[1, 2]\n")
        case "unknown event":
            _into_the_channel(b'{"event": "surprise"}\n')
        case "wait":
            while not cancel:
                time.sleep(0.01)
            cancel.check()
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            yield Progress("deaf", 0, 0)
            while True:
                time.sleep(1)
        case "slow end":
            yield Finished("answer")
            time.sleep(30)
        case "bug":
            raise ZeroDivisionError("one by zero")
        case "disk full":
            raise OSError(28, "No space left on device", "/some/file")
        case "memory":
            raise MemoryError
        case "format":
            raise FormatError("/some/file", "Expected this", offset=3, found="that", hint="Do so")
        case "missing":
            raise RuntimeUnavailable("It is not there", hint="Get it")
    yield Finished("answer")


def _into_the_channel(data: bytes) -> None:
    for entry in Path("/proc/self/fd").iterdir():
        number = int(entry.name)
        if number > 2 and entry.is_fifo():
            os.write(number, data)


KINDS["strange"] = (__name__, "Strange", "strange", "")
