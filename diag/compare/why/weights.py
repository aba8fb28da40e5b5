"""What differs between a golden constant and the target's: how much, where, and by which hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diag.compare.align.layout import distance
from diag.runtimes.interface import Array

Floats = npt.NDArray[np.float64]

_SAME = 1e-6
_FEW = 0.25
"""Share of channels up to which an error is said to sit in some channels."""


@dataclass(frozen=True, slots=True)
class WeightDifference:
    """How a target weight differs from its golden one.

    ``kind``: scaled, channel, transposed, fp16, bfloat16, saturated, quantised, nonfinite, value (a single number) or
    noise. ``error`` is relative L2; ``channels`` and ``axis`` tell where; ``factor`` is the ratio if scaled.
    """

    kind: str
    golden: str
    target: str
    error: float
    channels: tuple[int, ...] = ()
    axis: int = 0
    factor: float = 1.0
    detail: str = ""


def pair_up(golden: Mapping[str, Array], target: Mapping[str, Array]) -> list[tuple[str, str, Array, Array]]:
    """Constants of both nodes that hold the same thing: same number of elements, nearest first."""
    options = []
    for g, a in golden.items():
        for t, b in target.items():
            for moved, cost in _forms(a, b):
                options.append((distance(moved, b) + cost, g, t, moved, b))
    options.sort(key=lambda o: (o[0] if np.isfinite(o[0]) else 9e9, o[1], o[2]))
    pairs, used = [], set()
    for _, g, t, a, b in options:
        if ("g", g) not in used and ("t", t) not in used:
            used |= {("g", g), ("t", t)}
            pairs.append((g, t, a, b))
    return pairs


def difference(names: tuple[str, str], golden: Array, target: Array) -> WeightDifference | None:
    """What was done to the golden array to make the target one (of the same shape); None if nothing."""
    g: Floats = golden.astype(np.float64)
    t: Floats = target.astype(np.float64)
    nan, inf = int((np.isnan(t) & np.isfinite(g)).sum()), int((np.isinf(t) & np.isfinite(g)).sum())
    if nan or inf:
        detail = f"{inf} infinite elements: an overflow" if inf else f"{nan} NaN elements"
        return WeightDifference("nonfinite", *names, float("inf"), detail=detail)
    error = distance(g, t)
    if error <= _SAME:
        return None
    if g.size == 1:
        return WeightDifference("value", *names, error, detail=f"{g.reshape(-1)[0]:.7g} became {t.reshape(-1)[0]:.7g}")
    return _shaped(names, g, t, error)


def _shaped(names: tuple[str, str], g: Floats, t: Floats, error: float) -> WeightDifference:
    if g.ndim == 2 and g.shape[0] == g.shape[1] and distance(g.T, t) <= _SAME:
        return WeightDifference("transposed", *names, error)
    with np.errstate(over="ignore"):
        halves = g.astype(np.float16).astype(np.float64)
    if np.array_equal(halves, t):
        kind = "saturated" if not np.isfinite(halves).all() else "fp16"
        return WeightDifference(kind, *names, error)
    clipped = np.abs(t) >= 65504
    if clipped.any() and (np.abs(g[clipped]) > np.abs(t[clipped])).all():
        return WeightDifference("saturated", *names, error, detail=f"{int(clipped.sum())} elements at the limit")
    factor = float(np.vdot(g, t) / np.vdot(g, g))
    if abs(factor - 1) > 1e-6 and distance(g * factor, t) <= max(1e-5, 1e-4 * error):
        return WeightDifference("scaled", *names, error, factor=factor)
    where = _channels(g, t)
    if where is not None:
        axis, channels, ratio = where
        return WeightDifference("channel", *names, error, channels, axis, ratio)
    if _on_grid(t) and not _on_grid(g):
        return WeightDifference("quantised", *names, error)
    return WeightDifference("noise", *names, error)


def _channels(g: Floats, t: Floats) -> tuple[int, tuple[int, ...], float] | None:
    """The axis along which the whole error sits in few slices, those slices, and their common factor (or NaN)."""
    for axis in range(g.ndim):
        if g.shape[axis] < 4:
            continue
        others = tuple(a for a in range(g.ndim) if a != axis)
        energy = ((t - g) ** 2).sum(axis=others)
        touched = np.flatnonzero(energy > 1e-10 * energy.sum())
        if 0 < touched.size <= max(1, int(_FEW * g.shape[axis])):
            a, b = np.take(g, touched, axis), np.take(t, touched, axis)
            norm = float(np.vdot(a, a))
            factor = float(np.vdot(a, b) / norm) if norm else float("nan")
            exact = norm > 0 and distance(a * factor, b) < 1e-5
            return axis, tuple(int(c) for c in touched), factor if exact else float("nan")
    return None


def _on_grid(values: Floats) -> bool:
    """Whether the elements lie on a grid of at most 256 levels (per tensor, or per slice of the first axis)."""
    if np.unique(values).size <= min(256, values.size // 8):
        return True
    return values.ndim > 1 and values[0].size >= 512 and all(np.unique(v).size <= 256 for v in values)


def _forms(golden: Array, target: Array) -> Sequence[tuple[Array, float]]:
    """The golden array in the shapes in which a converter may have stored it; a transposition costs a little."""
    if golden.size != target.size or golden.dtype.kind not in "fV" or target.dtype.kind not in "fV":
        return ()
    forms = []
    if golden.shape == target.shape or golden.size == 1 or _squeezed(golden) == _squeezed(target):
        forms.append((golden.reshape(target.shape), 0.0))
    if golden.ndim == 2 and golden.T.shape == target.shape:
        forms.append((golden.T, 1e-9))
    if golden.ndim == 4:
        for perm in ((0, 2, 3, 1), (1, 0, 2, 3), (2, 3, 1, 0), (1, 2, 3, 0)):
            moved = golden.transpose(perm)
            if moved.shape == target.shape:
                forms.append((moved, 1e-9))
    return forms or ((golden.reshape(target.shape), 1e-6),)


def _squeezed(array: Array) -> tuple[int, ...]:
    return tuple(d for d in array.shape if d != 1)
