"""Maps target values to golden tensors while each target node runs alone on golden input.

A healthy node that is given golden input writes a golden tensor, perhaps fused from several nodes and perhaps in
another layout, however wrong the whole run is. So its counterpart is found by value. Where nothing fits, the node is a
suspect: its name and its readers decide what it should have been. A suspect that becomes healthy when it is given
another golden tensor than its producer stands for shows that something between the two is missing (or extra).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.layout import Layout, arrange, distance, layouts
from diag.runtimes.interface import Array
from diag.types.graph import Graph
from diag.types.layer import MappingKind

TOLERANCE = 1e-3
"""Relative L2 up to which an isolated node's output is taken for that golden tensor."""

_HOPS = 24
_REPAIR_HOPS = 6
_REPAIR_TRIALS = 10
_ROUNDS = 12

Isolate = Callable[[Sequence[int], Mapping[tuple[int, str], Array]], dict[str, Array]]


@dataclass(slots=True)
class Pairing:
    """A target value and the golden tensor that it answers.

    ``distance`` is the relative L2 distance when its node ran on golden input; ``verified`` when that is within
    tolerance (or the pairing was given by hand). ``stand_in`` marks a second pairing of a value: its readers show
    that it is used where the golden graph uses this tensor.
    """

    value: str
    golden: str
    layout: Layout
    distance: float
    verified: bool
    kind: MappingKind
    stand_in: bool = False


@dataclass(slots=True)
class WalkState:
    """What the walk knows so far.

    Attributes:
        pairs: the pairing of each target value.
        stand_ins: further pairings, by (value, golden tensor).
        feeds: for a target node and a value it reads, the golden tensor it must be given (else: its pairing).
        own: each value's array when its node ran on golden input.
        fed: golden tensors (by value read) that each node's last isolated run was given.
    """

    pairs: dict[str, Pairing] = field(default_factory=dict)
    stand_ins: dict[tuple[str, str], Pairing] = field(default_factory=dict)
    feeds: dict[tuple[int, str], tuple[str, Layout]] = field(default_factory=dict)
    own: dict[str, Array] = field(default_factory=dict)
    fed: dict[int, dict[str, tuple[str, Layout] | None]] = field(default_factory=dict)


class Walk:
    """The mapping of one comparison; ``look_at`` is called with target nodes in running order.

    ``golden_array`` gives a golden tensor that is held now (None if not), ``target_array`` the cumulative one.
    ``isolate`` runs target nodes alone; it is given (node, value) → array for what they read.
    """

    def __init__(self, golden: Graph, target: Graph, near: Neighbourhood, anchor: Mapping[int, int],
                 golden_array: Callable[[str], Array | None], target_array: Callable[[str], Array | None],
                 live: set[str]) -> None:
        self.state = WalkState()
        self._golden, self._target, self._near, self._anchor = golden, target, near, anchor
        self._golden_array, self._target_array, self._live = golden_array, target_array, live

    def bind_inputs(self) -> None:
        """Graph inputs correspond by name."""
        golden = {n: i.name for i, n in zip(self._golden.inputs, self._golden.input_names, strict=True)}
        for info, name in zip(self._target.inputs, self._target.input_names, strict=True):
            if name in golden:
                self._pair(info.name, golden[name], None, 0.0, True, MappingKind.NAME)

    def trust(self, pairs: Mapping[str, str], kind: MappingKind) -> None:
        """Take these pairings (value → golden tensor) as given; their layout is seen when the arrays are there."""
        for value, golden in pairs.items():
            self._pair(value, golden, None, 0.0, True, kind)

    def look_at(self, nodes: Sequence[int], isolate: Isolate) -> None:
        """Map all values that these nodes write. Their cumulative arrays and near golden tensors are held."""
        nodes = [i for i in nodes if any(self._target_array(v) is not None for v in self._target.nodes[i].outputs)]
        for i in nodes:
            self._guess(i)
        suspects: set[int] = set()
        todo = nodes
        for _ in range(_ROUNDS):
            while todo:
                self._run(todo, isolate)
                suspects.difference_update(todo)
                suspects.update(i for i in todo if not self._accept(i))
                todo = self._stale(nodes)
            # In running order, and only on input that still holds: a repaired node changes what its readers are given.
            for i in sorted(suspects, key=nodes.index):
                if self.state.fed[i] == self._wanted(i):
                    suspects.discard(i)
                    self._repair(i, isolate)
            todo = self._stale(nodes)
            if not todo:
                break

    def _stale(self, nodes: Sequence[int]) -> list[int]:
        """Nodes that ran on something else than what they are to be given now."""
        return [i for i in nodes if self.state.fed.get(i) != self._wanted(i)]

    def feed_of(self, node: int, value: str) -> tuple[str, Layout] | None:
        """The golden tensor that ``node`` is to be given where it reads ``value``."""
        forced = self.state.feeds.get((node, value))
        if forced is not None:
            return forced
        pair = self.state.pairs.get(value)
        return None if pair is None else (pair.golden, pair.layout)

    def array_for(self, node: int, value: str) -> Array | None:
        """What ``node`` is to be given where it reads ``value``: golden, in the target's layout and dtype.

        The target's own value where there is no golden one.
        """
        return self._arranged(value, self.feed_of(node, value))

    def _arranged(self, value: str, feed: tuple[str, Layout] | None) -> Array | None:
        own = self._target_array(value)
        if feed is None or own is None:
            return own
        golden = self._golden_array(feed[0])
        if golden is None or golden.size != own.size:
            return own
        return arrange(golden, feed[1], own.shape).astype(own.dtype, copy=False)

    def _wanted(self, node: int) -> dict[str, tuple[str, Layout] | None]:
        return {v: self.feed_of(node, v) for v in self._target.nodes[node].inputs if v in self._live}

    def arrays_for(self, nodes: Sequence[int]) -> dict[tuple[int, str], Array]:
        """``array_for`` of everything that these nodes read and that depends on the inputs; equal ones are shared."""
        made: dict[tuple[str, tuple[str, Layout] | None], Array | None] = {}
        feeds: dict[tuple[int, str], Array] = {}
        for i in nodes:
            for value, feed in self._wanted(i).items():
                if (value, feed) not in made:
                    made[value, feed] = self._arranged(value, feed)
                array = made[value, feed]
                if array is not None:
                    feeds[i, value] = array
        return feeds

    def _run(self, nodes: Sequence[int], isolate: Isolate) -> None:
        self.state.fed.update((i, self._wanted(i)) for i in nodes)
        self.state.own.update(isolate(nodes, self.arrays_for(nodes)))

    def _guess(self, node: int) -> None:
        """A first pairing for each output, from the cumulative run: right wherever no error has come yet."""
        for k, value in enumerate(self._target.nodes[node].outputs):
            array = self._target_array(value)
            if array is None or value in self.state.pairs or value not in self._live:
                continue
            found = self._nearest(self._places(node, k, array), array)
            if found is not None and found[2] <= TOLERANCE:
                self._pair(value, found[0], found[1], found[2], False, MappingKind.VALUE)
            else:
                self._fall_back(node, k, value, array)

    def _fall_back(self, node: int, k: int, value: str, array: Array) -> None:
        """No value fits: the nearest tensor of the name's own chain, if it stands out, else the name itself."""
        own = self.state.own.get(value, array)
        chain = self._named(node, k, own) or self._nameless(node, own)
        anchor = self._anchor.get(node)
        if not chain and anchor is not None and k < len(self._golden.nodes[anchor].outputs):
            # The name is all there is: the tensor has another number of elements.
            self._pair(value, self._golden.nodes[anchor].outputs[k], None, float("inf"), False, MappingKind.NAME)
            return
        if not chain:
            self.state.pairs.pop(value, None)
            return
        near = [found for g in chain for found in (self._nearest([g], own),) if found is not None]
        if not near:
            self.state.pairs.pop(value, None)
            return
        ranked = sorted(near, key=lambda found: found[2])
        best = ranked[0]
        clear = best[2] < 0.5 and (len(ranked) == 1 or best[2] < 0.5 * ranked[1][2])
        hinted = self._read_as(value, chain)
        golden, layout, d = best if clear else next((r for r in near if r[0] == hinted), near[0])
        kind = MappingKind.NAME if chain[0] == golden else MappingKind.STRUCTURE
        self._pair(value, golden, layout, d, False, kind)

    def _accept(self, node: int) -> bool:
        """Whether all outputs of an isolated node are golden tensors; pairs them."""
        good = True
        sure = all(self._is_sure(v) for v in self.state.fed[node])
        for k, value in enumerate(self._target.nodes[node].outputs):
            own = self.state.own.get(value)
            if own is None or value not in self._live:
                continue
            pair = self.state.pairs.get(value)
            if pair is not None and pair.kind in (MappingKind.MANUAL, MappingKind.NAME) and pair.verified:
                self._refresh(pair, own)
                continue
            found = self._fitting(node, k, own, sure)
            if found is None:
                self._fall_back(node, k, value, own)
                good = False
            else:
                golden, layout, d = found
                anchor = self._anchor.get(node)
                named = anchor is not None and golden in self._golden.nodes[anchor].outputs
                self._pair(value, golden, layout, d, True, MappingKind.NAME if named else MappingKind.VALUE)
                good = good and not self._elsewhere(node, k, golden, own)
        return good

    def _nameless(self, node: int, own: Array) -> list[str]:
        """Candidates for a suspect that lost its name: what its inputs become next, if a reader confirms one."""
        if node in self._anchor:
            return []
        starts = [f[0] for f in self.state.fed.get(node, {}).values() if f is not None]
        chain = [g for g in self._near.chain(starts, own.size, _REPAIR_HOPS) if g not in starts]
        hinted = self._read_as(self._target.nodes[node].outputs[0], chain)
        return [] if hinted is None else [hinted]

    def _elsewhere(self, node: int, k: int, golden: str, own: Array) -> bool:
        """Whether a node bears the very name of a golden node but answers a tensor that is not made from it.

        Equal blocks answer each other's tensors when what lies between them is gone: the name may know better.
        """
        anchor = self._anchor.get(node)
        if anchor is None or self._golden.nodes[anchor].name != self._target.nodes[node].name:
            return False
        named = self._named(node, k, own)
        return bool(named) and golden not in named

    def _refresh(self, pair: Pairing, own: Array) -> None:
        golden = self._golden_array(pair.golden)
        if golden is None or golden.shape == own.shape:
            return
        best = min(((distance(arrange(golden, x, own.shape), own), i, x)
                    for i, x in enumerate(layouts(golden.shape, own.shape))), default=None)
        if best is not None:
            pair.distance, pair.layout = best[0], best[2]

    def _fitting(self, node: int, k: int, own: Array, sure: bool) -> tuple[str, Layout, float] | None:
        """The golden tensor that equals this output. A mere copy of an unsure input proves nothing."""
        inputs = {f[0] for f in self.state.fed[node].values() if f is not None}
        places = self._places(node, k, own)
        if not sure:
            places = [g for g in places if g not in inputs]
        found = self._nearest(places, own)
        if found is None or found[2] > TOLERANCE:
            return None
        if found[0] in inputs and len(self._named(node, k, own)) > 0 and own.dtype.kind == "f":
            # The name says there is a golden node for it; equal values (Reshape, Dropout) belong to that node.
            named = self._nearest(self._named(node, k, own), own)
            if named is not None and named[2] <= TOLERANCE:
                return named
        return found

    def _places(self, node: int, k: int, array: Array) -> list[str]:
        """Candidates for output ``k``: its name's chain first, then what the golden graph makes of its inputs."""
        starts = [f[0] for v in self._target.nodes[node].inputs if v in self._live
                  for f in (self.feed_of(node, v),) if f is not None]
        near = self._near.chain(starts, array.size, _HOPS)
        named = self._named(node, k, array)
        rest = [g for g in near if g not in starts] + [g for g in near if g in starts]
        return list(dict.fromkeys([*named, *rest]))

    def _named(self, node: int, k: int, array: Array) -> list[str]:
        anchor = self._anchor.get(node)
        if anchor is None:
            return []
        outputs = [o for o in self._golden.nodes[anchor].outputs if o]
        if len(outputs) > 1 and len(outputs) > k and len(self._target.nodes[node].outputs) > 1:
            outputs = [outputs[k]]
        return self._near.chain(outputs, array.size, _REPAIR_HOPS)

    def _nearest(self, places: Iterable[str], array: Array) -> tuple[str, Layout, float] | None:
        best: tuple[str, Layout, float] | None = None
        for golden, layout, d in self._distances(places, array):
            if best is None or d < 0.5 * best[2]:
                best = (golden, layout, d)
            if d == 0.0 or (best is not None and best[2] <= 1e-6):
                break
        return best

    def _distances(self, places: Iterable[str], array: Array) -> Iterable[tuple[str, Layout, float]]:
        for name in places:
            golden = self._golden_array(name)
            if golden is None or golden.size != array.size:
                continue
            if (golden.dtype.kind in "biu") != (array.dtype.kind in "biu"):
                continue
            for layout in layouts(golden.shape, array.shape):
                yield name, layout, distance(arrange(golden, layout, array.shape), array)

    def _read_as(self, value: str, chain: Sequence[str]) -> str | None:
        """The tensor of ``chain`` that the counterparts of this value's readers read."""
        for reader in self._target.consumers.get(value, ()):
            anchor = self._anchor.get(reader)
            if anchor is not None:
                found = next((g for g in reversed(chain) if g in self._golden.nodes[anchor].inputs), None)
                if found is not None:
                    return found
        return None

    def _is_sure(self, value: str) -> bool:
        pair = self.state.pairs.get(value)
        return pair is None or pair.verified

    def _repair(self, node: int, isolate: Isolate) -> None:
        """Give a suspect other golden tensors, one input at a time; the first that makes it healthy is right."""
        for value, fed in list(self.state.fed[node].items()):
            array = self._target_array(value)
            if fed is None or array is None or array.dtype.kind not in "fV":
                continue
            for golden in self._alternatives(node, value, fed[0], array):
                if self._heals(node, value, golden, array, isolate):
                    return

    def _alternatives(self, node: int, value: str, fed: str, array: Array) -> list[str]:
        anchor = self._anchor.get(node)
        direct = self._near.reads(anchor) if anchor is not None else []
        known = [g for (v, g) in self.state.stand_ins if v == value]
        near = self._near.around(fed, array.size, _REPAIR_HOPS)
        ordered = [*known, *(g for g in direct if self._size_of(g) == array.size), *near]
        if anchor is not None:
            # Only what the golden node itself is computed from can be its input: fed with its own answer, or with
            # what comes later, a node that lost its effect would look healthy.
            before = self._near.above([o for o in self._golden.nodes[anchor].outputs if o], _HOPS)
            ordered = [g for g in ordered if g in before]
        return [g for g in dict.fromkeys(ordered) if g != fed][:_REPAIR_TRIALS]

    def _size_of(self, golden: str) -> int | None:
        held = self._golden_array(golden)
        return None if held is None else held.size

    def _heals(self, node: int, value: str, golden: str, array: Array, isolate: Isolate) -> bool:
        held = self._golden_array(golden)
        if held is None:
            return False
        reads = {(node, v): a for v in self.state.fed[node] for a in (self.array_for(node, v),) if a is not None}
        for layout in layouts(held.shape, array.shape):
            reads[node, value] = arrange(held, layout, array.shape).astype(array.dtype, copy=False)
            own = isolate([node], reads)
            if own and self._all_fit(node, own, {**self.state.fed[node], value: (golden, layout)}):
                self._settle(node, value, golden, layout, own)
                return True
        return False

    def _all_fit(self, node: int, own: Mapping[str, Array], fed: Mapping[str, tuple[str, Layout] | None]) -> bool:
        inputs = {f[0] for f in fed.values() if f is not None}
        for k, value in enumerate(self._target.nodes[node].outputs):
            if value not in own or value not in self._live:
                continue
            named = self._named(node, k, own[value])
            places = [g for g in (*named, *self._near.chain(inputs, own[value].size, _REPAIR_HOPS))
                      if g not in inputs]
            found = self._nearest(places, own[value])
            if found is None or found[2] > TOLERANCE or self._elsewhere(node, k, found[0], own[value]):
                return False
        return bool(own)

    def _settle(self, node: int, value: str, golden: str, layout: Layout, own: Mapping[str, Array]) -> None:
        pair = self.state.pairs.get(value)
        made_by = self._target.producers.get(value)
        if pair is not None and not pair.verified and made_by is not None:
            # Its own node fits nothing, and a reader tells what it should have been.
            array = self.state.own.get(value)
            held = self._golden_array(golden)
            d = distance(arrange(held, layout, array.shape), array) if array is not None and held is not None else 1.0
            self._pair(value, golden, layout, d, False, MappingKind.STRUCTURE)
        else:
            self.state.feeds[node, value] = (golden, layout)
            self.state.stand_ins.setdefault((value, golden), Pairing(
                value, golden, layout, float("inf"), False, MappingKind.STRUCTURE, stand_in=True))
        self.state.own.update(own)
        self.state.fed[node] = self._wanted(node)
        self._accept(node)

    def _pair(self, value: str, golden: str, layout: Layout, d: float, verified: bool, kind: MappingKind) -> None:
        self.state.pairs[value] = Pairing(value, golden, layout, d, verified, kind)
