"""Runs the tuning where AOE is: job after job, with progress from what it prints and from its result files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import ToolFailed
from diag.events import Event, Finished, Message, Progress
from diag.tools.aoe.plan import TunePlan, aoe_command, variables
from diag.tools.aoe.printed import AoeOutput, read_output
from diag.tools.aoe.result import parse_result
from diag.tools.program import ProgramLimits, ProgramRun, run_program
from diag.types.tuning import TunedTask, TuneStatus

VARIABLE = "DIAG_AOE"
_BEAT_S = 2.0
_LIMITS = ProgramLimits(wall_s=7 * 24 * 3600.0, stall_s=3600.0)


@dataclass(frozen=True, slots=True)
class AoeRun:
    """What came of all jobs: tasks of the result files (else of the printed output), and the outputs."""

    tasks: tuple[TunedTask, ...]
    outputs: tuple[Path, ...]


def find_aoe() -> Path | None:
    """The program, from DIAG_AOE, PATH, or CANN's own folders; None where there is none."""
    named = os.environ.get(VARIABLE)
    if named and Path(named).is_file():
        return Path(named)
    found = shutil.which("aoe")
    if found:
        return Path(found)
    home = os.environ.get("ASCEND_HOME_PATH") or os.environ.get("ASCEND_TOOLKIT_HOME")
    places = [Path(home) / "tools" / "aoe" / "bin" / "aoe", Path(home) / "bin" / "aoe"] if home else []
    return next((p for p in places if p.is_file()), None)


def run_aoe(plan: TunePlan, program: Path, cancel: Cancel, limits: ProgramLimits = _LIMITS) -> Iterator[Event]:
    """Progress and Message, then Finished(AoeRun).

    Raises ToolFailed where a job did not say that it finished (exit codes alone do not tell), WorkerCrashed, Cancelled.
    """
    tasks: list[TunedTask] = []
    outputs = []
    for number, job in enumerate(plan.jobs):
        yield Progress(f"{job} tuning", number, len(plan.jobs), "jobs")
        done = yield from _job(plan, program, job, cancel, limits)
        said = read_output(done.text())
        found = results_in(done)
        tasks += found or [replace(t, job=job) for t in said.tasks(str(done.stdout))]
        outputs.append(done.stdout)
        _judge(job, said, done, found)
    yield Finished(AoeRun(tuple(tasks), tuple(outputs)))


def _job(plan: TunePlan, program: Path, job: str, cancel: Cancel, limits: ProgramLimits
         ) -> Generator[Event, None, ProgramRun]:
    folder = plan.folder / f"aoe-{job}"
    watch, live = ResultWatch(folder, plan.folder), AoeOutput()
    env = {**variables(plan), "ASCEND_WORK_PATH": str(folder)}
    for event in run_program("aoe", aoe_command(plan, job, str(program)), folder, cancel, env=env, limits=limits,
                             beat_s=_BEAT_S):
        if isinstance(event, Finished):
            result: ProgramRun = event.result
            return result
        if isinstance(event, Message):
            step = live.feed(event.text)
            yield Message(event.text)
            if step:
                yield Progress(f"{job} tuning: {step}", len(live.finished), 0, "operators")
        elif isinstance(event, Progress):
            tuned = watch.operators()
            yield Progress(f"{job} tuning" + (f", {tuned} operators so far" if tuned else ""), event.done, 0, "s")
    raise AssertionError("a program ended without Finished")


def _judge(job: str, said: AoeOutput, done: ProgramRun, found: list[TunedTask]) -> None:
    failed = any(task.status is TuneStatus.FAILURE for task in found)
    if said.ends and done.code == 0 and not (failed and not any(t.status is TuneStatus.SUCCESS for t in found)):
        return
    why = said.failures[0] if said.failures else "no operator could be tuned" if failed else done.ending \
        if done.code else "it ended without saying that it finished"
    raise ToolFailed(f"AOE failed at {job} tuning: {why}", where=f"Log: {done.stdout}",
                     hint="Look at the whole: diag log triage", log=done.stdout)


class ResultWatch:
    """Counts the operators in result files that AOE writes while it works."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._seen: dict[Path, tuple[int, int]] = {}

    def operators(self) -> int:
        """So far; a file that is half written counts as before."""
        for path in result_files(*self._folders):
            try:
                size = path.stat().st_size
                if self._seen.get(path, (-1, 0))[0] == size:
                    continue
                tasks = parse_result(path.read_text(encoding="utf-8-sig", errors="replace"))
            except OSError:
                continue
            before = self._seen.get(path, (0, 0))[1]
            self._seen[path] = (size, max(before, sum(len(t.operators) for t in tasks)))
        return sum(count for _, count in self._seen.values())


def result_files(*folders: Path) -> list[Path]:
    """Result files of AOE in the folders, the oldest first."""
    found = {p for folder in folders for pattern in ("aoe_result_*.json", "*/aoe_result_*.json")
             for p in folder.glob(pattern)}
    return sorted(found, key=lambda p: p.name)


def results_in(done: ProgramRun) -> list[TunedTask]:
    """Tasks of the result files that a run left where it ran (its name holds the job)."""
    tasks: list[TunedTask] = []
    for path in result_files(done.stdout.parent):
        try:
            tasks += parse_result(path.read_text(encoding="utf-8-sig", errors="replace"), str(path))
        except OSError:
            continue
    return tasks
