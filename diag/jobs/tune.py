"""One tuning as a job: before, tuning, after, and both proofs, speed and accuracy. Or what was recorded elsewhere."""

from __future__ import annotations

import math
import re
import shlex
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from diag.cancel import Cancel
from diag.compare.plan import ComparePlan, InputChoice
from diag.errors import FormatError, ToolFailed, UsageError
from diag.events import Event, Finished, Message, Progress, passed_on
from diag.formats.text import read_text
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.machine import peak_bytes, versions
from diag.rules.performance import verdict_of
from diag.rules.tuning import of_accuracy, of_speed
from diag.tools.aoe.causes import of_setting, of_tasks
from diag.tools.aoe.plan import TunePlan, checked, commands, converter_config, variables, write
from diag.tools.aoe.printed import read_output
from diag.tools.aoe.result import read_result
from diag.tools.aoe.run import AoeRun, find_aoe, result_files, run_aoe
from diag.tools.converter.find import find_program
from diag.types.bench import Bench
from diag.types.finding import Finding
from diag.types.layer import OutputResult, Verdict
from diag.types.metrics import Metrics
from diag.types.tuning import Accuracy, TunedTask, Tuning

if TYPE_CHECKING:
    from diag.types.conversion import Conversion

_MOST_TEXT = 64 << 20
_SECTION = re.compile(r"\[\w+\]\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TuneJob:
    """``plan`` None: nothing is tuned, ``recorded`` is read.

    Attributes:
        plan: what to tune; where AOE is not here it is only written.
        recorded: result files, printed output, configurations from elsewhere.
        model: the ONNX model for accuracy.
        before, after: converted models that exist already: they are measured and compared.
        runtime, device: for both proofs.
        version: of the MindSpore Lite that tuned, where it is known.
        inputs: for both proofs.
        runs: samples of each model.
    """

    plan: TunePlan | None = None
    recorded: tuple[Path, ...] = ()
    model: Path | None = None
    before: Path | None = None
    after: Path | None = None
    runtime: str = "auto"
    device: str = "cpu"
    version: str = ""
    inputs: InputChoice = field(default_factory=InputChoice)
    runs: int = 50
    out: Path | None = None


def run_tune(job: TuneJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``tune_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("tune", job, cancel, Tuning, host)


def tune_here(job: TuneJob, cancel: Cancel) -> Iterator[Event]:
    """Progress and Message, then Finished(Tuning)."""
    began = time.monotonic()
    found = _empty(job)
    said: list[Finding] = []
    before, after = job.before, job.after
    if job.plan is not None:
        plan = checked(job.plan)
        write(plan)
        found = replace(found, folder=str(plan.folder), config=converter_config(plan), variables=variables(plan),
                        commands=tuple(_line(words) for words in commands(plan)))
        missing = what_is_missing()
        if missing:
            said.append(not_here(plan, missing))
            found = replace(found, missing=missing)
        else:
            before, after, tasks, version = yield from _tuned(plan, cancel)
            found = replace(found, tasks=tasks, ran=True)
            said += of_setting(found.config, version)
    tasks, settings = read_recorded(job.recorded, job.version)
    found = replace(found, tasks=(*found.tasks, *tasks))
    said += [*of_tasks(found.tasks), *settings]
    if before is not None and after is not None:
        found = yield from _proved(replace(found, findings=tuple(said)), job, before, after, cancel)
        said = list(found.findings)
    verdict = Verdict.NOT_COMPARABLE if found.missing and not found.tasks else verdict_of(said)
    yield Finished(replace(found, findings=tuple(said), verdict=verdict, wall_s=time.monotonic() - began,
                           peak_bytes=peak_bytes()))


def what_is_missing() -> str:
    """What this machine has not that the tuning needs; "" if it has all."""
    from diag.runtimes.discover import discover

    if find_aoe() is None:
        return "aoe (CANN)"
    if find_program() is None and not any(s.name == "mindspore-lite" and s.usable for s in discover()):
        return "MindSpore Lite's converter"
    return ""


def not_here(plan: TunePlan, missing: str) -> Finding:
    """Said where the plan could only be written."""
    from diag.rules.codes import finding
    from diag.types.codes import Code

    return finding(Code.TUNING_NOT_HERE, plan.model.name, missing=missing)


def read_recorded(paths: Sequence[Path], version: str = "") -> tuple[tuple[TunedTask, ...], tuple[Finding, ...]]:
    """Tasks and findings of files from elsewhere: AOE's results, its output, the converter's configuration.

    Where result files are given, printed output adds what went wrong only. Raises UsageError, FormatError.
    """
    tasks: list[TunedTask] = []
    printed: list[TunedTask] = []
    settings: list[Finding] = []
    for path in (one for given in paths for one in (result_files(given) if given.is_dir() else [given])):
        text = _text(path)
        plain = text.lstrip("\ufeff \r\n\t")
        if plain[:1] in ("{", "[") and not _SECTION.match(plain):
            tasks += read_result(path)
        elif _SECTION.match(plain) or path.suffix.lower() in (".ini", ".cfg", ".config"):
            settings += of_setting(_sections(path, text), version, str(path))
        else:
            output = read_output(text)
            if output.empty:
                raise FormatError(path, "Expected results of AOE, what it printed, or a converter configuration",
                                  hint="AOE's results are called aoe_result_opat_….json and aoe_result_sgat_….json")
            printed += output.tasks(str(path))
    return tuple(tasks or printed), tuple(settings)


def _tuned(plan: TunePlan, cancel: Cancel) -> Generator[Event, None, tuple[Path, Path, tuple[TunedTask, ...], str]]:
    """The models before and after, what was tuned, and the converter's version."""
    yield Progress("Converting without tuning", 0, 0)
    before = yield from _converted(plan, "before", cancel, tune=False)
    if plan.through == "converter":
        yield Progress("Tuning while converting (silent until the end)", 0, 0)
        made = yield from _conversion(plan, "after", cancel, tune=True)
        tasks = [task for path in result_files(plan.folder) for task in read_result(path)]
        if not tasks and made.log is not None:
            tasks = list(read_output(_text(made.log)).tasks(str(made.log)))
        if made.output is None:
            raise ToolFailed("The conversion with tuning failed", where=f"Log: {made.log}", hint=made.ending,
                             log=made.log)
        return before, made.output, tuple(tasks), made.tool_version
    program = find_aoe()
    if program is None:
        raise AssertionError("looked for before")
    run: AoeRun = yield from passed_on(run_aoe(plan, program, cancel))
    yield Progress("Converting with the knowledge bank", 0, 0)
    after = yield from _converted(plan, "after", cancel, tune=False)
    # AOE tuned by itself: what the converter is known for does not matter.
    return before, after, run.tasks, ""


def _converted(plan: TunePlan, name: str, cancel: Cancel, *, tune: bool) -> Generator[Event, None, Path]:
    made = yield from _conversion(plan, name, cancel, tune=tune)
    if made.output is None:
        raise ToolFailed(f"The model cannot be converted ({name} tuning)", where=f"Log: {made.log}", hint=made.ending,
                         log=made.log)
    return made.output


def _conversion(plan: TunePlan, name: str, cancel: Cancel, *, tune: bool) -> Generator[Event, None, Conversion]:
    from diag.tools.converter.plan import Checks, ConverterLimits, ConverterPlan
    from diag.tools.converter.run import convert

    ask = ConverterPlan(plan.model, plan.folder / f"{name}.mindir", shapes=plan.dynamic or plan.shapes,
                        profiles=plan.profiles, optimize=plan.optimize, config=converter_config(plan, tune=tune),
                        env=variables(plan), checks=Checks(smoke=False, compare=False),
                        limits=ConverterLimits(wall_s=7 * 24 * 3600.0, stall_s=24 * 3600.0))
    made: Conversion = yield from passed_on(convert(ask, cancel))
    return made


def _proved(found: Tuning, job: TuneJob, before: Path, after: Path, cancel: Cancel
            ) -> Generator[Event, None, Tuning]:
    """Speed and accuracy of both models, and what they say about the tuning."""
    findings = list(found.findings)
    bench = yield from _bench(job, before, after, cancel)
    if bench is not None:
        findings += [*bench.findings, *of_speed(found.tasks, bench)]
    pairs: list[Accuracy] = []
    model = job.model or (job.plan.model if job.plan is not None else None)
    for path, side in ((before, "before"), (after, "after")):
        accuracy = (yield from _accuracy(job, model, path, side, cancel)) if model is not None else None
        if accuracy is not None:
            pairs.append(accuracy)
    if len(pairs) == 2:
        findings += of_accuracy(pairs[0], pairs[1])
    return replace(found, findings=tuple(findings), bench=bench, accuracy=tuple(pairs))


def _bench(job: TuneJob, before: Path, after: Path, cancel: Cancel) -> Generator[Event, None, Bench | None]:
    from diag.jobs.bench import BenchJob, bench_here
    from diag.perf.plan import BenchPlan, Contender
    from diag.runtimes.choice import spec_for
    from diag.runtimes.discover import discover

    known = discover()
    contenders = tuple(Contender(path, spec_for(path, job.runtime, job.device, known), job.device, label)
                       for path, label in ((before, f"{before.name} (before)"), (after, f"{after.name} (after)")))
    try:
        bench: Bench = yield from passed_on(bench_here(BenchJob(BenchPlan(contenders, job.inputs, job.runs)), cancel))
    except ToolFailed as error:
        yield Message(f"The speed could not be measured: {error.message}", "warning")
        return None
    return bench


def _accuracy(job: TuneJob, model: Path, path: Path, side: str, cancel: Cancel
              ) -> Generator[Event, None, Accuracy | None]:
    from diag.jobs.compare import CompareJob, compare_here
    from diag.types.comparison import Comparison

    out = (job.out or (job.plan.folder if job.plan is not None else Path.cwd())) / f"compare-{side}"
    plan = ComparePlan(golden=model, target=path, out=out, inputs=job.inputs, device=job.device, own_input=False)
    try:
        found: Comparison = yield from passed_on(compare_here(CompareJob(plan, job.runtime), cancel),
                                                 Progress | Message)
    except ToolFailed as problem:
        yield Message(f"The accuracy of {path.name} could not be compared: {problem.message}", "warning")
        return None
    metric, error = worst(found.outputs)
    return Accuracy(str(path), found.verdict, metric, error, str(out))


def worst(outputs: Sequence[OutputResult]) -> tuple[str, float]:
    """Metric and error of the worst output: relative L2, or the share of unequal integers; infinite for NaN in it."""
    found = [_error(o.cumulative) for o in outputs if o.cumulative is not None]
    return max(found, key=lambda pair: pair[1], default=("rel_l2", math.nan))


def _error(metrics: Metrics) -> tuple[str, float]:
    if not math.isnan(metrics.mismatch):
        return "mismatch", metrics.mismatch
    return "rel_l2", math.inf if metrics.nonfinite or math.isnan(metrics.rel_l2) else metrics.rel_l2


def _sections(path: Path, text: str) -> dict[str, dict[str, str]]:
    """The sections as the converter reads them; lines that it would refuse are left to ``diag lint``."""
    found: dict[str, dict[str, str]] = {}
    section = found.setdefault("DEFAULT", {})
    for line in text.splitlines():
        plain = line.replace('"', "").strip()
        if line.startswith("#") or not plain:
            continue
        if plain.startswith("[") and plain.endswith("]"):
            section = found.setdefault(plain[1:-1].strip(), {})
        elif "=" in plain:
            key, _, value = plain.partition("=")
            section[key.strip()] = value.strip()
    if not any(found.values()):
        raise FormatError(path, "Expected a configuration of the converter", found="no key=value line")
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_TEXT:
            raise FormatError(path, "This is too large for a result of AOE", found=f"{path.stat().st_size:,} bytes")
        return read_text(path)
    except OSError as error:
        raise UsageError(f"The file cannot be read: {error.strerror}", where=f"in {path}",
                         hint="Check the path and its permissions") from error


def _line(words: Sequence[str]) -> str:
    return shlex.join(words)


def _empty(job: TuneJob) -> Tuning:
    model = job.plan.model if job.plan is not None else job.model
    environment = versions()
    return Tuning(Verdict.PASS, str(model or ""), (), (), environment, 0.0, 0)
