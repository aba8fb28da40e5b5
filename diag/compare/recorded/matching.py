"""Which golden tensor each recorded output answers.

In this order: what the compiler says (its list of original operations, the origin of each output); the operation's
name; and, walking from what is known, values: the golden nodes behind an operation's inputs are run on what it read,
and the golden tensor that it then wrote is its own. Operations that the compiler put in pass on what they read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.layout import distance
from diag.compare.recorded.device import Device, DeviceOp, Place, value_of
from diag.compare.recorded.names import Names
from diag.compare.recorded.own import Reruns
from diag.compare.recorded.tensors import placed, plain
from diag.compare.recorded.values import HOPS, Values, tolerance
from diag.runtimes.interface import Array
from diag.types.graph import Graph
from diag.types.layer import MappingKind

_MOST_OUTPUTS = 16
_MOST_SUSPECTED = 4
_ROUGHLY = 0.5
"""Relative L2 up to which an operation that is wrong is taken for the golden tensor that it is nearest to."""

GUESSED = 0.4
"""Confidence of an answer that nothing proves: it is fed to what follows, and judges nobody."""

FIXED = "its value is fixed by the weights and the shapes of the inputs"
"""Reason of an operation that is no layer for these inputs."""

PART = "one of several parts of an operation; only the last of them is a golden tensor"
"""Reason of an operation that is judged together with the others that were made of the same original."""

ShapeOf = Callable[[str], tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """The golden tensor that an output answers. ``forwards``: it only passes it on, the compiler put it in.

    ``verified``: computed from the recorded inputs, golden's values are the recorded ones (to rounding).
    """

    golden: str
    kind: MappingKind
    confidence: float
    forwards: bool = False
    verified: bool = False


@dataclass(slots=True)
class Matching:
    """All answers, and why the other outputs have none (by device operation)."""

    answers: dict[Place, Answer] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)

    def boundary(self, op: DeviceOp) -> dict[int, str]:
        """The golden tensor behind each input slot that has one."""
        found = {}
        for slot, source in enumerate(op.reads):
            if source in self.answers:
                found[slot] = self.answers[source].golden
        return found


class Matcher:
    """Matches one device's operations with one golden graph."""

    def __init__(self, golden: Graph, live: set[str], near: Neighbourhood, device: Device, reruns: Reruns,
                 shape_of: ShapeOf, by_hand: Mapping[str, str]) -> None:
        self._golden, self._live, self._near, self._device = golden, live, near, device
        self._by_hand = {(i, k): by_hand[value] for i, op in enumerate(device.ops) for k in range(_MOST_OUTPUTS)
                         for value in (value_of(device, (i, k)),) if value in by_hand}
        self._reruns, self._shape_of = reruns, shape_of
        self._names, self._values = Names(golden), Values(near, reruns)
        self._readers = device.readers()
        self._inputs = {place: name for name, places in device.inputs.items() for place in places}
        self.found = Matching()

    def match(self) -> Matching:
        """Everything, in running order; then what its readers decide; then what is passed on backwards."""
        self.found.answers.update({place: Answer(golden, MappingKind.MANUAL, 1.0) for place, golden in
                                   self._by_hand.items()})
        for i, op in enumerate(self._device.ops):
            if any((i, k) in self._by_hand for k in self._outputs(i)):
                continue
            if op.inserted:
                self._forward(i, op)
            elif not self._named(i, op):
                self._by_value(i, op)
        for i, op in enumerate(self._device.ops):
            if op.inserted and not self._answered(i):
                self._forward(i, op)  # what it reads may have been recognised since
            elif not self._answered(i) and self.found.reasons.get(i) not in (FIXED, PART):
                self._by_readers(i, op)
        return self.found

    def feeds(self, op: DeviceOp, index: int) -> dict[str, Array]:
        """Golden tensor → what the operation read for it, in golden's shape."""
        fed: dict[str, Array] = {}
        for slot, golden in self.sources(op, index):
            tensor, shape = op.input(slot), self._shape_of(golden)
            if golden in fed:
                continue
            owner = op
            if tensor is None or tensor.span is None:
                place = op.reads[slot] if slot < len(op.reads) else None
                owner = self._device.ops[place[0]] if place is not None else op
                tensor = owner.output(place[1]) if place is not None else None
            if tensor is None:
                continue
            array = (plain(owner, tensor) if shape is None else placed(owner, tensor, shape)).array
            if array is not None and self._reruns.takes(golden, array):
                fed[golden] = array
        return fed

    def sources(self, op: DeviceOp, index: int) -> list[tuple[int, str]]:
        """(input slot, golden tensor behind it): another operation's output, or an input of the model.

        A slot has several where several outputs are the same to the last bit.
        """
        found = self.found.boundary(op)
        for (owner, slot), name in self._inputs.items():
            if owner == index and name in self._names.inputs:
                found[slot] = self._names.inputs[name]
        more = [(slot, self.found.answers[p].golden) for slot, places in op.alike.items() for p in places
                if p in self.found.answers]
        return list(dict.fromkeys([*found.items(), *more]))

    def upstream(self, golden: str, fed: Mapping[str, Array]) -> dict[str, Array]:
        """What was written of the golden tensors that lie before ``golden``: the nearest ones, beside those in ``fed``.

        For an operation whose inputs were not recorded: it read what others wrote.
        """
        written = {a.golden: place for place, a in self.found.answers.items() if not a.forwards}
        found = dict(fed)
        queue, seen = [golden], {golden}
        while queue:
            index = self._golden.producers.get(queue.pop())
            for value in self._near.reads(index) if index is not None else ():
                if value in seen or value in found:
                    continue
                seen.add(value)
                array = self._written_array(written.get(value), value)
                if array is None:
                    queue.append(value)
                else:
                    found[value] = array
        return found

    def _written_array(self, place: Place | None, golden: str) -> Array | None:
        if place is None:
            return None
        op, shape = self._device.ops[place[0]], self._shape_of(golden)
        tensor = op.output(place[1])
        if tensor is None:
            return None
        array = (plain(op, tensor) if shape is None else placed(op, tensor, shape)).array
        return array if array is not None and self._reruns.takes(golden, array) else None

    def _answered(self, i: int) -> bool:
        return any(place[0] == i for place in self.found.answers)

    def _outputs(self, i: int) -> list[int]:
        op = self._device.ops[i]
        recorded = {t.slot for t in op.record.outputs} if op.record is not None else set()
        return sorted(recorded | set(range(len(op.origins))) | {0})

    # the compiler's own operations

    def _forward(self, i: int, op: DeviceOp) -> None:
        source = next((golden for _, golden in self.sources(op, i)), None)
        if source is None:
            origin = next((o for o in op.origins if o is not None), None)
            source = self._tensor_of(origin) if origin is not None else None
        if source is not None:
            self.found.answers[i, 0] = Answer(source, MappingKind.NAME, 0.95, forwards=True)
        else:
            self.found.reasons[i] = "the compiler put it in, and what it reads is not known"

    def _tensor_of(self, origin: tuple[str, int]) -> str | None:
        name, index = origin
        if name in self._names.inputs:
            return self._names.inputs[name]
        if index == 0 and name in self._golden.producers:
            return name
        node = self._names.one(name)
        outputs = self._golden.nodes[node].outputs if node is not None else ()
        return outputs[index] if 0 <= index < len(outputs) and outputs[index] else None

    # names

    def _named(self, i: int, op: DeviceOp) -> bool:
        group = self._group(op)
        if group and not any(v in self._live for n in group for v in self._golden.nodes[n].outputs):
            self.found.reasons[i] = FIXED
            return True
        stated = op.originals is not None
        found = False
        for slot in self._outputs(i):
            origin = op.origins[slot] if slot < len(op.origins) else None
            golden = self._tensor_of(origin) if origin is not None else None
            certain = golden is not None
            if golden is None and group and not op.parts:
                golden = self._written(group, slot, op)
            if golden is None or golden not in self._live:
                continue
            kind = MappingKind.FUSED if len(group) > 1 else MappingKind.NAME
            answer = Answer(golden, kind, 0.9 if certain or stated else 0.7)
            self.found.answers[i, slot] = self._corrected(i, op, slot, answer, certain=certain)
            found = True
        if not found and group and op.parts:
            self.found.reasons[i] = PART
            return True
        return found

    def _group(self, op: DeviceOp) -> list[int]:
        if op.originals:
            several = self._names.several(op.originals)
            if several:
                return several
        return self._names.parts(op.name)

    def _written(self, group: Sequence[int], slot: int, op: DeviceOp) -> str | None:
        """The tensor that leaves a group of golden nodes, for an output slot."""
        inside = set(group)
        final = {o.name for o in self._golden.outputs}
        if len(group) == 1:
            outputs = self._golden.nodes[group[0]].outputs
            return outputs[slot] if slot < len(outputs) and outputs[slot] else None
        leaving = [v for n in sorted(inside) for v in self._golden.nodes[n].outputs if v and v in self._live and (
            v in final or any(r not in inside for r in self._golden.consumers.get(v, ())))]
        if slot == 0 and len(leaving) != 1:
            size = self._elements(op, slot)
            leaving = [v for v in leaving if size is None or self._size(v) in (None, size)]
            return leaving[-1] if leaving else None
        return leaving[slot] if slot < len(leaving) else None

    def _elements(self, op: DeviceOp, slot: int) -> int | None:
        tensor = op.output(slot)
        if tensor is None:
            return None
        shape = tensor.original or op.shapes.get(("output", slot))
        return math.prod(shape) if shape else None

    def _size(self, golden: str) -> int | None:
        shape = self._shape_of(golden)
        return None if shape is None else math.prod(shape)

    def _corrected(self, i: int, op: DeviceOp, slot: int, answer: Answer, *, certain: bool) -> Answer:
        """The answer, proved by values where that can be; a name that lies is corrected by them."""
        tensor = op.output(slot)
        if certain or tensor is None or tensor.span is None:
            return answer
        fed = self.feeds(op, i)
        if not fed:
            return answer
        own = self._reruns.run(fed, [answer.golden])
        shape = self._shape_of(answer.golden)
        if answer.golden in own and shape is not None:
            mine = placed(op, tensor, shape, own[answer.golden]).array
            if mine is not None and distance(own[answer.golden], mine) <= tolerance(op):
                return replace(answer, verified=True, confidence=0.98)
        other = self._values.nearest(op, slot, fed, exclude=answer.golden)
        if other is not None:
            return Answer(other, MappingKind.VALUE, 0.95, verified=True)
        return answer

    # values

    def _by_value(self, i: int, op: DeviceOp) -> None:
        if op.record is None:
            self.found.reasons[i] = "nothing was recorded of it"
            return
        fed = self.feeds(op, i)
        if not fed:
            self.found.reasons[i] = "no golden node has its name, and what it reads is not known"
            return
        for tensor in op.record.outputs:
            if tensor.span is None:
                self.found.reasons[i] = tensor.problem or "only its statistics were recorded"
                continue
            passed = self._values.passed_on(op, tensor.slot, fed)
            golden = passed or self._values.nearest(op, tensor.slot, fed)
            if golden is not None:
                self.found.answers[i, tensor.slot] = Answer(golden, MappingKind.VALUE, 0.95, forwards=bool(passed),
                                                            verified=True)
            elif not self._suspected(i, op, tensor.slot, fed):
                self.found.reasons[i] = "no golden node has its name, and none near what it reads has its values"

    def _suspected(self, i: int, op: DeviceOp, slot: int, fed: dict[str, Array]) -> bool:
        """An operation that gets it wrong: it is what makes its readers right, or else what it is nearest to."""
        options = sorted(self._values.distances(op, slot, fed))[:_MOST_SUSPECTED]
        final = {o.name for o in self._golden.outputs}
        for _, _, golden in options:
            self.found.answers[i, slot] = Answer(golden, MappingKind.STRUCTURE, 0.6)
            if self._proved(i, slot) or (golden in final and not self._readers.get((i, slot))):
                return True
        self.found.answers.pop((i, slot), None)
        if options and options[0][0] <= _ROUGHLY and (len(options) < 2 or options[0][0] * 2 < options[1][0]):
            self.found.answers[i, slot] = Answer(options[0][2], MappingKind.STRUCTURE, GUESSED)
            return True
        return False

    def _proved(self, i: int, slot: int) -> bool:
        """Whether a reader is right when it is given this output as its answer says."""
        queue, passing = [(i, slot)], []
        try:
            while queue:
                place = queue.pop()
                for reader, _ in self._readers.get(place, ())[:_MOST_SUSPECTED]:
                    op = self._device.ops[reader]
                    if op.inserted:
                        self.found.answers[reader, 0] = replace(self.found.answers[place], forwards=True)
                        passing.append((reader, 0))
                        queue.append((reader, 0))
                    elif self._values.nearest(op, 0, self.feeds(op, reader)) is not None:
                        return True
            return False
        finally:
            for place in passing:
                self.found.answers.pop(place, None)

    # readers

    def _by_readers(self, i: int, op: DeviceOp) -> None:
        """An operation whose values fit nothing: where its readers were recognised, it is what lies before them."""
        fed = [golden for _, golden in self.sources(op, i)]
        below = [self.found.answers[p] for place in ((i, k) for k in self._outputs(i))
                 for reader, _ in self._readers.get(place, ()) for p in ((reader, 0),)
                 if p in self.found.answers and not self.found.answers[p].forwards]
        size = self._elements(op, 0)
        if not fed or not below or size is None:
            return
        above = self._near.above([b.golden for b in below], HOPS)
        between = [v for v in self._near.chain(fed, size, HOPS) if v in above and v not in fed]
        if between:
            self.found.answers[i, 0] = Answer(between[-1], MappingKind.STRUCTURE, 0.5)
            self.found.reasons.pop(i, None)
