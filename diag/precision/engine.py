"""Emulate a model in a narrower type, find what must stay in float32, prove it, write it down."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnxruntime as ort

from diag.cancel import Cancel
from diag.compare.inputs import Inputs, gather
from diag.compare.outputs import compare_outputs, overall
from diag.compare.result import environment
from diag.compare.sides import Side, open_golden
from diag.compare.tolerance import Preset
from diag.events import Event, Finished, Progress
from diag.machine import peak_bytes
from diag.precision.analyse import Analysis
from diag.precision.cube import CubeEngine
from diag.precision.effects import Effect, effects
from diag.precision.emulate import round_storage
from diag.precision.layers import Layer, layers_of, with_moved
from diag.precision.narrow import Narrow
from diag.precision.origin import first_nan
from diag.precision.planner import plan as planned
from diag.precision.settings import PrecisionPlan
from diag.precision.trials import Trials
from diag.precision.written import emit
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.program import Program
from diag.types.comparison import InputUsed, ModelRun
from diag.types.dtype import DType
from diag.types.layer import OutputResult, Verdict
from diag.types.precision import Emulation, LayerRow, Plan
from diag.types.tensor import TensorInfo
from diag.workspace.digest import sha256

_SEGMENT_BYTES = 16 * 2**20
_EFFECT_RUNS = 400


def emulate(told: PrecisionPlan, cancel: Cancel) -> Iterator[Event]:
    """Progress, and Finished(Emulation) (its findings are made by ``diag.rules.precision``). Raises DiagError."""
    started = time.monotonic()
    cores = told.jobs or os.cpu_count() or 1
    yield Progress("Opening the model", 0, 0)
    side = open_golden(told.model, cores)
    inputs = gather(side.graph, told.inputs)
    infos = side.infos({n: a.shape for n, a in inputs.arrays.items()})
    layers = layers_of(side.session.program, infos)
    work = _Work(told, Narrow(DType(told.dtype), told.saturate), side, inputs, infos, layers, cores)
    rows, outputs, golden = yield from work.analysed(cancel)
    plan, found, runs = yield from work.searched(cancel)
    kept = work.kept(plan)
    emitted = emit(told, side, layers, kept, plan, inputs.arrays, golden)
    over = work.overflowing()
    yield Finished(Emulation(
        overall(outputs), ModelRun(str(told.model), sha256(told.model), "onnx", "onnxruntime", ort.__version__, "cpu",
                                   "float32"),
        told.dtype, told.accumulate, told.saturate, tuple(outputs), work.finished(rows, found, kept),
        over, first_nan(side.session.program, rows, over), plan, emitted.checked, emitted.files, (),
        _saved(inputs, told), environment(), told.told, runs, time.monotonic() - started, peak_bytes(),
        str(told.out)))


@dataclass(frozen=True, slots=True)
class _Work:
    """What all stages need."""

    told: PrecisionPlan
    how: Narrow
    side: Side
    inputs: Inputs
    infos: Mapping[str, TensorInfo]
    layers: Sequence[Layer]
    cores: int

    def analysed(self, cancel: Cancel) -> Generator[
            Event, None, tuple[list[LayerRow], list[OutputResult], dict[str, np.ndarray]]]:
        """All rows; the outputs of the whole model in the narrow type, judged; float32's outputs by value."""
        size = min(_SEGMENT_BYTES, max(self.told.budget // 16, 2**20))
        one = Analysis(self.side, self.layers, self.how, self.inputs.arrays, self.infos, size, self.cores,
                       self._engine())
        rows: list[LayerRow] = []
        for done, fresh in one.rows(cancel):
            rows += fresh
            yield Progress("Running in float32 and in " + self.told.dtype, done, len(one), "nodes")
        graph = self.side.graph
        golden, narrow = ({n: side[o.name] for o, n in zip(graph.outputs, graph.output_names, strict=True)
                           if o.name in side} for side in (one.golden, one.narrow))
        names = [n for n in graph.output_names if n in golden]
        judged = compare_outputs([(n, n) for n in names], golden, narrow, self.how.dtype, Preset.CALIBRATED, {})
        return rows, [self._asked(o) for o in judged], golden

    def _asked(self, output: OutputResult) -> OutputResult:
        """Judged by the error that was asked for, where one was."""
        wanted, metrics = self.told.wanted, output.cumulative
        if wanted is None or metrics is None or metrics.nonfinite or not math.isfinite(metrics.rel_l2):
            return output
        good = metrics.rel_l2 <= wanted
        reason = f"Relative L2 is {metrics.rel_l2:.3g}, {'within' if good else 'above'} the wanted {wanted:g}."
        return replace(output, verdict=Verdict.PASS if good else Verdict.FAIL, reason=reason)

    def searched(self, cancel: Cancel) -> Generator[Event, None, tuple[Plan | None, dict[int, Effect], int]]:
        """The plan, each layer's effect, and how often the model was run for them."""
        if not self.told.search or not self.layers:
            return None, {}, 0
        end = time.monotonic() + self.told.search_s
        trials = Trials(self.side, self.layers, self.how, self.inputs.arrays, self.cores, self.told.wanted)
        clock = time.monotonic()
        trials.kept((), cancel)
        each = max(time.monotonic() - clock, 1e-4)
        runs = max(24, min(_EFFECT_RUNS, int(0.4 * self.told.search_s / each)))
        found = yield from effects(trials, self.layers, runs, cancel)
        plan = yield from planned(trials, self.side.session.program, self.layers, found, end, cancel)
        return plan, found, trials.count

    def kept(self, plan: Plan | None) -> frozenset[int]:
        """Positions of the layers in float32, those included that move what a kept layer wrote."""
        names = set(plan.kept) if plan is not None else set()
        program = self.side.session.program
        return with_moved(self.layers, [i for i, layer in enumerate(self.layers)
                                        if program.graph.nodes[program.steps[layer.step].node].name in names])

    def finished(self, rows: Sequence[LayerRow], found: Mapping[int, Effect],
                 kept: frozenset[int]) -> tuple[LayerRow, ...]:
        """The rows with effects and with what the plan keeps."""
        position = {v: i for i, layer in enumerate(self.layers) for v in layer.writes}
        result = []
        for row in rows:
            here = position[row.tensor]
            effect = found.get(here)
            if effect is not None:
                breaks = math.isinf(effect.error)
                row = replace(row, effect=math.nan if breaks else effect.error, breaks=breaks, share=effect.share)
            result.append(replace(row, kept=here in kept))
        return tuple(result)

    def overflowing(self) -> dict[str, int]:
        """Elements of float32 inputs that the type cannot hold, by value name."""
        graph = self.side.graph
        names = {n: i.name for i, n in zip(graph.inputs, graph.input_names, strict=True)}
        counts = {names[n]: round_storage(a, self.how.dtype).overflow
                  for n, a in self.inputs.arrays.items() if a.dtype == np.float32}
        return {n: c for n, c in counts.items() if c}

    def _engine(self) -> Callable[[Program, int], Engine]:
        if self.told.accumulate == "float32":
            return Engine
        return lambda program, threads: CubeEngine(program, threads, self.layers, self.how,
                                                   narrow_sum=self.told.accumulate == "narrow")


def _saved(inputs: Inputs, told: PrecisionPlan) -> tuple[InputUsed, ...]:
    """The inputs beside what was found, so that the run can be repeated."""
    path = told.out / "inputs.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {n: a if a.dtype.kind != "V" else a.astype(np.float32) for n, a in inputs.arrays.items()}
    np.savez(path, **arrays)
    return tuple(replace(u, file=str(path)) for u in inputs.used)
