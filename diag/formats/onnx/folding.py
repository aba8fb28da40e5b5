"""Shape arithmetic worked out: what ONNX's own inference leaves open (Where, Equal, ConstantOfShape …)."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

from diag.formats.onnx.infos import DTYPES
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo

_FEW = 256
"""Elements up to which a tensor can be a shape or a part of one."""
_GROWN = 1 << 16
"""Elements up to which a result is worked out."""

# Operators whose result has at most as many elements as their inputs' sizes multiplied.
_PLAIN = frozenset({
    "Abs", "Add", "And", "Cast", "Ceil", "Concat", "Div", "Equal", "Flatten", "Floor", "Gather", "Greater",
    "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "ReduceMax",
    "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Transpose",
    "Unsqueeze", "Where"})
_FAILURES = (RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError)


class Folder:
    """The constants of a model's main graph, and more of them with each ``fold``."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._opsets = list(model.opset_import)
        self._refused: set[str] = set()
        self._known = {t.name: t for t in model.graph.initializer if _usable(t)}

    def fold(self, graph: onnx.GraphProto, infos: Mapping[str, TensorInfo]) -> bool:
        """Replace nodes of ``graph`` that compute constants by these; whether there were any.

        ``infos`` are the types found so far: Shape and Size of a value whose shape is known are constants.
        """
        folded = False
        while layer := [(i, node) for i, node in enumerate(graph.node) if self._is_constant(node, infos)]:
            results = self._results([node for _, node in layer], infos)
            for i, node in reversed(layer):
                if all(name in results for name in node.output if name):
                    del graph.node[i]
                    folded = True
                else:
                    self._refused.update(node.output)
            graph.initializer.extend(results.values())
            self._known.update({name: t for name, t in results.items() if _usable(t)})
        return folded

    def _is_constant(self, node: onnx.NodeProto, infos: Mapping[str, TensorInfo]) -> bool:
        if node.domain not in ("", "ai.onnx") or not self._refused.isdisjoint(node.output):
            return False
        if node.op_type in ("Shape", "Size"):
            info = infos.get(node.input[0]) if node.input and node.output else None
            return info is not None and info.static_shape is not None
        if node.op_type == "Constant":
            return len(node.attribute) == 1 and (not node.attribute[0].HasField("t") or _usable(node.attribute[0].t))
        inputs = [self._known.get(name) for name in node.input if name]
        if not inputs or not all(t is not None for t in inputs):
            return False
        if node.op_type == "ConstantOfShape":
            return self._product(node.input[0]) <= _FEW
        return node.op_type in _PLAIN and math.prod(_size(t) for t in inputs if t is not None) <= _GROWN

    def _results(self, layer: list[onnx.NodeProto], infos: Mapping[str, TensorInfo]) -> dict[str, onnx.TensorProto]:
        results: dict[str, onnx.TensorProto] = {}
        nodes = [node for node in layer if node.op_type not in ("Shape", "Size")]
        with contextlib.suppress(*_FAILURES):
            results.update((t.name, t) for node in layer if node.op_type in ("Shape", "Size")
                           for t in _sizes(node, infos))
            results.update(self._evaluate(nodes))
        return results

    def _evaluate(self, nodes: list[onnx.NodeProto]) -> dict[str, onnx.TensorProto]:
        if not nodes:
            return {}
        # Imported here: only models whose shapes depend on arithmetic need it.
        from onnx.reference import ReferenceEvaluator

        names = [name for node in nodes for name in node.output if name]
        weights = [self._known[name] for name in dict.fromkeys(n for node in nodes for n in node.input if n)]
        graph = helper.make_graph(nodes, "constants", [], [onnx.ValueInfoProto(name=n) for n in names], weights)
        with np.errstate(all="ignore"):
            arrays = ReferenceEvaluator(helper.make_model(graph, opset_imports=self._opsets)).run(None, {})
        return {name: numpy_helper.from_array(np.asarray(a), name) for name, a in zip(names, arrays, strict=True)}

    def _product(self, name: str) -> int:
        """The numbers of a known tensor multiplied; more than anyone wants if they cannot be read."""
        try:
            return math.prod(int(n) for n in numpy_helper.to_array(self._known[name]).reshape(-1))
        except _FAILURES:
            return _GROWN


def _sizes(node: onnx.NodeProto, infos: Mapping[str, TensorInfo]) -> Iterator[onnx.TensorProto]:
    shape = infos[node.input[0]].static_shape or ()
    if node.op_type == "Size":
        yield numpy_helper.from_array(np.array(math.prod(shape), np.int64), node.output[0])
    else:
        part = {a.name: a.i for a in node.attribute}
        yield numpy_helper.from_array(np.array(shape[part.get("start", 0):part.get("end")], np.int64), node.output[0])


def _usable(tensor: onnx.TensorProto) -> bool:
    plain = tensor.data_type in DTYPES and DTYPES[tensor.data_type] is not DType.STRING
    return plain and tensor.data_location != onnx.TensorProto.EXTERNAL and 0 <= _size(tensor) <= _FEW


def _size(tensor: onnx.TensorProto) -> int:
    return math.prod(tensor.dims)
