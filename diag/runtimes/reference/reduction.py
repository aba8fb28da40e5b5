"""Operators that take one number out of many."""

from __future__ import annotations

from diag.runtimes.reference.lowering import Lower, Lowering, Names, NotCovered
from diag.types.dtype import DType

_MODES = {0: "ReduceMean", 1: "ReduceMax", 2: "ReduceMin", 3: "ReduceProd", 4: "ReduceSum", 5: "ReduceSumSquare",
          6: "ReduceL1", 7: "All", 8: "ReduceL2", 9: "ReduceL1", 10: "ReduceLogSum", 11: "ReduceLogSumExp"}


def _fusion(n: Lowering) -> str:
    mode = n.integer("mode", 0)
    if mode not in _MODES:
        raise NotCovered(f"mode {mode} of operator ReduceFusion is not covered by the reference runtime")
    reduced = _reduce(n, _MODES[mode])
    coefficient = n.number("coeff", 1.0)
    return reduced if coefficient == 1.0 else n.emit("Mul", reduced, n.like(coefficient, reduced))


def _bare(op: str) -> Lower:
    return lambda n: _reduce(n, op)


def _reduce(n: Lowering, op: str) -> str:
    """Over the axes in input 1 or the attribute; none means all."""
    value, keep = n.input(0), n.argument("keep_dims", 2, 0)
    if op in ("All", "Any"):
        # ONNX reduces no bools: all is the smallest, any the largest of 0 and 1.
        number = n.cast(n.cast(value, DType.BOOL), DType.INT32)
        return n.cast(n.emit("ReduceMin" if op == "All" else "ReduceMax", number, *_axes(n), keepdims=keep),
                      DType.BOOL)
    return n.emit(op, value, *_axes(n), keepdims=keep)


def _axes(n: Lowering) -> tuple[str, ...]:
    if n.has(1):
        shape = n.shape(n.input(1))
        if shape is None or shape == ():
            return (n.emit("Reshape", n.shape_input(1), n.ints([-1])),)
        return (n.shape_input(1),)
    axes = n.integers("axes") or n.integers("axis")
    return (n.ints(axes),) if axes else ()


def _arg(op: str) -> Lower:
    def lower(n: Lowering) -> Names:
        if n.integer("top_k", 1) > 1:
            raise NotCovered(f"operator {n.node.op} of several values is not covered by the reference runtime")
        axis, keep = n.integer("axis", 0), int(n.flag("keep_dims"))
        index = n.emit(op, n.input(0), axis=axis, keepdims=keep)
        found = n.cast(index, DType.INT32)
        if len(n.node.outputs) < 2:
            return found
        reduce = "ReduceMax" if op == "ArgMax" else "ReduceMin"
        return found, n.emit(reduce, n.input(0), n.ints([axis]), keepdims=keep)
    return lower


def _cumulate(n: Lowering) -> str:
    axis = n.shape_input(1) if n.has(1) else n.ints([n.integer("axis", 0)])
    shape = n.shape(axis)
    if shape != ():
        axis = n.emit("Reshape", axis, n.ints([]))
    return n.emit("CumSum", n.input(0), axis, exclusive=int(n.flag("exclusive")), reverse=int(n.flag("reverse")))


def _top_k(n: Lowering) -> Names:
    count = n.emit("Reshape", n.shape_input(1), n.ints([1])) if n.has(1) else n.ints([n.integer("k", 1)])
    values, indices = n.emit_many("TopK", 2, n.input(0), count, axis=n.integer("axis", -1),
                                  largest=int(n.flag("largest", True)), sorted=int(n.flag("sorted", True)))
    return values, n.cast(indices, DType.INT32)


OPERATORS: dict[str, Lower] = {
    "ReduceFusion": _fusion,
    **{op: _bare(op) for op in ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum")},
    "All": _bare("All"), "ReduceAll": _bare("All"), "ReduceAny": _bare("Any"),
    "ArgMaxFusion": _arg("ArgMax"), "Argmax": _arg("ArgMax"), "ArgMax": _arg("ArgMax"),
    "ArgMinFusion": _arg("ArgMin"), "Argmin": _arg("ArgMin"), "ArgMin": _arg("ArgMin"),
    "CumSum": _cumulate, "TopKFusion": _top_k, "TopK": _top_k,
}
