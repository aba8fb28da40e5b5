"""Maps target values to golden tensors while each target node runs alone on golden input.

A healthy node that is given golden input writes a golden tensor, perhaps fused from several nodes and perhaps in
another layout, however wrong the whole run is. So its counterpart is found by value. Where nothing fits, the node is a
suspect: its name and its readers decide what it should have been. A suspect that becomes healthy when it is given
another golden tensor than its producer stands for shows that something between the two is missing (or extra).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.finder import Finder, Found
from diag.compare.align.layout import arrange, distance, layouts
from diag.compare.align.repair import Repair
from diag.compare.align.state import HOPS, NEAR_HOPS, TOLERANCE, Feed, Isolate, Pairing, WalkState
from diag.runtimes.interface import Array
from diag.types.graph import Graph
from diag.types.layer import MappingKind

_ROUNDS = 12


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
        self.golden_array, self.target_array, self._live = golden_array, target_array, live
        self._finder = Finder(golden, target, near, anchor, golden_array)
        self._repair = Repair(self, self._finder, golden, target, near, anchor, live)

    def bind_inputs(self) -> None:
        """Graph inputs correspond by name."""
        golden = {n: i.name for i, n in zip(self._golden.inputs, self._golden.input_names, strict=True)}
        for info, name in zip(self._target.inputs, self._target.input_names, strict=True):
            if name in golden:
                self.state.pair(info.name, golden[name], None, 0.0, True, MappingKind.NAME)

    def trust(self, pairs: Mapping[str, str], kind: MappingKind) -> None:
        """Take these pairings (value → golden tensor) as given; their layout is seen when the arrays are there."""
        for value, golden in pairs.items():
            self.state.pair(value, golden, None, 0.0, True, kind)

    def look_at(self, nodes: Sequence[int], isolate: Isolate) -> None:
        """Map all values that these nodes write. Their cumulative arrays and near golden tensors are held."""
        nodes = [i for i in nodes if any(self.target_array(v) is not None for v in self._target.nodes[i].outputs)]
        for i in nodes:
            self._guess(i)
        suspects: set[int] = set()
        todo = nodes
        for _ in range(_ROUNDS):
            for _ in range(len(nodes)):
                if not todo:
                    break
                self._run(todo, isolate)
                suspects.difference_update(todo)
                suspects.update(i for i in todo if not self.accept(i))
                todo = self._stale(nodes)
            # In running order, and only on input that still holds: a repaired node changes what its readers are given.
            for i in sorted(suspects, key=nodes.index):
                if self.state.fed[i] == self.wanted(i):
                    suspects.discard(i)
                    self._repair.repair(i, isolate)
            todo = self._stale(nodes)
            if not todo:
                break

    def _stale(self, nodes: Sequence[int]) -> list[int]:
        """Nodes that ran on something else than what they are to be given now."""
        return [i for i in nodes if self.state.fed.get(i) != self.wanted(i)]

    def feed_of(self, node: int, value: str) -> Feed | None:
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

    def _arranged(self, value: str, feed: Feed | None) -> Array | None:
        own = self.target_array(value)
        if feed is None or own is None:
            return own
        golden = self.golden_array(feed[0])
        if golden is None or golden.size != own.size:
            return own
        with np.errstate(over="ignore"):  # a mask constant is infinite in a 16-bit type
            return arrange(golden, feed[1], own.shape).astype(own.dtype, copy=False)

    def wanted(self, node: int) -> dict[str, Feed | None]:
        """What a node is to be given now, by the value that it reads; None: the target's own."""
        return {v: self.feed_of(node, v) for v in self._target.nodes[node].inputs if v in self._live}

    def arrays_for(self, nodes: Sequence[int]) -> dict[tuple[int, str], Array]:
        """``array_for`` of everything that these nodes read and that depends on the inputs; equal ones are shared."""
        made: dict[tuple[str, Feed | None], Array | None] = {}
        feeds: dict[tuple[int, str], Array] = {}
        for i in nodes:
            for value, feed in self.wanted(i).items():
                if (value, feed) not in made:
                    made[value, feed] = self._arranged(value, feed)
                array = made[value, feed]
                if array is not None:
                    feeds[i, value] = array
        return feeds

    def _run(self, nodes: Sequence[int], isolate: Isolate) -> None:
        self.state.fed.update((i, self.wanted(i)) for i in nodes)
        self.state.own.update(isolate(nodes, self.arrays_for(nodes)))

    def _guess(self, node: int) -> None:
        """A first pairing for each output, from the cumulative run: right wherever no error has come yet."""
        for k, value in enumerate(self._target.nodes[node].outputs):
            array = self.target_array(value)
            if array is None or value in self.state.pairs or value not in self._live:
                continue
            found = self._finder.nearest(self._places(node, k, array), array)
            if found is not None and found[2] <= TOLERANCE:
                self.state.pair(value, found[0], found[1], found[2], False, MappingKind.VALUE)
            else:
                self._fall_back(node, k, value, array)

    def _fall_back(self, node: int, k: int, value: str, array: Array) -> None:
        """No value fits: the nearest tensor of the name's own chain, if it stands out, else the name itself."""
        own = self.state.own.get(value, array)
        chain = self._finder.named(node, k, own) or self._nameless(node, own)
        anchor = self._anchor.get(node)
        if not chain and anchor is not None and k < len(self._golden.nodes[anchor].outputs):
            # The name is all there is: the tensor has another number of elements.
            self.state.pair(value, self._golden.nodes[anchor].outputs[k], None, float("inf"), False, MappingKind.NAME)
            return
        if not chain:
            self.state.pairs.pop(value, None)
            return
        near = [found for g in chain for found in (self._finder.nearest([g], own),) if found is not None]
        if not near:
            self.state.pairs.pop(value, None)
            return
        ranked = sorted(near, key=lambda found: found[2])
        best = ranked[0]
        clear = best[2] < 0.5 and (len(ranked) == 1 or best[2] < 0.5 * ranked[1][2])
        hinted = self._finder.read_as(value, chain)
        golden, layout, d = best if clear else next((r for r in near if r[0] == hinted), near[0])
        kind = MappingKind.NAME if chain[0] == golden else MappingKind.STRUCTURE
        self.state.pair(value, golden, layout, d, False, kind)

    def accept(self, node: int) -> bool:
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
                self.state.pair(value, golden, layout, d, True, MappingKind.NAME if named else MappingKind.VALUE)
                good = good and not self._finder.elsewhere(node, k, golden, own)
        return good

    def _nameless(self, node: int, own: Array) -> list[str]:
        """Candidates for a suspect that lost its name: what its inputs become next, if a reader confirms one."""
        if node in self._anchor:
            return []
        starts = [f[0] for f in self.state.fed.get(node, {}).values() if f is not None]
        chain = [g for g in self._near.chain(starts, own.size, NEAR_HOPS) if g not in starts]
        hinted = self._finder.read_as(self._target.nodes[node].outputs[0], chain)
        return [] if hinted is None else [hinted]

    def _refresh(self, pair: Pairing, own: Array) -> None:
        golden = self.golden_array(pair.golden)
        if golden is None or golden.shape == own.shape:
            return
        best = min(((distance(arrange(golden, x, own.shape), own), i, x)
                    for i, x in enumerate(layouts(golden.shape, own.shape))), default=None)
        if best is not None:
            pair.distance, pair.layout = best[0], best[2]

    def _fitting(self, node: int, k: int, own: Array, sure: bool) -> Found | None:
        """The golden tensor that equals this output. A mere copy of an unsure input proves nothing."""
        inputs = {f[0] for f in self.state.fed[node].values() if f is not None}
        places = self._places(node, k, own)
        if not sure:
            places = [g for g in places if g not in inputs]
        found = self._finder.nearest(places, own)
        if found is None or found[2] > TOLERANCE:
            return None
        if found[0] in inputs and len(self._finder.named(node, k, own)) > 0 and own.dtype.kind == "f":
            # The name says there is a golden node for it; equal values (Reshape, Dropout) belong to that node.
            named = self._finder.nearest(self._finder.named(node, k, own), own)
            if named is not None and named[2] <= TOLERANCE:
                return named
        return found

    def _places(self, node: int, k: int, array: Array) -> list[str]:
        """Candidates for output ``k``: its name's chain first, then what the golden graph makes of its inputs."""
        starts = [f[0] for v in self._target.nodes[node].inputs if v in self._live
                  for f in (self.feed_of(node, v),) if f is not None]
        near = self._near.chain(starts, array.size, HOPS)
        named = self._finder.named(node, k, array)
        rest = [g for g in near if g not in starts] + [g for g in near if g in starts]
        return list(dict.fromkeys([*named, *rest]))

    def _is_sure(self, value: str) -> bool:
        pair = self.state.pairs.get(value)
        return pair is None or pair.verified
