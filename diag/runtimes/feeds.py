"""Inputs as a model wants them: names, shapes and dtypes are checked before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import numpy as np

from diag.errors import UsageError
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo

_NARROWED = {(DType.INT64, DType.INT32), (DType.INT32, DType.INT64), (DType.FLOAT64, DType.FLOAT32)}
"""Casts that a conversion to MindIR makes by itself; values are checked to survive them."""


def checked(feeds: Mapping[str, Array], wanted: Sequence[TensorInfo]) -> dict[str, Array]:
    """The feeds in the wanted dtypes. Raises UsageError for a missing or unknown name, a wrong shape or dtype."""
    names = [w.name for w in wanted]
    for name in feeds:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            raise UsageError(f"The model has no input '{name}'", where=f"its inputs are: {', '.join(names)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "Inputs are matched by name")
    return {w.name: _fit(feeds.get(w.name), w) for w in wanted}


def _fit(array: Array | None, info: TensorInfo) -> Array:
    if array is None:
        raise UsageError(f"No value for the input '{info.name}'", hint=f"Give it with --input {info.name}=FILE.npy")
    array = np.asarray(array)
    if info.shape is not None and (len(info.shape) != array.ndim or any(
            isinstance(d, int) and d >= 0 and d != n for d, n in zip(info.shape, array.shape, strict=False))):
        raise UsageError(f"The input '{info.name}' has the shape {list(array.shape)}",
                         where=f"the model wants {describe(info)}",
                         hint="Give an array of that shape, or choose it with --shape")
    given = DType.of(array.dtype)
    if info.dtype in (given, DType.UNDEFINED):
        return array
    if (given, info.dtype) in _NARROWED:
        cast = array.astype(info.dtype.numpy)
        if given.is_float or np.array_equal(cast, array):
            return cast
    if given.is_float and info.dtype.is_float:
        # As a run folder keeps bfloat16: in a type that every numpy reads.
        with np.errstate(over="ignore"):
            narrow = array.astype(info.dtype.numpy)
        if np.array_equal(narrow.astype(array.dtype), array, equal_nan=True):
            return narrow
    raise UsageError(f"The input '{info.name}' is {given.value}", where=f"the model wants {describe(info)}",
                     hint=f"Convert it: array.astype('{info.dtype.value}')")


def describe(info: TensorInfo) -> str:
    """``float32[1, 3, ?, ?]`` and kin, for people."""
    if info.shape is None:
        return f"{info.dtype.value} of any shape"
    dims = ", ".join("?" if d is None or d == -1 else str(d) for d in info.shape)
    return f"{info.dtype.value}[{dims}]"
