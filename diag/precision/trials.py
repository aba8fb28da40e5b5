"""Whole runs of a model with any choice of layers in the narrow type: built once, run often."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort

from diag.cancel import Cancel
from diag.compare.metrics import compare
from diag.compare.sides import Side
from diag.compare.tolerance import NOISE, expected_noise
from diag.errors import ToolFailed
from diag.precision.layers import Layer, with_moved
from diag.precision.narrow import SWITCH, Narrow, switchable
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.types.dtype import DType
from diag.types.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Outcome:
    """The final outputs of one run against float32's: relative L2 of the worst, and the worst over what is wanted."""

    error: float
    excess: float


class Trials:
    """Runs. ``count``: how many were made; a choice that was run before is not run again.

    The model runs as one session: memory is the weights and the tensors alive at one time, never all of them.
    """

    def __init__(self, side: Side, layers: Sequence[Layer], how: Narrow, feeds: Mapping[str, Array],
                 threads: int, wanted: float | None) -> None:
        program = switchable(side.session.program, layers, how)
        if any(step.problem for step in program.steps):
            raise ToolFailed("The model cannot be run to its end", hint="See: diag inspect")
        self._layers, self._dtype = layers, how.dtype
        self._feeds = dict(side.session.bind(feeds))
        self._names = list(dict.fromkeys(o.name for o in program.graph.outputs))
        flags = np.zeros(len(layers), bool)
        produced = {v for step in program.steps for v in step.writes}
        self._outputs = [n for n in self._names if n in produced]
        self._built = Engine(program, threads).built({**self._feeds, SWITCH: to_ort(flags)}, self._outputs)
        self._golden = [np.array(a) for a in self._run(flags)]
        self._known: dict[frozenset[int], Outcome] = {}
        self.count = 0
        self._wanted = [self._limit(a, wanted) for a in self._golden]

    @property
    def wanted(self) -> dict[str, float]:
        """Relative L2 error allowed by output; 0 for outputs that are no floats."""
        return dict(zip(self._outputs, self._wanted, strict=True))

    def kept(self, positions: Iterable[int], cancel: Cancel) -> Outcome:
        """With these layers in float32 and all others narrow."""
        wide = with_moved(self._layers, positions)
        return self._outcome(frozenset(range(len(self._layers))) - wide, cancel)

    def narrow(self, positions: Iterable[int], cancel: Cancel) -> Outcome:
        """With these layers narrow and all others in float32; what moves only their values is narrow too."""
        chosen = frozenset(positions)
        return self._outcome(chosen - with_moved(self._layers, frozenset(range(len(self._layers))) - chosen), cancel)

    def _outcome(self, narrow: frozenset[int], cancel: Cancel) -> Outcome:
        known = self._known.get(narrow)
        if known is None:
            cancel.check()
            flags = np.zeros(len(self._layers), bool)
            flags[list(narrow)] = True
            self.count += 1
            known = self._known[narrow] = self._judged(self._run(flags))
        return known

    def _run(self, flags: Array) -> list[Array]:
        try:
            feeds: dict[str, ort.OrtValue] = {**self._feeds, SWITCH: to_ort(flags)}
            return [to_numpy(v) for v in self._built.session.run_with_ort_values(self._outputs, feeds)]
        except Exception as error:
            raise ToolFailed("onnxruntime failed while it ran the model", where=" ".join(str(error).split())[:400],
                             hint="Check the shapes and values of the inputs (--inputs, --shape)") from error

    def _judged(self, found: Sequence[Array]) -> Outcome:
        worst, excess = 0.0, 0.0
        for golden, array, limit in zip(self._golden, found, self._wanted, strict=True):
            error = error_of(compare(golden, array, target_dtype=self._dtype)) if golden.size else 0.0
            worst = max(worst, error)
            excess = max(excess, 0.0 if error == 0 else error / limit if limit else math.inf)
        return Outcome(worst, excess)

    def _limit(self, golden: Array, wanted: float | None) -> float:
        if golden.dtype.kind != "f" or not golden.size:
            return 0.0
        return wanted if wanted is not None else allowed(golden, self._dtype)


def allowed(golden: Array, dtype: DType) -> float:
    """The relative L2 error up to which a final output passes: the noise that storage makes, times its limit."""
    stored = golden.astype(dtype.numpy).astype(golden.dtype)
    return NOISE[False].good * expected_noise(compare(golden, stored, target_dtype=dtype), dtype)


def error_of(metrics: Metrics) -> float:
    """One number for an output: relative L2, infinite where it is not finite; the share of unequal integers."""
    if metrics.nonfinite:
        return math.inf
    if not math.isnan(metrics.mismatch):
        return metrics.mismatch
    return metrics.rel_l2 if not math.isnan(metrics.rel_l2) else (math.inf if metrics.max_abs > 0 else 0.0)
