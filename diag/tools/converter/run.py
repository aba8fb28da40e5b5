"""Converts one model and proves the result: rewrites, converter, first run, comparison, or the reason why not."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import ToolFailed, UsageError
from diag.events import Event, Finished, Progress, passed_on
from diag.formats.interface import key_of
from diag.formats.onnx import load
from diag.formats.registry import identify
from diag.logs.environment import settings, variables
from diag.rewrites.apply import Rewritten, rewrite
from diag.tools.converter.attempt import Attempt, attempt
from diag.tools.converter.command import command
from diag.tools.converter.config import sections, write_config
from diag.tools.converter.find import Converter, find_converter
from diag.tools.converter.flags import SAVE_TYPES, Version, check_flags, read_version
from diag.tools.converter.plan import ConverterPlan
from diag.tools.converter.smoke import smoke
from diag.tools.converter.story import (
    about_plan,
    about_smokes,
    about_success,
    failure,
    root_cause,
    status_of,
    unchecked,
)
from diag.tools.converter_config.lint import lint_config
from diag.types.conversion import Conversion, ConvertStatus, Smoke
from diag.types.finding import Finding, Severity
from diag.types.layer import Verdict
from diag.types.tensor import Span
from diag.workspace.codec import to_json
from diag.workspace.digest import sha256

_STAGES = 4
_ORDER = [Severity.FAIL, Severity.WATCH, Severity.INFO]


def convert(plan: ConverterPlan, cancel: Cancel) -> Iterator[Event]:
    """Progress and lines of the log as Message, then Finished(Conversion), also where it failed: its status says so.

    Raises UsageError (the plan makes no sense), FormatError, RuntimeUnavailable (no converter), Cancelled.
    """
    converter = find_converter(plan)
    check(plan, converter)
    yield Progress("Rewriting" if plan.rewrites else "Converting", 0, _STAGES)
    onnx, rewritten = yield from _rewritten(plan, cancel)
    version = read_version(plan.version or converter.version)
    config = sections(plan, version)
    file = _config_file(plan, config)
    yield Progress("Converting", 1, _STAGES)
    made = yield from attempt(converter, _with_diagnostics(plan), onnx, file, cancel)
    found = Conversion(
        plan.onnx, made.output, ConvertStatus.FAILED, config, command("converter_lite", plan, onnx, plan.output, file),
        converter.kind, made.version, str(converter.path), made.seconds, log=made.log, ending=made.ending.text,
        rewrites=tuple(plan.rewrites), rewritten=rewritten.path if rewritten is not None else None,
        name=plan.name, change=rewritten.largest if rewritten is not None else 0.0)
    yield Progress("Looking at the result", 2, _STAGES)
    told = [*about_plan(plan, made.version), *_about_file(plan, version)]
    if made.output is None:
        cause = root_cause(made.log, cancel)
        yield Finished(_ordered(replace(found, root_cause=cause, findings=(failure(plan, converter, made), *told))))
        return
    smokes = yield from _smokes(plan, made, converter, cancel)
    told += [*about_success(plan, made), *about_smokes(plan, smokes)]
    if not smokes:
        told.append(unchecked(plan, _why_unchecked(plan)))
    worst = max(smokes, key=lambda s: (not s.ran, s.verdict.rank), default=None)
    yield Finished(_ordered(replace(found, status=status_of(smokes), smoke=worst, smokes=smokes, ending="",
                                    findings=tuple(told))))


def check(plan: ConverterPlan, converter: Converter) -> None:
    """Raises UsageError, FormatError for a plan that cannot be carried out."""
    if not plan.onnx.is_file():
        raise UsageError("There is no such file", where=f"in {plan.onnx}", hint="Check the path")
    if (kind := identify(plan.onnx)) != "onnx":
        raise UsageError(f"Only ONNX models are converted; this is {kind}", where=f"in {plan.onnx}",
                         hint="See: diag inspect")
    ending = SAVE_TYPES.get(plan.save_type)
    if ending is None:
        raise UsageError(f"'{plan.save_type}' is no save type", hint=f"Use {' or '.join(SAVE_TYPES)}")
    if plan.output.suffix != ending:
        raise UsageError(f"A {plan.save_type} file ends with {ending}", where=f"in {plan.output}",
                         hint=f"Call it {plan.output.with_suffix(ending).name}")
    check_flags(plan.flags, plan.optimize, python=converter.kind == "python")
    if plan.flags.get("encryption") in ("true", "on") and not plan.flags.get("encryptKey"):
        raise UsageError("Encryption needs a key", hint="Give --flag encryptKey=HEX as well")
    key_of(plan.flags.get("encryptKey", ""))


def digest_of(plan: ConverterPlan) -> str:
    """Hash of the model's bytes, weights outside its file too, and of all in the plan that decides what becomes of it.

    Raises FormatError for what is no model.
    """
    weights = load(plan.onnx).graph.weights.values()
    outside = {w.data.path for w in weights if isinstance(w.data, Span)} - {plan.onnx.absolute()}
    facts = to_json(replace(plan, limits=type(plan.limits)(), output=Path(plan.output.name), diagnostics=False))
    config = sha256(plan.config_file) if plan.config_file is not None and plan.config_file.is_file() else ""
    bytes_ = [sha256(path) for path in (plan.onnx, *sorted(p for p in outside if p.is_file()))]
    told = json.dumps([bytes_, config, facts], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _rewritten(plan: ConverterPlan, cancel: Cancel) -> Generator[Event, None, tuple[Path, Rewritten | None]]:
    """The ONNX to convert: the plan's own, or one that was proved to say the same."""
    if not plan.rewrites:
        return plan.onnx, None
    out = plan.output.parent / f"{plan.output.stem}.rewritten" / plan.onnx.name
    fixed = {name: shape for name, shape in plan.shapes.items() if -1 not in shape}
    result: Rewritten = yield from passed_on(rewrite(
        plan.onnx, plan.rewrites, out, cancel, shapes=fixed, choice=plan.checks.inputs, limit=plan.rewrite_limit))
    if not result.proved:
        raise _refused(result)
    told = "".join(f"{line.kind} {line.text}\n" for line in result.lines)
    result.path.with_suffix(".diff").write_text(told, encoding="utf-8")
    return result.path, result


def _refused(result: Rewritten) -> ToolFailed:
    worst = result.findings[0].values if result.findings else {}
    names = ", ".join(n for n, _ in result.applied)
    hint = f"Convert without: {names}"
    if result.only_grew:
        hint = (f"Each place alone moves by {max(c.rel_l2 for c in result.places):.1e} at most: it is rounding that "
                f"grows. Allow it with --rewrite-limit {_above(result.largest):g}, or convert without: {names}")
    return ToolFailed("The rewrites change the model's answers and were not used",
                      where=f"output {worst.get('output', '?')} moves by {worst.get('error', '?')}", hint=hint)


def _above(error: float) -> float:
    """The next power of ten."""
    return float(10.0 ** math.ceil(math.log10(error)))


def _config_file(plan: ConverterPlan, config: dict[str, dict[str, str]]) -> Path | None:
    """The user's own file where nothing is added to it, else one that holds everything."""
    if not config:
        return plan.config_file
    plain = replace(plan, config_file=None)
    if plan.config_file is not None and not sections(plain, read_version(plan.version)):
        return plan.config_file
    plan.output.parent.mkdir(parents=True, exist_ok=True)
    return write_config(config, plan.output.with_name(plan.output.name + ".ini"))


def _about_file(plan: ConverterPlan, version: Version) -> tuple[Finding, ...]:
    """What is wrong with the user's own configuration file."""
    return lint_config(plan.config_file, version) if plan.config_file is not None else ()


def _with_diagnostics(plan: ConverterPlan) -> ConverterPlan:
    if not plan.diagnostics:
        return plan
    folder = plan.output.parent / f"{plan.output.stem}.diagnostics"
    (folder / "graphs").mkdir(parents=True, exist_ok=True)
    chosen = settings(folder.absolute(), screen=False, dumps=True, blocking=False)
    return replace(plan, env={**variables(chosen), **plan.env})


def _smokes(plan: ConverterPlan, made: Attempt, converter: Converter,
            cancel: Cancel) -> Generator[Event, None, tuple[Smoke, ...]]:
    """The first run; of a dynamic model one for each of its first profiles."""
    if made.output is None or _why_unchecked(plan):
        return ()
    shapes = [dict(plan.shapes)]
    if plan.dynamic is not None:
        numbers = range(min(len(plan.profiles), plan.checks.profiles)) if plan.profiles else range(0)
        shapes = [plan.dynamic.inputs(i) for i in numbers]
    same = plan.checks.runtime in ("auto", "mindspore-lite") and plan.checks.device in (
        converter.spec.devices if converter.spec is not None else ())
    found = []
    for number, sizes in enumerate(shapes, 1):
        yield Progress("Running the result", 3, _STAGES)
        first = smoke(plan.onnx, made.output, plan.checks, cancel, shapes=sizes, spec=converter.spec if same else None,
                      key=key_of(plan.flags.get("encryptKey", "")))
        found.append(replace(first, profile=number if plan.dynamic is not None else 0))
    return tuple(found)


def _why_unchecked(plan: ConverterPlan) -> str:
    """Why the result cannot be run here, "" if it can."""
    if not plan.checks.smoke:
        return "the first run was switched off"
    if plan.save_type != "MINDIR":
        return "models for devices (.ms) run on the device"
    if plan.for_ascend and plan.checks.device == "cpu":
        return "what is compiled for a chip runs only there; give --device ascend:N on a machine that has it"
    return ""


def _ordered(found: Conversion) -> Conversion:
    return replace(found, findings=tuple(sorted(found.findings, key=lambda f: _ORDER.index(f.severity))))


def verdict_of(models: Iterator[Conversion] | tuple[Conversion, ...]) -> Verdict:
    """PASS when all are proved, WATCH when one is unchecked, FAIL when one failed, does not run or is wrong."""
    ranks = {ConvertStatus.OK: Verdict.PASS, ConvertStatus.KEPT: Verdict.PASS, ConvertStatus.UNCHECKED: Verdict.WATCH,
             ConvertStatus.SKIPPED: Verdict.WATCH}
    return max((ranks.get(m.status, Verdict.FAIL) for m in models), key=lambda v: v.rank, default=Verdict.PASS)
