"""From arrays to rows: one row for each golden tensor that has an answer, and for each that has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.layout import Layout
from diag.compare.align.walk import Pairing
from diag.compare.lockstep import Lockstep
from diag.compare.metrics import compare
from diag.compare.tolerance import Limits, judge
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.layer import LayerResult, Mapping as Answer, MappingKind, Role, Verdict
from diag.types.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Measured:
    """Both errors of one pairing; ``reference_own`` when the target itself ran somewhere else."""

    pair: Pairing
    shape: tuple[int, ...]
    dtype: DType
    cumulative: Metrics | None
    own: Metrics | None
    reference_own: Metrics | None


def measure(pair: Pairing, golden: Array, cumulative: Array | None, own: Array | None,
            reference_own: Array | None, computes_in: DType | None) -> Measured:
    """The metrics of a pairing; arrays of another shape than the golden one are not compared."""
    like = next((a for a in (cumulative, own, reference_own) if a is not None), golden)
    dtype = computes_in if computes_in is not None and like.dtype.kind in "fV" else DType.of(like.dtype)

    def against(target: Array | None) -> Metrics | None:
        if target is None or target.shape != golden.shape:
            return None
        return compare(golden, target, target_dtype=dtype)

    return Measured(pair, tuple(like.shape), dtype, against(cumulative), against(own), against(reference_own))
