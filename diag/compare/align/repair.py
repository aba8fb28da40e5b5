"""What a suspect should have been given: another golden tensor than the one its producer stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.finder import Finder
from diag.compare.align.layout import Layout, arrange, distance, layouts
from diag.compare.align.state import HOPS, NEAR_HOPS, TOLERANCE, Feed, Isolate, Pairing
from diag.runtimes.interface import Array
from diag.types.graph import Graph
from diag.types.layer import MappingKind

if TYPE_CHECKING:
    from diag.compare.align.walk import Walk

_REPAIR_TRIALS = 10


class Repair:
    """Tries golden tensors near a suspect's input. One that makes it healthy shows what is missing between the two."""

    def __init__(self, walk: Walk, finder: Finder, golden: Graph, target: Graph, near: Neighbourhood,
                 anchor: Mapping[int, int], live: set[str]) -> None:
        self._walk, self._finder, self._state = walk, finder, walk.state
        self._golden, self._target, self._near, self._anchor, self._live = golden, target, near, anchor, live

    def repair(self, node: int, isolate: Isolate) -> None:
        """Give a suspect other golden tensors, one input at a time; the first that makes it healthy is right."""
        for value, fed in list(self._state.fed[node].items()):
            array = self._walk.target_array(value)
            if fed is None or array is None or array.dtype.kind not in "fV":
                continue
            for golden in self._alternatives(node, value, fed[0], array):
                if self._heals(node, value, golden, array, isolate):
                    return

    def _alternatives(self, node: int, value: str, fed: str, array: Array) -> list[str]:
        anchor = self._anchor.get(node)
        direct = self._near.reads(anchor) if anchor is not None else []
        known = [g for (v, g) in self._state.stand_ins if v == value]
        near = self._near.around(fed, array.size, NEAR_HOPS)
        ordered = [*known, *(g for g in direct if self._finder.size_of(g) == array.size), *near]
        if anchor is not None:
            # Only what the golden node itself is computed from can be its input: fed with its own answer, or with
            # what comes later, a node that lost its effect would look healthy.
            before = self._near.above([o for o in self._golden.nodes[anchor].outputs if o], HOPS)
            ordered = [g for g in ordered if g in before]
        return [g for g in dict.fromkeys(ordered) if g != fed][:_REPAIR_TRIALS]

    def _heals(self, node: int, value: str, golden: str, array: Array, isolate: Isolate) -> bool:
        held = self._walk.golden_array(golden)
        if held is None:
            return False
        reads = {(node, v): a for v in self._state.fed[node] for a in (self._walk.array_for(node, v),) if a is not None}
        for layout in layouts(held.shape, array.shape):
            reads[node, value] = arrange(held, layout, array.shape).astype(array.dtype, copy=False)
            own = isolate([node], reads)
            if own and self._all_fit(node, own, {**self._state.fed[node], value: (golden, layout)}):
                self._settle(node, value, golden, layout, own)
                return True
        return False

    def _all_fit(self, node: int, own: Mapping[str, Array], fed: Mapping[str, Feed | None]) -> bool:
        inputs = {f[0] for f in fed.values() if f is not None}
        for k, value in enumerate(self._target.nodes[node].outputs):
            if value not in own or value not in self._live:
                continue
            named = self._finder.named(node, k, own[value])
            places = [g for g in (*named, *self._near.chain(inputs, own[value].size, NEAR_HOPS))
                      if g not in inputs]
            found = self._finder.nearest(places, own[value])
            if found is None or found[2] > TOLERANCE or self._finder.elsewhere(node, k, found[0], own[value]):
                return False
        return bool(own)

    def _settle(self, node: int, value: str, golden: str, layout: Layout, own: Mapping[str, Array]) -> None:
        pair = self._state.pairs.get(value)
        made_by = self._target.producers.get(value)
        if pair is not None and not pair.verified and made_by is not None:
            # Its own node fits nothing, and a reader tells what it should have been.
            array = self._state.own.get(value)
            held = self._walk.golden_array(golden)
            d = distance(arrange(held, layout, array.shape), array) if array is not None and held is not None else 1.0
            self._state.pair(value, golden, layout, d, False, MappingKind.STRUCTURE)
        else:
            self._state.feeds[node, value] = (golden, layout)
            self._state.stand_ins.setdefault((value, golden), Pairing(
                value, golden, layout, float("inf"), False, MappingKind.STRUCTURE, stand_in=True))
        self._state.own.update(own)
        self._state.fed[node] = self._walk.wanted(node)
        self._walk.accept(node)
