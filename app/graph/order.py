"""Ranks and order: who stands in which row, and who next to whom, in all scopes at once. No Qt.

None of it depends on what is open or how large boxes are, so it is worked out once per graph. Long edges become
*dummies*, one a row; edges that leave the same vertex share them, so that a tensor read by many is one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.graph.model import IN, OUT, Edges, GraphModel
from diag.cancel import Cancel

Array = npt.NDArray[Any]

DUMMY = -3
"""The item of a dummy; the ends of a scope have IN and OUT."""

_SWEEPS = 8
_DEEP = 400
"""With more rows than this a sweep takes all rows at once: row by row would take too long."""


@dataclass(frozen=True, slots=True)
class Order:
    """Vertices sorted by scope, row and place in the row.

    Attributes:
        item: (vertices,) item, IN, OUT or DUMMY.
        scope: (vertices,) scope that they stand in.
        row: (vertices,) number of the row, counted through all scopes.
        block: (vertices,) vertices of one block stand exactly below each other.
        upper, lower: (segments,) vertices joined by a piece of an edge, in neighbouring rows of one scope.
        origin: (segments,) vertex that the edge leaves; where ``against`` is true, the one it runs to.
        against: (segments,) whether the arrow points up: the edge closes a circle.
        far: (n, 3) upper vertex, lower vertex, against: edges too long for dummies.
        row_scope: (rows,) the scope of each row.
    """

    item: Array
    scope: Array
    row: Array
    block: Array
    upper: Array
    lower: Array
    origin: Array
    against: Array
    far: Array
    row_scope: Array


def order(model: GraphModel, cancel: Cancel) -> Order:
    """Rows and places for all scopes of a graph. Raises Cancelled."""
    item, scope, upper, lower, against = _vertices(model)
    rank = _ranks(item, scope, upper, lower, cancel)
    cancel.check()
    web = _Web(item, scope, rank, upper, lower, against)
    place = _sweep(web, cancel)
    return _sorted(web, place)


class _Web:
    """Vertices with dummies, and the pieces that edges are cut into."""

    def __init__(self, item: Array, scope: Array, rank: Array, upper: Array, lower: Array, against: Array) -> None:
        span = rank[lower] - rank[upper] - 1
        near = span <= _longest(span, len(item))
        self.far = np.stack([upper[~near], lower[~near], against[~near].astype(np.int64)], 1)
        upper, lower, against, span = upper[near], lower[near], against[near], span[near]
        # One chain of dummies per vertex and direction, as long as its longest edge.
        key = upper * 2 + against
        chains, of_chain = np.unique(key, return_inverse=True)
        length = np.zeros(len(chains), np.int64)
        np.maximum.at(length, of_chain, span)
        first = len(item) + np.concatenate([[0], np.cumsum(length)])
        owner = np.repeat(np.arange(len(chains)), length)
        step = np.arange(len(owner)) - (first[owner] - len(item))
        origin = chains // 2
        self.item = np.concatenate([item, np.full(len(owner), DUMMY)])
        self.scope = np.concatenate([scope, scope[origin[owner]]])
        self.rank = np.concatenate([rank, rank[origin[owner]] + 1 + step])
        dummies = np.arange(len(item), len(self.item))
        above = np.where(step == 0, origin[owner], dummies - 1)
        tail = np.where(span == 0, upper, first[of_chain] + span - 1)
        self.upper, self.lower = np.concatenate([above, tail]), np.concatenate([dummies, lower])
        self.origin = np.concatenate([origin[owner], upper])
        self.against = np.concatenate([chains[owner] % 2 == 1, against])
        self.seed = np.concatenate([np.arange(len(item), dtype=float), origin[owner] + 0.5])
        self.size = len(self.item)


def _longest(span: Array, size: int) -> int:
    """The longest edge that still gets dummies: together they may be some times as many as the vertices."""
    budget = 3 * size + 2000
    spans = np.sort(span[span > 0])
    fits = int(np.searchsorted(np.cumsum(spans), budget, "right"))
    return int(spans[fits - 1]) if 0 < fits < len(spans) else int(spans[-1]) if fits else 0


def _vertices(model: GraphModel) -> tuple[Array, Array, Array, Array, Array]:
    """Item and scope of each vertex, sorted so that edges run from lower to higher numbers, and the edges."""
    edges: Edges = model.edges
    _, drawn = model.children
    incoming = np.unique(edges.scope[edges.source == IN])
    outgoing = np.unique(edges.scope[edges.target == OUT])
    item = np.concatenate([drawn, np.full(len(incoming), IN), np.full(len(outgoing), OUT)])
    scope = np.concatenate([model.parent[drawn], incoming, outgoing])
    place = np.concatenate([model.position[drawn], np.full(len(incoming), -np.inf), np.full(len(outgoing), np.inf)])
    by = np.lexsort((place, scope))
    item, scope = item[by], scope[by]
    number = np.full(model.size, -1)
    real = item >= 0
    number[item[real]] = np.flatnonzero(real)
    entry, leave = np.full(model.size, -1), np.full(model.size, -1)
    entry[scope[item == IN]], leave[scope[item == OUT]] = np.flatnonzero(item == IN), np.flatnonzero(item == OUT)
    one = np.where(edges.source == IN, entry[edges.scope], number[np.maximum(edges.source, 0)])
    other = np.where(edges.target == OUT, leave[edges.scope], number[np.maximum(edges.target, 0)])
    return item, scope, np.minimum(one, other), np.maximum(one, other), one > other


def _ranks(item: Array, scope: Array, upper: Array, lower: Array, cancel: Cancel) -> Array:
    """Longest path from the top; then what feeds more than it is fed moves down to its first reader."""
    by = np.lexsort((lower, upper))
    pairs = list(zip(upper[by].tolist(), lower[by].tolist(), strict=True))
    rank = (item != IN).astype(np.int64).tolist()
    for a, b in pairs:
        if rank[b] <= rank[a]:
            rank[b] = rank[a] + 1
    cancel.check()
    fed = np.bincount(lower, minlength=len(item))
    feeds = np.bincount(upper, minlength=len(item))
    movable = ((feeds > fed) & (item >= 0)).tolist()
    lowest = [1 << 60] * len(item)
    for a, b in reversed(pairs):
        # All readers of b come before b here: its own rank is final.
        if movable[b] and lowest[b] < 1 << 60:
            rank[b] = max(rank[b], lowest[b])
            movable[b] = False
        lowest[a] = min(lowest[a], rank[b] - 1)
    for a in np.flatnonzero((fed == 0) & (feeds > 0) & (item >= 0)).tolist():
        rank[a] = max(rank[a], lowest[a])
    found = np.array(rank, np.int64)
    last = np.zeros(int(scope.max(initial=0)) + 1, np.int64)
    np.maximum.at(last, scope, found)
    out = item == OUT
    found[out] = last[scope[out]] + (found[out] < last[scope[out]])
    return found


def _sweep(web: _Web, cancel: Cancel) -> Array:
    """Place in the row of each vertex, few crossings: each goes where its neighbours above, then below, stand."""
    row = web.scope * (int(web.rank.max(initial=0)) + 1) + web.rank
    place = _renumbered(row, web.seed)
    ranks = int(web.rank.max(initial=0)) + 1
    if ranks > _DEEP:
        bands, ups, downs = [np.arange(web.size)], [np.arange(len(web.upper))], [np.arange(len(web.upper))]
    else:
        bands = _bands(web.rank, ranks)
        ups, downs = _bands(web.rank[web.lower], ranks), _bands(web.rank[web.upper], ranks)
    for turn in range(_SWEEPS):
        cancel.check()
        down = turn % 2 == 0
        steps = range(len(bands)) if down else range(len(bands) - 1, -1, -1)
        for k in steps:
            pieces = ups[k] if down else downs[k]
            here, there = (web.lower[pieces], web.upper[pieces]) if down else (web.upper[pieces], web.lower[pieces])
            _settle(bands[k], here, there, row, place)
    return place


def _settle(band: Array, here: Array, there: Array, row: Array, place: Array) -> None:
    """Sort the rows of a band by the mean place of their neighbours; who has none keeps its place."""
    if len(band) < 2 or not len(here):
        return
    low = int(band.min())
    width = int(band.max()) - low + 1
    count = np.bincount(here - low, minlength=width)[band - low]
    total = np.bincount(here - low, weights=place[there], minlength=width)[band - low]
    key = np.where(count > 0, total / np.maximum(count, 1), place[band])
    place[band] = _renumbered(row[band], key)


def _renumbered(row: Array, key: Array) -> Array:
    """Places in each row by a key, counted from the middle of the row."""
    by = np.lexsort((key, row))
    ordered = row[by]
    start = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(by) else np.zeros(0, int)
    length = np.diff(np.append(start, len(by)))
    place = np.empty(len(by))
    place[by] = np.arange(len(by)) - np.repeat(start + (length - 1) / 2, length)
    return place


def _bands(rank: Array, ranks: int) -> list[Array]:
    by = np.argsort(rank, kind="stable")
    return np.split(by, np.searchsorted(rank[by], np.arange(1, ranks)))


def _sorted(web: _Web, place: Array) -> Order:
    """Everything renumbered so that rows are contiguous."""
    by = np.lexsort((place, web.rank, web.scope))
    number = np.empty(web.size, np.int64)
    number[by] = np.arange(web.size)
    scope, rank = web.scope[by], web.rank[by]
    fresh = np.ones(len(by), bool)
    fresh[1:] = (scope[1:] != scope[:-1]) | (rank[1:] != rank[:-1])
    upper, lower = number[web.upper], number[web.lower]
    sequence = np.lexsort((lower, upper))
    upper, lower = upper[sequence], lower[sequence]
    item = web.item[by]
    far = web.far.copy()
    far[:, :2] = number[far[:, :2]]
    row = np.cumsum(fresh) - 1
    return Order(item, scope, row, _blocks(item, row, upper, lower), upper, lower, number[web.origin][sequence],
                 web.against[sequence], far, scope[fresh])


def _blocks(item: Array, row: Array, upper: Array, lower: Array) -> Array:
    """Join each vertex with its middle neighbour above where no two joins cross; long edges before all others."""
    count = np.bincount(lower, minlength=len(item))
    first = np.concatenate([[0], np.cumsum(count)])
    by = np.argsort(lower, kind="stable")
    middle = by[(first[:-1] + (count - 1) // 2)[count > 0]]
    above, below = upper[middle], lower[middle]
    inner = (item[above] == DUMMY) & (item[below] == DUMMY)
    # Of several that want the same vertex above: a dummy, else the middle one.
    share = np.bincount(above, minlength=len(item))
    start = np.concatenate([[0], np.cumsum(share)])
    by = np.lexsort((below, above))
    place = np.empty(len(by))
    place[by] = np.abs(np.arange(len(by)) - start[above[by]] - (share[above[by]] - 1) / 2)
    by = np.lexsort((place, ~inner, above))
    kept = by[np.concatenate([[True], above[by][1:] != above[by][:-1]])] if len(by) else by
    above, below, inner = above[kept], below[kept], inner[kept]
    root = np.arange(len(item))
    chosen = _uncrossed(row[above].tolist(), below.tolist(), inner.tolist())
    root[below[chosen]] = above[chosen]
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return np.unique(root, return_inverse=True)[1]
        root = further


def _uncrossed(row: list[int], below: list[int], inner: list[bool]) -> list[int]:
    """Which joins to keep, of joins sorted by their upper end: lower ends must ascend within a row."""
    bound = [1 << 60] * len(row)
    for i in range(len(row) - 2, -1, -1):
        if row[i] == row[i + 1]:
            bound[i] = min(bound[i + 1], below[i + 1]) if inner[i + 1] else bound[i + 1]
    kept, last, here = [], -1, -1
    for i, end in enumerate(below):
        if row[i] != here:
            here, last = row[i], -1
        if last < end < bound[i] or (inner[i] and last < end):
            kept.append(i)
            last = end
    return kept
