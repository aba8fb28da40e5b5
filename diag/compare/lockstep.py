"""Golden and target, side by side, a piece at a time: nobody ever holds all tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from diag.cancel import Cancel
from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.layout import arrange, layouts
from diag.compare.align.names import anchors, positions, same_names, varying
from diag.compare.align.state import Pairing
from diag.compare.align.walk import Walk
from diag.compare.sides import Side
from diag.compare.tape import Tape, chunks, step_bytes
from diag.formats import weights as weight_files
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.types.layer import MappingKind
from diag.workspace.golden import CACHED_BYTES, GoldenCache

_LOOK_AHEAD = 24
"""Golden nodes that must have run beyond a target node's name: fused nodes write what comes after it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One target value whose golden tensor is decided, with all that is to be judged (views, valid until released).

    ``golden`` is in the target's order and shape. ``own`` is what the target node writes when it is given golden
    input, in the reference runtime (or onnxruntime); None where that was not asked for or cannot be.
    """

    pair: Pairing
    golden: Array
    cumulative: Array | None
    own: Array | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Target nodes whose pairings are decided, and what each must be given to run alone on golden input.

    ``settled`` may hold values of earlier batches that had to wait for their readers. ``done`` of ``total`` target
    nodes have run.
    """

    nodes: tuple[int, ...]
    settled: tuple[Settled, ...]
    feeds: Mapping[tuple[int, str], Array] = field(default_factory=dict)
    done: int = 0
    total: int = 0


class Lockstep:
    """Runs both programs in step and maps as it goes.

    Attributes:
        walk: the mapping, complete when ``batches`` is exhausted.
        live: golden values that depend on the inputs; target_live: the same of the target.
        near: the golden graph around a tensor.
        golden_outputs, target_outputs: final outputs by caller-visible name, as far as they are computed.
    """

    def __init__(self, golden: Side, target: Side, feeds: Mapping[str, Array], *, segment_bytes: int,
                 own_input: bool, pairs: Mapping[str, str],
                 cache: Callable[[], GoldenCache | None] = lambda: None) -> None:
        self._own_input, self._segment_bytes = own_input, segment_bytes
        self.golden_outputs: dict[str, Array] = {}
        self.target_outputs: dict[str, Array] = {}
        self._engine = target.session.engine
        self._graph = target.graph
        self.live, self.target_live = varying(golden.graph), varying(target.graph)
        self._anchor = anchors(golden.graph, target.graph)
        self._exact = same_names(golden.graph, target.graph) if target.file is not None else {}
        self._ahead = 0 if self._covered() else _LOOK_AHEAD
        self._place = positions(golden.graph, target.graph, self._anchor, self._exact)
        shapes = {n: a.shape for n, a in feeds.items()}
        known = golden.infos(shapes)
        # With the same names the same shapes: inferring them twice would take longer than running the model.
        self._infos = known if target.file is not None and self._covered() else target.infos(shapes)
        order = range(len(golden.session.program.steps))
        total = sum(step_bytes(golden.session.engine, known, i) for i in order)
        self.cache = cache() if total <= CACHED_BYTES else None
        self.golden = Tape(golden.session.engine, order, golden.session.bind(feeds), known, segment_bytes,
                           cache=self.cache)
        self._steps = {s.node: i for i, s in enumerate(self._engine.program.steps)}
        self._order = sorted(self._steps, key=lambda n: (self._place[n], self._steps[n]))
        theirs = {n: feeds[n] for n in target.graph.input_names}
        self.target = Tape(self._engine, [self._steps[n] for n in self._order], target.session.bind(theirs),
                           self._infos, segment_bytes, substitute=self._in_place_of)
        self.near = Neighbourhood(golden.graph, self.live, self._golden_size)
        self.walk = Walk(golden.graph, target.graph, self.near, self._anchor, self.golden.array, self.target.array,
                         self.target_live)
        self.walk.bind_inputs()
        self.walk.trust({v: g for v, g in self._exact.items() if g in self.live}, MappingKind.NAME)
        self.walk.trust(pairs, MappingKind.MANUAL)
        # A node that cannot run takes the golden value in its place: then golden has to be ahead.
        self._gapless = not any(s.problem for s in self._engine.program.steps)
        self._pool = ThreadPoolExecutor(2, "models")
        self._waiting: dict[str, None] = {}
        self._done: set[int] = set()
        self._ends = [(self.golden, golden.graph, self.golden_outputs),
                      (self.target, target.graph, self.target_outputs)]

    def batches(self, cancel: Cancel) -> Iterator[Batch]:
        """Run everything, a batch at a time; release what a batch needed when the next one is asked for.

        While a batch is mapped and judged, the next one is already computed.
        """
        sizes = [step_bytes(self._engine, self._infos, self._steps[n]) for n in self._order]
        pieces = chunks(sizes, self._segment_bytes)
        coming = self._start(pieces[0], cancel) if pieces else None
        for k, piece in enumerate(pieces):
            if coming is not None:
                coming.result()
            self._keep_outputs()
            if k > 0:
                self._release(pieces[k - 1].stop)
            coming = self._start(pieces[k + 1], cancel) if k + 1 < len(pieces) else None
            nodes = [self._order[i] for i in piece]
            self._look(nodes)
            self._done.update(nodes)
            settled = self._settle(nodes)
            yield Batch(tuple(nodes), tuple(settled), self._feeds(nodes), piece.stop, len(self._order))
            del settled
        self.golden.advance(len(self.golden), cancel)
        self._keep_outputs()
        yield Batch((), tuple(self._settle_value(v) for v in self._waiting if self._can_settle(v)))

    def _start(self, piece: range, cancel: Cancel) -> Future[None]:
        return self._pool.submit(self._compute, [self._order[i] for i in piece], cancel)

    def _compute(self, nodes: Sequence[int], cancel: Cancel) -> None:
        place = max((self._place[n] for n in nodes), default=-1) + self._ahead
        steps = [self._steps[n] for n in nodes]
        if not self._gapless:
            self.golden.advance(place, cancel)
            self.target.run(steps)
            return
        # Neither needs the other here: one core each beats two threads in each, which wait for each other.
        mine = self._pool.submit(self.golden.advance, place, cancel)
        try:
            self.target.run(steps)
        finally:
            mine.result()

    def close(self) -> None:
        """End the threads that run the models."""
        self._pool.shutdown(wait=True)

    def isolate(self, nodes: Sequence[int], feeds: Mapping[tuple[int, str], Array]) -> dict[str, Array]:
        """Each target node alone on its feeds (what it reads beyond them is the target's own)."""
        found: dict[str, Array] = {}
        for group in agreeing(nodes, feeds):
            given = {v: to_ort(feeds[n, v]) for n in group for v in self._graph.nodes[n].inputs if (n, v) in feeds}
            ready = [self._steps[n] for n in group if self._ready(self._steps[n], given)]
            values = {**self.target.values, **given}
            wanted = [v for i in ready for v in self._engine.program.steps[i].writes]
            found.update({v: to_numpy(o) for v, o in self._engine.isolate(ready, values, wanted).items()
                          if o.is_tensor()})
        return found

    def _keep_outputs(self) -> None:
        """Copy final outputs when they are there: they are judged last."""
        for tape, graph, kept in self._ends:
            for info, name in zip(graph.outputs, graph.output_names, strict=True):
                if name not in kept:
                    array = tape.array(info.name)
                    if array is None and info.name in tape.weights:
                        array = weight_files.load(tape.weights[info.name])
                    if array is not None:
                        kept[name] = np.array(array)

    def _in_place_of(self, value: str) -> Array | None:
        """The golden tensor of the same name, for a node that the reference runtime cannot run."""
        node = self._graph.producers[value]
        anchor, shape = self._anchor.get(node), self._graph.info(value).static_shape
        outputs = [] if anchor is None else self.near.graph.nodes[anchor].outputs
        position = self._graph.nodes[node].outputs.index(value)
        golden = self.golden.array(outputs[position]) if position < len(outputs) else None
        if golden is None:
            return None
        wanted = golden.shape if shape is None else shape
        found = list(layouts(golden.shape, wanted))
        return np.ascontiguousarray(arrange(golden, found[0], wanted)) if found else None

    def _ready(self, step: int, given: Mapping[str, object]) -> bool:
        work = self._engine.program.steps[step]
        return not work.problem and all(v in given or v in self.target.values for v in work.reads)

    def _look(self, nodes: Sequence[int]) -> None:
        if self._own_input or self._ahead:
            self.walk.look_at([n for n in nodes if self._writes_live(n)], self.isolate)

    def _writes_live(self, node: int) -> bool:
        return any(v in self.target_live for v in self._graph.nodes[node].outputs)

    def _settle(self, nodes: Sequence[int]) -> list[Settled]:
        for n in nodes:
            for value in self._graph.nodes[n].outputs:
                if value in self.walk.state.pairs:
                    self._waiting[value] = None
        ready = [v for v in self._waiting if self._decided(v) and self._can_settle(v)]
        settled = [self._settle_value(v) for v in ready]
        for value in ready:
            del self._waiting[value]
        return settled

    def _decided(self, value: str) -> bool:
        """A verified pairing stands; any other may still be changed by the value's readers."""
        pair = self.walk.state.pairs[value]
        return pair.verified or all(r in self._done for r in self._graph.consumers.get(value, ()))

    def _can_settle(self, value: str) -> bool:
        return self.golden.array(self.walk.state.pairs[value].golden) is not None

    def _settle_value(self, value: str) -> Settled:
        return self.settled(self.walk.state.pairs[value])

    def settled(self, pair: Pairing) -> Settled:
        """The arrays of a pairing, as far as they are held now."""
        cumulative = self.target.array(pair.value)
        own = self.walk.state.own.get(pair.value)
        golden = self.golden.array(pair.golden)
        if golden is None:
            raise LookupError(f"{pair.golden} was released while {pair.value} still waits for it")
        like = cumulative if cumulative is not None else own
        if like is not None and like.size == golden.size:
            golden = arrange(golden, pair.layout, like.shape)
        return Settled(pair, golden, cumulative, own)

    def _feeds(self, nodes: Sequence[int]) -> dict[tuple[int, str], Array]:
        if not self._own_input:
            return {}
        return self.walk.arrays_for([n for n in nodes if self._writes_live(n)])

    def _release(self, done: int) -> None:
        """Keep golden tensors that a later target node may be given or may turn out to be."""
        state = self.walk.state
        coming = [self._graph.nodes[n] for n in self._order[done:]]
        later = {v for node in coming for v in node.inputs}
        # What a later node writes is compared too, and golden's side of it may be there already: a final output.
        own = {v for node in coming for v in node.outputs}
        wanted = {state.pairs[v].golden for v in (*later, *own, *self._waiting) if v in state.pairs}
        wanted |= {g for v in self._waiting for g in self._around(v)}
        first = min((self._place[n] for n in self._order[done:]), default=len(self.golden))
        window = self.golden.position if not self._ahead else first - self._ahead
        producers = self.near.graph.producers
        self.golden.release(lambda g: g in wanted or producers.get(g, -1) > window)
        self.target.release(lambda v: v in later or v in own or v in self._waiting, done - 1)
        kept = set(self._waiting)
        for value in [v for v in state.own if v not in kept]:
            del state.own[value]

    def _around(self, value: str) -> list[str]:
        pair = self.walk.state.pairs.get(value)
        if pair is None or pair.verified:
            return []
        size = self._golden_size(pair.golden)
        return [] if size is None else self.near.around(pair.golden, size, 6)

    def _covered(self) -> bool:
        """Whether every live target value has the very name of a golden tensor: then nothing need be searched."""
        return all(v in self._exact for n in self._graph.nodes for v in n.outputs if v in self.target_live)

    def _golden_size(self, value: str) -> int | None:
        held = self.golden.array(value)
        return None if held is None else held.size


def agreeing(nodes: Sequence[int], feeds: Mapping[tuple[int, str], Array]) -> list[list[int]]:
    """The nodes in groups in which each value is fed with one array only (almost always one group)."""
    groups: list[tuple[dict[str, int], list[int]]] = []
    reads: dict[int, dict[str, int]] = {}
    for (node, value), array in feeds.items():
        reads.setdefault(node, {})[value] = id(array)
    for node in nodes:
        mine = reads.get(node, {})
        for seen, members in groups:
            if all(seen.get(v, a) == a for v, a in mine.items()):
                seen.update(mine)
                members.append(node)
                break
        else:
            groups.append((dict(mine), [node]))
    return [members for _, members in groups]
