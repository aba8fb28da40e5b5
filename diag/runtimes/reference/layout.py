"""Operators that move elements, or say where they are, and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence

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


def _split(n: Lowering) -> Names:
    """Into the sizes in the attribute or in input 1, else evenly."""
    count = len(n.node.outputs)
    axis = n.argument("axis", 1, 0) if n.said("output_num") is None and n.said("size_splits") is None \
        else n.integer("axis", 0)
    sizes = n.integers("size_splits")
    if sizes and all(s >= 0 for s in sizes) and any(sizes):
        return n.emit_many("Split", count, n.input(0), n.ints(sizes), axis=axis)
    if n.has(1) and n.said("output_num") is not None:
        return n.emit_many("Split", count, n.input(0), n.shape_input(1), axis=axis)
    return n.emit_many("Split", count, n.input(0), axis=axis, num_outputs=count)


def _strided_slice(n: Lowering) -> str:
    """From ONNX: data, starts, ends, axes, steps. From others: data, begin, end, strides, with masks."""
    if len(n.node.inputs) == 4 and n.said("begin_mask") is not None:
        return _masked_slice(n)
    inputs = [n.shape_input(i) if n.has(i) else "" for i in range(1, len(n.node.inputs))]
    if len(inputs) == 3 and n.said("fmk_type") is None:
        inputs = [inputs[0], inputs[1], "", inputs[2]]
    return n.emit("Slice", n.input(0), *inputs)


def _masked_slice(n: Lowering) -> str:
    begin, end, strides = (n.constant_input(i) for i in (1, 2, 3))
    if begin is None or end is None or strides is None:
        raise NotCovered("operator StridedSlice with computed bounds and masks is not covered by the reference runtime")
    masks = {name: n.integer(name, 0) for name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask",
                                                   "shrink_axis_mask")}
    if masks["ellipsis_mask"] or masks["new_axis_mask"]:
        raise NotCovered("operator StridedSlice with an ellipsis or new axes is not covered by the reference runtime")
    far = np.iinfo(np.int64).max
    starts, ends, steps = ([int(v) for v in array.reshape(-1).tolist()] for array in (begin, end, strides))
    shrunk = [i for i in range(len(starts)) if masks["shrink_axis_mask"] >> i & 1]
    for i, step in enumerate(steps):
        if i in shrunk:
            ends[i] = starts[i] + 1 if starts[i] != -1 else far
            continue
        if masks["begin_mask"] >> i & 1:
            starts[i] = 0 if step > 0 else far
        if masks["end_mask"] >> i & 1:
            ends[i] = far if step > 0 else -far
    axes = n.ints(range(len(starts)))
    result = n.emit("Slice", n.input(0), n.ints(starts), n.ints(ends), axes, n.ints(steps))
    return n.emit("Squeeze", result, n.ints(shrunk)) if shrunk else result


def _slice(n: Lowering) -> str:
    """data, begin, size: a size of -1 goes to the end."""
    begin = n.shape_input(1)
    size = n.shape_input(2)
    axes = n.integers("axes")
    end = n.emit("Add", begin, size)
    to_end = n.emit("Equal", size, n.ints([-1]))
    end = n.emit("Where", to_end, n.ints([np.iinfo(np.int64).max]), end)
    return n.emit("Slice", n.input(0), begin, end, *((n.ints(axes),) if axes else ()))


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


def _pad(n: Lowering) -> str:
    """Paddings are (before, after) per axis in the file, all befores then all afters in ONNX.

    The input counts: where both are there, the attribute holds ONNX's order cut into pairs.
    """
    pads = n.arguments("", 1) if n.has(1) else n.integers("paddings")
    mode = n.integer("padding_mode", 0)
    if mode == 2:
        return _symmetric_pad(n, n.input(0), pads)
    if mode not in (0, 1):
        raise NotCovered(f"padding mode {mode} of operator PadFusion is not covered by the reference runtime")
    if pads is not None:
        given = n.ints([*pads[0::2], *pads[1::2]])
    else:
        pairs = n.emit("Transpose", n.emit("Reshape", n.shape_input(1), n.ints([-1, 2])), perm=[1, 0])
        given = n.emit("Reshape", pairs, n.ints([-1]))
    if mode == 1:
        return n.emit("Pad", n.input(0), given, mode="reflect")
    fill = scalar(n, n.input(2)) if n.has(2) else n.like(n.number("constant_value", 0.0), n.input(0))
    return n.emit("Pad", n.input(0), given, fill, mode="constant")


def _symmetric_pad(n: Lowering, value: str, pads: Sequence[int] | None) -> str:
    """Mirrored with the edge element repeated; ONNX has no such mode, so the elements are gathered."""
    shape = n.shape(value)
    if shape is None or pads is None or None in shape:
        raise NotCovered("operator PadFusion, symmetric, with computed sizes is not covered by the reference runtime")
    for axis, size in enumerate(d or 0 for d in shape):
        before, after = pads[2 * axis], pads[2 * axis + 1]
        if max(before, after) > size or min(before, after) < 0:
            raise NotCovered(f"symmetric padding of {before} and {after} around {size} elements makes no sense")
        if before or after:
            rows = np.pad(np.arange(size), (before, after), mode="symmetric")
            value = n.emit("Gather", value, n.constant(rows.astype(np.int64)), axis=axis)
    return value


def _depth_to_space(n: Lowering) -> str:
    mode = n.text("mode", "DCR")
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "DepthToSpace", value, blocksize=n.integer("block_size", 1), mode=mode))


def _space_to_depth(n: Lowering) -> str:
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "SpaceToDepth", value, blocksize=n.integer("block_size", 1)))


def _reverse(n: Lowering) -> str:
    axes = n.integers("axis")
    low = np.iinfo(np.int64).min + 1
    return n.emit("Slice", n.input(0), n.ints([-1] * len(axes)), n.ints([low] * len(axes)), n.ints(axes),
                  n.ints([-1] * len(axes)))


OPERATORS: dict[str, Lower] = {
    "Reshape": _reshape, "Transpose": _transpose, "Flatten": _flatten, "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze, "ExpandDims": _unsqueeze, "Concat": _concat, "Stack": _stack, "Unstack": _unstack,
    "Split": _split, "StridedSlice": _strided_slice, "SliceFusion": _slice, "Slice": _slice, "TileFusion": _tile,
    "Tile": _tile, "BroadcastTo": _broadcast, "Shape": _shape, "TensorShape": _shape, "Rank": _rank, "Size": _size,
    "ConstantOfShape": _constant_of_shape, "Fill": _fill, "ZerosLike": _like(0.0), "OnesLike": _like(1.0),
    "Range": _range, "Cast": _cast, "PadFusion": _pad, "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth, "ReverseV2": _reverse,
}
