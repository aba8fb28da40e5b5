"""Scale, shift and normalisation."""

from __future__ import annotations

import numpy as np
from onnx import numpy_helper

from diag.runtimes.reference.activation import fused
from diag.runtimes.reference.convolution import channels_first_run
from diag.runtimes.reference.lowering import Lower, Lowering, Names, NotCovered


def _scale(n: Lowering) -> str:
    """Data · scale + bias; scale and bias stand along the axes that begin at ``axis``."""
    data, axis = n.input(0), n.integer("axis", 0)
    result = n.emit("Mul", data, _aligned(n, n.input(1), axis))
    if n.has(2):
        result = n.emit("Add", result, _aligned(n, n.input(2), axis))
    return fused(n, result)


def _aligned(n: Lowering, value: str, axis: int) -> str:
    rank = n.rank(value)
    behind = (-axis if axis < 0 else n.rank(n.input(0)) - axis) - rank
    if behind <= 0 or rank == 0:
        return value
    return n.emit("Unsqueeze", value, n.ints(range(rank, rank + behind)))


def _batch_norm(n: Lowering) -> Names:
    """x, scale, bias, mean, variance. Further outputs are the mean and variance that it was given."""
    epsilon = n.number("epsilon", 0.0)
    inputs = [n.input(i) for i in range(1, 5)]
    result = channels_first_run(n, n.input(0), lambda value: n.emit(
        "BatchNormalization", value, *inputs, epsilon=epsilon))
    return result, inputs[2], inputs[3], inputs[2], inputs[3]


def _instance_norm(n: Lowering) -> str:
    scale, bias = n.input(1), n.input(2)
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "InstanceNormalization", value, scale, bias, epsilon=n.number("epsilon", 0.0)))


def _group_norm(n: Lowering) -> str:
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "GroupNormalization", value, n.input(1), n.input(2), num_groups=n.integer("num_groups", 1),
        epsilon=n.number("epsilon", 0.0)))


def _layer_norm(n: Lowering) -> Names:
    """Over the axes from ``begin_norm_axis`` on; from the first where the file does not say it.

    An epsilon that the file has as 0 stays 0; one that it does not say is 1e-5, the default of MindSpore Lite.
    """
    data, axis = n.input(0), n.integer("begin_norm_axis", 0)
    scale = n.input(1) if n.has(1) else n.like(1.0, data)
    bias = (n.input(2),) if n.has(2) else ()
    epsilon = n.number("epsilon", 1e-5)
    axes = n.rank(data) - axis if axis >= 0 else -axis
    if len(n.shape(scale) or ()) >= axes:
        return n.emit_many("LayerNormalization", min(len(n.node.outputs), 3), data, scale, *bias, axis=axis,
                           epsilon=epsilon)
    # Scale and bias of fewer axes than are normalised, which ONNX does not have.
    over = n.ints(range(-axes, 0))
    centred = n.emit("Sub", data, n.emit("ReduceMean", data, over, keepdims=1))
    variance = n.emit("ReduceMean", n.emit("Mul", centred, centred), over, keepdims=1)
    scaled = n.emit("Mul", n.emit("Div", centred, n.emit("Sqrt", n.emit("Add", variance, n.like(epsilon, variance)))),
                    scale)
    return n.emit("Add", scaled, *bias) if bias else scaled


def _rms_norm(n: Lowering) -> str:
    data = n.input(0)
    mean = n.emit("ReduceMean", n.emit("Mul", data, data), n.ints([-1]), keepdims=1)
    root = n.emit("Sqrt", n.emit("Add", mean, n.like(n.number("epsilon", 1e-6), mean)))
    return n.emit("Mul", n.emit("Div", data, root), n.input(1))


def _local_response(n: Lowering) -> str:
    """The file's alpha is per element of the window, ONNX's is shared by the window. What it does not say is 0."""
    size = 2 * n.integer("depth_radius", 0) + 1
    alpha, beta, bias = n.number("alpha", 0.0), n.number("beta", 0.0), n.number("bias", 0.0)
    if beta == 0.0:
        return n.emit("Identity", n.input(0))
    if alpha == 0.0:
        # onnxruntime refuses it; the converter writes it where the ONNX model has the default.
        return n.emit("Mul", n.input(0), n.like(float(np.float64(bias) ** -beta), n.input(0)))
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "LRN", value, size=size, alpha=alpha * size, beta=beta, bias=bias))


def _lp_norm(n: Lowering) -> str:
    order = n.integer("p", 2)
    if order not in (1, 2):
        raise NotCovered(f"order {order} of operator {n.node.op} is not covered by the reference runtime")
    return n.emit("LpNormalization", n.input(0), axis=n.integer("axis", -1), p=order)


def _l2_normalize(n: Lowering) -> str:
    data = n.input(0)
    axes = n.integers("axis") or (-1,)
    total = n.emit("ReduceSumSquare", data, n.ints(axes), keepdims=1)
    floor = n.like(n.number("epsilon", 1e-12), total)
    return fused(n, n.emit("Div", data, n.emit("Sqrt", n.emit("Max", total, floor))))


def _softmax(op: str) -> Lower:
    def lower(n: Lowering) -> str:
        axis = n.arguments("axis", 1)
        return n.emit(op, n.input(0), axis=axis[0] if axis else -1)
    return lower


def _dropout(n: Lowering) -> Names:
    """Nothing is dropped at inference; the mask is all true."""
    data = n.input(0)
    if len(n.node.outputs) < 2:
        return data
    ones = n.emit("ConstantOfShape", n.emit("Shape", data), value=_true())
    return data, ones


def _true() -> object:
    return numpy_helper.from_array(np.array([True]))


OPERATORS: dict[str, Lower] = {
    "ScaleFusion": _scale, "FusedBatchNorm": _batch_norm, "BatchNorm": _batch_norm, "InstanceNorm": _instance_norm,
    "GroupNormFusion": _group_norm, "LayerNormFusion": _layer_norm,
    "LayerNorm": _layer_norm, "RmsNorm": _rms_norm, "LRN": _local_response,
    "LpNormalization": _lp_norm, "L2NormalizeFusion": _l2_normalize, "Dropout": _dropout,
    "Softmax": _softmax("Softmax"), "LogSoftmax": _softmax("LogSoftmax"),
}
