"""One comparison while it runs: rows as they come, and what must be kept until the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from diag.cancel import Cancel
from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.state import Pairing
from diag.compare.attribute import SCORE_LIMIT
from diag.compare.envelope import Envelope
from diag.compare.evidence import Evidence
from diag.compare.lockstep import Batch, Lockstep, Settled
from diag.compare.observed import Observed
from diag.compare.recorder import Recorder
from diag.compare.rows import Measured, Rows, dtype_of, metrics_of
from diag.compare.sides import Side
from diag.compare.tolerance import Preset, judge, score
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.layer import LayerResult, Role, Verdict
from diag.types.metrics import Metrics
from diag.types.tensor import TensorInfo

_MOST_KEPT = 12


class Comparing:
    """Turns batches into rows.

    Attributes:
        rows: all rows so far, without roles.
        measured: what stands behind each row of a pairing, in the same order.
        evidence: tensors around the worst layers.
        fed: golden tensors that the node behind each golden tensor was given.
        uncovered: target node and the reason why the reference runtime cannot run it.
    """

    def __init__(self, golden: Side, target: Side, lockstep: Lockstep, observed: Observed | None,
                 envelope: Envelope | None, preset: Preset, computes_in: DType | None, evidence_bytes: int,
                 recorder: Recorder | None = None) -> None:
        self._target, self._lockstep, self._observed = target, lockstep, observed
        self._envelope, self._preset, self._computes_in = envelope, preset, computes_in
        self._maker = Rows(golden.graph, target.graph, lockstep.near, lockstep.live, preset)
        self._pool = ThreadPoolExecutor(1, "metrics")
        self._late: dict[str, Array] = {}
        self._late_feeds: dict[str, tuple[Mapping[str, Array], tuple[str, ...]]] = {}
        self.rows: list[LayerResult] = []
        self.measured: list[Measured] = []
        self.evidence = Evidence(_MOST_KEPT, evidence_bytes)
        self._recorder = recorder
        self.fed: dict[str, tuple[str, ...]] = {}
        self.uncovered = {s.node: s.problem for s in target.session.program.steps if s.problem}

    def batches(self, cancel: Cancel) -> Iterator[tuple[Batch, list[LayerResult]]]:
        """Run the whole comparison; each batch with the rows that it settled."""
        for batch in self._lockstep.batches(cancel):
            if self._envelope is not None:
                self._envelope.advance(self._lockstep.golden, cancel)
            mine = self._observed.isolate(batch) if self._observed is not None and batch.feeds else {}
            done = self._settle(batch, mine)
            yield batch, done

    @property
    def near(self) -> Neighbourhood:
        """The golden graph around a tensor."""
        return self._lockstep.near

    @property
    def target_live(self) -> set[str]:
        """Target values that depend on the inputs."""
        return self._lockstep.target_live

    @property
    def pairs(self) -> Mapping[str, Pairing]:
        """The pairing of each target value."""
        return self._lockstep.walk.state.pairs

    def close(self) -> None:
        """End the thread that measures."""
        self._pool.shutdown(wait=True)

    def unanswered(self) -> list[LayerResult]:
        """Rows of golden tensors that nothing answers."""
        reasons = {}
        for node, problem in self.uncovered.items():
            name = self._target.graph.nodes[node].name
            reasons.update(dict.fromkeys(self._outputs_named(name), problem))
        return self._maker.unanswered(self.rows, reasons)

    def group(self, measured: Measured) -> list[int]:
        """Golden nodes that a target node stands for."""
        return self._maker.group(measured)

    def _outputs_named(self, name: str) -> tuple[str, ...]:
        return next((n.outputs for n in self._lockstep.near.graph.nodes if n.name == name), ())

    def _settle(self, batch: Batch, mine: Mapping[str, Array]) -> list[LayerResult]:
        rows: list[LayerResult] = []
        settled = {s.pair.value for s in batch.settled}
        for value in (v for n in batch.nodes for v in self._target.graph.nodes[n].outputs):
            if value not in settled and value in self._lockstep.walk.state.pairs:
                if value in mine:
                    self._late[value] = mine[value]
                self._late_feeds[value] = self._fed(batch, value)
        for one in batch.settled:
            own = mine.get(one.pair.value, self._late.pop(one.pair.value, None))
            fed = self._late_feeds.pop(one.pair.value, None) or self._fed(batch, one.pair.value)
            rows += self._judge(one, own, fed)
            for pair in self._stand_ins(one.pair):
                rows += self._judge(self._lockstep.settled(pair), own, fed)
        if self._observed is not None:
            self._observed.forget([s.pair.value for s in batch.settled])
        self.rows += rows
        return rows

    def _stand_ins(self, pair: Pairing) -> list[Pairing]:
        found = self._lockstep.walk.state.stand_ins
        return [p for (value, golden), p in found.items()
                if value == pair.value and self._lockstep.golden.array(golden) is not None]

    def _fed(self, batch: Batch, value: str) -> tuple[Mapping[str, Array], tuple[str, ...]]:
        node = self._target.graph.producers.get(value)
        if node is None:
            return {}, ()
        names = self._target.graph.nodes[node].inputs
        feeds = {v: batch.feeds[node, v] for v in names if (node, v) in batch.feeds}
        given = (self._lockstep.walk.feed_of(node, v) for v in names if v in self._lockstep.target_live)
        return feeds, tuple(f[0] for f in given if f is not None)

    def _judge(self, one: Settled, own: Array | None,
               fed: tuple[Mapping[str, Array], tuple[str, ...]]) -> list[LayerResult]:
        value = one.pair.value
        node = self._target.graph.producers.get(value)
        if node is None:
            return []
        foreign = self._observed is not None
        whole = self._observed.cumulative(value) if self._observed is not None else one.cumulative
        if not foreign and node in self.uncovered:
            whole = None  # golden stood in for it
        own = own if foreign else one.own
        like = next((a for a in (whole, own, one.own) if a is not None), one.golden)
        dtype = dtype_of(like, self._computes_in)
        problem = self._observed.why_not(value) if self._observed is not None else self.uncovered.get(node, "")
        later = self._pool.submit(self._metrics, one.golden, own)
        m = Measured(one.pair, tuple(like.shape), dtype, self._metrics(one.golden, whole), later.result(),
                     self._metrics(one.golden, one.own) if foreign else None, fed[1], problem)
        row = self._maker.row(m, self._expected(one.pair.golden))
        if not self._maker.group(m) and self._is_copy(row, m):
            return []
        self.measured.append(m)
        self.fed.setdefault(one.pair.golden, fed[1])
        self._keep(node, one, m, whole, own, fed)
        if self._recorder is not None and self._recorder.wants(row):
            self._recorder.keep(row, one.golden, whole, own)
        return [row]

    def _is_copy(self, row: LayerResult, m: Measured) -> bool:
        """A layout change or a reshape of the target's own, which does its work: no layer of the golden graph."""
        return row.verdict is Verdict.PASS or (m.own is not None and m.own.max_abs == 0) or \
            (m.pair.verified and row.role is Role.NOT_COMPARABLE)

    def _metrics(self, golden: Array, target: Array | None) -> Metrics | None:
        return metrics_of(golden, target, self._computes_in, self._preset)

    def _expected(self, golden: str) -> Metrics | None:
        return None if self._envelope is None else self._envelope.metrics.get(golden)

    def _keep(self, node: int, one: Settled, m: Measured, whole: Array | None, own: Array | None,
              fed: tuple[Mapping[str, Array], tuple[str, ...]]) -> None:
        """Keep the tensors of a layer that fails on golden input, on the runtime or by the reference."""
        errors = [x for x in (m.own, m.reference_own) if x is not None]
        info = TensorInfo(one.pair.golden, m.dtype, m.shape)
        bad = [x for x in errors
               if judge(x, info, m.dtype, own_input=True, preset=self._preset)[0] is Verdict.FAIL]
        if bad:
            worst = max(min(score(x, m.dtype), SCORE_LIMIT) for x in bad)
            self.evidence.offer(node, one.pair, worst, one.golden, whole, own if own is not None else one.own, *fed)
