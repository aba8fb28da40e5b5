"""A picture made ready to be looked at: found by place through sorted arrays, thinned where it is far. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.graph.layout import BOX_HEIGHT, Picture
from app.graph.model import GraphModel

Array = npt.NDArray[Any]
Rect = tuple[float, float, float, float]
"""x0, y0, x1, y1 in scene units."""

_CELL = 64.0
_UNSEEN = 4.0
"""Boxes that fall into one cell of so many screen pixels are drawn as one."""
_TALL = 1500.0


@dataclass(frozen=True, slots=True)
class Heap:
    """Boxes to be drawn: (n, 4) x, y, width, height; highest state; whether one makes its own error; items or -1."""

    box: Array
    state: Array
    own: Array
    item: Array


class Scene:
    """One picture of one model."""

    def __init__(self, model: GraphModel, picture: Picture) -> None:
        self.model, self.picture = model, picture
        self.width, self.height = picture.bounds
        closed = np.flatnonzero(~picture.frame)
        closed = closed[np.argsort(picture.box[closed, 1], kind="stable")]
        items = picture.items[closed]
        self.boxes = Heap(picture.box[closed], model.worst[items], model.own[items], items)
        frames = np.flatnonzero(picture.frame)
        frames = frames[np.argsort(model.depth[picture.items[frames]], kind="stable")]
        self.frames, self.frame_items = picture.box[frames], picture.items[frames]
        self.length = (np.abs(picture.lines[:, 2] - picture.lines[:, 0])
                       + np.abs(picture.lines[:, 3] - picture.lines[:, 1]))
        self._lines = _by_length(picture.lines, self.length)
        self._row = np.full(model.size, -1)
        self._row[picture.items] = np.arange(len(picture.items))
        self._merged = _levels(self.boxes)

    def rect(self, item: int) -> Rect | None:
        """Where an item is drawn; None if it is not."""
        row = self._row[item]
        if row < 0:
            return None
        x, y, w, h = self.picture.box[row].tolist()
        return x, y, x + w, y + h

    def seen(self, item: int) -> int:
        """What shows an item: itself, or the closed scope that holds it; -1 if it is not drawn at all."""
        while item >= 0 and self._row[item] < 0:
            item = int(self.model.parent[item])
        return item

    def seen_of(self, items: Array) -> set[int]:
        """``seen`` of many."""
        here = np.asarray(items, np.int64)
        for _ in range(len(self.model.chain)):
            hidden = (here >= 0) & (self._row[here] < 0)
            if not hidden.any():
                break
            here = np.where(hidden, self.model.parent[here], here)
        return set(here[here >= 0].tolist()) - {self.model.root}

    def visible(self, rect: Rect, zoom: float) -> Heap:
        """Closed boxes in a rectangle; merged where they are too small to be told apart."""
        heap = self.boxes
        for cell, merged in self._merged:
            if cell * zoom <= _UNSEEN:
                heap = merged
        tallest = BOX_HEIGHT if heap is self.boxes else float(heap.box[:, 3].max(initial=0))
        first, last = np.searchsorted(heap.box[:, 1], (rect[1] - tallest, rect[3]))
        box = heap.box[first:last]
        hit = first + np.flatnonzero((box[:, 0] <= rect[2]) & (box[:, 0] + box[:, 2] >= rect[0])
                                     & (box[:, 1] + box[:, 3] >= rect[1]))
        return Heap(heap.box[hit], heap.state[hit], heap.own[hit], heap.item[hit])

    def visible_frames(self, rect: Rect, least: float) -> tuple[Array, Array]:
        """Boxes and items of open scopes in a rectangle, outer ones first, none narrower than ``least`` scene units."""
        box = self.frames
        hit = ((box[:, 0] <= rect[2]) & (box[:, 0] + box[:, 2] >= rect[0]) & (box[:, 1] <= rect[3])
               & (box[:, 1] + box[:, 3] >= rect[1]) & (box[:, 2] >= least) & (box[:, 3] >= least))
        return box[hit], self.frame_items[hit]

    def lines(self, rect: Rect, least: float) -> Array:
        """Numbers of the lines of the picture that may cross a rectangle and are at least so long, scene units."""
        reach, lines = next((shortest, lines) for shortest, lines in reversed(self._lines) if shortest <= least)
        found = lines.crossing(rect)
        return found if reach == least else found[self.length[found] >= least]

    def touching(self, item: int) -> Array:
        """Numbers of the lines that belong to edges of an item."""
        p = self.picture
        row = self._row[item]
        if row < 0:
            return np.zeros(0, np.int64)
        own = (p.source == item) | (p.target == item)
        return np.flatnonzero(own)

    def neighbour(self, item: int, dx: int, dy: int) -> int:
        """The closed box that is nearest in a direction; the first one if none is given; -1 if there is none."""
        here = self.rect(item) if item >= 0 else None
        heap = self.boxes
        if here is None:
            return int(heap.item[0]) if len(heap.item) else -1
        x = heap.box[:, 0] + heap.box[:, 2] / 2 - (here[0] + here[2]) / 2
        y = heap.box[:, 1] + heap.box[:, 3] / 2 - (here[1] + here[3]) / 2
        along, aside = x * dx + y * dy, np.abs(x * dy) + np.abs(y * dx)
        # To the side means in the same row; up and down may lean.
        cost = np.where(along > 4, along + aside * (4.0 if dx else 0.7), np.inf)
        best = int(np.argmin(cost)) if len(cost) else -1
        return int(heap.item[best]) if best >= 0 and np.isfinite(cost[best]) else -1

    def hit(self, x: float, y: float) -> int:
        """The item at a place: a closed box, else the innermost open scope, else -1."""
        found = self.visible((x, y, x, y), 1.0)
        if len(found.item):
            return int(found.item[-1])
        frames, items = self.visible_frames((x, y, x, y), 0.0)
        return int(items[-1]) if len(frames) else -1


class _Lines:
    """Some lines by their upper end; the few very tall ones apart, so that a search need not look far up."""

    def __init__(self, lines: Array, some: Array) -> None:
        self.lines = lines
        tall = np.abs(lines[some, 3] - lines[some, 1]) > _TALL
        self.tall, short = some[tall], some[~tall]
        top = np.minimum(lines[short, 1], lines[short, 3])
        by = np.argsort(top, kind="stable")
        self.short, self.top = short[by], top[by]

    def crossing(self, rect: Rect) -> Array:
        first, last = np.searchsorted(self.top, (rect[1] - _TALL, rect[3]))
        some = np.concatenate([self.tall, self.short[first:last]])
        x0, y0, x1, y1 = self.lines[some].T
        inside = ((np.minimum(x0, x1) <= rect[2]) & (np.maximum(x0, x1) >= rect[0])
                  & (np.minimum(y0, y1) <= rect[3]) & (np.maximum(y0, y1) >= rect[1]))
        found: Array = some[inside]
        return found


def _by_length(lines: Array, length: Array) -> list[tuple[float, _Lines]]:
    """The lines, and those of some length: what is far away needs no search through all."""
    found, some, shortest = [(0.0, _Lines(lines, np.arange(len(lines))))], np.arange(len(lines)), _CELL
    while len(some) > 2000 and len(found) < 14:
        some = some[length[some] >= shortest]
        found.append((shortest, _Lines(lines, some)))
        shortest *= 2
    return found


def _levels(heap: Heap) -> list[tuple[float, Heap]]:
    """Coarser and coarser versions, while there is something to gain."""
    found: list[tuple[float, Heap]] = []
    cell = _CELL
    while len(heap.item) > 2000 and len(found) < 14:
        heap = _merge(heap, cell)
        found.append((cell, heap))
        cell *= 2
    return found


def _merge(heap: Heap, cell: float) -> Heap:
    column = np.floor(heap.box[:, 0] / cell).astype(np.int64)
    line = np.floor(heap.box[:, 1] / cell).astype(np.int64)
    by = np.lexsort((column, line))
    key = line[by] * (int(column.max(initial=0)) + 2) + column[by]
    start = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    box = heap.box[by]
    left, top = np.minimum.reduceat(box[:, 0], start), np.minimum.reduceat(box[:, 1], start)
    right = np.maximum.reduceat(box[:, 0] + box[:, 2], start)
    bottom = np.maximum.reduceat(box[:, 1] + box[:, 3], start)
    merged = np.stack([left, top, right - left, bottom - top], 1)
    order = np.argsort(top, kind="stable")
    return Heap(merged[order], np.maximum.reduceat(heap.state[by], start)[order],
                np.logical_or.reduceat(heap.own[by], start)[order], np.full(len(start), -1))
