"""What a value becomes when a device stores it in a narrower type, and how far that is from the value."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from diag.types.dtype import DType

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

FP16_OVERFLOW = np.float32(65520.0)
"""The smallest magnitude that fp16 rounds to infinity."""


def unit_roundoff(dtype: DType) -> float:
    """Half the distance from 1 to the next number of ``dtype``; NaN for a type that is no float."""
    known = dtype.unit_roundoff
    if known is not None:
        return known
    return float(_info(dtype).eps) / 2 if dtype.is_float else float("nan")


def smallest_normal(dtype: DType) -> float:
    """The smallest positive normal number of a float type; 1 for any other type."""
    return float(_info(dtype).smallest_normal) if dtype.is_float else 1.0


def largest(dtype: DType) -> float:
    """The largest finite number of a float type."""
    return float(_info(dtype).max)


def _info(dtype: DType) -> Any:  # noqa: ANN401 - ml_dtypes has no types
    return ml_dtypes.finfo(dtype.numpy)  # type: ignore[no-untyped-call]


class Rounder:
    """Rounds blocks of float32 to fp16 or bf16 with integer arithmetic: five times as fast as numpy's own casts.

    ``block`` is the largest number of elements of one call. Everything is round-to-nearest-even, as the hardware does.
    """

    def __init__(self, dtype: DType, block: int) -> None:
        self.dtype = dtype
        self._shift = {DType.FLOAT16: 13, DType.BFLOAT16: 16}[dtype]
        self._bits = np.empty(block, np.uint32)
        self._odd = np.empty(block, bool)
        self._not_zero = np.empty(block, bool)

    def __call__(self, x: F32, out: F32) -> F32:
        """The rounded values, still as float32, in ``out``; overflow gives an infinity, NaN stays NaN."""
        source, bits, shift = x.view(np.uint32), self._bits[:x.size], np.uint32(self._shift)
        np.right_shift(source, shift, out=bits)
        np.bitwise_and(bits, np.uint32(1), out=bits)
        np.add(bits, source, out=bits)
        half = np.uint32((1 << (self._shift - 1)) - 1)
        np.add(bits, half, out=bits)
        np.bitwise_and(bits, np.uint32(0xFFFFFFFF << self._shift & 0xFFFFFFFF), out=out.view(np.uint32))
        self._repair(x, out)
        return out

    def _repair(self, x: F32, out: F32) -> None:
        """What bits cannot say: fp16's subnormals and overflow, and NaNs whose payload the rounding carried over."""
        odd = self._odd[:x.size]
        if self.dtype is DType.FLOAT16:
            magnitude = np.bitwise_and(x.view(np.uint32), np.uint32(0x7FFFFFFF), out=self._bits[:x.size])
            not_zero = np.not_equal(magnitude, np.uint32(0), out=self._not_zero[:x.size])
            # One unsigned comparison for "below 2^-14 (0x38800000), or from 65520 (0x477FF000) on, or NaN".
            np.subtract(magnitude, np.uint32(0x38800000), out=magnitude)
            np.greater_equal(magnitude, np.uint32(0x477FF000 - 0x38800000), out=odd)
            np.logical_and(odd, not_zero, out=odd)
        else:
            np.not_equal(x, x, out=odd)
        if odd.any():
            some = np.flatnonzero(odd)
            with np.errstate(all="ignore"):
                out[some] = x[some].astype(self.dtype.numpy).astype(np.float32)


def rounder(dtype: DType, block: int) -> Rounder | None:
    """A fast rounder for ``dtype``, None where numpy's casts must do."""
    return Rounder(dtype, block) if dtype in (DType.FLOAT16, DType.BFLOAT16) else None


def storage_error(g: F64, dtype: DType) -> F64:
    """round(g) - g in float64; 0 where g is beyond the type's range."""
    with np.errstate(all="ignore"):
        error: F64 = g.astype(dtype.numpy).astype(np.float64) - g
    error[~np.isfinite(error)] = 0.0
    return error
