"""Runs a piece of Python in a process of its own and reports its wall time and its peak of anonymous memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Measured:
    """Seconds from start to end of the process, and MB of anonymous memory at its worst moment (all its children)."""

    wall_s: float
    anon_mb: float


def measure(command: Sequence[str]) -> Measured:
    """Run a command line of Python (``["-c", …]`` or ``["-m", …]``); raises if it fails with a traceback."""
    # As for a user: imports are compiled once and kept, for the baseline's libraries as for ours.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env={**env, "PYTHONPATH": str(ROOT)})
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(_anonymous_mb(pid) for pid in _family(process.pid)))
        time.sleep(0.01)
    wall = time.perf_counter() - started
    said = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if "Traceback" in said:
        raise RuntimeError(said)
    return Measured(wall, peak)


def _family(pid: int) -> list[int]:
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        try:
            for task in Path(f"/proc/{current}/task").iterdir():
                queue += [int(c) for c in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _anonymous_mb(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0.0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 2**20
