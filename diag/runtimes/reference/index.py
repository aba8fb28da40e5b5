"""Operators that pick elements by index, and put them there."""

from __future__ import annotations

from diag.runtimes.reference.elementwise import same_type
from diag.runtimes.reference.layout import scalar
from diag.runtimes.reference.lowering import Lower, Lowering
from diag.types.dtype import DType


def _gather(n: Lowering) -> str:
    return n.emit("Gather", n.input(0), _indices(n, 1), axis=n.argument("axis", 2, 0))


def _indices(n: Lowering, position: int) -> str:
    value = n.input(position)
    return value if n.dtype(value) in (DType.INT32, DType.INT64) else n.cast(value, DType.INT64)


def _gather_elements(n: Lowering) -> str:
    """data, axis, indices."""
    axis = n.argument("dims", 1, 0)
    return n.emit("GatherElements", n.input(0), _indices(n, 2), axis=axis)


def _gather_nd(n: Lowering) -> str:
    return n.emit("GatherND", n.input(0), n.shape_input(1))


def _scatter_nd(n: Lowering) -> str:
    return n.emit("ScatterND", n.input(0), n.shape_input(1), n.input(2))


def _scatter_add(n: Lowering) -> str:
    return n.emit("ScatterND", n.input(0), n.shape_input(1), n.input(2), reduction="add")


def _scatter_new(n: Lowering) -> str:
    """indices, updates, shape: into zeros; updates of the same place are added."""
    zeros = n.emit("Expand", n.like(0.0, n.input(1)), n.shape_input(2))
    return n.emit("ScatterND", zeros, n.shape_input(0), n.input(1), reduction="add")


def _scatter_elements(n: Lowering) -> str:
    return n.emit("ScatterElements", n.input(0), _indices(n, 1), n.input(2), axis=n.integer("axis", 0))


def _one_hot(n: Lowering) -> str:
    """indices, depth, then off and on in one value or in two (on first)."""
    depth = scalar(n, n.cast(n.input(1), DType.INT64))
    if n.has(3):
        on, off = (n.emit("Reshape", n.input(i), n.ints([1])) for i in (2, 3))
        values = n.emit("Concat", off, on, axis=0)
    else:
        values = n.input(2)
    dtype = n.dtype(values)
    if dtype.is_integer:
        values = n.cast(values, DType.INT64)
    hot = n.emit("OneHot", n.cast(n.input(0), DType.INT64), depth, values, axis=n.integer("axis", -1))
    return n.cast(hot, dtype)


def _where(n: Lowering) -> str:
    """With one input: the indices of what is not zero."""
    if not n.has(1):
        return _non_zero(n)
    condition = n.cast(n.input(0), DType.BOOL)
    left, right = same_type(n, (n.input(1), n.input(2)))
    return n.emit("Where", condition, left, right)


def _non_zero(n: Lowering) -> str:
    return n.cast(n.emit("Transpose", n.emit("NonZero", n.input(0)), perm=[1, 0]), DType.INT32)


def _non_max_suppression(n: Lowering) -> str:
    inputs = [n.input(0), n.input(1)]
    for position in (2, 3, 4):
        if not n.has(position):
            inputs.append("")
            continue
        value = n.shape_input(position) if position == 2 else n.input(position)
        inputs.append(n.emit("Reshape", value, n.ints([1])))
    found = n.emit("NonMaxSuppression", *inputs, center_point_box=n.integer("center_point_box", 0))
    return n.cast(found, DType.INT32)


def _triangle(upper: int) -> Lower:
    def lower(n: Lowering) -> str:
        return n.emit("Trilu", n.input(0), *((scalar(n, n.shape_input(1)),) if n.has(1) else ()), upper=upper)
    return lower


OPERATORS: dict[str, Lower] = {
    "Gather": _gather, "GatherD": _gather_elements, "GatherNd": _gather_nd, "ScatterNdUpdate": _scatter_nd,
    "TensorScatterUpdate": _scatter_nd, "TensorScatterAdd": _scatter_add, "ScatterNd": _scatter_new,
    "ScatterElements": _scatter_elements, "OneHot": _one_hot, "Where": _where,
    "Select": _where, "NonZero": _non_zero, "NonMaxSuppression": _non_max_suppression, "Tril": _triangle(0),
    "Triu": _triangle(1),
}
