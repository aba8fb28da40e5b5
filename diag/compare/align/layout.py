"""The same elements in another order: NCHW against NHWC, and reshapes that change nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from diag.runtimes.interface import Array

Layout = tuple[int, ...] | None
"""Permutation that brings golden axes into the target's order; None: the order is the same."""

_SAMPLE = 4096
_BLOCK = 1 << 20
"""Elements of which differences are held at a time."""

_PERMUTATIONS: dict[int, tuple[tuple[int, ...], ...]] = {
    3: ((0, 2, 1),), 4: ((0, 2, 3, 1), (0, 3, 1, 2)), 5: ((0, 2, 3, 4, 1), (0, 4, 1, 2, 3)),
}


def layouts(golden: Sequence[int], target: Sequence[int]) -> Iterator[Layout]:
    """Ways in which a tensor of shape ``golden`` may lie in one of shape ``target``, the likely ones first."""
    if math.prod(golden) != math.prod(target):
        return
    golden, target = tuple(golden), tuple(target)
    if golden == target or _squeezed(golden) == _squeezed(target):
        yield None
    elif sorted(_squeezed(golden)) != sorted(_squeezed(target)):
        yield None  # a reshape
    for perm in _PERMUTATIONS.get(len(golden), ()):
        moved = tuple(golden[p] for p in perm)
        if _squeezed(moved) == _squeezed(target):
            yield perm


def arrange(golden: Array, layout: Layout, shape: Sequence[int]) -> Array:
    """The golden elements in the target's order and shape (a view where it can be)."""
    moved = golden if layout is None else golden.transpose(layout)
    return moved.reshape(tuple(shape))


def unarranged(target: Array, layout: Layout, shape: Sequence[int]) -> Array:
    """The target's elements in the golden tensor's order and ``shape``: the inverse of ``arrange``."""
    if layout is None:
        return target.reshape(tuple(shape))
    moved = tuple(shape[p] for p in layout)
    return target.reshape(moved).transpose(np.argsort(layout))


def distance(golden: Array, target: Array) -> float:
    """Relative L2 distance of two arrays of one shape; a sample first, so that strangers are told apart cheaply.

    NaN-safe: a non-finite difference is infinitely far, unless both sides are non-finite in the same way.
    """
    if golden.size > 4 * _SAMPLE:
        step = golden.size // _SAMPLE
        index = np.arange(0, golden.size, step)
        where = np.unravel_index(index, golden.shape)
        rough = _relative(golden[where], target[where])
        if rough > 0.3:
            return rough
    return _relative(golden, target)


def _relative(golden: Array, target: Array) -> float:
    if golden.dtype.kind in "biuO" or target.dtype.kind in "biuO":
        return float(np.mean(golden != target)) if golden.size else 0.0
    norm = error = 0.0
    for g, t in _blocks(golden, target):
        sums = _quick(g, t) or _careful(g, t)
        norm, error = norm + sums[0], error + sums[1]
        if error == math.inf:
            return math.inf
    if norm == 0:
        return 0.0 if error == 0 else math.inf
    return math.sqrt(error / norm)


def _blocks(golden: Array, target: Array) -> Iterator[tuple[Array, Array]]:
    """Views of both, cut along the longest axis, so that what is computed from them stays small."""
    if golden.size <= _BLOCK:
        yield golden, target
        return
    axis = int(np.argmax(golden.shape))
    length = golden.shape[axis]
    step = max(1, length * _BLOCK // golden.size)
    for start in range(0, length, step):
        part = (slice(None),) * axis + (slice(start, start + step),)
        yield golden[part], target[part]


def _careful(golden: Array, target: Array) -> tuple[float, float]:
    """Squared norms of golden and of the difference, without what is non-finite on both sides in the same way."""
    with np.errstate(all="ignore"):
        g = golden.astype(np.float64, copy=False)
        d = target.astype(np.float64, copy=False) - g
        bad = ~np.isfinite(d)
        if bad.any():
            t = np.asarray(target)
            same = (np.isnan(g) & np.isnan(t)) | (g == t)
            if not bool(same[bad].all()):
                return 0.0, math.inf
            d = np.where(bad, 0, d)
            g = np.where(bad, 0, g)
        # Mask constants near the dtype's limit would hide every other element.
        huge = np.abs(g) > 1e30
        if huge.any():
            d, g = np.where(huge, d / 1e38, d), np.where(huge, 0, g)
        return float(np.vdot(g, g)), float(np.vdot(d, d))


def _quick(golden: Array, target: Array) -> tuple[float, float] | None:
    """The same for ordinary float32 tensors, in a quarter of the time; None where care is needed."""
    if golden.dtype != np.float32 or target.dtype != np.float32:
        return None
    with np.errstate(all="ignore"):
        g = golden.reshape(-1).astype(np.float32, copy=False)
        d = target.reshape(-1).astype(np.float32, copy=False) - g
        norm, error = float(np.dot(g, g)), float(np.dot(d, d))
    # Infinite or NaN: something is not finite, or a mask constant is in it. Tiny: squares may have vanished.
    if not (np.isfinite(norm) and np.isfinite(error)) or norm <= 1e-30:
        return None
    return norm, error


def _squeezed(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(d for d in shape if d != 1)
