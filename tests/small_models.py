"""Small ONNX models that tests make for themselves: a perceptron, and whatever else nodes and weights describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
Dims = Sequence[int | str | None]


def value(name: str, shape: Dims | None, dtype: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def save(path: Path, nodes: Sequence[onnx.NodeProto], inputs: Sequence[onnx.ValueInfoProto],
         outputs: Sequence[onnx.ValueInfoProto], weights: Mapping[str, np.ndarray] | None = None, *,
         opset: int = 17) -> Path:
    """Write a checked model; returns ``path``."""
    held = [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "small", list(inputs), list(outputs), held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def weights(seed: int = 0, width: int = 8) -> dict[str, np.ndarray]:
    """Weights of ``perceptron``."""
    rng = np.random.default_rng(seed)
    return {name: (rng.standard_normal(shape) / np.sqrt(width)).astype(np.float32)
            for name, shape in (("w1", (width, width)), ("b1", (width,)), ("w2", (width, width)), ("b2", (width,)))}


def perceptron(path: Path, *, name: str = "x", shape: Dims = (1, 8), dtype: int = FLOAT,
               held: Mapping[str, np.ndarray] | None = None) -> Path:
    """Two layers, six nodes: cast?, fc1, add1, act, fc2, add2 → y."""
    first = [helper.make_node("Cast", [name], ["f"], "cast", to=FLOAT)] if dtype != FLOAT else []
    nodes = [*first,
             helper.make_node("MatMul", ["f" if first else name, "w1"], ["m1"], "fc1"),
             helper.make_node("Add", ["m1", "b1"], ["a1"], "add1"),
             helper.make_node("Relu", ["a1"], ["r1"], "act"),
             helper.make_node("MatMul", ["r1", "w2"], ["m2"], "fc2"),
             helper.make_node("Add", ["m2", "b2"], ["y"], "add2")]
    return save(path, nodes, [value(name, shape, dtype)], [value("y", shape)], held or weights())
