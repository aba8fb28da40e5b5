"""Storage rounding: what becomes of float32 values that a device keeps in a narrower type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.compare.metrics.block import BLOCK
from diag.compare.metrics.rounding import rounder, smallest_normal
from diag.types.dtype import DType


@dataclass(frozen=True, slots=True)
class Rounded:
    """Values after storage, and what got lost.

    Attributes:
        values: float32, the shape of the input.
        overflow: elements that were finite and became infinite.
        underflow: elements that were not zero and became zero.
        subnormal: elements that are kept with fewer digits, below the type's smallest normal number.
    """

    values: NDArray[np.float32]
    overflow: int
    underflow: int
    subnormal: int


def round_storage(array: NDArray[Any], dtype: DType) -> Rounded:
    """Round to nearest even in ``dtype`` and back to float32, as a device does that stores and reads again.

    Overflow gives infinities, tiny values become subnormal or zero; infinities and NaN stay. The input is not changed.

    Raises:
        ValueError: ``array`` or ``dtype`` is no real floating point type.
    """
    if not dtype.is_float or not DType.of(array.dtype.newbyteorder("=")).is_float:
        raise ValueError(f"storage rounding is for floats: {array.dtype} to {dtype.value}")
    source = np.ascontiguousarray(array, np.float32).reshape(-1)
    values = np.empty(source.size, np.float32)
    fast = rounder(dtype, BLOCK)
    tiny, counts = np.float32(smallest_normal(dtype)), np.zeros(3, np.int64)
    for start in range(0, source.size, BLOCK):
        x, y = source[start:start + BLOCK], values[start:start + BLOCK]
        if fast is not None:
            fast(x, y)
        else:
            with np.errstate(all="ignore"):
                y[:] = x.astype(dtype.numpy)
        counts += _lost(x, y, tiny)
    overflow, underflow, subnormal = (int(c) for c in counts)
    return Rounded(values.reshape(array.shape), overflow, underflow, subnormal)


def _lost(x: NDArray[np.float32], y: NDArray[np.float32], tiny: np.float32) -> tuple[int, int, int]:
    """Overflows, underflows and subnormals of one block."""
    overflow = 0
    if not np.isfinite(y).all():
        overflow = int(np.count_nonzero(~np.isfinite(y) & np.isfinite(x)))
    magnitude = np.abs(y)
    zero = magnitude == 0
    underflow = int(np.count_nonzero(zero)) - int(np.count_nonzero(x == 0))
    return overflow, underflow, int(np.count_nonzero(magnitude < tiny)) - int(np.count_nonzero(zero))
