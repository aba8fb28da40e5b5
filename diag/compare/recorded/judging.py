"""Recorded tensors against golden ones, as golden comes: rows, and what a culprit's explanation needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from diag.cancel import Cancel
from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.state import Pairing
from diag.compare.attribute import SCORE_LIMIT
from diag.compare.envelope import Envelope
from diag.compare.evidence import Evidence
from diag.compare.reasons import tell
from diag.compare.recorded.device import Device, DeviceOp, Place, narrowest, value_of
from diag.compare.recorded.matching import GUESSED, Answer, Matcher, Matching
from diag.compare.recorded.own import Reruns
from diag.compare.recorded.statistics import judged
from diag.compare.recorded.tensors import Placed, placed
from diag.compare.rows import Measured, Rows, dtype_of, metrics_of, worst
from diag.compare.sides import Side
from diag.compare.tape import Tape
from diag.compare.tolerance import Decided, Preset, decide, expected_error, judge, score
from diag.formats import weights as weight_files
from diag.formats.tensor_dump import RecordedTensor
from diag.formats.tensor_dump.ranges import extremes
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.layer import Decision, LayerResult, Verdict
from diag.types.tensor import TensorInfo

_MOST_KEPT = 12
_MASK, _LIMIT = 1e30, 6.5e4
_MOVES = frozenset({"Reshape", "Flatten", "Identity", "Squeeze", "Unsqueeze", "Transpose", "Cast", "Dropout"})


@dataclass(frozen=True, slots=True)
class Injecting:
    """A layer whose own error is too large: golden on the recorded inputs, and what was recorded."""

    place: Place
    golden: str
    expected: Array
    recorded: Array
    fed: tuple[str, ...]


@dataclass(slots=True)
class Judging:
    """One pass over golden, from the first node to the last.

    Attributes:
        rows: without roles.
        fed: golden tensors that each golden tensor's operation read.
        outputs: golden final outputs; recorded: the device's, by golden output name.
        said: what the statistics of a final output tell, where they are all that was recorded of it.
        largest: largest finite |value| of golden tensors that were compared, if ``measure_largest``.
    """

    golden: Side
    device: Device
    graph: Graph
    matching: Matching
    matcher: Matcher
    reruns: Reruns
    near: Neighbourhood
    live: set[str]
    tape: Tape
    envelope: Envelope | None
    preset: Preset
    computes_in: DType | None
    own_input: bool
    evidence: Evidence
    measure_largest: bool
    rows: list[LayerResult] = field(default_factory=list)
    fed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: dict[str, Array] = field(default_factory=dict)
    recorded: dict[str, Array] = field(default_factory=dict)
    said: dict[str, Decided] = field(default_factory=dict)
    injecting: dict[str, Injecting] = field(default_factory=dict)
    largest: dict[str, float] = field(default_factory=dict)

    def batches(self, cancel: Cancel) -> Iterator[list[LayerResult]]:
        """Run golden piece by piece; each piece with the rows that it decided."""
        maker = Rows(self.golden.graph, self.graph, self.near, self.live, self.preset)
        waiting = self._by_golden()
        while True:
            if self.tape.position < len(self.tape) - 1:
                self.tape.advance(self.tape.position + 1, cancel)
            self._keep_outputs()
            # What is neither judged now nor read later makes room for what is run beside it.
            self.tape.release(lambda g: g not in self.live or g in waiting)
            if self.envelope is not None:
                self.envelope.advance(self.tape, cancel)
            fresh = []
            for golden in [g for g in waiting if self.tape.array(g) is not None]:
                cancel.check()
                fresh += self._tensor(golden, waiting.pop(golden), maker)
            self.rows += fresh
            yield fresh
            if self.tape.position >= len(self.tape) - 1:
                self._find_outputs()
                return
            self.tape.release(lambda g: g not in self.live)

    def unanswered(self) -> list[LayerResult]:
        """Rows of golden tensors that nothing answers."""
        maker = Rows(self.golden.graph, self.graph, self.near, self.live, self.preset)
        return maker.unanswered(self.rows, {})

    def _by_golden(self) -> dict[str, list[tuple[Place, Answer]]]:
        """Answers by golden tensor, the operation that computes it first, then those that pass it on."""
        found: dict[str, list[tuple[Place, Answer]]] = {}
        for place, answer in self.matching.answers.items():
            if self.golden.graph.producers.get(answer.golden) is not None or answer.forwards:
                found.setdefault(answer.golden, []).append((place, answer))
        for answers in found.values():
            answers.sort(key=lambda a: (a[1].forwards, -a[1].confidence, a[0]))
        return found

    def _tensor(self, golden: str, answers: Sequence[tuple[Place, Answer]], maker: Rows) -> list[LayerResult]:
        array = self.tape.array(golden)
        if array is None:
            return []
        self._note_output(golden, answers, array)
        rows = []
        for place, answer in answers:
            row = self._row(place, answer, array, maker)
            if row is None:
                continue
            # What only passes a tensor on is no layer of the golden model, unless it spoils what it passes.
            if not answer.forwards or (row.own_input is not None and self._spoils(row)):
                rows.append(row)
        return rows[:1] if len(rows) < 2 else [self._worse(rows)]

    def _spoils(self, row: LayerResult) -> bool:
        if row.own_input is None:
            return False
        info = TensorInfo(row.golden_tensor, row.dtype, row.shape)
        return judge(row.own_input, info, row.dtype, own_input=True, preset=self.preset)[0] is Verdict.FAIL

    def _worse(self, rows: Sequence[LayerResult]) -> LayerResult:
        """One row for a golden tensor: that of the first operation that spoils it, else the one that computes it."""
        return next((r for r in rows if self._spoils(r)), rows[0])

    def _row(self, place: Place, answer: Answer, golden: Array, maker: Rows) -> LayerResult | None:
        op = self.device.ops[place[0]]
        tensor = op.output(place[1])
        if tensor is None:
            return None
        found = placed(op, tensor, golden.shape, golden)
        if found.array is not None and golden.dtype.kind == "f" and found.array.dtype.kind in "iub":
            found = Placed(None, f"it was recorded as {tensor.dtype.value}, golden is {golden.dtype.name}: quantised")
        fed = self.matcher.feeds(op, place[0]) if self.own_input and found.array is not None else {}
        expected = self._expected(answer, fed)
        if expected is None and self.own_input and found.array is not None and not answer.forwards:
            fed = self.matcher.upstream(answer.golden, fed)
            expected = self._expected(answer, fed)
        own_dtype = self._own_dtype(op, found, golden)
        found = _with_masks(found, golden if expected is None else expected)
        own = None
        if expected is not None and found.array is not None:
            own = metrics_of(expected, found.array, own_dtype, self.preset)
        whole = metrics_of(golden, found.array, self.computes_in, self.preset) if found.array is not None else None
        pair = Pairing(value_of(self.device, place), answer.golden, found.layout, 0.0, answer.verified, answer.kind)
        m = Measured(pair, tuple(golden.shape), own_dtype, whole, own, None, tuple(fed), found.problem)
        row = self._rejudged(maker.row(m), answer)
        if tensor.span is None and tensor.summary is not None:
            verdict, decision = self._by_statistics(answer.golden, golden, tensor)
            row = replace(row, verdict=verdict, reason=tell(decision), decision=decision)
        if answer.confidence <= GUESSED and row.verdict is not Verdict.PASS:
            guess = Decision("guessed")
            return replace(row, verdict=Verdict.NOT_COMPARABLE, cumulative=None, own_input=None, decision=guess,
                           expected=None, reason=tell(guess))
        names = tuple(fed) if self.own_input else tuple(golden for _, golden in self.matcher.sources(op, place[0]))
        self.fed.setdefault(answer.golden, names)
        if expected is not None and found.array is not None and self._spoils(row):
            self._keep(place, pair, golden, expected, found.array, fed, row)
        return row

    def _by_statistics(self, golden: str, array: Array, tensor: RecordedTensor) -> Decided:
        control = None if self.envelope is None else self.envelope.metrics.get(golden)
        return judged(array, tensor, self.computes_in, control)

    def _expected(self, answer: Answer, fed: Mapping[str, Array]) -> Array | None:
        """What the operation should have written from what it read."""
        if not fed:
            return None
        if answer.forwards:
            return fed.get(answer.golden)
        return self.reruns.run(fed, [answer.golden]).get(answer.golden)

    def _own_dtype(self, op: DeviceOp, found: Placed, golden: Array) -> DType:
        """The type whose rounding an operation must show: the narrowest float among what it reads and writes."""
        like = found.array if found.array is not None else golden
        narrow = narrowest(op.record.tensors) if op.record is not None else None
        return narrow if narrow is not None and like.dtype.kind in "fV" else dtype_of(like, None)

    def _rejudged(self, row: LayerResult, answer: Answer) -> LayerResult:
        """The whole run is judged by the recording's usual type and its control run, the layer alone by its own."""
        row = replace(row, mapping=replace(row.mapping, confidence=answer.confidence))
        if row.cumulative is None:
            return row
        noisy = self.computes_in if self.computes_in is not None and row.dtype.is_float else row.dtype
        info = TensorInfo(row.golden_tensor, noisy, row.shape)
        envelope = None if self.envelope is None else self.envelope.metrics.get(row.golden_tensor)
        whole = decide(row.cumulative, info, noisy, own_input=False, preset=self.preset, envelope=envelope)
        own = None if row.own_input is None else decide(row.own_input, replace(info, dtype=row.dtype), row.dtype,
                                                        own_input=True, preset=self.preset)
        verdict, decision = worst(own, whole)
        if verdict is None or decision is None:
            return row
        return replace(row, verdict=verdict, reason=tell(decision), decision=decision,
                       expected=expected_error(row.cumulative, noisy, envelope))

    def _keep(self, place: Place, pair: Pairing, golden: Array, expected: Array, recorded: Array,
              fed: Mapping[str, Array], row: LayerResult) -> None:
        value = min(score(row.own_input, row.dtype), SCORE_LIMIT) if row.own_input is not None else 0.0
        self.evidence.offer(place[0], pair, value, golden, recorded, None, fed, tuple(fed))
        if len(self.injecting) < 4 * _MOST_KEPT:
            self.injecting[pair.value] = Injecting(place, pair.golden, np.array(expected), np.array(recorded),
                                                   tuple(fed))

    def _note_output(self, golden: str, answers: Sequence[tuple[Place, Answer]], array: Array) -> None:
        if self.measure_largest and array.dtype.kind in "fV" and array.size:
            self.largest[golden] = extremes(array)[0]
        graph = self.golden.graph
        names = [n for o, n in zip(graph.outputs, graph.output_names, strict=True) if o.name == golden]
        if not names:
            return
        last = self._last([place for place, _ in answers])
        for place in last:
            tensor = self.device.ops[place[0]].output(place[1])
            found = placed(self.device.ops[place[0]], tensor, array.shape, array) if tensor is not None else None
            if found is not None and found.array is not None:
                self.recorded.update(dict.fromkeys(names, np.array(found.array)))
                return
            if tensor is not None and tensor.span is None and tensor.summary is not None:
                self.said.update(dict.fromkeys(names, self._by_statistics(golden, array, tensor)))
                return

    def _last(self, places: Sequence[Place]) -> list[Place]:
        """What the model gives first, then what runs last."""
        return sorted(places, key=lambda p: (p not in self.device.outputs, -p[0], p[1]))

    def _find_outputs(self) -> None:
        """Final outputs that no operation answers: what the model gives in that place, or a tensor only moved."""
        graph = self.golden.graph
        alike = len(self.device.outputs) == len(graph.output_names)
        for k, (info, name) in enumerate(zip(graph.outputs, graph.output_names, strict=True)):
            golden = self.outputs.get(name)
            if name in self.recorded or golden is None:
                continue
            place = self.device.outputs[k] if alike else None
            tensor = self.device.ops[place[0]].output(place[1]) if place is not None else None
            if place is not None and tensor is not None:
                array = placed(self.device.ops[place[0]], tensor, golden.shape, golden).array
            else:
                array = self._moved(info.name)
            if array is not None:
                self.recorded[name] = np.array(array)

    def _moved(self, golden: str) -> Array | None:
        """The recorded values behind golden nodes that only move them: the compiler leaves such nodes out."""
        fed = self.matcher.upstream(golden, {})
        between = self.reruns.reach(fed, golden)
        if not fed or not between or any(self.golden.graph.nodes[n].op not in _MOVES for n in between):
            return None
        return self.reruns.run(fed, [golden]).get(golden)

    def _keep_outputs(self) -> None:
        graph = self.golden.graph
        for info, name in zip(graph.outputs, graph.output_names, strict=True):
            if name not in self.outputs:
                array = self.tape.array(info.name)
                if array is None and info.name in self.tape.weights:
                    array = weight_files.load(self.tape.weights[info.name])
                if array is not None:
                    self.outputs[name] = array


def _with_masks(found: Placed, golden: Array) -> Placed:
    """Mask constants that no 16-bit type holds (-3.4e38) as golden has them: that they are there is all they say.

    The device has them as infinite, or at its type's limit.
    """
    array = found.array
    if array is None or array.dtype.itemsize > 2 or array.dtype.kind not in "fV" or golden.dtype.kind != "f":
        return found
    with np.errstate(invalid="ignore", over="ignore"):
        if not (golden.size and max(np.fmax.reduce(golden, axis=None), -np.fmin.reduce(golden, axis=None)) >= _MASK):
            return found
        huge = np.abs(golden) >= _MASK
        wide = array.astype(golden.dtype)
        kept = huge & (np.sign(wide) == np.sign(golden)) & (np.abs(wide) >= _LIMIT)
    return replace(found, array=np.where(kept, golden, wide).astype(golden.dtype)) if kept.any() else found


def usual_dtype(device: Device) -> DType | None:
    """The narrowest float type that a tenth of the recorded operations compute in: what errors are judged by."""
    kinds = [k for op in device.ops if op.record is not None and not op.inserted
             for k in (narrowest(op.record.tensors),) if k is not None]
    often = {k for k in kinds if kinds.count(k) * 10 >= len(kinds)}
    return max(often, key=lambda d: d.unit_roundoff or 0.0, default=None)

