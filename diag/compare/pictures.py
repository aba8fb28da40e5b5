"""Pictures of a golden tensor and its target, as numbers: exact statistics, samples for the eye."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diag.cancel import Cancel

Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float64]

BLOCK = 1 << 22
"""Elements that are widened to float64 at a time."""

_SAMPLE = 20_000
_WORST = 20
_CHANNELS = 64
_BINS = 96
_EDGE = 512


@dataclass(frozen=True, slots=True)
class Worst:
    """One element: its index, both values."""

    index: tuple[int, ...]
    golden: float
    target: float


@dataclass(frozen=True, slots=True)
class Channel:
    """One slice along the channel axis: relative L2 error and largest error."""

    number: int
    rel_l2: float
    max_abs: float


@dataclass(frozen=True, slots=True)
class Pictures:
    """Everything but the heat map.

    ``edges``, ``golden_counts``, ``target_counts``: the histograms. ``x``, ``y``: a sample of golden and target values,
    the worst elements among them. ``axis``: the channel axis, None if there is none.
    """

    edges: Floats
    golden_counts: npt.NDArray[np.int64]
    target_counts: npt.NDArray[np.int64]
    x: Floats
    y: Floats
    worst: tuple[Worst, ...]
    channels: tuple[Channel, ...]
    axis: int | None
    sampled: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """A plane of the tensors: rows × columns, thinned to what a screen shows."""

    golden: Floats
    target: Floats

    @property
    def difference(self) -> Floats:
        """Target − golden."""
        with np.errstate(invalid="ignore"):
            return self.target - self.golden


def pictures(golden: Array, target: Array, cancel: Cancel) -> Pictures:
    """All pictures of a pair of one shape. Raises Cancelled."""
    flat_g, flat_t = golden.reshape(-1), target.reshape(-1)
    edges, g_counts, t_counts = _histograms(flat_g, flat_t, cancel)
    worst = _worst(flat_g, flat_t, cancel)
    chosen, sampled = _sample(flat_g.size, worst)
    return Pictures(edges, g_counts, t_counts, _wide(flat_g[chosen]), _wide(flat_t[chosen]),
                    tuple(Worst(tuple(int(i) for i in np.unravel_index(int(w), golden.shape)), float(flat_g[w]),
                                float(flat_t[w])) for w in worst),
                    tuple(_channels(golden, target, cancel)), channel_axis(golden.shape), sampled)


def channel_axis(shape: tuple[int, ...]) -> int | None:
    """1 for images, the last one for sequences, none for a vector."""
    if len(shape) < 2:
        return None
    return 1 if len(shape) in (4, 5) else len(shape) - 1


def plane(golden: Array, target: Array, at: tuple[int, ...]) -> Slice:
    """The plane of the two last axes at the given indices of the others; every n-th row and column if it is large."""
    a, b = (_plane(x, at) for x in (golden, target))
    rows, columns = (max(1, math.ceil(n / _EDGE)) for n in a.shape)
    return Slice(_wide(a[::rows, ::columns]), _wide(b[::rows, ::columns]))


def _plane(array: Array, at: tuple[int, ...]) -> Array:
    if array.ndim < 2:
        return array.reshape(1, -1)
    return np.asarray(array[at])


def _wide(array: Array) -> Floats:
    return np.asarray(array, np.float64)


def _blocks(g: Array, t: Array, cancel: Cancel) -> Iterator[tuple[int, Floats, Floats]]:
    for start in range(0, g.size, BLOCK):
        cancel.check()
        yield start, _wide(g[start:start + BLOCK]), _wide(t[start:start + BLOCK])


def _histograms(g: Array, t: Array, cancel: Cancel) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    low, high = math.inf, -math.inf
    for _, a, b in _blocks(g, t, cancel):
        for side in (a, b):
            finite = side[np.isfinite(side)]
            if finite.size:
                low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if not low < high:
        low, high = (low - 0.5, low + 0.5) if math.isfinite(low) else (0.0, 1.0)
    edges = np.linspace(low, high, _BINS + 1)
    counts = [np.zeros(_BINS, np.int64), np.zeros(_BINS, np.int64)]
    for _, a, b in _blocks(g, t, cancel):
        for count, side in zip(counts, (a, b), strict=True):
            count += np.histogram(side[np.isfinite(side)], edges)[0]
    return edges, counts[0], counts[1]


def _worst(g: Array, t: Array, cancel: Cancel) -> npt.NDArray[np.int64]:
    """Flat indices of the largest errors, the largest first; what is not finite on one side comes before all."""
    kept, errors = np.zeros(0, np.int64), np.zeros(0)
    for start, a, b in _blocks(g, t, cancel):
        with np.errstate(invalid="ignore"):
            error = np.abs(b - a)
        error[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
        error[np.isnan(error)] = math.inf
        count = min(_WORST, error.size)
        top = np.argpartition(error, error.size - count)[error.size - count:] if count else kept
        kept, errors = np.concatenate([kept, top + start]), np.concatenate([errors, error[top]])
        order = np.argsort(-errors, kind="stable")[:_WORST]
        kept, errors = kept[order], errors[order]
    return kept[errors > 0]


def _sample(size: int, worst: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], bool]:
    if size <= _SAMPLE:
        return np.arange(size), False
    drawn = np.random.default_rng(0).integers(0, size, _SAMPLE)
    return np.unique(np.concatenate([drawn, worst])), True


def _channels(golden: Array, target: Array, cancel: Cancel) -> Iterator[Channel]:
    """The channels with the largest relative error, the worst first."""
    axis = channel_axis(golden.shape)
    if axis is None or not golden.size:
        return
    others = tuple(i for i in range(golden.ndim) if i != axis)
    dd, gg, top = (np.zeros(golden.shape[axis]) for _ in range(3))
    # Along the first axis block by block: the whole difference need not be held.
    step = max(1, BLOCK // max(1, golden[0].size)) if axis else golden.shape[0]
    for start in range(0, golden.shape[0], step):
        cancel.check()
        a, b = _wide(golden[start:start + step]), _wide(target[start:start + step])
        with np.errstate(invalid="ignore", over="ignore"):
            d = np.nan_to_num(b - a, nan=math.inf, posinf=math.inf, neginf=-math.inf)
            dd += (d * d).sum(axis=others)
            gg += (np.nan_to_num(a, posinf=0, neginf=0) ** 2).sum(axis=others)
            top = np.maximum(top, np.abs(d).max(axis=others))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(dd == 0, 0.0, np.sqrt(dd / gg))
    for number in np.argsort(-error, kind="stable")[:_CHANNELS]:
        yield Channel(int(number), float(error[number]), float(top[number]))
