"""Known defects that depend on the numbers: whether they matter for what these nodes are given.

All were found by comparing real models with the real MindSpore Lite 2.0.0: it writes 0 for the epsilon of
LayerNormalization, which only matters where a row's variance is not far above it; its Cos errs near odd multiples of
π, up to 1.8e-3; its ReduceMax never answers less than the smallest positive float.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from diag.cancel import Cancel
from diag.compare.align.layout import distance
from diag.compare.sides import Side
from diag.compare.tape import Tape, chunks, step_bytes
from diag.formats import weights as weight_files
from diag.lint.forms import Form
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import Engine
from diag.types.lint import NodeForecast
from diag.types.tensor import TensorInfo

MATTERS = 1e-4
"""Relative error of a final output from which a defect is expected to show."""

_COS_ERROR, _COS_NEAR = 1.8e-3, 0.35
_SEGMENT_BYTES = 16 * 2**20

F64 = NDArray[np.float64]


def concerned(nodes: Sequence[NodeForecast], forms: Mapping[int, Form]) -> list[int]:
    """Positions of forecasts that the data decide."""
    return [i for i, n in enumerate(nodes) if n.grade != "measured" and not n.fixed and (
        (n.op == "LayerNormalization" and n.outcome == "wrong" and "epsilon" in forms[n.index].attributes)
        or n.op in ("Cos", "ReduceMax"))]


def looked_at(nodes: Sequence[NodeForecast], positions: Sequence[int], side: Side, feeds: Mapping[str, Array],
              infos: Mapping[str, TensorInfo], cancel: Cancel) -> list[NodeForecast]:
    """The forecasts, those at ``positions`` decided by one run of the model in which their defects are imitated."""
    indices = {nodes[p].index for p in positions}
    right, _ = _outputs(side, set(), feeds, infos, cancel)
    off, moved = _outputs(side, indices, feeds, infos, cancel)
    effect = max((distance(right[n], off[n]) for n in right if n in off), default=0.0)
    matters = not effect < MATTERS
    result = list(nodes)
    for position in positions:
        one = result[position]
        own = moved.get(one.index, 0.0)
        outcome = "wrong" if matters and own >= MATTERS else "right"
        note = _note(one.op, own, effect if own >= MATTERS else None) if own else ""
        result[position] = replace(one, outcome=outcome, note=note)
    return result


def _note(op: str, own: float, effect: float | None) -> str:
    why = {"Cos": "inputs lie near odd multiples of π", "ReduceMax": "some maxima are negative"}.get(
        op, "epsilon is lost")
    moved = "" if effect is None else f", the outputs by {effect:.1e}"
    return f"{why}: this node moves by about {own:.1e} on this input{moved}"


def _outputs(side: Side, indices: set[int], feeds: Mapping[str, Array], infos: Mapping[str, TensorInfo],
             cancel: Cancel) -> tuple[dict[str, Array], dict[int, float]]:
    """Float outputs of a run in which the defects of ``indices`` are imitated, and how far each such node moved."""
    program = side.session.program
    tape = Tape(Engine(program), range(len(program.steps)), side.session.bind(feeds), infos, _SEGMENT_BYTES)
    wanted = {o.name for o in program.graph.outputs}
    moved: dict[int, float] = {}
    starts = sorted({0, *(i for i in indices), *(i + 1 for i in indices)})
    for start, end in pairwise([*starts, len(program.steps)]):
        for part in chunks((step_bytes(Engine(program), infos, i) for i in range(start, end)), _SEGMENT_BYTES):
            cancel.check()
            steps = range(start + part.start, start + part.stop)
            given = tape.array(side.graph.nodes[start].inputs[0]) if start in indices else None
            tape.run(steps)
            if given is not None and given.dtype == np.float32:
                value = side.graph.nodes[start].outputs[0]
                before = tape.array(value)
                if before is not None:
                    after = _defective(side, start, given, before)
                    moved[start] = distance(before, after)
                    tape.replace(value, after)
            tape.release(lambda v: v in wanted, steps[-1])
    held = {n: tape.array(n) for n in wanted}
    return {n: np.array(a) for n, a in held.items() if a is not None and a.dtype.kind == "f"}, moved


def _defective(side: Side, index: int, given: Array, right: Array) -> Array:
    """The node's output with its known defect."""
    node = side.graph.nodes[index]
    if node.op == "ReduceMax":
        return np.maximum(right, np.finfo(np.float32).tiny).astype(np.float32)
    wide: F64 = given.astype(np.float64)
    if node.op == "Cos":
        turn = np.abs(np.mod(np.abs(wide), 2 * math.pi) - math.pi)
        off: F64 = right.astype(np.float64) + np.clip(1 - turn / _COS_NEAR, 0, 1) * _COS_ERROR
        return off.astype(np.float32)
    epsilon, axis = node.attributes.get("epsilon", 1e-5), node.attributes.get("axis", -1)
    if not isinstance(epsilon, float) or not isinstance(axis, int) or not wide.size:
        return right
    axes = tuple(range(axis % wide.ndim, wide.ndim))
    variance = wide.var(axis=axes, keepdims=True)
    with np.errstate(all="ignore"):
        return _scaled(side, node.inputs, right, np.sqrt((variance + epsilon) / variance))


def _scaled(side: Side, inputs: Sequence[str], right: Array, factor: F64) -> Array:
    """What is normalised, before the bias is added, times a factor."""
    bias = side.session.program.weights.get(inputs[2]) if len(inputs) > 2 else None
    shift: F64 = np.zeros(1) if bias is None else weight_files.load(bias).astype(np.float64)
    return ((right.astype(np.float64) - shift) * factor + shift).astype(np.float32)
