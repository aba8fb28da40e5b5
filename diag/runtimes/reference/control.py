"""Operators that choose, call or carry what is not a tensor; none of them can be lowered to plain nodes."""

from __future__ import annotations

from diag.runtimes.reference.lowering import Lower, Lowering, Names, NotCovered


def _dynamic(n: Lowering) -> Names:
    raise NotCovered(f"operator {n.node.op}: control flow that depends on values is not covered by the reference "
                     "runtime")


def _offline(n: Lowering) -> Names:
    kind = n.text("type") or n.node.op
    raise NotCovered(f"operator {n.node.op} ({kind}) is a compiled model for a device; only that device can run it")


def _tuple(n: Lowering) -> Names:
    raise NotCovered(f"operator {n.node.op}: a tuple as a value is not covered by the reference runtime")


def _value(n: Lowering) -> Names:
    raise NotCovered(f"operator {n.node.op}: a value that is no tensor is not covered by the reference runtime")


OPERATORS: dict[str, Lower] = {
    **dict.fromkeys(("Switch", "SwitchLayer", "Partial", "Call", "CallClosure", "If", "While"), _dynamic),
    **dict.fromkeys(("Custom", "CustomAscend"), _offline),
    **dict.fromkeys(("MakeTuple", "TupleGetItem", "make_tuple", "tuple_getitem"), _tuple),
    "Constant": _value,
}
