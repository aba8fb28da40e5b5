"""How much of the machine other programs used while we measured: what they take is missing from our times."""

from __future__ import annotations

import os
import resource
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Load:
    """Begun when it is made; ``others`` tells the share since then."""

    def __init__(self) -> None:
        self._whole, self._busy, self._own = *_machine(), _own_s()

    def others(self) -> float:
        """Processor time of other programs over all processor time of the machine, 0..1; NaN where it is not told."""
        whole, busy = _machine()
        own = _own_s() - self._own
        if not whole > self._whole:
            return float("nan")
        return min(1.0, max(0.0, (busy - self._busy - own) / (whole - self._whole)))


def _machine() -> tuple[float, float]:
    """Seconds of all processors together since the start of the machine: all, and those that were not idle."""
    try:
        fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return float("nan"), float("nan")
    whole = sum(fields) / _TICKS
    return whole, whole - (fields[3] + fields[4]) / _TICKS


def _own_s() -> float:
    """Processor seconds of this process and all its descendants, living or waited for."""
    ended = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return ended + sum(map(_seconds, _descendants(os.getpid())))


def _descendants(pid: int) -> list[int]:
    found, queue = [], [pid]
    while queue:
        try:
            for task in Path(f"/proc/{queue.pop()}/task").iterdir():
                children = [int(word) for word in (task / "children").read_text().split()]
                found += children
                queue += children
        except OSError:
            continue
    return found


def _seconds(pid: int) -> float:
    try:
        # After the command in brackets, which may hold blanks: times of itself and of children it waited for.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(word) for word in fields[11:15]) / _TICKS
    except (OSError, ValueError, IndexError):
        return 0.0
