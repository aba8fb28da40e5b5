"""Proof of a cause: the target node runs again with the golden side's attribute or weight in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import helper

from diag.compare.align.layout import distance
from diag.compare.sides import Side
from diag.compare.why.facts import MINDIR_ACTIVATIONS, MINDIR_REDUCTIONS
from diag.compare.why.recurrent import Restore
from diag.errors import DiagError
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.runtimes.program import Program
from diag.runtimes.reference import lower
from diag.types.dtype import DType
from diag.types.graph import AttrValue, Graph
from diag.types.tensor import TensorInfo, Weight


@dataclass(frozen=True, slots=True)
class Change:
    """What is put into the node: attributes by their own name, and constants by value name.

    ``restore`` gives a MindIR node what it has no attribute for, once it is lowered.
    """

    attributes: Mapping[str, AttrValue]
    weights: Mapping[str, Array]
    restore: tuple[Restore, ...] = ()


class Trial:
    """One target node, the golden values it reads and the golden value it should write."""

    def __init__(self, side: Side, node: int, feeds: Mapping[str, Array], value: str, golden: Array) -> None:
        self._side, self._feeds, self._value, self._golden = side, dict(feeds), value, golden
        self.node = side.graph.nodes[node]
        self._index = node

    def error(self, change: Change) -> float:
        """Relative L2 of the node's output after the change; infinite if it cannot run that way."""
        try:
            program = self._lowered(change) if self._side.file is None else self._rewritten(change)
            step = next(i for i, s in enumerate(program.steps) if self._value in s.writes)
            feeds = {v: to_ort(a) for v, a in self._feeds.items()}
            out = Engine(program).isolate([step], feeds, [self._value])
            got = to_numpy(out[self._value])
        except (DiagError, KeyError, StopIteration, ValueError, TypeError):
            return float("inf")
        return distance(self._golden, got) if got.shape == self._golden.shape else float("inf")

    def change(self, name: str, value: object) -> Change | None:
        """The change that gives the node the golden fact ``name`` = ``value``; None if it has no place for it."""
        attributes = self.node.attributes
        if self._side.file is not None:
            return Change({name: value}, {}) if isinstance(value, (int, float, str, tuple)) else None
        match name:
            case "pads" if isinstance(value, tuple) and len(value) == 4:
                return Change({"pad_list": (value[0], value[2], value[1], value[3]), "pad_mode": 0}, {})
            case "activation" if value in MINDIR_ACTIVATIONS:
                return Change({"activation_type": MINDIR_ACTIVATIONS.index(str(value))}, {})
            case "mode" if value in MINDIR_REDUCTIONS:
                return Change({"mode": MINDIR_REDUCTIONS.index(str(value))}, {})
            case "perm" | "axes" if isinstance(value, tuple) and len(self.node.inputs) > 1:
                return Change({}, {self.node.inputs[1]: np.array(value, np.int32)})
            case "min" | "max" if f"{name}_val" in attributes and isinstance(value, (int, float)):
                return Change({f"{name}_val": float(value)}, {})
            case "strides" | "dilations" | "kernel_shape" | "keepdims":
                theirs = {"strides": "stride", "dilations": "dilation", "kernel_shape": "kernel_size",
                          "keepdims": "keep_dims"}[name]
                return Change({theirs: value}, {}) if isinstance(value, (int, tuple)) else None
            case _ if name in attributes and isinstance(value, (int, float, str, tuple)):
                wrapped = (value,) if isinstance(attributes[name], tuple) and not isinstance(value, tuple) else value
                return Change({name: wrapped}, {})
        return None

    def _lowered(self, change: Change) -> Program:
        """The node alone in a graph, lowered anew."""
        node = replace(self.node, attributes={**self.node.attributes, **change.attributes})
        graph = self._side.graph
        inputs = tuple(TensorInfo(v, DType.of(a.dtype), a.shape) for v, a in self._feeds.items())
        weights = {v: graph.weights[v] for v in node.inputs if v in graph.weights}
        weights.update({v: as_weight(v, a) for v, a in change.weights.items()})
        outputs = tuple(graph.info(v) for v in node.outputs)
        alone = Graph(graph.name, graph.format, graph.path, inputs, outputs, (node,), weights, graph.values,
                      metadata=graph.metadata, input_names=tuple(i.name for i in inputs),
                      output_names=tuple(o.name for o in outputs))
        program = lower(alone)
        steps = program.steps
        for restore in change.restore:
            steps = tuple(restore(step) for step in steps)
        return replace(program, steps=steps)

    def _rewritten(self, change: Change) -> Program:
        program = self._side.session.program
        step = program.steps[self._index]
        protos = []
        for proto in step.protos:
            copy = onnx.NodeProto()
            copy.CopyFrom(proto)
            for name, value in change.attributes.items():
                kept = [a for a in copy.attribute if a.name != name]
                del copy.attribute[:]
                copy.attribute.extend([*kept, helper.make_attribute(name, value)])
            protos.append(copy)
        weights = {**program.weights, **{v: as_weight(v, a) for v, a in change.weights.items()}}
        return replace(program, steps=(replace(step, protos=tuple(protos)),), weights=weights)


def as_weight(name: str, array: Array) -> Weight:
    """An array as a constant of a graph, held in memory."""
    return Weight(name, DType.of(array.dtype), tuple(array.shape), np.ascontiguousarray(array).tobytes())

