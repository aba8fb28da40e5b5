"""Einsum of two tensors as the matrix product that it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from diag.rewrites.interface import Replacement, Site
from diag.rewrites.model import Model
from diag.types.codes import Code


@dataclass(frozen=True, slots=True)
class _Product:
    """``left`` and ``right``: axes of the operands in MatMul's order; ``out``: of its result in the equation's."""

    left: list[int]
    right: list[int]
    out: list[int]


class EinsumMatmul(Replacement):
    """Einsum with one axis summed over, one of each operand, and equal leading ones."""

    name = "einsum_matmul"
    code = Code.REWRITE_EINSUM

    def sites(self, model: Model) -> Sequence[Site]:
        """Where the equation is such a product."""
        return [Site(name, node.op_type, _equation(node)) for name, node in model.each("Einsum")
                if len(node.input) == 2 and all(node.input) and product(_equation(node)) is not None]

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """Transpositions where they are needed, and a MatMul."""
        how = product(_equation(node))
        if how is None:
            raise AssertionError("a site's equation is a product")
        made: list[onnx.NodeProto] = []
        sides = [_turned(model, made, v, perm, node.name)
                 for v, perm in zip(node.input, (how.left, how.right), strict=True)]
        straight = how.out == sorted(how.out)
        made.append(model.make("MatMul", sides, node.output[0] if straight else None, base=node.name))
        if not straight:
            made.append(model.make("Transpose", [made[-1].output[0]], node.output[0], base=node.name, perm=how.out))
        return made


def product(equation: str) -> _Product | None:
    """How to compute the equation (``bhid,bhjd->bhij``) with one MatMul; None if it is something else."""
    operands, arrow, out = equation.replace(" ", "").partition("->")
    left, comma, right = operands.partition(",")
    words = (left, right, out)
    if not arrow or not comma or any(len(set(w)) != len(w) or not w.isalpha() for w in words):
        return None
    batch = [c for c in out if c in left and c in right]
    summed = [c for c in left if c in right and c not in out]
    rows = [c for c in left if c not in right]
    columns = [c for c in right if c not in left]
    whole = set(left) | set(right)
    if len(summed) != 1 or len(rows) != 1 or len(columns) != 1 or set(out) != whole - set(summed):
        return None
    result = [*batch, *rows, *columns]
    return _Product([left.index(c) for c in [*batch, *rows, *summed]],
                    [right.index(c) for c in [*batch, *summed, *columns]], [result.index(c) for c in out])


def _equation(node: onnx.NodeProto) -> str:
    return next((a.s.decode("utf-8", "replace") for a in node.attribute if a.name == "equation"), "")


def _turned(model: Model, made: list[onnx.NodeProto], value: str, perm: list[int], base: str) -> str:
    if perm == sorted(perm):
        return value
    turn = model.make("Transpose", [value], base=base, perm=perm)
    made.append(turn)
    return str(turn.output[0])
