"""A model under edit: who makes and reads a value, constants wherever they live, and what fuses with what."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

Array = npt.NDArray[Any]

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM")
ELEMENTWISE = ("Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "BatchNormalization")
ARITHMETIC = ("Add", "Sub", "Mul", "Div")
MOVEMENT = ("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast")
NORM_PARTS = ("ReduceMean", "Sub", "Pow", "Add", "Sqrt", "Div", "Mul", "Reciprocal", "InstanceNormalization", "Reshape",
              "Erf", "LayerNormalization")
NORM_MARKS = ("Sqrt", "Erf", "InstanceNormalization")


class View:
    """Wraps a private copy of a model. Nodes are known by name; lookups are of the model as it was given."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self.nodes = {node.name: node for node in self.model.graph.node}

    @cached_property
    def makers(self) -> dict[str, onnx.NodeProto]:
        """Value → node that writes it."""
        return {value: node for node in self.model.graph.node for value in node.output}

    @cached_property
    def readers(self) -> dict[str, list[onnx.NodeProto]]:
        """Value → nodes that read it."""
        found: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in self.model.graph.node:
            for value in dict.fromkeys(node.input):
                found[value].append(node)
        return found

    @cached_property
    def tensors(self) -> dict[str, onnx.TensorProto]:
        """Constants by value name: initializers, and what Constant and Identity nodes hand on."""
        found = {tensor.name: tensor for tensor in self.model.graph.initializer}
        for node in self.model.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                found[node.output[0]] = node.attribute[0].t
            elif node.op_type == "Identity" and node.input[0] in found:
                found[node.output[0]] = found[node.input[0]]
        return found

    @cached_property
    def live(self) -> set[str]:
        """Names of the nodes that depend on a graph input."""
        values, names = {value.name for value in self.model.graph.input}, set()
        for node in self.model.graph.node:
            if node.op_type != "Shape" and not values.isdisjoint(node.input):
                values.update(node.output)
                names.add(node.name)
        return names

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Fully known shapes by value name."""
        inferred = onnx.shape_inference.infer_shapes(self.model, data_prop=True).graph
        found = {}
        for value in (*inferred.value_info, *inferred.input, *inferred.output):
            sizes = [axis.dim_value if axis.HasField("dim_value") else -1 for axis in value.type.tensor_type.shape.dim]
            if min(sizes, default=0) >= 0:
                found[value.name] = tuple(sizes)
        return found

    def constant(self, value: str) -> Array | None:
        """The constant's array; None if the value is computed."""
        tensor = self.tensors.get(value)
        return None if tensor is None else numpy_helper.to_array(tensor)

    def scalar(self, value: str) -> float | None:
        """The constant's only element; None if it is not such a constant."""
        array = self.constant(value)
        return float(array.ravel()[0]) if array is not None and array.size == 1 and array.dtype.kind == "f" else None

    def computed(self, node: onnx.NodeProto) -> list[str]:
        """Inputs that are not constants."""
        return [value for value in node.input if value and value not in self.tensors]

    def replace(self, node: onnx.NodeProto, index: int, array: Array) -> None:
        """Gives this node, and no other one, another constant."""
        name = f"{node.input[index]}@{node.name}"
        old = self.constant(node.input[index])
        dtype = array.dtype if old is None else old.dtype
        self.model.graph.initializer.append(numpy_helper.from_array(array.astype(dtype), name))
        node.input[index] = name

    def bypass(self, node: onnx.NodeProto, keep: str) -> None:
        """Takes the node out; who read it reads ``keep``, or the value's maker writes the graph output itself."""
        value = node.output[0]
        self.model.graph.node.remove(node)
        if any(output.name == value for output in self.model.graph.output):
            maker = self.makers[keep]
            maker.output[list(maker.output).index(keep)] = value
            keep, value = value, keep
        for reader in self.model.graph.node:
            reader.input[:] = [keep if name == value else name for name in reader.input]

    def insert_after(self, node: onnx.NodeProto, operator: str) -> None:
        """A new node behind this one; who read it reads the new node."""
        value = node.output[0]
        before = f"{value}/before"
        node.output[0] = before
        made = onnx.helper.make_node(operator, [before], [value], name=f"{node.name}/{operator}")
        self.model.graph.node.insert(list(self.model.graph.node).index(node) + 1, made)

    def group(self, node: onnx.NodeProto) -> set[str]:
        """Names of the nodes that one target node may stand for when it does the work of ``node``."""
        names = {node.name} | self._norm(node) | self._silu(node)
        ahead = node
        for _ in range(2):
            following = self.readers[ahead.output[0]]
            if len(following) == 2 and {"Sigmoid", "Mul"} == {reader.op_type for reader in following}:
                names |= {reader.name for reader in following}  # SiLU
                break
            if len(following) != 1 or not self._follows(following[0]):
                break
            ahead = following[0]
            names.add(ahead.name)
        behind = node
        for _ in range(2):
            makers = [self.makers[value] for value in self.computed(behind) if value in self.makers]
            if not self._follows(behind) or len(makers) != 1 or len(self.readers[makers[0].output[0]]) > 2:
                break
            behind = makers[0]
            names.add(behind.name)
        return names

    def around(self, node: onnx.NodeProto) -> set[str]:
        """``group``, and the groups next to it: where a node's absence shows."""
        names = self.group(node)
        for value in self.computed(node):
            if value in self.makers:
                names |= self.group(self.makers[value])
        edge = [reader for value in node.output for reader in self.readers[value]]
        while edge:
            reader = edge.pop()
            names |= self.group(reader)
            if reader.op_type in MOVEMENT:
                edge += [after for value in reader.output for after in self.readers[value]]
        return names

    def _follows(self, node: onnx.NodeProto) -> bool:
        """Whether converters melt the node into what makes its input."""
        if node.op_type in ELEMENTWISE:
            return True
        return node.op_type in ARITHMETIC and len(self.computed(node)) == 1

    def _silu(self, node: onnx.NodeProto) -> set[str]:
        """The Mul of x · sigmoid(x) when the node is its Sigmoid, and the other way round."""
        if node.op_type == "Sigmoid":
            return {reader.name for reader in self.readers[node.output[0]]
                    if reader.op_type == "Mul" and node.input[0] in reader.input}
        return {reader.name for value in node.input for reader in self.readers[value]
                if node.op_type == "Mul" and reader.op_type == "Sigmoid" and reader.output[0] in node.input}

    def _norm(self, node: onnx.NodeProto) -> set[str]:
        """The nodes of the normalisation or GELU that the node is a part of: same scope, no more than six steps off."""
        scope = node.name.rpartition("/")[0]
        near, seen = [node], {node.name: node}
        for _ in range(6):
            beside = [other for this in near for value in (*this.input, *this.output)
                      for other in (*self.readers[value], *([self.makers[value]] if value in self.makers else []))]
            near = []
            for other in beside:
                if (other.name not in seen and other.op_type in NORM_PARTS
                        and other.name.rpartition("/")[0] == scope and scope):
                    seen[other.name] = other
                    near.append(other)
        part = any(other.op_type in NORM_MARKS for other in seen.values()) and node.op_type in NORM_PARTS
        return set(seen) if part else set()


def rel_l2(target: list[Array], golden: list[Array]) -> float:
    """Largest relative L2 error of the outputs; inf if anything is not finite or has another shape."""
    worst = 0.0
    for t, g in zip(target, golden, strict=True):
        if t.shape != g.shape or not np.isfinite(t).all():
            return float("inf")
        apart = float(np.linalg.norm(t.astype(np.float64) - g.astype(np.float64)))
        if apart:
            worst = max(worst, apart / max(float(np.linalg.norm(g.astype(np.float64))), 1e-12))
    return worst
