"""Runs ``benchmark`` where it exists: whole processes turn by turn, one average each."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable, ToolFailed, UsageError
from diag.events import Event, Finished, Progress, passed_on
from diag.perf.measure import summary
from diag.tools.benchmark.flags import BenchmarkCall, command
from diag.tools.benchmark.output import BenchmarkOutput, parse
from diag.tools.program import ProgramLimits, ProgramRun, run_program

VARIABLE = "DIAG_BENCHMARK"
CLOCK = "tool"
_HELP_S = 20.0


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """``models`` turn by turn in ``rounds`` processes each, with ``loops`` runs a process. ``flags`` go through."""

    models: tuple[Path, ...]
    folder: Path
    device: str = "CPU"
    rounds: int = 6
    loops: int = 10
    warmup: int = 3
    threads: int = 1
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    limits: ProgramLimits = field(default_factory=ProgramLimits)


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One process: what it printed, read."""

    model: int
    output: BenchmarkOutput
    program: ProgramRun


def find_benchmark() -> Path:
    """MindSpore Lite's benchmark: DIAG_BENCHMARK, LITE_HOME, PATH. Raises RuntimeUnavailable.

    Other programs have that name too: one that is only found on PATH must know --modelFile.
    """
    named = os.environ.get(VARIABLE)
    home = os.environ.get("LITE_HOME")
    places = [Path(named)] if named else []
    places += [Path(home) / "tools" / "benchmark" / "benchmark"] if home else []
    for place in places:
        if place.is_file():
            return place
    found = shutil.which("benchmark")
    if found is not None and _ours(found):
        return Path(found)
    raise RuntimeUnavailable(
        "MindSpore Lite's benchmark is not on this machine",
        where=f"looked at {VARIABLE}, LITE_HOME and PATH", hint="Unpack MindSpore Lite's release and set LITE_HOME, or "
        "import what it printed elsewhere: diag bench --import FILE")


def _ours(program: str) -> bool:
    try:
        answer = subprocess.run([program, "--help"], capture_output=True, timeout=_HELP_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return b"modelFile" in answer.stdout + answer.stderr


def lite_environment(program: Path) -> dict[str, str]:
    """The libraries of the release that the program lies in, before what LD_LIBRARY_PATH says already."""
    root = next((p for p in program.resolve().parents if (p / "runtime" / "lib").is_dir()), None)
    if root is None:
        return {}
    folders = [root / "runtime" / "lib", root / "runtime" / "third_party" / "dnnl",
               root / "tools" / "converter" / "lib"]
    inherited = os.environ.get("LD_LIBRARY_PATH", "")
    return {"LD_LIBRARY_PATH": os.pathsep.join([*map(str, folders), *([inherited] if inherited else [])])}


def measure_with_tool(program: Path, plan: ToolPlan, cancel: Cancel) -> Iterator[Event]:
    """Progress, then Finished(tuple of Series). Raises ToolFailed with what the tool said, WorkerCrashed, Cancelled."""
    times: list[list[float]] = [[] for _ in plan.models]
    count = len(plan.models)
    for number in range(plan.rounds):
        order = list(range(count)) if number % 2 == 0 else list(reversed(range(count)))
        for i in order:
            yield Progress(f"benchmark {plan.models[i].name}", sum(map(len, times)), plan.rounds * count, "processes")
            run = yield from _once(program, plan, i, number, cancel)
            times[i].append(run.output.timings[0].avg_ms)
    rounds = tuple(range(plan.rounds))
    yield Finished(tuple(
        summary(taken, path=str(model), runtime="benchmark", device=plan.device, threads=plan.threads, clock=CLOCK,
                warmup=plan.warmup, batch=plan.loops, rounds=rounds)
        for model, taken in zip(plan.models, times, strict=True)))


def _once(program: Path, plan: ToolPlan, index: int, number: int, cancel: Cancel) -> Generator[Event, None, ToolRun]:
    model = plan.models[index]
    if not model.is_file():
        raise UsageError("There is no such file", where=f"in {model}", hint="Check the path")
    flags = {"loopCount": str(plan.loops), "warmUpLoopCount": str(plan.warmup), "numThreads": str(plan.threads),
             **plan.flags}
    words = command(str(program), BenchmarkCall(model.absolute(), plan.device, plan.shapes, flags))
    folder = plan.folder / f"{number + 1}-{index + 1}"
    done: ProgramRun = yield from passed_on(
        run_program("benchmark", words, folder, cancel, env=lite_environment(program), limits=plan.limits))
    output = parse(done.text())
    problem = why_failed(output, done)
    if problem:
        raise ToolFailed(f"MindSpore Lite's benchmark failed on {model.name}: {problem}", where=f"Log: {done.stdout}",
                         hint="Look at the whole: diag log triage", log=done.stdout)
    return ToolRun(index, output, done)


def why_failed(output: BenchmarkOutput, done: ProgramRun) -> str:
    """Why a run is none, "" if it is one. Its exit code, its last line and a time must all say yes."""
    if output.failures:
        return output.failures[0]
    if done.code != 0:
        return done.ending
    if output.succeeded is False:
        return f"it ended with {output.status}"
    if not output.timings:
        return "it said nothing of times"
    return ""
