"""Operators that pick elements by index, and put them there."""

from __future__ import annotations

from diag.runtimes.reference.elementwise import same_type
from diag.runtimes.reference.layout import scalar
from diag.runtimes.reference.lowering import Lower, Lowering, NotCovered
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
    return n.emit("OneHot", n.cast(n.input(0), DType.INT64), depth, values, axis=n.integer("axis", -1))


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


_METHODS = {0: "linear", 1: "nearest", 2: "cubic"}
_COORDINATES = {0: "asymmetric", 1: "align_corners", 2: "half_pixel"}
_NEAREST = {0: "round_prefer_floor", 1: "round_prefer_floor", 2: "round_prefer_ceil", 3: "floor", 4: "ceil"}


def _resize(n: Lowering) -> str:
    """Sizes in attributes or input 1; input 1 holds scales if it is of floats. Height and width only, or all axes."""
    method, coordinate = n.integer("method", 0), n.integer("coordinate_transform_mode", 0)
    if method not in _METHODS or coordinate not in _COORDINATES:
        raise NotCovered(f"method {method} with coordinates {coordinate} of operator Resize is not covered by the "
                         "reference runtime")
    height, width = n.integer("new_height", 0), n.integer("new_width", 0)
    if n.has(1):
        value = n.input(1)
        scales = n.dtype(value).is_float
        given = value if scales else n.cast(value, DType.INT64)
        two = n.shape(given) == (2,)
    elif height > 0 and width > 0:
        given, scales, two = n.ints([height, width]), False, True
    else:
        raise NotCovered("operator Resize says no size")
    extra = {"axes": [2, 3]} if two else {}
    return n.emit("Resize", n.input(0), "", given if scales else "", "" if scales else given, mode=_METHODS[method],
                  coordinate_transformation_mode=_COORDINATES[coordinate],
                  nearest_mode=_NEAREST.get(n.integer("nearest_mode", 0), "floor"),
                  cubic_coeff_a=n.number("cubic_coeff", -0.75), **extra)


OPERATORS: dict[str, Lower] = {
    "Gather": _gather, "GatherD": _gather_elements, "GatherNd": _gather_nd, "ScatterNdUpdate": _scatter_nd,
    "TensorScatterUpdate": _scatter_nd, "ScatterElements": _scatter_elements, "OneHot": _one_hot, "Where": _where,
    "Select": _where, "NonZero": _non_zero, "NonMaxSuppression": _non_max_suppression, "Tril": _triangle(0),
    "Triu": _triangle(1), "Resize": _resize,
}
