"""Converts one model and proves the result: convert, first run, comparison, or the reason why not."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable, ToolFailed, WorkerCrashed
from diag.events import Event, Finished, Progress
from diag.runtimes.discover import DiscoverySettings, discover
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.mindspore_lite.convert import ConvertPlan, ConvertResult
from diag.runtimes.mindspore_lite.convert import convert as convert_in_python
from diag.runtimes.registry import choose
from diag.tools.converter.plan import ConverterPlan
from diag.tools.converter.smoke import smoke
from diag.types.conversion import Conversion, ConvertStatus
from diag.types.layer import Verdict

_STAGES = 3


def convert(plan: ConverterPlan, cancel: Cancel) -> Iterator[Event]:
    """Progress and Message, then Finished(Conversion), also where the conversion failed: its status says so.

    Raises UsageError (the plan makes no sense), RuntimeUnavailable (no converter), Cancelled.
    """
    yield Progress("Converting", 0, _STAGES)
    made = yield from _converted(plan, cancel)
    if made.output is None or not plan.checks.smoke:
        yield Finished(made)
        return
    yield Progress("Running the result", 1, _STAGES)
    first = smoke(plan.onnx, made.output, plan.checks, cancel, shapes=plan.shapes)
    status = ConvertStatus.OK
    if not first.ran:
        status = ConvertStatus.NOT_RUNNING
    elif first.verdict in (Verdict.FAIL, Verdict.NOT_COMPARABLE):
        status = ConvertStatus.WRONG
    yield Finished(replace(made, smoke=first, smokes=(first,), status=status))


def _converted(plan: ConverterPlan, cancel: Cancel) -> Generator[Event, None, Conversion]:
    spec = _python(plan)
    config = {section: dict(values) for section, values in plan.config.items()}
    if plan.precision:
        config.setdefault("ascend_context", {})["precision_mode"] = plan.precision
    base = Conversion(plan.onnx, None, ConvertStatus.FAILED, config, tool="python", tool_version=spec.version,
                      tool_path=str(spec.python))
    ask = ConvertPlan(plan.onnx, plan.output, plan.shapes, plan.optimize, plan.save_type, config, plan.config_file,
                      timeout_s=plan.limits.wall_s)
    try:
        for event in convert_in_python(spec, ask, cancel):
            if isinstance(event, Finished):
                result: ConvertResult = event.result
                return replace(base, output=result.path, status=ConvertStatus.UNCHECKED, seconds=result.seconds,
                               log=result.log, tool_version=result.version)
            yield event
    except WorkerCrashed as error:
        return replace(base, log=error.log, ending=error.message)
    except ToolFailed as error:
        return replace(base, log=error.log)
    raise AssertionError("a conversion ended without Finished")


def _python(plan: ConverterPlan) -> RuntimeSpec:
    named = (plan.converter,) if plan.converter is not None else ()
    try:
        return choose(discover(DiscoverySettings(named)), "mindspore-lite")
    except RuntimeUnavailable as error:
        raise RuntimeUnavailable("There is no MindSpore Lite converter on this machine", where=error.message,
                                 hint=error.hint) from error
