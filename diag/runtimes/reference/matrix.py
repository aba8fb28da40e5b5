"""Products of matrices."""

from __future__ import annotations

from diag.runtimes.reference.activation import fused
from diag.runtimes.reference.lowering import Lower, Lowering


def _transposed(n: Lowering, value: str, wanted: bool) -> str:
    """The value with its last two axes exchanged; a vector stays."""
    if not wanted:
        return value
    shape = n.shape(value)
    if shape is None:
        return n.emit("Einsum", value, equation="...ij->...ji")
    if len(shape) < 2:
        return value
    rank = len(shape)
    return n.emit("Transpose", value, perm=[*range(rank - 2), rank - 1, rank - 2])


def _either(n: Lowering, names: tuple[str, ...], position: int) -> bool:
    """A flag that different writers spell differently, or give as a constant input."""
    if any(n.flag(name) for name in names):
        return True
    array = n.constant_input(position) if position >= 0 else None
    return array is not None and array.size == 1 and array.dtype == bool and bool(array.reshape(-1)[0])


def _fusion(n: Lowering) -> str:
    left = _transposed(n, n.input(0), n.flag("transpose_a"))
    right = _transposed(n, n.input(1), n.flag("transpose_b"))
    product = n.emit("MatMul", left, right)
    return fused(n, n.emit("Add", product, n.input(2)) if n.has(2) else product)


def _bare(n: Lowering) -> str:
    """MindSpore 2.x gives the two flags as inputs 2 and 3."""
    left = _transposed(n, n.input(0), _either(n, ("transpose_a", "transpose_x1", "adj_x1"), 2))
    right = _transposed(n, n.input(1), _either(n, ("transpose_b", "transpose_x2", "adj_x2"), 3))
    return n.emit("MatMul", left, right)


def _full_connection(n: Lowering) -> str:
    """Data flattened to rows; weight is outputs x inputs."""
    data = n.input(0)
    axis = n.integer("axis", 1) if n.flag("use_axis") else 1
    shape = n.shape(data)
    if shape is None or len(shape) != 2:
        data = n.emit("Flatten", data, axis=axis)
    product = n.emit("MatMul", data, _transposed(n, n.input(1), True))
    return fused(n, n.emit("Add", product, n.input(2)) if n.has(2) else product)


def _linear(n: Lowering) -> str:
    product = n.emit("MatMul", n.input(0), _transposed(n, n.input(1), True))
    return n.emit("Add", product, n.input(2)) if n.has(2) else product


OPERATORS: dict[str, Lower] = {
    "MatMulFusion": _fusion, "MatMul": _bare, "BatchMatMul": _bare, "FullConnection": _full_connection,
    "Dense": _linear,
}
