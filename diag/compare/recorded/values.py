"""Recorded values against golden tensors that are computed from what the operation itself read."""

from __future__ import annotations

import math

import numpy as np

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.layout import distance, layouts, unarranged
from diag.compare.recorded.device import DeviceOp, narrowest
from diag.compare.recorded.own import Reruns
from diag.compare.recorded.tensors import plain
from diag.runtimes.interface import Array
from diag.types.dtype import DType

HOPS = 24
"""Golden nodes that one operation may stand for, at most."""

_MOST_CANDIDATES = 24
_NEAR = {DType.FLOAT16: 4e-3, DType.BFLOAT16: 3e-2}
"""Relative L2 up to which a recorded output is taken for a golden tensor that was computed from the same inputs."""

_NEAR_FLOAT32 = 1e-3


class Values:
    """Finds golden tensors by their elements."""

    def __init__(self, near: Neighbourhood, reruns: Reruns) -> None:
        self._near, self._reruns = near, reruns

    def passed_on(self, op: DeviceOp, slot: int, fed: dict[str, Array]) -> str | None:
        """The golden tensor whose very elements are written again, perhaps in another shape or type."""
        tensor = op.output(slot)
        found = plain(op, tensor).array if tensor is not None else None
        if found is None:
            return None
        for golden, array in fed.items():
            if array.size == found.size and distance(array.reshape(-1), found.reshape(-1)) <= tolerance(op):
                return golden
        return None

    def nearest(self, op: DeviceOp, slot: int, fed: dict[str, Array], exclude: str = "") -> str | None:
        """The golden tensor that, computed from what the operation read, has the recorded values; None: none has."""
        options = self.distances(op, slot, fed, exclude)
        for moved in (False, True):
            best: tuple[float, str] | None = None
            for gap, axes_moved, golden in options:
                near = gap <= tolerance(op) and axes_moved is moved
                if near and (best is None or gap < best[0] / 4):
                    best = gap, golden
            if best is not None:
                return best[1]
        return None

    def distances(self, op: DeviceOp, slot: int, fed: dict[str, Array],
                  exclude: str = "") -> list[tuple[float, bool, str]]:
        """How far the recorded values are from each golden tensor that the operation may have computed.

        And whether its axes had to be moved for that. Those that lie near in the golden graph come first.
        """
        tensor = op.output(slot)
        found = plain(op, tensor).array if tensor is not None else None
        if found is None:
            return []
        names = [v for v in self._near.chain(fed, found.size, HOPS) if v not in fed and v != exclude]
        ran = self._reruns.run(fed, names[:_MOST_CANDIDATES])
        ways = [(distance(ran[g], unarranged(found, way, ran[g].shape)), way is not None, g)
                for g in names if g in ran and _says_much(ran[g]) for way in layouts(ran[g].shape, found.shape)]
        return [w for w in ways if not math.isnan(w[0])]


def _says_much(array: Array) -> bool:
    """Whether equal values prove anything: a constant tensor equals many, and so does a small whole number."""
    if array.size == 1:
        return array.dtype.kind in "fV"
    return bool(np.any(array != array.reshape(-1)[0]))


def tolerance(op: DeviceOp) -> float:
    """Relative L2 up to which values are the same, by the narrowest type that the operation has."""
    kinds = narrowest(op.record.tensors) if op.record is not None else None
    return _NEAR.get(kinds, _NEAR_FLOAT32) if kinds is not None else _NEAR_FLOAT32
