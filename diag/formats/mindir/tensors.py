"""Tensor messages → weights and what is known of values."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from diag.formats.mindir.message import Message
from diag.formats.mindir.schema import COMPRESSIONS, DTYPES, QINT4X2
from diag.formats.mindir.source import Source
from diag.types.dtype import DType
from diag.types.tensor import Span, TensorInfo, Weight

INLINE_BYTES = 64 * 1024
"""Weights up to this size are read with the graph; larger ones, and compiled models, stay in the file."""

OM_MAGIC = b"IMOD"
"""The first bytes of a compiled Ascend model (OM)."""

_MAX_RANK = 32
_MAX_ELEMENTS = 1 << 48
_TYPED = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def describe(tensor: Message, *, empty_is_scalar: bool) -> TensorInfo:
    """Element type and shape that a tensor message declares; the name is the one in the message, often "".

    A lone -2 is an unknown rank, another negative size an unknown one. Lite writes no sizes at all both for a scalar
    and for a shape that it did not infer: ``empty_is_scalar`` decides.
    """
    dims = tensor.integers("dims")
    dtype = dtype_of(tensor)
    if dims == [-2] or (not dims and not empty_is_scalar):
        return TensorInfo(tensor.text("name"), dtype)
    return TensorInfo(tensor.text("name"), dtype, tuple(d if d >= 0 else None for d in dims))


def dtype_of(tensor: Message) -> DType:
    """The element type; UNDEFINED for a number that is not known."""
    number = tensor.integer("data_type")
    return DType.INT4 if number == QINT4X2 else DTYPES.get(number, DType.UNDEFINED)


def is_type_only(tensor: Message) -> bool:
    """Whether the message says an element type and nothing else, as attributes do that hold a type."""
    return not any(name in tensor for name in ("dims", "raw_data", "string_data", "external_data", *_TYPED))


def read_weight(tensor: Message, name: str, source: Source) -> Weight:
    """The weight with its bytes, its place in a file, or the reason why it has none."""
    dtype, dims = dtype_of(tensor), tensor.integers("dims")
    problem = _impossible(tensor, dims)
    shape = tuple(max(d, 0) for d in dims)
    if problem:
        return Weight(name, dtype, shape if len(shape) <= _MAX_RANK else (), problem=problem)
    if dtype is DType.STRING:
        strings = tuple(tensor.fields.get("string_data", ()))
        if len(strings) != math.prod(shape):
            problem = f"it has {len(strings):,} strings, not {math.prod(shape):,}"
        return Weight(name, dtype, shape, strings=strings, problem=problem)
    data, problem = _data(tensor, dtype, source)
    length = data.length if isinstance(data, Span) else len(data)
    if not problem and length != dtype.nbytes(math.prod(shape)):
        problem = (f"it has {length:,} bytes, but {dtype.value} {list(shape)} needs "
                   f"{dtype.nbytes(math.prod(shape)):,}")
    return Weight(name, dtype, shape, b"" if problem else data, problem)


def _impossible(tensor: Message, dims: list[int]) -> str:
    number, compression = tensor.integer("data_type"), tensor.integer("compression_type")
    if len(dims) > _MAX_RANK:
        return f"it has {len(dims)} dimensions"
    if any(not 0 <= d < _MAX_ELEMENTS for d in dims) or math.prod(d for d in dims if d) >= _MAX_ELEMENTS:
        return f"its shape {dims} is impossible"
    if number == QINT4X2:
        return "its elements are packed pairs of 4-bit numbers, which this program cannot read"
    if number not in DTYPES:
        return f"its element type {number} is unknown"
    if compression:
        return f"it is compressed ({COMPRESSIONS.get(compression, compression)}), which this program cannot read"
    return ""


def _data(tensor: Message, dtype: DType, source: Source) -> tuple[Span | bytes, str]:
    external = tensor.message("external_data")
    if external is not None and "raw_data" not in tensor:
        return _external(external, source)
    if "raw_data" in tensor:
        place = tensor.fields["raw_data"]
        length = place.end - place.start
        compiled = source.data[place.start:place.start + len(OM_MAGIC)] == OM_MAGIC
        if source.in_file and source.little_endian and (length > INLINE_BYTES or compiled):
            return Span(source.path, place.start, length), ""
        raw = bytes(source.data[place.start:place.end])
        return raw if source.little_endian else _swapped(raw, dtype), ""
    for field in _TYPED:
        if field in tensor:
            return _typed(tensor.fields[field], field, dtype)
    if 0 in tensor.integers("dims"):
        return b"", ""
    return b"", "the file has no elements for it"


def _swapped(raw: bytes, dtype: DType) -> bytes:
    width = dtype.bits // 8 if not dtype.value.startswith("complex") else dtype.bits // 16
    if width < 2 or len(raw) % width:
        return raw
    return np.frombuffer(raw, np.uint8).reshape(-1, width)[:, ::-1].tobytes()


def _typed(values: list[float] | list[int], field: str, dtype: DType) -> tuple[bytes, str]:
    """Elements that stand in one of the typed fields instead of ``raw_data``."""
    try:
        if field == "int32_data" and dtype in (DType.FLOAT16, DType.BFLOAT16):
            return np.array(values, np.int64).astype(np.uint16).tobytes(), ""
        return np.array(values, dtype.numpy).tobytes(), ""
    except (OverflowError, ValueError, TypeError):
        return b"", f"its {field} does not fit in {dtype.value}"


def _external(external: Message, source: Source) -> tuple[Span | bytes, str]:
    location = external.text("location")
    offset, length = external.integer("offset"), external.integer("length")
    path = (source.path.parent / location).absolute()
    if not location or Path(location).is_absolute() or ".." in Path(location).parts:
        return b"", f"its file {location!r} is not one beside the model"
    try:
        with path.open("rb") as file:
            first = file.read(1)
        size = path.stat().st_size
    except (OSError, ValueError):
        return b"", f"its file {location!r} is missing"
    if offset < 0 or length < 0 or offset + length > size:
        return b"", (f"its file {location!r} ends at byte {size:,}, it should be at bytes {offset:,} "
                     f"to {offset + length:,}")
    if first != b"\x01" or not source.little_endian:
        return b"", f"its file {location!r} is not little-endian"
    return Span(path, offset, length), ""
