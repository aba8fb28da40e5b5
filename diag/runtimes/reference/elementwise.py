"""Operators that work on one element, or one pair, at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from diag.runtimes.reference.activation import fused
from diag.runtimes.reference.lowering import Lower, Lowering, NotCovered
from diag.types.dtype import DType

_SUMMED = {0: "Mul", 1: "Add", 2: "Max"}
_NARROW = (DType.INT8, DType.INT16, DType.UINT8, DType.UINT16)
"""Integers that onnxruntime has few kernels for: computed in int32."""


def same_type(n: Lowering, values: Sequence[str]) -> list[str]:
    """The values in one element type.

    ONNX wants one, MindIR mixes: integer shape arithmetic is int32 where it was computed and int64 where it is a
    constant. Floats win over integers, then the type that comes first.
    """
    kinds = [n.dtype(v) for v in values]
    if len(set(kinds)) == 1 or DType.UNDEFINED in kinds:
        return list(values)
    wanted = next((k for k in kinds if k.is_float), kinds[0])
    return [n.cast(v, wanted) for v in values]


def _unary(op: str) -> Lower:
    return lambda n: n.emit(op, n.input(0))


def _binary(op: str) -> Lower:
    def lower(n: Lowering) -> str:
        return fused(n, n.emit(op, *same_type(n, (n.input(0), n.input(1)))))
    return lower


def _logical(op: str) -> Lower:
    return lambda n: n.emit(op, n.cast(n.input(0), DType.BOOL), n.cast(n.input(1), DType.BOOL))


def _not_equal(n: Lowering) -> str:
    return n.emit("Not", n.emit("Equal", *same_type(n, (n.input(0), n.input(1)))))


def _mod(n: Lowering) -> str:
    # The remainder has the dividend's sign, as in C. ONNX's Mod also knows the divisor's; the file does not say so.
    return n.emit("Mod", *same_type(n, (n.input(0), n.input(1))), fmod=1)


def _floor_mod(n: Lowering) -> str:
    left, right = same_type(n, (n.input(0), n.input(1)))
    if not n.dtype(left).is_float:
        return n.emit("Mod", left, right, fmod=0)
    return n.emit("Sub", left, n.emit("Mul", n.emit("Floor", n.emit("Div", left, right)), right))


def _floor_div(n: Lowering) -> str:
    left, right = same_type(n, (n.input(0), n.input(1)))
    if n.dtype(left).is_float:
        return n.emit("Floor", n.emit("Div", left, right))
    remainder = n.emit("Mod", left, right, fmod=0)
    return n.emit("Div", n.emit("Sub", left, remainder), right)


def _pow(n: Lowering) -> str:
    """(scale · x + shift) ^ exponent."""
    base = _affine(n, n.input(0), n.number("scale", 1.0), n.number("shift", 0.0))
    exponent = n.input(1) if n.has(1) else n.like(n.number("power", 1.0), base)
    if n.dtype(exponent) in (DType.UINT32, DType.UINT64, *_NARROW):
        exponent = n.cast(exponent, DType.INT64)
    return n.emit("Pow", base, exponent)


def _exp(n: Lowering) -> str:
    """Power base ^ (scale · x + shift); a base of -1 means e."""
    base = n.number("base", -1.0)
    exponent = _affine(n, n.input(0), n.number("scale", 1.0), n.number("shift", 0.0))
    if base == -1.0:
        return n.emit("Exp", exponent)
    if base <= 0:
        raise NotCovered(f"operator {n.node.op} with base {base} is not covered by the reference runtime")
    return n.emit("Exp", n.emit("Mul", exponent, n.like(math.log(base), exponent)))


def _affine(n: Lowering, value: str, scale: float, shift: float) -> str:
    if scale != 1.0:
        value = n.emit("Mul", value, n.like(scale, value))
    return n.emit("Add", value, n.like(shift, value)) if shift != 0.0 else value


def _square(n: Lowering) -> str:
    return n.emit("Mul", n.input(0), n.input(0))


def _rsqrt(n: Lowering) -> str:
    return n.emit("Reciprocal", n.emit("Sqrt", n.input(0)))


def _squared_difference(n: Lowering) -> str:
    difference = n.emit("Sub", *same_type(n, (n.input(0), n.input(1))))
    return fused(n, n.emit("Mul", difference, difference))


def _log1p(n: Lowering) -> str:
    return n.emit("Log", n.emit("Add", n.input(0), n.like(1.0, n.input(0))))


def _expm1(n: Lowering) -> str:
    return n.emit("Sub", n.emit("Exp", n.input(0)), n.like(1.0, n.input(0)))


def _is_finite(n: Lowering) -> str:
    value = n.input(0)
    return n.emit("Not", n.emit("Or", n.emit("IsNaN", value), n.emit("IsInf", value)))


def _fold(op: str) -> Callable[[Lowering], str]:
    """One operator between all inputs, from left to right."""
    def lower(n: Lowering) -> str:
        values = same_type(n, [v for v in n.node.inputs if v])
        dtype = n.dtype(values[0])
        if dtype in _NARROW:
            values = [n.cast(v, DType.INT32) for v in values]
        result = values[0]
        for value in values[1:]:
            result = n.emit(op, result, value)
        return n.cast(result, dtype) if dtype in _NARROW else fused(n, result)
    return lower


def _eltwise(n: Lowering) -> str:
    mode = n.integer("mode", -1)
    if mode not in _SUMMED:
        raise NotCovered(f"mode {mode} of operator Eltwise is not covered by the reference runtime")
    return _fold(_SUMMED[mode])(n)


def _bias_add(n: Lowering) -> str:
    """The bias goes along the channels: axis 1, or the last one of NHWC."""
    value, bias = n.input(0), n.input(1)
    rank = n.rank(value)
    if rank > 2 and n.text("format", "NCHW") != "NHWC":
        bias = n.emit("Reshape", bias, n.ints([-1] + [1] * (rank - 2)))
    return n.emit("Add", value, bias)


OPERATORS: dict[str, Lower] = {
    **{name: _unary(op) for name, op in {
        "Abs": "Abs", "Neg": "Neg", "Ceil": "Ceil", "Floor": "Floor", "Round": "Round", "Rint": "Round",
        "Sqrt": "Sqrt", "Log": "Log", "Sin": "Sin", "Cos": "Cos", "Tan": "Tan", "Asin": "Asin", "Acos": "Acos",
        "Atan": "Atan", "ATan": "Atan", "ACos": "Acos", "Sinh": "Sinh", "Cosh": "Cosh", "Asinh": "Asinh",
        "Acosh": "Acosh", "Atanh": "Atanh", "Erf": "Erf", "Reciprocal": "Reciprocal", "Inv": "Reciprocal",
        "Sign": "Sign", "LogicalNot": "Not", "IsNan": "IsNaN", "IsNaN": "IsNaN", "IsInf": "IsInf",
        "Identity": "Identity", "StopGradient": "Identity", "TensorMove": "Identity"}.items()},
    **{name: _binary(op) for name, op in {
        "AddFusion": "Add", "Add": "Add", "TensorAdd": "Add", "SubFusion": "Sub", "Sub": "Sub", "MulFusion": "Mul",
        "Mul": "Mul", "Equal": "Equal", "Greater": "Greater",
        "GreaterEqual": "GreaterOrEqual", "Less": "Less", "LessEqual": "LessOrEqual"}.items()},
    **dict.fromkeys(("DivFusion", "Div", "RealDiv"), _binary("Div")),
    **{name: _logical(op) for name, op in {
        "LogicalAnd": "And", "LogicalOr": "Or", "LogicalXor": "Xor"}.items()},
    "NotEqual": _not_equal, "Mod": _mod, "FloorMod": _floor_mod, "FloorDiv": _floor_div,
    "PowFusion": _pow, "Pow": _pow, "ExpFusion": _exp, "Exp": _exp, "Expm1": _expm1, "Log1p": _log1p,
    "Square": _square, "Rsqrt": _rsqrt, "SquaredDifference": _squared_difference, "IsFinite": _is_finite,
    "Eltwise": _eltwise, "AddN": _fold("Add"), "Maximum": _fold("Max"), "Minimum": _fold("Min"),
    "BiasAdd": _bias_add,
}
