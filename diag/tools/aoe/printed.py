"""What ``aoe`` and the converter print while they tune: what began and ended, what was gained, what went wrong."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from diag.tools.aoe.result import percent
from diag.types.tuning import TunedTask, TuneStatus

_START = re.compile(r"Start to (subgraph|operator|gradient) tuning", re.IGNORECASE)
_GAIN = re.compile(r"(?:\[Aoe\])?\s*(\S.*?) process finished\.\s*Performance improved by\s*(\S+?)%", re.IGNORECASE)
_ONE = re.compile(r"\[Aoe\]\s*(\S.*?) (?:Single operator tuning|Tuning) process finished", re.IGNORECASE)
_END = re.compile(r"Aoe process finished,\s*cost time\s*([\d.]+)\s*s", re.IGNORECASE)
_FAILED = re.compile(r"(Aoe process failed.*|Tun\w+ failed.*|.*It should be 'subgraph tuning, operator tuning'.*)",
                     re.IGNORECASE)
_CODE = re.compile(r"^\s*(E[A-Z]?\d{4,5}): (.*)$")
_MOST = 20


@dataclass(slots=True)
class AoeOutput:
    """What was said so far; fed line by line.

    Attributes:
        jobs: jobs that began, in order.
        gains: task and improvement as a share (NaN where it is no number).
        finished: names that were done; ``ends`` how often the whole process said that it ended, ``seconds`` in all.
        failures: lines that say what went wrong, each once.
    """

    jobs: list[str] = field(default_factory=list)
    gains: list[tuple[str, float]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    ends: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    def feed(self, line: str) -> str:
        """Take one line; returns what it says of the progress, "" if nothing."""
        if found := _START.search(line):
            self.jobs.append(found[1].lower())
            return f"{found[1].lower()} tuning"
        if found := _END.search(line):
            self.ends += 1
            self.seconds += float(found[1]) if found[1].count(".") < 2 else 0.0
            return "AOE finished"
        if found := _GAIN.search(line):
            self.gains.append((found[1], percent(found[2])))
            return f"{found[1]}: {found[2]} % faster"
        if found := _ONE.search(line):
            self.finished.append(found[1])
            return f"{found[1]} tuned"
        self._failure(line)
        return ""

    def _failure(self, line: str) -> None:
        found = _FAILED.search(line) or _CODE.match(line)
        if found and len(self.failures) < _MOST and line.strip() not in self.failures:
            self.failures.append(line.strip()[:300])

    @property
    def empty(self) -> bool:
        """Whether nothing of AOE was in it."""
        return not (self.jobs or self.gains or self.finished or self.ends or self.failures)

    def tasks(self, source: str) -> tuple[TunedTask, ...]:
        """What the output alone says: the gains, where no result file is at hand."""
        job = self.jobs[-1] if self.jobs else ""
        status = TuneStatus.SUCCESS if self.ends else TuneStatus.FAILURE if self.failures else TuneStatus.UNKNOWN
        nan, seconds = math.nan, self.seconds or math.nan
        if not self.gains:
            return () if self.empty else (TunedTask("", job, status, nan, nan, nan, seconds, source=source),)
        return tuple(TunedTask(name, job, status, nan, nan, gain, seconds, source=source) for name, gain in self.gains)


def read_output(text: str) -> AoeOutput:
    """Everything that a text says."""
    output = AoeOutput()
    for line in text.splitlines():
        output.feed(line)
    return output
