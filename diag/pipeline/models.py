"""The submodels of a pipeline on both sides: what they are, where they run, and which of them are in memory now."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import onnxruntime as ort

from diag import __version__
from diag.cancel import Cancel
from diag.compare.checks import random_nodes
from diag.errors import DiagError, RuntimeUnavailable, UsageError
from diag.formats.onnx import load
from diag.formats.registry import identify, open_model
from diag.pipeline.derandomise import fixed
from diag.pipeline.runners import OnnxRunner, Runner, call, open_target, weight_bytes
from diag.runtimes.interface import Array, Runtime, RuntimeSpec
from diag.runtimes.registry import choose, runtime
from diag.types.dtype import DType
from diag.types.pipeline import PipelineSpec, Submodel
from diag.types.tensor import TensorInfo

_HELD = {"onnxruntime": 2.0, "reference": 3.0}
_WORKER_HELD = 6.6
"""Bytes that a runtime holds for a byte of weights, as measured."""


class Side(StrEnum):
    """Which of the two a submodel runs as."""

    GOLDEN = "golden"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Model:
    """One submodel, looked at but not opened.

    ``golden`` is the ONNX that runs: a copy with means where the original draws random numbers (``random``).
    ``target`` is None where there is no MindIR. ``runtime`` is None where it runs in this process; ``name`` and
    ``version`` say as what. ``problem`` says why the target cannot run.
    """

    spec: Submodel
    golden: Path
    target: Path | None
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    random: tuple[str, ...]
    target_is_onnx: bool
    runtime: Runtime | None
    name: str
    version: str
    note: str = ""
    problem: DiagError | None = None

    @property
    def computes_in(self) -> DType | None:
        """The dtype that the target is judged as; None: as its outputs are."""
        if self.spec.dtype != "auto":
            return DType(self.spec.dtype)
        return DType.FLOAT16 if self.spec.device.startswith("ascend") else None


def look(spec: PipelineSpec, specs: Sequence[RuntimeSpec], copies: Path, override: str = "") -> dict[str, Model]:
    """All submodels by name. ``override`` is a runtime for all of them; ``copies`` takes ONNX without random numbers.

    Raises UsageError, FormatError for a golden model that cannot be read; a target that cannot is a Model's problem.
    """
    return {one.name: _model(one, specs, copies, override) for one in spec.submodels}


def _model(one: Submodel, specs: Sequence[RuntimeSpec], copies: Path, override: str) -> Model:
    path = Path(one.onnx)
    graph = load(path).graph
    inputs = tuple(TensorInfo(n, i.dtype, i.shape) for n, i in zip(graph.input_names, graph.inputs, strict=True))
    outputs = tuple(TensorInfo(n, o.dtype, o.shape) for n, o in zip(graph.output_names, graph.outputs, strict=True))
    random = tuple(random_nodes(graph))
    golden = fixed(path, copies) if random else path
    target = Path(one.mindir) if one.mindir else None
    base = Model(one, golden, target, inputs, outputs, random, False, None, "", "")
    if target is None:
        return base
    base = replace(base, inputs=_one_at_a_time(inputs, target))
    try:
        return _placed(base, target, specs, override or one.runtime)
    except (UsageError, RuntimeUnavailable):
        raise
    except DiagError as error:
        return _with(base, problem=error)


def _one_at_a_time(inputs: tuple[TensorInfo, ...], target: Path) -> tuple[TensorInfo, ...]:
    """Golden's inputs, with a batch of 1 where golden takes any and the target only that: both get the same feeds."""
    try:
        graph = open_model(target)
    except DiagError:
        return inputs  # told where it is opened to run
    fixed = {name for name, i in zip(graph.input_names, graph.inputs, strict=True) if i.shape and i.shape[0] == 1}
    return tuple(replace(i, shape=(1, *i.shape[1:])) if i.name in fixed and i.shape and not isinstance(i.shape[0], int)
                 else i for i in inputs)


def _placed(base: Model, target: Path, specs: Sequence[RuntimeSpec], wanted: str) -> Model:
    kind = identify(target)
    if kind == "onnx":
        if wanted not in ("auto", "onnxruntime"):
            raise UsageError(f"{wanted} does not run ONNX models", where=f"{base.spec.name}: {target}",
                             hint="Leave runtime out for an ONNX target")
        return _with(base, target_is_onnx=True, name="onnxruntime", version=ort.__version__)
    if wanted == "onnxruntime":
        raise UsageError("onnxruntime does not run MindIR models", where=f"{base.spec.name}: {target}",
                         hint="Use runtime = \"reference\" or \"mindspore-lite\"")
    if wanted == "reference":
        return _with(base, name="reference", version=__version__)
    try:
        found = choose(specs, "mindspore-lite" if wanted == "auto" else wanted, base.spec.device)
    except RuntimeUnavailable as error:
        if wanted != "auto" or base.spec.device != "cpu":
            raise
        return _with(base, name="reference", version=__version__, note=f"{error.message}. {error.hint}")
    return _with(base, runtime=runtime(found), name=found.name, version=found.version)


def _with(base: Model, *, target_is_onnx: bool = False, runtime: Runtime | None = None, name: str = "",
          version: str = "", note: str = "", problem: DiagError | None = None) -> Model:
    return Model(base.spec, base.golden, base.target, base.inputs, base.outputs, base.random, target_is_onnx, runtime,
                 name, version, note, problem)


class Pool:
    """Submodels in memory. Each stays loaded between calls, until the budget needs its room; then the one that was
    not used for longest goes.

    Attributes:
        loads: how often each was loaded.
    """

    def __init__(self, models: Mapping[str, Model], budget: int, cores: int, threads: int, cancel: Cancel) -> None:
        self._models, self._budget, self._cores, self._threads = models, budget, cores, threads
        self._cancel = cancel
        self._open: dict[tuple[str, Side], Runner] = {}
        self._seconds: dict[tuple[str, Side], list[float]] = {}
        self.loads: dict[tuple[str, Side], int] = {}

    def get(self, name: str, side: Side) -> Runner:
        """The runner, opened if needed. Raises what opening raises."""
        key = name, side
        if key in self._open:
            self._open[key] = self._open.pop(key)  # used last
            return self._open[key]
        self._make_room(self._needs(name, side))
        runner = self._opened(name, side)
        self._open[key] = runner
        self.loads[key] = self.loads.get(key, 0) + 1
        return runner

    def call(self, name: str, side: Side, feeds: Mapping[str, Array]) -> list[Array]:
        """Run it on feeds that fit the golden side. Raises what opening and running raise."""
        runner = self.get(name, side)
        started = time.monotonic()
        found = call(name, runner, feeds, self._cancel, target=side is Side.TARGET)
        self._seconds.setdefault((name, side), []).append(time.monotonic() - started)
        return found

    def milliseconds(self, name: str, side: Side) -> float:
        """Median of its calls so far, without the first, which warms up; NaN if there was none."""
        taken = self._seconds.get((name, side), [])
        return 1000 * statistics.median(taken[1:] or taken) if taken else math.nan

    @property
    def held(self) -> int:
        """Bytes that the loaded submodels are taken to hold."""
        return sum(r.bytes for r in self._open.values())

    def drop(self, name: str, side: Side) -> None:
        """Unload it, if it is loaded."""
        runner = self._open.pop((name, side), None)
        if runner is not None:
            runner.close()

    def close(self) -> None:
        """Unload all; no process is left."""
        for name, side in list(self._open):
            self.drop(name, side)

    def _needs(self, name: str, side: Side) -> int:
        model = self._models[name]
        path = model.golden if side is Side.GOLDEN else model.target
        kind = "onnxruntime" if side is Side.GOLDEN else model.name
        return int(weight_bytes(path) * _HELD.get(kind, _WORKER_HELD)) if path is not None else 0

    def _make_room(self, size: int) -> None:
        while self._open and size + self.held > self._budget:
            self.drop(*next(iter(self._open)))

    def _opened(self, name: str, side: Side) -> Runner:
        model = self._models[name]
        if side is Side.GOLDEN:
            return OnnxRunner(model.golden, self._cores)
        if model.problem is not None:
            raise model.problem
        if model.target is None:
            raise UsageError(f"{name} has no MindIR", hint="Add: mindir = \"…\"")
        return open_target(model.target, model.runtime, onnx=model.target_is_onnx, device=model.spec.device,
                           threads=self._threads, cancel=self._cancel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
