"""ONNX to MindIR by the Python Converter of MindSpore Lite, in a process of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable, ToolFailed, UsageError, WorkerCrashed
from diag.events import Event, Finished, passed_on
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.launcher import DEFAULT_LIMITS, Limits, Worker
from diag.runtimes.mindspore_log import decisive

_SUCCESS = b"CONVERT RESULT SUCCESS:0"


@dataclass(frozen=True, slots=True)
class ConvertPlan:
    """One conversion.

    Attributes:
        onnx: the model; external data must lie beside it.
        output: where the MindIR goes, with its ending (.mindir, or .ms for MINDIR_LITE). Weights over 2 GB go into a
            folder beside it.
        input_shape: fixed shapes by input name; those of the file where it is empty.
        optimize: none, general, gpu_oriented, ascend_oriented, ascend_oriented:910b …
        save_type: MINDIR or MINDIR_LITE.
        config: sections of converter options (``ascend_context`` …), key to value.
        config_file: a file with the same, for what ``config`` does not say.
        attributes: further attributes of the Converter by name (weight_fp16, input_format "NCHW", input_data_type
            "FLOAT32", enable_encryption, encrypt_key, infer …).
        timeout_s: for the whole conversion.
    """

    onnx: Path
    output: Path
    input_shape: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    optimize: str = "general"
    save_type: str = "MINDIR"
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    config_file: Path | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """A conversion that succeeded: the file to load, how long it took, what it printed, who did it."""

    path: Path
    seconds: float
    log: Path
    version: str


def convert(spec: RuntimeSpec, plan: ConvertPlan, cancel: Cancel, limits: Limits = DEFAULT_LIMITS) -> Iterator[Event]:
    """Progress, then Finished(ConvertResult). The output appears whole or not at all; its log lies beside it.

    A conversion that succeeded says nothing about whether the model builds and runs: open it.
    Raises UsageError, RuntimeUnavailable, ToolFailed (with the decisive line of the log), WorkerCrashed, Cancelled.
    """
    _check(spec, plan)
    plan.output.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".convert-", dir=plan.output.parent)).absolute()
    try:
        yield from _convert(spec, plan, cancel, limits, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _convert(spec: RuntimeSpec, plan: ConvertPlan, cancel: Cancel, limits: Limits, folder: Path) -> Iterator[Event]:
    made = folder / "made"
    made.mkdir()
    if spec.python is None:
        raise AssertionError("a worker runtime has an interpreter")
    worker = Worker(spec.name, spec.python, folder, env=spec.env, limits=replace(limits, wall_s=plan.timeout_s))
    log = plan.output.with_name(plan.output.name + ".log")
    try:
        answer: dict[str, Any] = yield from passed_on(
            worker.stream("convert", _request(plan, made / plan.output.stem), cancel))
    except WorkerCrashed as error:
        _keep(worker, log)
        raise WorkerCrashed(error.message, where=f"Log: {log}", hint=error.hint, log=log) from error
    except ToolFailed as error:
        _fail(worker, log, _first_sentence(error.message))
    finally:
        worker.close()
    files = sorted(made.iterdir())
    model = next((f for f in files if f.suffix == plan.output.suffix and f.stat().st_size), None)
    if model is None or _SUCCESS not in worker.log.read_bytes():
        _fail(worker, log, "The converter ended without an error and without a model")
    _keep(worker, log)
    for file in files:
        _move(file, plan.output.parent / file.name)
    yield Finished(ConvertResult(plan.output.parent / model.name, float(answer.get("seconds", 0.0)), log,
                                 str(answer.get("version", ""))))


def _check(spec: RuntimeSpec, plan: ConvertPlan) -> None:
    if not spec.usable:
        raise RuntimeUnavailable(f"{spec.name} cannot be used: {spec.problem}", hint=spec.hint)
    for path in (plan.onnx, plan.config_file):
        if path is not None and not path.is_file():
            raise UsageError("There is no such file", where=f"in {path}", hint="Check the path")
    ending = {"MINDIR": ".mindir", "MINDIR_LITE": ".ms"}.get(plan.save_type)
    if ending is None:
        raise UsageError(f"'{plan.save_type}' is no save type", hint="Use MINDIR or MINDIR_LITE")
    if plan.output.suffix != ending:
        raise UsageError(f"A {plan.save_type} file ends with {ending}", where=f"in {plan.output}",
                         hint=f"Call it {plan.output.with_suffix(ending).name}")


def _request(plan: ConvertPlan, output: Path) -> dict[str, Any]:
    attributes: dict[str, Any] = {"optimize": plan.optimize, **plan.attributes}
    if plan.input_shape:
        attributes["input_shape"] = {name: list(shape) for name, shape in plan.input_shape.items()}
    return {"onnx": str(plan.onnx.absolute()), "output": str(output), "save_type": plan.save_type,
            "config_file": str(plan.config_file.absolute()) if plan.config_file else "",
            "config": {section: dict(values) for section, values in plan.config.items()}, "attributes": attributes}


def _fail(worker: Worker, log: Path, what: str) -> NoReturn:
    worker.close()
    _keep(worker, log)
    raise ToolFailed(what, where=f"Log: {log}", hint=decisive(log), log=log)


def _first_sentence(message: str) -> str:
    """Without the paths of ours that the converter repeats."""
    return message.replace(" model_file is ", " Model: ").splitlines()[0]


def _keep(worker: Worker, log: Path) -> None:
    worker.close()
    shutil.copyfile(worker.log, log)


def _move(source: Path, target: Path) -> None:
    # The converter writes files that only their owner may read, and not even he may overwrite.
    for path in (source, *source.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if source.is_dir() and target.is_dir():
        shutil.rmtree(target)
    source.replace(target)
