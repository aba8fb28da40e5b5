"""What the compiler's graph says of an operation, against the ONNX node that it came from.

Only what both sides name, and only numbers that mean the same; the axis order of a convolution's numbers is the
graph's own (``data_format``), pads there are top, bottom, left, right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from diag.types.codes import Code
from diag.types.graph import Node

Said = Mapping[str, object]
Fact = tuple[str, object, object]
"""Name, golden's value, the device's; None where a side is silent."""


def differing(op: str, said: Said, nodes: Sequence[Node], rank: int) -> list[tuple[str, Code, str, str]]:
    """(name, finding code, golden, target) of each attribute that the two say differently. ``rank``: of the output."""
    facts = next((f for kind, f in _KINDS.items() if op.startswith(kind)), None)
    if facts is None or not said:
        return []
    found = []
    for name, golden, target in facts(said, nodes, rank):
        if golden is not None and target is not None and not _same(golden, target):
            found.append((name, _CODES.get(name, Code.ATTRIBUTE_DIFFERS), _text(golden), _text(target)))
    return found


def _convolution(said: Said, nodes: Sequence[Node], _: int) -> list[Fact]:
    node = next((n for n in nodes if n.op == "Conv"), None)
    layout = str(said.get("data_format") or "NCHW")
    if node is None or sorted(layout) != sorted("NCHW") or len(_numbers(said.get("strides"))) != 4:
        return []
    where = [layout.index(axis) for axis in "HW"]

    def plane(name: str) -> tuple[float, ...] | None:
        values = _numbers(said.get(name))
        return tuple(values[k] for k in where) if len(values) == 4 else None

    pads = _numbers(said.get("pads"))
    mine = _numbers(node.attributes.get("pads", (0, 0, 0, 0)))
    auto = node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "")
    return [("strides", _numbers(node.attributes.get("strides", (1, 1))), plane("strides")),
            ("dilations", _numbers(node.attributes.get("dilations", (1, 1))), plane("dilations")),
            ("group", node.attributes.get("group", 1), said.get("groups")),
            ("pads", None if auto or len(mine) != 4 else (mine[0], mine[2], mine[1], mine[3]),
             pads if len(pads) == 4 else None)]


def _softmax(said: Said, nodes: Sequence[Node], rank: int) -> list[Fact]:
    node = next((n for n in nodes if n.op == "Softmax"), None)
    axes = _numbers(said.get("axes"))
    if node is None or len(axes) != 1 or not rank:
        return []
    axis = _numbers((node.attributes.get("axis", -1),))
    return [("axis", axis[0] % rank, axes[0] % rank)] if axis else []


def _norm(said: Said, nodes: Sequence[Node], _: int) -> list[Fact]:
    node = next((n for n in nodes if n.op.endswith("Normalization")), None)
    return [] if node is None else [("epsilon", node.attributes.get("epsilon", 1e-5), said.get("epsilon"))]


def _leaky(said: Said, nodes: Sequence[Node], _: int) -> list[Fact]:
    node = next((n for n in nodes if n.op == "LeakyRelu"), None)
    return [] if node is None else [("alpha", node.attributes.get("alpha", 0.01), said.get("negative_slope"))]


_KINDS: Mapping[str, Callable[[Said, Sequence[Node], int], list[Fact]]] = {
    "Conv2D": _convolution, "DepthwiseConv2D": _convolution, "SoftmaxV2": _softmax, "LayerNorm": _norm,
    "InstanceNorm": _norm, "GroupNorm": _norm, "LeakyRelu": _leaky,
}
_CODES = {"pads": Code.PADS_DIFFER, "axis": Code.AXIS_DIFFERS}


def _numbers(value: object) -> tuple[float, ...]:
    if not isinstance(value, tuple):
        return ()
    return tuple(float(v) for v in value if isinstance(v, int | float) and not isinstance(v, bool))


def _same(a: object, b: object) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(float(a) - float(b)) <= 1e-5 * max(abs(float(a)), abs(float(b)))
    return True  # not numbers: nothing is claimed


def _text(value: object) -> str:
    values = value if isinstance(value, tuple) else (value,)
    return ", ".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in values)
