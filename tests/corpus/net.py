"""Builds small ONNX models as the PyTorch exporter would write them: scoped node names, seeded weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[Any]


class Net:
    """One growing graph. Methods take and return value names; scopes are dotted module paths, "layers.0.fc1"."""

    def __init__(self, rng: np.random.Generator, opset: int = 14) -> None:
        self.rng, self.opset = rng, opset
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Array] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self._used: dict[str, int] = {}

    def input(self, name: str, shape: Sequence[int], dtype: int = TensorProto.FLOAT) -> str:
        """A graph input."""
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def weight(self, name: str, array: Array) -> str:
        """An initializer: float32, or int64 for shapes and indices."""
        self.weights[name] = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        return name

    def normal(self, name: str, shape: Sequence[int], scale: float, mean: float = 0.0) -> str:
        """A seeded initializer."""
        return self.weight(name, mean + scale * self.rng.standard_normal(shape))

    def constant(self, scope: str, value: Array | float | Sequence[int]) -> str:
        """A Constant node, as the exporter writes scalars and shapes."""
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        return self.op("Constant", scope, [], value=numpy_helper.from_array(array))

    def op(self, kind: str, scope: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> Any:
        """A node named as by the exporter, "/layers.0/fc1/MatMul". Its output, or the list of its outputs."""
        path = _path(scope)
        stem = f"{path}/{kind}"
        count = self._used.get(stem, 0)
        self._used[stem] = count + 1
        name = f"{stem}_{count}" if count else stem
        made = [f"{name}_output_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), made, name=name, **attributes))
        return made[0] if outputs == 1 else made

    def conv(self, scope: str, x: str, channels: tuple[int, int], kernel: int = 3, stride: int = 1,
             pad: int | None = None, groups: int = 1, bias: bool = True) -> str:
        """Conv2d with He-scaled weights. ``channels`` are those of input and output."""
        fan_in = channels[0] // groups * kernel * kernel
        inputs = [x, self.normal(f"{scope}.weight", (channels[1], channels[0] // groups, kernel, kernel),
                                 np.sqrt(1.6 / fan_in))]
        if bias:
            inputs.append(self.normal(f"{scope}.bias", (channels[1],), 0.1))
        pads = [kernel // 2 if pad is None else pad] * 4
        return str(self.op("Conv", scope, inputs, dilations=[1, 1], group=groups, kernel_shape=[kernel, kernel],
                           pads=pads, strides=[stride, stride]))

    def batch_norm(self, scope: str, x: str, channels: int) -> str:
        """BatchNorm2d in evaluation, statistics of a trained kind."""
        return str(self.op("BatchNormalization", scope, [
            x, self.normal(f"{scope}.weight", (channels,), 0.15, 1.0), self.normal(f"{scope}.bias", (channels,), 0.1),
            self.normal(f"{scope}.running_mean", (channels,), 0.2),
            self.weight(f"{scope}.running_var", self.rng.uniform(0.4, 1.6, channels))], epsilon=1e-5, momentum=0.9))

    def linear(self, scope: str, x: str, features: tuple[int, int], bias: bool = True, gain: float = 1.0) -> str:
        """Linear on the last axis: MatMul and Add, as for more than two axes."""
        number = 1000 + len(self.weights)
        y = self.op("MatMul", scope, [x, self.normal(f"onnx::MatMul_{number}", features, gain / np.sqrt(features[0]))])
        if not bias:
            return str(y)
        return str(self.op("Add", scope, [self.normal(f"{scope}.bias", (features[1],), 0.1), y]))

    def gemm(self, scope: str, x: str, features: tuple[int, int]) -> str:
        """Linear on two axes."""
        return str(self.op("Gemm", scope, [
            x, self.normal(f"{scope}.weight", (features[1], features[0]), 1 / np.sqrt(features[0])),
            self.normal(f"{scope}.bias", (features[1],), 0.1)], alpha=1.0, beta=1.0, transB=1))

    def layer_norm(self, scope: str, x: str, width: int, epsilon: float = 1e-5) -> str:
        """LayerNorm on the last axis: small operators below opset 17, one node from there."""
        gamma = self.normal(f"{scope}.weight", (width,), 0.15, 1.0)
        beta = self.normal(f"{scope}.bias", (width,), 0.1)
        if self.opset >= 17:
            return str(self.op("LayerNormalization", scope, [x, gamma, beta], axis=-1, epsilon=epsilon))
        mean = self.op("ReduceMean", scope, [x], axes=[-1], keepdims=1)
        centred = self.op("Sub", scope, [x, mean])
        squared = self.op("Pow", scope, [centred, self.constant(scope, 2.0)])
        variance = self.op("ReduceMean", scope, [squared], axes=[-1], keepdims=1)
        root = self.op("Sqrt", scope, [self.op("Add", scope, [variance, self.constant(scope, epsilon)])])
        scaled = self.op("Mul", scope, [self.op("Div", scope, [centred, root]), gamma])
        return str(self.op("Add", scope, [scaled, beta]))

    def rms_norm(self, scope: str, x: str, width: int, epsilon: float = 1e-6) -> str:
        """RMSNorm on the last axis, in small operators."""
        squared = self.op("Pow", scope, [x, self.constant(scope, 2.0)])
        mean = self.op("ReduceMean", scope, [squared], axes=[-1], keepdims=1)
        root = self.op("Sqrt", scope, [self.op("Add", scope, [mean, self.constant(scope, epsilon)])])
        inverse = self.op("Div", scope, [self.constant(scope, 1.0), root])
        return str(self.op("Mul", scope, [self.normal(f"{scope}.weight", (width,), 0.15, 1.0),
                                          self.op("Mul", scope, [x, inverse])]))

    def group_norm(self, scope: str, x: str, shape: tuple[int, int, int, int], groups: int,
                   epsilon: float = 1e-5) -> str:
        """GroupNorm as the exporter spells it, with the 4-D InstanceNormalization that this runtime can run."""
        split = self.op("Reshape", scope, [x, self.constant(scope, [0, groups, -1, 1])])
        normal = self.op("InstanceNormalization", scope, [
            split, self.weight(f"{scope}.ones", np.ones(groups)),
            self.weight(f"{scope}.zeros", np.zeros(groups))], epsilon=epsilon)
        back = self.op("Reshape", scope, [normal, self.constant(scope, list(shape))])
        channels = shape[1]
        scaled = self.op("Mul", scope, [back, self.normal(f"{scope}.weight", (channels, 1, 1), 0.15, 1.0)])
        return str(self.op("Add", scope, [scaled, self.normal(f"{scope}.bias", (channels, 1, 1), 0.1)]))

    def silu(self, scope: str, x: str) -> str:
        """x · sigmoid(x)."""
        return str(self.op("Mul", scope, [x, self.op("Sigmoid", scope, [x])]))

    def quick_gelu(self, scope: str, x: str) -> str:
        """x · sigmoid(1.702 x)."""
        scaled = self.op("Mul", scope, [x, self.constant(scope, 1.702)])
        return str(self.op("Mul", scope, [x, self.op("Sigmoid", scope, [scaled])]))

    def gelu(self, scope: str, x: str) -> str:
        """x · Φ(x) with Erf."""
        erf = self.op("Erf", scope, [self.op("Div", scope, [x, self.constant(scope, float(np.sqrt(2.0)))])])
        half = self.op("Mul", scope, [x, self.op("Add", scope, [erf, self.constant(scope, 1.0)])])
        return str(self.op("Mul", scope, [half, self.constant(scope, 0.5)]))

    def attention(self, scope: str, x: str, memory: str, sizes: tuple[int, int, int, int], mask: str = "") -> str:
        """Multi-head attention of ``x`` over ``memory``; sizes: query rows, memory rows, width, heads. Batch 1."""
        rows, others, width, heads = sizes
        head = width // heads
        parts = []
        for name, source, length, perm in (("q_proj", x, rows, [0, 2, 1, 3]), ("k_proj", memory, others, [0, 2, 3, 1]),
                                           ("v_proj", memory, others, [0, 2, 1, 3])):
            y = self.linear(f"{scope}.{name}", source, (width, width), gain=1.4)
            y = self.op("Reshape", scope, [y, self.constant(scope, [1, length, heads, head])])
            parts.append(self.op("Transpose", scope, [y], perm=perm))
        scores = self.op("Mul", scope, [self.op("MatMul", scope, parts[:2]), self.constant(scope, head ** -0.5)])
        if mask:
            scores = self.op("Add", scope, [scores, mask])
        mixed = self.op("MatMul", scope, [self.op("Softmax", scope, [scores], axis=-1), parts[2]])
        flat = self.op("Reshape", scope, [self.op("Transpose", scope, [mixed], perm=[0, 2, 1, 3]),
                                          self.constant(scope, [1, rows, width])])
        return self.linear(f"{scope}.out_proj", flat, (width, width))

    def fused_attention(self, scope: str, x: str, rows: int, width: int, heads: int) -> str:
        """Self-attention with one projection for queries, keys and values, the scale split over queries and keys."""
        head = width // heads
        y = self.op("Reshape", scope, [self.linear(f"{scope}.qkv", x, (width, 3 * width), gain=1.4),
                                       self.constant(scope, [1, rows, 3, heads, head])])
        y = self.op("Transpose", scope, [y], perm=[2, 0, 3, 1, 4])
        q, k, v = (self.op("Gather", scope, [y, self.constant(scope, np.array(part))], axis=0) for part in range(3))
        k = self.op("Transpose", scope, [k], perm=[0, 1, 3, 2])
        q, k = (self.op("Mul", scope, [value, self.constant(scope, head ** -0.25)]) for value in (q, k))
        mixed = self.op("MatMul", scope, [self.op("Softmax", scope, [self.op("MatMul", scope, [q, k])], axis=-1), v])
        flat = self.op("Reshape", scope, [self.op("Transpose", scope, [mixed], perm=[0, 2, 1, 3]),
                                          self.constant(scope, [1, rows, width])])
        return self.linear(f"{scope}.proj", flat, (width, width))

    def rotary(self, scope: str, x: str, rows: int, head: int) -> str:
        """Rotary position embedding of [1, heads, rows, head]: x · cos + rotate_half(x) · sin."""
        half = head // 2
        angles = np.tile(np.outer(np.arange(rows), 10.0 ** -np.linspace(0, 2, half)), 2)
        low, high = (self.op("Slice", scope, [x, *(self.constant(scope, [bound]) for bound in (*ends, 3, 1))])
                     for ends in ((0, half), (half, head)))
        turned = self.op("Concat", scope, [self.op("Neg", scope, [high]), low], axis=-1)
        cosine, sine = (self.constant(scope, wave[None, None]) for wave in (np.cos(angles), np.sin(angles)))
        return str(self.op("Add", scope, [self.op("Mul", scope, [x, cosine]), self.op("Mul", scope, [turned, sine])]))

    def model(self, name: str, outputs: dict[str, str]) -> onnx.ModelProto:
        """The finished, checked model with all shapes inferred. ``outputs``: graph output name → value."""
        renamed = {value: output for output, value in outputs.items()}
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [renamed.get(value, value) for value in names]
        graph = helper.make_graph(
            self.nodes, name, self.inputs, [onnx.ValueInfoProto(name=output) for output in outputs],
            [numpy_helper.from_array(array, weight) for weight, array in self.weights.items()])
        opsets = [helper.make_opsetid("", self.opset)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="pytorch")
        made = onnx.shape_inference.infer_shapes(made, data_prop=True)
        onnx.checker.check_model(made, full_check=True)
        return made


def _path(scope: str) -> str:
    """"layers.0.fc1" as the exporter writes it: "/layers.0/fc1"."""
    path: list[str] = []
    for part in scope.split(".") if scope else ():
        if part.isdigit() and path:
            path[-1] += f".{part}"
        else:
            path.append(part)
    return "".join(f"/{part}" for part in path)
