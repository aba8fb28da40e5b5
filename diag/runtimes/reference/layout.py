"""Operators that move elements, or say where they are, and compute nothing."""

from __future__ import annotations

import numpy as np
from onnx import numpy_helper

from diag.runtimes.reference.convolution import channels_first_run
from diag.runtimes.reference.elementwise import same_type
from diag.runtimes.reference.lowering import Lower, Lowering, Names, NotCovered
from diag.runtimes.reference.numbers import TYPES
from diag.types.dtype import DType


def _sizes(n: Lowering, name: str, position: int) -> str:
    """Sizes as an int64 value: the input if there is one, else the attribute."""
    if n.has(position):
        return n.shape_input(position)
    values = n.integers(name)
    if not values and n.said(name) is None:
        raise NotCovered(f"operator {n.node.op} says no {name}")
    return n.ints(values)


def _reshape(n: Lowering) -> str:
    return n.emit("Reshape", n.input(0), _sizes(n, "shape", 1), allowzero=int(n.flag("allowzero")))


def _transpose(n: Lowering) -> str:
    perm = n.arguments("perm", 1)
    if perm is None and n.has(1):
        raise NotCovered("operator Transpose with a computed permutation is not covered by the reference runtime")
    return n.emit("Transpose", n.input(0), perm=list(perm) if perm else None)


def _flatten(n: Lowering) -> str:
    return n.emit("Flatten", n.input(0), axis=n.integer("axis", 1))


def _squeeze(n: Lowering) -> str:
    return _with_axes(n, "Squeeze")


def _unsqueeze(n: Lowering) -> str:
    return _with_axes(n, "Unsqueeze")


def _with_axes(n: Lowering, op: str) -> str:
    axes = n.integers("axis") or n.integers("axes")
    if axes:
        return n.emit(op, n.input(0), n.ints(axes))
    if not n.has(1):
        return n.emit(op, n.input(0))
    given = n.shape_input(1)
    return n.emit(op, n.input(0), given if n.shape(given) != () else n.emit("Reshape", given, n.ints([1])))


def _concat(n: Lowering) -> str:
    """MindSpore 2.x gives the axis as a last input, a scalar constant."""
    values = [v for v in n.node.inputs if v]
    axis = n.integers("axis")
    last = n.constant_input(len(values) - 1)
    if not axis and last is not None and last.shape == () and last.dtype.kind == "i":
        axis, values = (int(last),), values[:-1]
    return n.emit("Concat", *same_type(n, values), axis=axis[0] if axis else 0)


def _stack(n: Lowering) -> str:
    values = same_type(n, [v for v in n.node.inputs if v])
    axis = n.integer("axis", 0)
    return n.emit("Concat", *(n.emit("Unsqueeze", v, n.ints([axis])) for v in values), axis=axis)


def _unstack(n: Lowering) -> Names:
    axis, count = n.integer("axis", 0), len(n.node.outputs)
    parts = n.emit_many("Split", count, n.input(0), axis=axis, num_outputs=count)
    return tuple(n.emit("Squeeze", part, n.ints([axis])) for part in parts)


def _tile(n: Lowering) -> str:
    return n.emit("Tile", n.input(0), _sizes(n, "dims" if n.said("dims") is not None else "multiples", 1))


def _broadcast(n: Lowering) -> str:
    return n.emit("Expand", n.input(0), _sizes(n, "shape", 1))


def _shape(n: Lowering) -> str:
    return n.cast(n.emit("Shape", n.input(0)), DType.INT32)


def _rank(n: Lowering) -> str:
    return n.cast(n.emit("Size", n.emit("Shape", n.input(0))), DType.INT32)


def _size(n: Lowering) -> str:
    return n.cast(n.emit("Size", n.input(0)), DType.INT32)


def _constant_of_shape(n: Lowering) -> str:
    dtype = TYPES.get(n.integer("data_type", 43))
    if dtype is None:
        raise NotCovered(f"element type {n.integer('data_type', 0)} of operator ConstantOfShape is unknown")
    numbers = n.numbers("value") or (0.0,)
    fill = numpy_helper.from_array(np.array(numbers[:1]).astype(dtype.numpy))
    return n.emit("ConstantOfShape", n.shape_input(0), value=fill)


def _fill(n: Lowering) -> str:
    """value, shape."""
    return n.emit("Expand", n.input(0), n.shape_input(1))


def _like(number: float) -> Lower:
    def lower(n: Lowering) -> str:
        return n.emit("Expand", n.like(number, n.input(0)), n.emit("Shape", n.input(0)))
    return lower


def _range(n: Lowering) -> str:
    if not n.has(2):
        values = (("start", 0), ("limit", 0), ("delta", 1))
        return n.emit("Range", *(n.constant(np.array(n.integer(name, default), np.int32)) for name, default in values))
    bounds = same_type(n, [n.input(i) for i in range(3)])
    dtype = n.dtype(bounds[0])
    if dtype is DType.FLOAT16:
        bounds = [n.cast(v, DType.FLOAT32) for v in bounds]
    return n.cast(n.emit("Range", *(scalar(n, v) for v in bounds)), dtype)


def scalar(n: Lowering, value: str) -> str:
    """The value without its sizes of 1: ONNX wants rank 0 where MindIR writes one element."""
    return value if n.shape(value) == () else n.emit("Reshape", value, n.ints([]))


def _cast(n: Lowering) -> str:
    number = n.arguments("to", 1) or n.arguments("dst_type", 1) or n.arguments("dst_t", 1)
    dtype = TYPES.get(number[0]) if number else None
    said = n.said("dst_type")
    if isinstance(said, DType):
        dtype = said
    if dtype is None:
        dtype = n.dtype(n.node.outputs[0])
    return n.cast(n.input(0), dtype)


def _depth_to_space(n: Lowering) -> str:
    mode = n.text("mode", "DCR")
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "DepthToSpace", value, blocksize=n.integer("block_size", 1), mode=mode))


def _space_to_depth(n: Lowering) -> str:
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "SpaceToDepth", value, blocksize=n.integer("block_size", 1)))


OPERATORS: dict[str, Lower] = {
    "Reshape": _reshape, "Transpose": _transpose, "Flatten": _flatten, "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze, "ExpandDims": _unsqueeze, "Concat": _concat, "Stack": _stack, "Unstack": _unstack,
    "TileFusion": _tile,
    "Tile": _tile, "BroadcastTo": _broadcast, "Shape": _shape, "TensorShape": _shape, "Rank": _rank, "Size": _size,
    "ConstantOfShape": _constant_of_shape, "Fill": _fill, "ZerosLike": _like(0.0), "OnesLike": _like(1.0),
    "Range": _range, "Cast": _cast, "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
}
