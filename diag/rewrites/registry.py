"""All rewrites, in the order in which they are best applied."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from diag.errors import UsageError
from diag.rewrites.attributes import AttributesExplicit
from diag.rewrites.einsum import EinsumMatmul
from diag.rewrites.interface import Rewrite
from diag.rewrites.layout import Transpose3D
from diag.rewrites.logic import ActivationExpanded, IsNanCompare, WhereArithmetic
from diag.rewrites.norms import GroupNormDecomposed, InstanceNorm4D, LayerNormDecomposed
from diag.rewrites.opset import OpsetLowered
from diag.rewrites.shapes import ConstantsFolded, ShapesFixed
from diag.rewrites.spelled import SPELLED
from diag.rewrites.weights import MaskConstantBounded, SharedWeightsCopied, UnusedInputsDropped


def rewrites(shapes: Mapping[str, tuple[int, ...]] | None = None) -> tuple[Rewrite, ...]:
    """Every rewrite. ``shapes``: input shapes that ``shapes_fixed`` puts in."""
    return (ShapesFixed(shapes), ConstantsFolded(), UnusedInputsDropped(), SharedWeightsCopied(), AttributesExplicit(),
            LayerNormDecomposed(), GroupNormDecomposed(), InstanceNorm4D(), Transpose3D(), EinsumMatmul(),
            ActivationExpanded(), IsNanCompare(), *SPELLED, WhereArithmetic(), MaskConstantBounded(), OpsetLowered())


NAMES = tuple(rewrite.name for rewrite in rewrites())


def named(names: Sequence[str], shapes: Mapping[str, tuple[int, ...]] | None = None) -> tuple[Rewrite, ...]:
    """The rewrites of these names, in the order of the table. Raises UsageError for a name that there is not."""
    for name in names:
        if name not in NAMES:
            close = difflib.get_close_matches(name, NAMES, 1)
            raise UsageError(f"There is no rewrite '{name}'", where=f"rewrites: {', '.join(NAMES)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "")
    return tuple(rewrite for rewrite in rewrites(shapes) if rewrite.name in names)
