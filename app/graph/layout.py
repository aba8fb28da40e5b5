"""Coordinates of what is open: boxes, frames and the lines between them. No Qt.

Scopes are placed from the inside out, all of one depth at once; a scope in which nothing changed keeps its inner
coordinates. Units are pixels at zoom 1, y runs down.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.graph.model import IN, OUT, GraphModel
from app.graph.order import DUMMY, Order
from diag.cancel import Cancel

Array = npt.NDArray[Any]

BOX_HEIGHT = 40.0
END_HEIGHT = 24.0
HEADER = 26.0
PAD = 14.0
GAP_X = 22.0
GAP_LINE = 12.0
GAP_Y = 34.0
_ROUNDS = 14
_PUSHES = 40
_LEAN = 24.0


@dataclass(frozen=True, slots=True)
class Inner:
    """Where a scope's vertices stand inside it: ``x`` middle, ``top``, ``row_top``, ``row_bottom``, from its corner."""

    x: Array
    top: Array
    row_top: Array
    row_bottom: Array
    height: Array
    size: tuple[float, float]


@dataclass(frozen=True)
class Picture:
    """What is seen.

    Attributes:
        opened: the open scopes.
        items: (boxes,) item of each box: closed scopes, nodes, inputs, outputs and frames (open scopes).
        box: (boxes, 4) x, y, width, height.
        frame: (boxes,) whether it is an open scope.
        lines: (n, 4) x1, y1, x2, y2. Where ``bent``, it leaves and arrives upright.
        bent: (n,) bool.
        source, target: (n,) item that the edge leaves and the item that this piece arrives at, IN, OUT or DUMMY.
        head: (n,) 1 an arrow head at the end, -1 at the beginning, 0 none.
        far: (n,) whether it is an edge that runs straight behind the boxes.
        inner: what the next picture can use again, by scope.
    """

    opened: frozenset[int]
    items: Array
    box: Array
    frame: Array
    lines: Array
    bent: Array
    source: Array
    target: Array
    head: Array
    far: Array
    inner: Mapping[int, Inner] = field(default_factory=dict)

    @property
    def bounds(self) -> tuple[float, float]:
        """Width and height of all."""
        return (float((self.box[:, 0] + self.box[:, 2]).max(initial=1)),
                float((self.box[:, 1] + self.box[:, 3]).max(initial=1)))


def shown(model: GraphModel, opened: AbstractSet[int]) -> frozenset[int]:
    """Those of the scopes that are open and stand in open ones only; the whole graph always is."""
    wanted = np.zeros(model.size, bool)
    wanted[list(opened)] = True
    wanted[model.root] = True
    for scope in range(model.root + 1, model.size):
        wanted[scope] &= wanted[model.parent[scope]]
    return frozenset(np.flatnonzero(wanted).tolist())


def place(model: GraphModel, arrangement: Order, widths: Array, opened: AbstractSet[int], cancel: Cancel,
          before: Picture | None = None) -> Picture:
    """Lay out what is open. ``widths``: (items,) of closed boxes, pixels. Raises Cancelled."""
    seen = shown(model, opened)
    inner: dict[int, Inner] = _kept(model, seen, before)
    width, height = widths.astype(float), np.full(model.size, BOX_HEIGHT)
    height[model.first_input:model.root] = END_HEIGHT
    todo = np.array(sorted(seen - inner.keys()), np.int64)
    for scope, known in inner.items():
        width[scope], height[scope] = known.size
    for level in range(int(model.depth[list(seen)].max()), -1, -1):
        cancel.check()
        here = todo[model.depth[todo] == level]
        if len(here):
            _place_scopes(arrangement, here, width, height, inner)
    cancel.check()
    return _compose(model, arrangement, seen, width, inner)


def _kept(model: GraphModel, seen: frozenset[int], before: Picture | None) -> dict[int, Inner]:
    """Scopes of the picture before in which nothing was opened or closed."""
    if before is None:
        return {}
    changed = set(seen ^ before.opened)
    for scope in tuple(changed):
        changed.update(model.ancestors(scope))
    return {scope: known for scope, known in before.inner.items() if scope in seen and scope not in changed}


def _place_scopes(order: Order, scopes: Array, width: Array, height: Array, inner: dict[int, Inner]) -> None:
    """Place the vertices of these scopes, which stand at one depth; their sizes go into width and height."""
    first, last = np.searchsorted(order.scope, scopes), np.searchsorted(order.scope, scopes, "right")
    take = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    item = order.item[take]
    real = item >= 0
    w = np.where(real, width[np.maximum(item, 0)], 0.0)
    h = np.where(real, height[np.maximum(item, 0)], 0.0)
    x = _across(order, take, w, real)
    row, of_scope = order.row[take], np.searchsorted(scopes, order.scope[take])
    left = np.full(len(scopes), np.inf)
    np.minimum.at(left, of_scope, x - w / 2)
    x += PAD - left[of_scope]
    right = np.zeros(len(scopes))
    np.maximum.at(right, of_scope, x + w / 2 + PAD)
    # The frame is at least as wide as its title; what is inside stands in the middle.
    size_x = np.maximum(right, width[scopes] + 20)
    x += ((size_x - right) / 2)[of_scope]
    ends = (item == IN) | (item == OUT)
    # What comes in is nearly in the middle: a wider frame makes its line straight.
    lean = np.zeros(len(scopes))
    lean[of_scope[item == IN]] = (size_x / 2)[of_scope[item == IN]] - x[item == IN]
    lean[np.abs(lean) > _LEAN] = 0
    size_x += 2 * np.abs(lean)
    x += (lean + np.abs(lean))[of_scope]
    x[ends] = (size_x / 2)[of_scope[ends]]
    row_top, row_bottom, size_y = _down(row, of_scope, h, ends, len(scopes))
    bounds = np.searchsorted(of_scope, np.arange(len(scopes) + 1))
    top = (row_top + row_bottom - h) / 2
    for k, scope in enumerate(scopes.tolist()):
        part = slice(bounds[k], bounds[k + 1])
        size = (float(size_x[k]), float(size_y[k]))
        inner[scope] = Inner(x[part], top[part], row_top[part], row_bottom[part], h[part], size)
        width[scope], height[scope] = size


def _down(row: Array, of_scope: Array, h: Array, ends: Array, scopes: int) -> tuple[Array, Array, Array]:
    """Top and bottom of each vertex's row, and the height of each scope."""
    rows, index = np.unique(row, return_inverse=True)
    tall, scope, rim = np.zeros(len(rows)), np.zeros(len(rows), np.int64), np.zeros(len(rows), bool)
    np.maximum.at(tall, index, h)
    scope[index], rim[index] = of_scope, ends
    # Rows of a scope's ends lie on its rim.
    step = tall + np.where(rim, GAP_Y / 2, GAP_Y)
    total = np.cumsum(step)
    begin = np.searchsorted(scope, np.arange(scopes))
    start = (total - step)[begin]
    top = total - step - start[scope] + HEADER + np.where(_first(scope) & rim, 0, PAD * 0.6)
    size = np.zeros(scopes)
    np.maximum.at(size, scope, top + tall + np.where(rim, 0, PAD))
    return top[index], (top + tall)[index], size


def _first(scope: Array) -> Array:
    fresh = np.ones(len(scope), bool)
    fresh[1:] = scope[1:] != scope[:-1]
    return fresh


def _across(order: Order, take: Array, w: Array, real: Array) -> Array:
    """X of each vertex's middle: vertices of a block below each other, boxes of a row apart, edges short."""
    row, block = order.row[take], np.unique(order.block[take], return_inverse=True)[1]
    same = row[1:] == row[:-1]
    gap = np.where(real[1:] & real[:-1], GAP_X, GAP_LINE)
    step = np.concatenate([[0.0], np.where(same, (w[1:] + w[:-1]) / 2 + gap, 0.0)])
    fresh = np.concatenate([[True], ~same])
    along = np.cumsum(step)
    begin = np.flatnonzero(fresh)
    along -= np.repeat(along[begin], np.diff(np.append(begin, len(row))))
    end = np.append(begin[1:], len(row)) - 1
    centred = along - np.repeat(along[end], np.diff(np.append(begin, len(row)))) / 2
    members = _Members(block)
    x = members.mean(centred)
    x = (_push(x, members, along, row) + _push(x, members, along, row, left=True)) / 2
    x = _drawn_together(order, take, x, members, step, fresh)
    return _apart(x[block], along, row)


class _Members:
    """Vertices grouped by block."""

    def __init__(self, block: Array) -> None:
        self.block = block
        self.by = np.argsort(block, kind="stable")
        self.count = np.bincount(block)
        self.start = np.cumsum(self.count) - self.count

    def mean(self, value: Array) -> Array:
        found: Array = np.bincount(self.block, weights=value) / self.count
        return found

    def max(self, value: Array) -> Array:
        found: Array = np.maximum.reduceat(value[self.by], self.start)
        return found

    def min(self, value: Array) -> Array:
        found: Array = np.minimum.reduceat(value[self.by], self.start)
        return found


def _push(x: Array, members: _Members, along: Array, row: Array, *, left: bool = False) -> Array:
    """Move blocks to one side only until those of each row stand apart."""
    far = row * (4 * float(np.abs(along).max(initial=1)) + 4 * float(np.abs(x).max(initial=1)) + 100)
    for _ in range(_PUSHES):
        free = x[members.block] - along + far
        if left:
            apart = np.minimum.accumulate(free[::-1])[::-1] + along - far
            moved = members.min(apart)
        else:
            apart = np.maximum.accumulate(free) + along - far
            moved = members.max(apart)
        if np.allclose(moved, x, rtol=0, atol=0.01):
            break
        x = moved
    return x


def _drawn_together(order: Order, take: Array, x: Array, members: _Members, step: Array, fresh: Array) -> Array:
    """Move blocks towards their neighbours, each by at most half of the free room beside it."""
    local = np.full(len(order.item), -1)
    local[take] = np.arange(len(take))
    inside = local[order.upper] >= 0
    a, b = local[order.upper[inside]], local[order.lower[inside]]
    one, other = members.block[a], members.block[b]
    apart = one != other
    one, other = one[apart], other[apart]
    pull = np.bincount(one, minlength=len(x)) + np.bincount(other, minlength=len(x))
    last = np.concatenate([fresh[1:], [True]])
    for _ in range(_ROUNDS):
        wish = (np.bincount(one, x[other], len(x)) + np.bincount(other, x[one], len(x))) / np.maximum(pull, 1)
        wish = np.where(pull > 0, wish, x)
        at = x[members.block]
        room = np.empty(len(at))
        room[1:] = at[1:] - at[:-1] - step[1:]
        room[fresh] = np.inf
        before = members.min(room)
        after = members.min(np.where(last, np.inf, np.append(room[1:], np.inf)))
        x = x + np.clip(wish - x, -np.maximum(before, 0) / 2, np.maximum(after, 0) / 2)
    return x


def _apart(x: Array, along: Array, row: Array) -> Array:
    """The nearest places at which boxes of a row cannot overlap, whatever came before."""
    far = row * (4 * float(np.abs(along).max(initial=1)) + 4 * float(np.abs(x).max(initial=1)) + 100)
    free = x - along + far
    right = np.maximum.accumulate(free)
    left = np.minimum.accumulate(free[::-1])[::-1]
    found: Array = (right + left) / 2 + along - far
    return found


def _compose(model: GraphModel, order: Order, seen: frozenset[int], width: Array, inner: dict[int, Inner]) -> Picture:
    """Put scopes into each other and draw the lines."""
    size = len(order.item)
    x, top, high = np.zeros(size), np.zeros(size), np.zeros(size)
    row_top, row_bottom, live = np.zeros(size), np.zeros(size), np.zeros(size, bool)
    corner = {model.root: (0.0, 0.0)}
    number = np.full(model.size, -1)
    real = order.item >= 0
    number[order.item[real]] = np.flatnonzero(real)
    scopes = sorted(seen)
    first = np.searchsorted(order.scope, scopes).tolist()
    for scope, start in zip(scopes, first, strict=True):
        known = inner[scope]
        if scope != model.root:
            at = number[scope]
            corner[scope] = (float(x[at] - known.size[0] / 2), float(top[at]))
        left, above = corner[scope]
        part = slice(start, start + len(known.x))
        x[part], top[part], high[part], live[part] = known.x + left, known.top + above, known.height, True
        row_top[part], row_bottom[part] = known.row_top + above, known.row_bottom + above
    return _picture(order, seen, inner, live, (x, top, high, row_top, row_bottom), width)


def _picture(order: Order, seen: frozenset[int], inner: Mapping[int, Inner], live: Array,
             places: tuple[Array, Array, Array, Array, Array], width: Array) -> Picture:
    x, top, high, row_top, row_bottom = places
    boxes = np.flatnonzero(live & (order.item >= 0))
    items = order.item[boxes]
    wide = width[items]
    box = np.stack([x[boxes] - wide / 2, top[boxes], wide, high[boxes]], 1)
    frame = np.isin(items, list(seen))
    keep = live[order.upper]
    up, low, origin, against = (a[keep] for a in (order.upper, order.lower, order.origin, order.against))
    end = order.item[low]
    curve = np.stack([x[up], row_bottom[up], x[low], row_top[low]], 1)
    # From a box to the rim of its row, and through the row where only a line passes: straight down.
    leaving, arriving = np.unique(up[order.item[up] != DUMMY]), low
    stub_out = np.stack([x[leaving], top[leaving] + high[leaving], x[leaving], row_bottom[leaving]], 1)
    # What comes into an open scope passes under its title.
    stub_out[order.item[leaving] == IN, 1] -= HEADER
    stub_in = np.stack([x[arriving], row_top[arriving], x[arriving], top[arriving]], 1)
    through = order.item[low] == DUMMY
    stub_in[through, 3] = row_bottom[low[through]]
    leaver = np.zeros(len(order.item), np.int64)
    leaver[up] = origin
    far = order.far[live[order.far[:, 0]]]
    straight = np.stack([x[far[:, 0]], top[far[:, 0]] + high[far[:, 0]], x[far[:, 1]], top[far[:, 1]]], 1)
    lines = np.concatenate([curve, stub_in, stub_out, straight])
    item = order.item
    source = np.concatenate([item[origin], item[origin], item[leaver[leaving]], item[far[:, 0]]])
    target = np.concatenate([end, end, np.full(len(leaving), DUMMY), item[far[:, 1]]])
    heads = np.where(item[low] >= 0, np.where(against, 0, 1), 0)
    first_piece = np.where(against & (up == origin), -1, 0)
    head = np.concatenate([first_piece, heads, np.zeros(len(leaving), np.int64), np.where(far[:, 2] > 0, -1, 1)])
    is_far = np.arange(len(lines)) >= len(lines) - len(far)
    bent = is_far | (np.arange(len(lines)) < len(curve))
    real = (np.abs(lines[:, 1] - lines[:, 3]) > 0.01) | (head != 0)
    return Picture(seen, items, box, frame, lines[real], bent[real], source[real], target[real], head[real],
                   is_far[real], inner)
