"""A transformer of any depth as ONNX, golden and a target with weights rounded to float16: work for benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.float32]

SIZES = {"tiny": (2, 64, 64, 4, 128), "small": (11, 512, 512, 8, 2048), "large": (67, 400, 512, 8, 2048)}
"""Blocks, tokens, width, heads, hidden width. small: 548 nodes, 0.9 GB of tensors a side; large: 3,292 and 4 GB."""


@dataclass
class _Builder:
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, npt.NDArray[np.generic]] = field(default_factory=dict)

    def node(self, op: str, inputs: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [f"{name}_out"], name=name, **attributes))
        return f"{name}_out"

    def weight(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self.weights[name] = value
        return name


class _Transformer(_Builder):
    def __init__(self, blocks: int, tokens: int, width: int, heads: int, hidden: int, seed: int) -> None:
        super().__init__()
        self.rng = np.random.default_rng(seed)
        self.width, self.heads, self.tokens = width, heads, tokens
        self.two = self.weight("two", np.float32([2.0]))
        self.epsilon = self.weight("epsilon", np.float32([1e-5]))
        self.scale = self.weight("scale", np.float32([1 / np.sqrt(width / heads)]))
        self.split = self.weight("split", np.int64([1, tokens, heads, width // heads]))
        self.join = self.weight("join", np.int64([1, tokens, width]))
        x = "x"
        for i in range(blocks):
            x = self._block(x, f"/blocks.{i}", hidden)
        self.output = self._norm(x, "/norm")

    def _matrix(self, rows: int, columns: int) -> Array:
        values: Array = self.rng.standard_normal((rows, columns), dtype=np.float32) / np.float32(np.sqrt(rows))
        return values

    def _vector(self, size: int, around: float) -> Array:
        values: Array = np.float32(around) + np.float32(0.1) * self.rng.standard_normal(size, dtype=np.float32)
        return values

    def _norm(self, x: str, p: str) -> str:
        mean = self.node("ReduceMean", [x], f"{p}/ReduceMean", axes=[-1], keepdims=1)
        centred = self.node("Sub", [x, mean], f"{p}/Sub")
        square = self.node("Pow", [centred, self.two], f"{p}/Pow")
        variance = self.node("ReduceMean", [square], f"{p}/ReduceMean_1", axes=[-1], keepdims=1)
        root = self.node("Sqrt", [self.node("Add", [variance, self.epsilon], f"{p}/Add")], f"{p}/Sqrt")
        unit = self.node("Div", [centred, root], f"{p}/Div")
        scaled = self.node("Mul", [unit, self.weight(f"{p}.weight", self._vector(self.width, 1.0))], f"{p}/Mul")
        return self.node("Add", [scaled, self.weight(f"{p}.bias", self._vector(self.width, 0.0))], f"{p}/Add_1")

    def _linear(self, x: str, rows: int, columns: int, p: str) -> str:
        product = self.node("MatMul", [x, self.weight(f"{p}.weight", self._matrix(rows, columns))], f"{p}/MatMul")
        return self.node("Add", [product, self.weight(f"{p}.bias", self._vector(columns, 0.0))], f"{p}/Add")

    def _heads(self, x: str, p: str, n: int, perm: list[int]) -> str:
        return self.node("Transpose", [self.node("Reshape", [x, self.split], f"{p}/Reshape_{n}")], f"{p}/Transpose_{n}",
                         perm=perm)

    def _block(self, x: str, p: str, hidden: int) -> str:
        w, a = self.width, f"{p}/attn"
        y = self._norm(x, f"{p}/norm1")
        q = self._heads(self._linear(y, w, w, f"{a}/q_proj"), a, 0, [0, 2, 1, 3])
        k = self._heads(self._linear(y, w, w, f"{a}/k_proj"), a, 1, [0, 2, 3, 1])
        v = self._heads(self._linear(y, w, w, f"{a}/v_proj"), a, 2, [0, 2, 1, 3])
        scores = self.node("Mul", [self.node("MatMul", [q, k], f"{a}/MatMul"), self.scale], f"{a}/Mul")
        mixed = self.node("MatMul", [self.node("Softmax", [scores], f"{a}/Softmax", axis=-1), v], f"{a}/MatMul_1")
        joined = self.node("Transpose", [mixed], f"{a}/Transpose_3", perm=[0, 2, 1, 3])
        flat = self.node("Reshape", [joined, self.join], f"{a}/Reshape_3")
        x = self.node("Add", [x, self._linear(flat, w, w, f"{a}/out_proj")], f"{p}/Add")
        y = self._norm(x, f"{p}/norm2")
        up = self._linear(y, w, hidden, f"{p}/mlp/fc1")
        gate = self.node("Sigmoid", [up], f"{p}/mlp/Sigmoid")
        down = self._linear(self.node("Mul", [up, gate], f"{p}/mlp/Mul"), hidden, w, f"{p}/mlp/fc2")
        return self.node("Add", [x, down], f"{p}/Add_1")


def write(folder: Path, size: str, seed: int = 7) -> int:
    """golden.onnx, target.onnx and inputs.npz in ``folder``; returns the number of nodes."""
    blocks, tokens, width, heads, hidden = SIZES[size]
    model = _Transformer(blocks, tokens, width, heads, hidden, seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rounded in (("golden", False), ("target", True)):
        weights = [numpy_helper.from_array(_rounded(v) if rounded else v, n) for n, v in model.weights.items()]
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, tokens, width]) for n in ("x", model.output)]
        graph = helper.make_graph(model.nodes, "transformer", ends[:1], ends[1:], weights)
        proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(proto, folder / f"{name}.onnx")
    np.savez(folder / "inputs.npz", x=np.random.default_rng(seed).standard_normal((1, tokens, width), dtype=np.float32))
    return len(model.nodes)


def _rounded(value: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    if value.dtype == np.float32 and value.size > 1:
        return value.astype(np.float16).astype(np.float32)
    return value
