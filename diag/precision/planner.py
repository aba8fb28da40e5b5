"""The smallest set of layers to keep in float32, found on the emulation and verified on the whole model."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from diag.cancel import Cancel
from diag.events import Progress
from diag.precision.effects import Effect
from diag.precision.layers import Layer, with_moved
from diag.precision.trials import Trials
from diag.runtimes.program import Program
from diag.types.precision import ParetoPoint, Plan

_POINTS = 12
_MOVED = (0.05, 0.005, 0.5)
"""What writing all elements costs, in units of all products' work: the search tries each; the first one counts."""

_PRUNED = 120
"""Kept layers up to which each one is tried without."""

_RELEASED = 40
"""Products up to which the search also comes from the other end: all kept, one after the other let go."""


@dataclass(frozen=True, slots=True)
class _Search:
    """What the search looks at: whole runs, layers, and how often it has come to ask."""

    trials: Trials
    layers: Sequence[Layer]
    end: float
    cancel: Cancel

    @property
    def late(self) -> bool:
        return time.monotonic() > self.end

    def excess(self, kept: Iterable[int]) -> float:
        return self.trials.kept(kept, self.cancel).excess


def plan(trials: Trials, program: Program, layers: Sequence[Layer], found: Mapping[int, Effect],
         end: float, cancel: Cancel) -> Generator[Progress, None, Plan]:
    """Layers with the largest effect for their cost first; as few as reach what is wanted; then each without.

    ``end``: the monotonic time after which nothing is begun that only makes the plan smaller.
    """
    search = _Search(trials, layers, end, cancel)
    everything = [i for i, layer in enumerate(layers) if not layer.moves]
    orders = [sorted(found, key=lambda i: (-_worth(found[i], layers[i], layers, moved), i)) for moved in _MOVED]
    yield Progress("Looking for the layers to keep", 0, 0)
    kept, smallest = yield from _best(search, orders)
    reached = kept is not None
    if kept is None:
        kept = everything
    curve = yield from _curve(search, orders[:2], kept)
    names = [program.graph.nodes[program.steps[layers[i].step].node] for i in sorted(kept)]
    ops = {n.op for n in names}
    like = [i for i in everything if program.graph.nodes[program.steps[layers[i].step].node].op in ops]
    by_type = _told(point(search, like)) if kept and reached else None
    points = [*map(_told, curve)]
    return Plan(trials.wanted, reached, tuple(n.name for n in names), dict(Counter(n.op for n in names).most_common()),
                _told(point(search, kept)), _told(point(search, ())), _told(point(search, everything)), tuple(points),
                trials.count,
                smallest, by_type=by_type)


def _best(search: _Search,
          orders: Sequence[Sequence[int]]) -> Generator[Progress, None, tuple[list[int] | None, bool]]:
    """The cheapest choice that the orders lead to, and whether each of its layers was tried without."""
    best: tuple[float, list[int], bool] | None = None
    for order in (*orders, None):
        kept = _shortest(search, order) if order is not None else (yield from _released(search, orders[0]))
        if kept is None:
            return (best[1], best[2]) if best is not None else (None, False)
        kept, smallest = yield from _pruned(search, kept)
        here = point(search, kept)
        cost = here.macs_kept + _MOVED[0] * here.elements_kept
        if best is None or cost < best[0]:
            best = (cost, kept, smallest)
        if not kept or search.late:
            break
    return (best[1], best[2]) if best is not None else (None, False)


def _released(search: _Search, everything: Sequence[int]) -> Generator[Progress, None, list[int] | None]:
    """All layers kept, and of the products one after the other let go: that which costs least accuracy for its work.

    Each step is measured, not added up from single effects: what a layer gains depends on what is kept around it.
    None where there are too many products, or it is late.
    """
    kept = list(everything)
    products = [i for i in kept if search.layers[i].macs]
    if len(products) > _RELEASED:
        return None
    for done in range(len(products)):
        yield Progress("Letting products go", done, len(products), "layers")
        now = search.excess(kept) ** 2
        without = {i: search.excess([k for k in kept if k != i]) for i in products if not search.late}
        possible = [i for i, excess in without.items() if excess <= 1]
        if search.late:
            return None
        if not possible:
            break
        gone = min(possible, key=lambda i: ((without[i] ** 2 - now) / search.layers[i].macs, i))
        kept.remove(gone)
        products.remove(gone)
    return kept


def point(search: _Search, kept: Iterable[int]) -> ParetoPoint:
    """What keeping these layers costs and gives."""
    layers = search.layers
    chosen = frozenset(kept)
    wide = with_moved(layers, chosen)
    outcome = search.trials.kept(chosen, search.cancel)
    return ParetoPoint(len(chosen), _share(layers, wide, "macs"), _share(layers, wide, "elements"),
                       borders(layers, wide), outcome.error, outcome.excess)


def _told(one: ParetoPoint) -> ParetoPoint:
    """As results hold it: what is not finite is NaN, which is what reading it back gives."""
    known = math.isfinite(one.error)
    return one if known else replace(one, error=math.nan, excess=math.nan)


def borders(layers: Sequence[Layer], wide: frozenset[int]) -> int:
    """Values that are read in another type than they were written in."""
    made = {v: i for i, layer in enumerate(layers) for v in layer.writes}
    return len({(v, i in wide) for i, layer in enumerate(layers) for v in layer.reads
                if v in made and (made[v] in wide) != (i in wide)})


def _worth(effect: Effect, layer: Layer, layers: Sequence[Layer], moved_cost: float) -> float:
    """Squared effect for the share of the work that keeping the layer costs; what is not finite comes first."""
    if math.isinf(effect.excess):
        return math.inf
    total = max(1, sum(x.macs for x in layers))
    moved = max(1, sum(x.elements for x in layers))
    cost = layer.macs / total + moved_cost * layer.elements / moved + 1e-4
    return effect.excess ** 2 / cost


def _shortest(search: _Search, order: Sequence[int]) -> list[int] | None:
    """The shortest head of the order that reaches what is wanted; None if not even all of it does.

    The error falls along the order but for noise, so halving finds a head that is good while the one before it is not.
    """
    if search.excess(()) <= 1:
        return []
    if search.excess(order) > 1:
        return None
    low, high = 0, 1
    while high < len(order) and search.excess(order[:high]) > 1:
        low, high = high, high * 2
    high = min(high, len(order))
    while high - low > 1:
        middle = (low + high) // 2
        if search.excess(order[:middle]) <= 1:
            high = middle
        else:
            low = middle
    return list(order[:high])


def _pruned(search: _Search, kept: list[int]) -> Generator[Progress, None, tuple[list[int], bool]]:
    """``kept`` without the layers that are not needed, the dearest tried first; whether all were tried."""
    by_cost = sorted(kept, key=lambda i: (-search.layers[i].macs, -search.layers[i].elements, i))
    left = list(kept)
    for done, one in enumerate(by_cost[:_PRUNED]):
        if search.late:
            return left, False
        yield Progress("Trying each kept layer without", done, min(len(by_cost), _PRUNED), "layers")
        without = [i for i in left if i != one]
        if search.excess(without) <= 1:
            left = without
    return left, len(kept) <= _PRUNED


def _curve(search: _Search, orders: Sequence[Sequence[int]],
           kept: Sequence[int]) -> Generator[Progress, None, list[ParetoPoint]]:
    """Choices along the orders and the plan's own, without those that another one beats in both cost and error."""
    heads = [order[:size] for order in orders
             for size in sorted({round(len(order) * (i / _POINTS) ** 2) for i in range(_POINTS + 1)})]
    points = [point(search, kept)]
    for done, head in enumerate(heads):
        if search.late:
            break
        yield Progress("Cost against error", done, len(heads), "choices")
        points.append(point(search, head))
    return front(points)


def front(points: Iterable[ParetoPoint]) -> list[ParetoPoint]:
    """The points that no other one beats in both cost and error, the cheapest first."""
    best: list[ParetoPoint] = []
    for one in sorted(set(points), key=lambda p: (p.macs_kept, p.elements_kept, p.layers, p.excess)):
        if not best or one.excess < best[-1].excess:
            best.append(one)
    return best


def _share(layers: Sequence[Layer], wide: frozenset[int], what: str) -> float:
    total = sum(getattr(x, what) for x in layers)
    return sum(getattr(layers[i], what) for i in wide) / total if total else 0.0
