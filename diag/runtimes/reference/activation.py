"""Activations, alone and fused into other operators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diag.runtimes.reference.lowering import Lower, Lowering, NotCovered
from diag.runtimes.reference.numbers import Act

_SELU_ALPHA, _SELU_GAMMA = 1.6732632423543772, 1.0507009873554805


def fused(n: Lowering, value: str) -> str:
    """The value after the activation that the node's ``activation_type`` adds to it."""
    return activate(n, value, n.integer("activation_type", Act.NONE))


def activate(n: Lowering, value: str, kind: int) -> str:
    """The value after an activation of MindSpore's numbering."""
    function = _KINDS.get(kind)
    if function is None:
        raise NotCovered(f"activation type {kind} of operator {n.node.op} is not covered by the reference runtime")
    return function(n, value)


def clamp(n: Lowering, value: str, low: float, high: float) -> str:
    """The value limited to [low, high]."""
    return n.emit("Clip", value, n.like(low, value), n.like(high, value))


def _swish(n: Lowering, value: str) -> str:
    return n.emit("Mul", value, n.emit("Sigmoid", value))


def _gelu(n: Lowering, value: str) -> str:
    return n.emit("Gelu", value, approximate="tanh" if n.flag("approximate") else "none")


def _hard_sigmoid(n: Lowering, value: str) -> str:
    # relu6(x + 3) / 6: what slope and offset the ONNX model asked for is not in the file.
    return n.emit("HardSigmoid", value, alpha=1.0 / 6.0, beta=0.5)


def _hard_swish(n: Lowering, value: str) -> str:
    return n.emit("Mul", value, _hard_sigmoid(n, value))


def _clip(n: Lowering, value: str) -> str:
    return clamp(n, value, n.number("min_val", -1.0), n.number("max_val", 1.0))


def _simple(op: str) -> Callable[[Lowering, str], str]:
    return lambda n, value: n.emit(op, value)


_KINDS: dict[int, Callable[[Lowering, str], str]] = {
    Act.NONE: lambda _n, value: value,
    Act.RELU: _simple("Relu"),
    Act.SIGMOID: _simple("Sigmoid"),
    Act.RELU6: lambda n, value: clamp(n, value, 0.0, 6.0),
    # An absent alpha is the file's 0, not the ONNX default: the converter wrote none.
    Act.ELU: lambda n, value: n.emit("Elu", value, alpha=n.number("alpha", 0.0)),
    Act.LEAKY_RELU: lambda n, value: n.emit("LeakyRelu", value, alpha=n.number("alpha", 0.0)),
    Act.ABS: _simple("Abs"),
    Act.RELU1: lambda n, value: clamp(n, value, -1.0, 1.0),
    Act.SOFTSIGN: _simple("Softsign"),
    Act.SOFTPLUS: _simple("Softplus"),
    Act.TANH: _simple("Tanh"),
    Act.SELU: lambda n, value: n.emit("Selu", value, alpha=_SELU_ALPHA, gamma=_SELU_GAMMA),
    Act.HSWISH: _hard_swish,
    Act.HSIGMOID: _hard_sigmoid,
    Act.THRESHOLDED_RELU: lambda n, value: n.emit("ThresholdedRelu", value, alpha=n.number("alpha", 0.0)),
    Act.HARD_TANH: _clip,
    Act.SIGN: _simple("Sign"),
    Act.SWISH: _swish,
    Act.GELU: _gelu,
}


def _of(kind: Act) -> Lower:
    return lambda n: activate(n, n.input(0), kind)


def _activation(n: Lowering) -> str:
    return fused(n, n.input(0))


def _gelu_bare(n: Lowering) -> str:
    # MindSpore's own GeLU is the tanh form unless it says otherwise.
    tanh = n.text("approximate", "tanh") == "tanh" and n.integer("approximate", 1) != 0
    return n.emit("Gelu", n.input(0), approximate="tanh" if tanh else "none")


def _prelu(n: Lowering) -> str:
    """The slope is one number, or one per channel; channels are axis 1 of the data."""
    data = n.input(0)
    slope = n.input(1) if n.has(1) else _slope(n)
    shape = n.shape(slope)
    if shape is not None and len(shape) == 1 and shape[0] != 1 and n.rank(data) > 1:
        slope = n.emit("Reshape", slope, n.ints([-1] + [1] * (n.rank(data) - 2)))
    return n.emit("PRelu", data, slope)


def _slope(n: Lowering) -> str:
    numbers = n.numbers("slope")
    if not numbers:
        raise NotCovered(f"operator {n.node.op} has no slope")
    return n.constant(np.array(numbers, np.float32))


def _glu(n: Lowering) -> str:
    half, gate = n.emit_many("Split", 2, n.input(0), axis=n.integer("axis", -1), num_outputs=2)
    return n.emit("Mul", half, n.emit("Sigmoid", gate))


def _clip_node(n: Lowering) -> str:
    """Limits come as inputs, or as attributes where there are none."""
    value = n.input(0)
    low = n.input(1) if n.has(1) else n.like(n.number("min", -3.4028234663852886e38), value)
    high = n.input(2) if n.has(2) else n.like(n.number("max", 3.4028234663852886e38), value)
    return n.emit("Clip", value, low, high)


OPERATORS: dict[str, Lower] = {
    "Activation": _activation, "PReLUFusion": _prelu, "PReLU": _prelu, "GLU": _glu, "Clip": _clip_node,
    "ReLU": _of(Act.RELU), "ReLU6": _of(Act.RELU6), "Sigmoid": _of(Act.SIGMOID), "Tanh": _of(Act.TANH),
    "Elu": lambda n: n.emit("Elu", n.input(0), alpha=n.number("alpha", 1.0)),
    "LeakyRelu": _of(Act.LEAKY_RELU), "Softplus": _of(Act.SOFTPLUS), "Softsign": _of(Act.SOFTSIGN),
    "SeLU": _of(Act.SELU), "HSwish": _of(Act.HSWISH), "HSigmoid": _of(Act.HSIGMOID), "SiLU": _of(Act.SWISH),
    "Swish": _of(Act.SWISH), "GeLU": _gelu_bare, "Gelu": _gelu_bare,
}
