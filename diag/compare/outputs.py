"""Final outputs: they decide the verdict of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diag.compare.align.layout import arrange, layouts
from diag.compare.reasons import tell
from diag.compare.rows import dtype_of, metrics_of
from diag.compare.tolerance import Preset, decide, other_shape
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.layer import Decision, OutputResult, Verdict
from diag.types.metrics import Metrics
from diag.types.tensor import TensorInfo


def compare_outputs(pairs: Sequence[tuple[str, str]], golden: Mapping[str, Array], target: Mapping[str, Array],
                    computes_in: DType | None, preset: Preset,
                    envelopes: Mapping[str, Metrics]) -> list[OutputResult]:
    """One result for each golden output, in order."""
    return [_one(g, t, golden[g], target.get(t), computes_in, preset, envelopes.get(g)) for g, t in pairs]


def overall(outputs: Sequence[OutputResult]) -> Verdict:
    """The worst of the outputs; a model without outputs is not comparable."""
    if not outputs:
        return Verdict.NOT_COMPARABLE
    return max((o.verdict for o in outputs), key=lambda v: v.rank)


def _one(g: str, t: str, golden: Array, target: Array | None, computes_in: DType | None, preset: Preset,
         envelope: Metrics | None) -> OutputResult:
    if target is None:
        return _without(g, None, Decision("no_output"))
    if golden.shape != target.shape:
        same = [x for x in layouts(golden.shape, target.shape) if x is None]
        if golden.size != target.size or not same or _squeezed(golden) != _squeezed(target):
            return _without(g, t, other_shape(golden.shape, target.shape))
        golden = arrange(golden, None, target.shape)
    metrics = metrics_of(golden, target, computes_in, preset)
    dtype = dtype_of(target, computes_in)
    verdict, decision = decide(metrics, TensorInfo(g, dtype, tuple(golden.shape)), dtype, own_input=False,
                               preset=preset, envelope=envelope)
    return OutputResult(g, t, verdict, tell(decision), metrics, decision)


def _without(g: str, t: str | None, decision: Decision) -> OutputResult:
    return OutputResult(g, t, Verdict.NOT_COMPARABLE, tell(decision), None, decision)


def _squeezed(array: Array) -> tuple[int, ...]:
    return tuple(d for d in array.shape if d != 1)
