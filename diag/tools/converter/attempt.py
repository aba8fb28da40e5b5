"""One start of a converter, whichever it is: its process, its log, the files that it made."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable, ToolFailed, WorkerCrashed
from diag.events import Event, Message, passed_on
from diag.runtimes.launcher import Limits
from diag.runtimes.mindspore_lite.convert import ConvertPlan, ConvertResult
from diag.runtimes.mindspore_lite.convert import convert as convert_in_python
from diag.tools.converter.command import command
from diag.tools.converter.ending import SUCCESS, Ending, ending_of
from diag.tools.converter.find import Converter
from diag.tools.converter.flags import attributes
from diag.tools.converter.following import LOG, following
from diag.tools.converter.plan import ConverterPlan
from diag.tools.program import ProgramLimits, ProgramRun, run_program

_HUNG = re.compile(r"hangs|did not end within|did not answer within")
_CRASHED = re.compile(r"crashed \((SIG\w+)\)|ended without an answer \((exit code \d+)\)")
_LINES_PER_S = 40
_GRACE_S = 0.2
"""Shorter than the grace of the job's own process, which must not end before what it started."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of it: the model (None if there is none), the log, how it ended, how long it took, its version."""

    output: Path | None
    log: Path
    ending: Ending
    seconds: float
    version: str


def attempt(converter: Converter, plan: ConverterPlan, onnx: Path, config: Path | None,
            cancel: Cancel) -> Generator[Event, None, Attempt]:
    """Lines of its log as Message, then what came of it. Raises Cancelled, RuntimeUnavailable, OSError's UsageError."""
    plan.output.parent.mkdir(parents=True, exist_ok=True)
    if converter.kind == "python":
        made = yield from _python(converter, plan, onnx, config, cancel)
    else:
        made = yield from _program(converter, plan, onnx, config, cancel)
    return made


def _program(converter: Converter, plan: ConverterPlan, onnx: Path, config: Path | None,
             cancel: Cancel) -> Generator[Event, None, Attempt]:
    log = log_of(plan.output)
    folder = Path(tempfile.mkdtemp(prefix=".convert-", dir=plan.output.parent)).absolute()
    began = time.monotonic()
    try:
        (folder / "made").mkdir()
        words = command(str(converter.path), plan, onnx.absolute(), folder / "made" / plan.output.name,
                        config.absolute() if config is not None else None)
        limits = ProgramLimits(plan.limits.wall_s, plan.limits.stall_s, _GRACE_S)
        try:
            # One stream: what went wrong must stand in the log where it happened, not in another file.
            ended: ProgramRun = yield from passed_on(_thinned(run_program(
                "converter_lite", ["/bin/sh", "-c", f'{_memory(plan)}exec "$@" 2>&1', "sh", *words], folder, cancel,
                env={**converter.env, **plan.env}, limits=limits)))
        except WorkerCrashed as error:
            shutil.copyfile(folder / "stdout.txt", log)
            return Attempt(None, log, Ending("hung", error.message.partition(" ")[2], ending_of(1, log, False).reason),
                           time.monotonic() - began, converter.version)
        shutil.copyfile(ended.stdout, log)
        model = _model(folder / "made", plan.output.suffix)
        ending = ending_of(ended.code, log, model is not None)
        output = _moved(folder / "made", plan.output.parent, model) if ending.kind == "ok" and model else None
        return Attempt(output, log, ending, ended.seconds, converter.version)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _python(converter: Converter, plan: ConverterPlan, onnx: Path, config: Path | None,
            cancel: Cancel) -> Generator[Event, None, Attempt]:
    if converter.spec is None:
        raise AssertionError("a Python converter has a spec")
    log, began = log_of(plan.output), time.monotonic()
    ask = ConvertPlan(onnx, plan.output, plan.shapes if plan.dynamic is None else {}, plan.optimize, plan.save_type,
                      {}, config, attributes(plan.flags), plan.limits.wall_s)
    limits = Limits(plan.limits.wall_s, plan.limits.stall_s, grace_s=_GRACE_S)
    with tempfile.TemporaryDirectory(prefix="diag-convert-") as scratch:
        spec = replace(converter.spec, env={**converter.env, **plan.env},
                       python=_limited(converter.path, plan, Path(scratch)))
        try:
            events = following(lambda own: convert_in_python(spec, ask, own, limits),
                               lambda: _worker_log(plan.output.parent), cancel)
            result: ConvertResult = yield from passed_on(_thinned(events))
            return Attempt(result.path, result.log, replace(ending_of(0, result.log, True), kind="ok"),
                           result.seconds, result.version)
        except WorkerCrashed as error:
            return Attempt(None, log, _ending(error, log), time.monotonic() - began, converter.version)
        except RuntimeUnavailable as error:
            if not plan.limits.memory_bytes:
                raise
            log.write_text(error.message + "\n", encoding="utf-8")
            return Attempt(None, log, Ending("memory", "no start", error.message), time.monotonic() - began,
                           converter.version)
        except ToolFailed as error:
            found = ending_of(1, log, False)
            kind = "no_output" if SUCCESS.search(log.read_bytes()) else found.kind
            said = found.reason or error.hint or error.message
            return Attempt(None, log, replace(found, kind=kind, text="an error of its Python interface", reason=said),
                           time.monotonic() - began, converter.version)


def _ending(error: WorkerCrashed, log: Path) -> Ending:
    """The launcher's sentence as an ending."""
    found = ending_of(1, log, False)
    if _HUNG.search(error.message):
        return replace(found, kind="hung", text=error.message.partition(" process ")[2] or error.message)
    how = _CRASHED.search(error.message)
    text = next(filter(None, how.groups())) if how else error.message
    kind = "memory" if found.kind == "memory" or text == "SIGKILL" else "crashed"
    return replace(found, kind=kind, text=text, reason=found.reason or error.hint)


def log_of(output: Path) -> Path:
    """Where the log of a conversion is kept: beside the model."""
    return output.with_name(output.name + ".log")


def _memory(plan: ConverterPlan) -> str:
    return f"ulimit -v {plan.limits.memory_bytes // 1024} && " if plan.limits.memory_bytes else ""


def _limited(python: Path, plan: ConverterPlan, folder: Path) -> Path:
    """The interpreter, or a script that starts it with a limit on its memory."""
    if not plan.limits.memory_bytes:
        return python
    script = folder / "python"
    script.write_text(f'#!/bin/sh\n{_memory(plan)}exec "{python}" "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    return script


def _worker_log(folder: Path) -> Path | None:
    """The log of the worker that is converting into the folder now."""
    found = sorted(folder.glob(".convert-*/worker.log"), key=lambda p: p.stat().st_mtime)
    return found[-1] if found else None


def _model(folder: Path, ending: str) -> Path | None:
    files = [f for f in sorted(folder.iterdir()) if f.suffix == ending and f.is_file() and f.stat().st_size]
    return files[0] if files else None


def _moved(made: Path, to: Path, model: Path) -> Path:
    for source in sorted(made.iterdir()):
        for path in (source, *source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        target = to / source.name
        if source.is_dir() and target.is_dir():
            shutil.rmtree(target)
        source.replace(target)
    return to / model.name


def _thinned(events: Iterator[Event]) -> Iterator[Event]:
    """All events, of the log's lines, marked as such, only so many a second: the log has them all."""
    second, told = 0, 0
    for event in events:
        if isinstance(event, Message):
            now = int(time.monotonic())
            second, told = (second, told + 1) if now == second else (now, 1)
            if told > _LINES_PER_S:
                continue
            event = Message(LOG + event.text, event.level)
        yield event
