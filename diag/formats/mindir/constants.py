"""Constant values of a file as weights, where they are numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from diag.formats.mindir.message import Message
from diag.formats.mindir.schema import DTYPES, AttrType
from diag.types.dtype import DType
from diag.types.graph import AttrValue
from diag.types.tensor import Weight


def as_weight(name: str, value: AttrValue, attribute: Message | None) -> Weight | None:
    """The constant as a weight: a tensor as it is; a number with shape () in its exact element type; a tuple of
    integers as int64 [n], of floats in their type [n], of bools [n]. None for anything else.
    """
    if isinstance(value, Weight):
        return replace(value, name=name)
    kind = attribute.integer("type") if attribute is not None else 0
    if isinstance(value, tuple):
        return _vector(name, value, attribute)
    if isinstance(value, bool | int | float):
        return _numbers(name, [value], (), _dtype(kind, value))
    return None


def _vector(name: str, values: tuple[AttrValue, ...], attribute: Message | None) -> Weight | None:
    kinds = {type(v) for v in values}
    if not kinds <= {bool, int, float} or len(kinds) > 1:
        return None
    numbers = [v for v in values if isinstance(v, bool | int | float)]
    parts = attribute.messages("values") if attribute is not None else []
    kind = parts[0].integer("type") if parts else 0
    dtype = _dtype(kind, 0.0) if kinds == {float} else DType.BOOL if kinds == {bool} else DType.INT64
    return _numbers(name, numbers, (len(numbers),), dtype)


def _dtype(kind: int, value: float) -> DType:
    if isinstance(value, bool):
        return DType.BOOL
    if isinstance(value, int):
        dtype = DTYPES.get(kind, DType.INT64)
        return dtype if dtype.is_integer else DType.INT64
    if kind in (AttrType.DOUBLE, 17):
        return DType.FLOAT64
    dtype = DTYPES.get(kind, DType.FLOAT32)
    return dtype if dtype.is_float else DType.FLOAT32


def _numbers(name: str, values: list[bool | int | float] | list[int] | list[float], shape: tuple[int, ...],
             dtype: DType) -> Weight:
    try:
        return Weight(name, dtype, shape, np.array(values, dtype.numpy).tobytes())
    except (OverflowError, ValueError):
        return Weight(name, dtype, shape, problem=f"its value does not fit in {dtype.value}")
