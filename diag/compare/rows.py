"""From arrays to rows: one for each golden tensor that has an answer, and one for each that has none."""

from __future__ import annotations

import math
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.state import Pairing
from diag.compare.metrics import compare
from diag.compare.reasons import tell
from diag.compare.tolerance import Decided, Preset, decide, expected_error
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.layer import Decision, LayerResult, Mapping, MappingKind, Role, Verdict
from diag.types.metrics import Metrics
from diag.types.tensor import TensorInfo

_EXACT = 1e-5


@dataclass(frozen=True, slots=True)
class Measured:
    """Both errors of one pairing; ``reference_own`` when the target itself ran somewhere else.

    ``fed``: golden tensors that the node was given when it ran alone. ``problem``: why it could not be run.
    """

    pair: Pairing
    shape: tuple[int, ...]
    dtype: DType
    cumulative: Metrics | None
    own: Metrics | None
    reference_own: Metrics | None
    fed: tuple[str, ...] = ()
    problem: str = ""


def metrics_of(golden: Array, target: Array | None, computes_in: DType | None,
               preset: Preset = Preset.CALIBRATED) -> Metrics | None:
    """Metrics of one tensor; None where there is no target of golden's shape."""
    if target is None or target.shape != golden.shape:
        return None
    return compare(golden, target, target_dtype=dtype_of(target, computes_in), with_kl=preset is Preset.MINDSTUDIO)


def dtype_of(target: Array, computes_in: DType | None) -> DType:
    """The dtype whose limits judge this tensor: what was asked for, if it is a float, else its own."""
    return computes_in if computes_in is not None and target.dtype.kind in "fV" else DType.of(target.dtype)


class Rows:
    """Makes the layer rows of one comparison."""

    def __init__(self, golden: Graph, target: Graph, near: Neighbourhood, live: set[str], preset: Preset) -> None:
        self._golden, self._target, self._near, self._live, self._preset = golden, target, near, live, preset

    def row(self, m: Measured, envelope: Metrics | None = None) -> LayerResult:
        """The row of one pairing; its role is given by ``with_roles`` when all rows are there."""
        producer = self._golden.producers.get(m.pair.golden)
        node = None if producer is None else self._golden.nodes[producer]
        made_by = self._target.producers.get(m.pair.value)
        theirs = None if made_by is None else self._target.nodes[made_by]
        info = TensorInfo(m.pair.golden, m.dtype, m.shape)
        own = decide(m.own, info, m.dtype, own_input=True, preset=self._preset, envelope=envelope) if m.own else None
        whole = decide(m.cumulative, info, m.dtype, own_input=False, preset=self._preset,
                       envelope=envelope) if m.cumulative else None
        verdict, decision = worst(own, whole)
        if verdict is None:
            verdict, decision = Verdict.NOT_COMPARABLE, None if m.problem else Decision("other_shape")
        return LayerResult(
            index=-1 if producer is None else producer, golden_node=node.name if node else m.pair.golden,
            golden_op=node.op if node else "Input", golden_tensor=m.pair.golden,
            target_node=theirs.name if theirs else None, target_op=theirs.op if theirs else None,
            target_tensor=m.pair.value, mapping=self.mapping(m), shape=m.shape, dtype=m.dtype, verdict=verdict,
            reason=m.problem if decision is None else tell(decision), cumulative=m.cumulative, own_input=m.own,
            role=Role.NOT_COMPARABLE, reference_own_input=m.reference_own, decision=decision,
            expected=expected_error(m.cumulative or m.own, m.dtype, envelope))

    def mapping(self, m: Measured) -> Mapping:
        """Kind and confidence of a pairing, and the golden nodes behind it."""
        nodes = tuple(self._golden.nodes[i].name for i in self.group(m))
        kind = m.pair.kind
        if len(nodes) > 1 and kind is not MappingKind.MANUAL:
            kind = MappingKind.FUSED
        elif kind is MappingKind.STRUCTURE and m.pair.verified:
            kind = MappingKind.VALUE
        return Mapping(kind, _confidence(m.pair, kind), nodes, m.pair.layout)

    def group(self, m: Measured) -> list[int]:
        """Golden nodes between what the target node was fed and what it answers, constants left out."""
        found = self._near.between(m.fed, m.pair.golden)
        # Without a feed to stop at, the walk would run up to the graph's inputs.
        producer = self._golden.producers.get(m.pair.golden)
        if (len(found) > 40 or not m.fed) and producer is not None:
            return [producer]
        return found

    def unanswered(self, rows: Sequence[LayerResult], reasons: Dict[str, str]) -> list[LayerResult]:
        """A row for each golden tensor that depends on the inputs and that no target value answers."""
        answered = {r.golden_tensor for r in rows}
        inside = {name: r.target_node for r in rows for name in r.mapping.golden_nodes if r.target_node}
        result = []
        for i, node in enumerate(self._golden.nodes):
            for tensor in node.outputs:
                if tensor not in self._live or tensor in answered:
                    continue
                fused = inside.get(node.name)
                known = reasons.get(tensor)
                decision = None if known else Decision("inside", values={"node": fused}) if fused else \
                    Decision("unanswered")
                info = self._golden.info(tensor)
                result.append(LayerResult(
                    index=i, golden_node=node.name, golden_op=node.op, golden_tensor=tensor, target_node=fused,
                    target_op=None, target_tensor=None, mapping=Mapping(MappingKind.NONE, 0.0, ()),
                    shape=info.static_shape, dtype=info.dtype, verdict=Verdict.NOT_COMPARABLE,
                    reason=known or (tell(decision) if decision else ""), cumulative=None, own_input=None,
                    role=Role.NOT_COMPARABLE, decision=decision))
        return result


def worst(*decided: Decided | None) -> tuple[Verdict, Decision] | tuple[None, None]:
    """The verdict that decides among several, with its rule; a judged one outweighs one that cannot be."""
    known = [d for d in decided if d is not None]
    if not known:
        return None, None
    return max(known, key=lambda d: -1 if d[0] is Verdict.NOT_COMPARABLE else d[0].rank)


def error_of(metrics: Metrics | None) -> float:
    """One number for curves and jumps: relative L2; infinite for non-finite values, mismatch share of integers."""
    if metrics is None:
        return math.nan
    if metrics.nonfinite:
        return math.inf
    if not math.isnan(metrics.mismatch):
        return metrics.mismatch
    return metrics.rel_l2 if not math.isnan(metrics.rel_l2) else (math.inf if metrics.max_abs > 0 else 0.0)


def _confidence(pair: Pairing, kind: MappingKind) -> float:
    if kind is MappingKind.MANUAL:
        return 1.0
    if pair.verified:
        return 1.0 if pair.distance <= _EXACT else 0.95
    return 0.7 if kind is MappingKind.NAME else 0.5
