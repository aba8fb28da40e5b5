"""Integers, booleans and strings: equal or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.types.dtype import DType

Array = NDArray[Any]


def is_text(dtype: np.dtype[Any]) -> bool:
    """Whether the elements are strings."""
    return dtype.kind in "OSUT"


def is_discrete(dtype: np.dtype[Any]) -> bool:
    """Whether tensors of this type are judged by equality."""
    kind = DType.of(dtype.newbyteorder("="))
    return kind.is_integer or kind in (DType.BOOL, DType.STRING)


def differ(golden: Array, target: Array) -> NDArray[np.bool_]:
    """Which elements are unequal; text and its UTF-8 bytes are the same string."""
    if is_text(golden.dtype) or is_text(target.dtype):
        pairs = zip(golden.tolist(), target.tolist(), strict=True)
        return np.fromiter((_text(g) != _text(t) for g, t in pairs), bool, golden.size)
    found: NDArray[np.bool_] = np.not_equal(_plain(golden), _plain(target))
    return found


def exact_difference(golden: Array, target: Array) -> NDArray[np.float64]:
    """Target minus golden of 64-bit integers: float64 alone would lose differences above 2^53."""
    return (_plain(target).astype(np.longdouble) - _plain(golden).astype(np.longdouble)).astype(np.float64)


def _plain(x: Array) -> Array:
    """int4 and kin as int8, so that numpy can compare them with anything."""
    if x.dtype.kind != "V":
        return x
    kind = DType.of(x.dtype)
    return x.astype(np.int8 if kind.is_integer else np.float32)


def _text(value: object) -> object:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
