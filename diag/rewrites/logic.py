"""Comparisons and choices in plainer operators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from diag.rewrites.interface import Replacement, Site
from diag.rewrites.model import Model
from diag.types.codes import Code
from diag.types.dtype import DType


class IsNanCompare(Replacement):
    """IsNaN(x) as x != x: only NaN is unequal to itself."""

    name = "isnan_compare"
    code = Code.REWRITE_ISNAN

    def sites(self, model: Model) -> Sequence[Site]:
        """Every IsNaN."""
        return [Site(name, node.op_type) for name, node in model.each("IsNaN")]

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """Equal and Not."""
        equal = model.make("Equal", [node.input[0], node.input[0]], base=node.name)
        return [equal, model.make("Not", [equal.output[0]], node.output[0], base=node.name)]


class WhereArithmetic(Replacement):
    """Where(c, a, b) of floats as a·c + b·(1 − c)."""

    name = "where_arithmetic"
    code = Code.REWRITE_WHERE

    def sites(self, model: Model) -> Sequence[Site]:
        """Where both values are float32; constants among them must be finite: 0 times infinity is no number."""
        return [Site(name, node.op_type) for name, node in model.each("Where")
                if all(_finite(model, value) for value in node.input[1:]) and not model.is_constant(node.input[0])]

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """Cast, two products and a sum."""
        chosen = model.make("Cast", [node.input[0]], base=node.name, to=TensorProto.FLOAT)
        other = model.make("Sub", [model.add_constant("one", np.array(1, np.float32)), chosen.output[0]],
                           base=node.name)
        parts = [model.make("Mul", [value, side.output[0]], base=node.name)
                 for value, side in zip(node.input[1:], (chosen, other), strict=True)]
        return [chosen, other, *parts,
                model.make("Add", [p.output[0] for p in parts], node.output[0], base=node.name)]


class ActivationExpanded(Replacement):
    """Activations that newer opsets have as one operator, in the operators of opset 13."""

    name = "activation_expanded"
    code = Code.REWRITE_ACTIVATION

    def sites(self, model: Model) -> Sequence[Site]:
        """Gelu, Mish, HardSwish and Swish of float32."""
        return [Site(name, node.op_type) for name, node in model.floats("Gelu", "Mish", "HardSwish", "Swish")]

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """By their definitions."""
        return _expanded(model, node)


def _finite(model: Model, value: str) -> bool:
    if model.dtype(value) is not DType.FLOAT32:
        return False
    known = model.constant(value)
    return known is None or bool(np.isfinite(known).all())


def _expanded(model: Model, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    x, base = node.input[0], node.name or node.output[0]
    made: list[onnx.NodeProto] = []

    def add(op: str, *inputs: str | float, output: str | None = None, **attributes: float) -> str:
        values = [v if isinstance(v, str) else model.add_constant("number", np.array(v, np.float32)) for v in inputs]
        made.append(model.make(op, values, output, base=base, **attributes))
        return str(made[-1].output[0])

    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Mish":
        factor = add("Tanh", add("Softplus", x))
    elif node.op_type == "HardSwish":
        factor = add("HardSigmoid", x, alpha=1 / 6, beta=0.5)
    elif node.op_type == "Swish":
        alpha = float(attributes.get("alpha", 1.0))
        factor = add("Sigmoid", x if alpha == 1 else add("Mul", x, alpha))
    elif attributes.get("approximate", b"none") == b"tanh":
        inner = add("Add", x, add("Mul", add("Mul", add("Mul", x, x), x), 0.044715))
        factor = add("Mul", add("Add", add("Tanh", add("Mul", inner, float(np.sqrt(2 / np.pi)))), 1.0), 0.5)
    else:
        factor = add("Mul", add("Add", add("Erf", add("Div", x, float(np.sqrt(2)))), 1.0), 0.5)
    add("Mul", x, factor, output=node.output[0])
    return made
