"""Recorded tensors in the golden model's shape: the device's layout undone, axes put back in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from diag.compare.align.layout import Layout, distance, layouts, unarranged
from diag.compare.recorded.device import DeviceOp
from diag.errors import DiagError
from diag.formats.layouts import Unplaced, restore
from diag.formats.tensor_dump import RecordedTensor, load
from diag.runtimes.interface import Array


@dataclass(frozen=True, slots=True)
class Placed:
    """A recorded tensor's elements; ``array`` None: they cannot be had, ``problem`` says why.

    ``layout`` is the permutation that brings golden axes into the order that the recording had, as in ``Mapping``.
    """

    array: Array | None
    problem: str = ""
    layout: Layout = None


def plain(op: DeviceOp, tensor: RecordedTensor, like: Sequence[int] | None = None) -> Placed:
    """The elements in the shape before the device's layout; ``like`` is the likely one where nobody says it."""
    if tensor.span is None:
        return Placed(None, tensor.problem or "only its statistics were recorded")
    key = (tensor.side, tensor.slot)
    known = tensor.original if tensor.original is not None else op.shapes.get(key)
    wanted = None if like is None else tuple(like)
    # A file of an old version says nothing here, which reads like a scalar; and files may be wrong.
    doubted = known is not None and wanted is not None and math.prod(known) != math.prod(wanted)
    origin = op.axes.get(key, "NCHW")
    problem = ""
    for shape in dict.fromkeys((wanted, known) if doubted else (known, wanted)):
        if shape is None:
            continue
        try:
            return Placed(restore(load(tensor), tensor.layout, shape, origin=_axes(origin, shape),
                                  groups=tensor.groups))
        except Unplaced as error:
            problem = problem or str(error)
        except DiagError as error:
            return Placed(None, error.message)
    try:
        return Placed(restore(load(tensor), tensor.layout, None, groups=tensor.groups))
    except Unplaced as error:
        return Placed(None, problem or str(error))
    except DiagError as error:
        return Placed(None, error.message)


def placed(op: DeviceOp, tensor: RecordedTensor, shape: Sequence[int], golden: Array | None = None) -> Placed:
    """The elements in the golden ``shape``. Where several axis orders fit, ``golden``'s elements decide."""
    found = _whole(op, tensor, tuple(shape)) if tensor.slices else plain(op, tensor, shape)
    if found.array is None:
        return found
    shape = tuple(shape)
    array = found.array
    if array.size != math.prod(shape):
        return Placed(None, f"it has the shape {list(array.shape)}, golden {list(shape)}")
    ways = list(layouts(shape, array.shape))
    if not ways:
        return Placed(None, f"it has the shape {list(array.shape)}, golden {list(shape)}")
    if len(ways) == 1 or golden is None:
        return Placed(unarranged(array, ways[0], shape), layout=ways[0])
    tried = [(distance(golden, unarranged(array, way, shape)), k, way) for k, way in enumerate(ways)]
    best = min(tried, key=lambda t: (t[0] if not np.isnan(t[0]) else np.inf, t[1]))
    return Placed(unarranged(array, best[2], shape), layout=best[2])


def _whole(op: DeviceOp, tensor: RecordedTensor, shape: tuple[int, ...]) -> Placed:
    """A tensor of which each thread recorded a slice (or all of it): put together along the axis that fits."""
    alone = plain(op, tensor, shape)
    if alone.array is None or alone.array.shape == shape:
        return alone
    parts = [plain(op, replace(s, slices=())).array for s in tensor.slices]
    arrays = [a for a in parts if a is not None]
    for axis in range(arrays[0].ndim if len(arrays) == len(parts) else 0):
        rest = {(*a.shape[:axis], *a.shape[axis + 1:]) for a in arrays}
        if len(rest) == 1 and sum(a.shape[axis] for a in arrays) * math.prod(next(iter(rest))) == math.prod(shape):
            whole = np.concatenate(arrays, axis)
            if whole.ndim != len(shape) or whole.shape == shape:
                return Placed(whole)
    return Placed(None, f"{len(parts)} threads recorded slices that do not make up {list(shape)}")


def _axes(origin: str, shape: Sequence[int]) -> str:
    """The axis order that fits the number of sizes."""
    if len(shape) == len(origin):
        return origin
    return {5: "NCDHW"}.get(len(shape), "NCHW")
