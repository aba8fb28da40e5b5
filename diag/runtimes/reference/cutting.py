"""Operators that take parts of a tensor, or put something around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diag.runtimes.reference.layout import scalar
from diag.runtimes.reference.lowering import Lower, Lowering, Names, NotCovered


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


def _reverse(n: Lowering) -> str:
    axes = n.integers("axis")
    low = np.iinfo(np.int64).min + 1
    return n.emit("Slice", n.input(0), n.ints([-1] * len(axes)), n.ints([low] * len(axes)), n.ints(axes),
                  n.ints([-1] * len(axes)))


OPERATORS: dict[str, Lower] = {
    "Split": _split, "StridedSlice": _strided_slice, "SliceFusion": _slice, "Slice": _slice, "PadFusion": _pad,
    "ReverseV2": _reverse,
}
