"""The one table: which function lowers which MindIR operator."""

from __future__ import annotations

from collections.abc import Mapping

from diag.runtimes.reference import (
    activation,
    control,
    convolution,
    cutting,
    elementwise,
    index,
    layout,
    matrix,
    normalization,
    quantisation,
    recurrent,
    reduction,
    resize,
)
from diag.runtimes.reference.lowering import Lower

FAMILIES: Mapping[str, Mapping[str, Lower]] = {
    "elementwise": elementwise.OPERATORS, "activation": activation.OPERATORS, "reduction": reduction.OPERATORS,
    "convolution": convolution.OPERATORS, "matrix": matrix.OPERATORS, "normalization": normalization.OPERATORS,
    "layout": layout.OPERATORS, "cutting": cutting.OPERATORS,
    "index": index.OPERATORS, "resize": resize.OPERATORS, "quantisation": quantisation.OPERATORS,
    "recurrent": recurrent.OPERATORS,
}

OPERATORS: Mapping[str, Lower] = {
    **{name: lower for family in FAMILIES.values() for name, lower in family.items()}, **control.OPERATORS}
