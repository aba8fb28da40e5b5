"""Tensors of an ONNX file as weights: where their elements lie, or what is wrong with them."""

from __future__ import annotations

import math
import os
from array import array
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx

from diag.formats.onnx.infos import DTYPES, text
from diag.formats.weights import load
from diag.types.dtype import DType
from diag.types.tensor import Span, Weight

_DENSE_LIMIT = 64 << 20
"""Bytes up to which a sparse tensor is written out as a dense one."""

_FLOAT_DATA = (DType.FLOAT32, DType.COMPLEX64)
_DOUBLE_DATA = (DType.FLOAT64, DType.COMPLEX128)


class _File(NamedTuple):
    """A file that holds elements; ``size`` None: it is not there."""

    path: Path
    size: int | None


class Tensors:
    """Makes weights of one file's tensors; remembers what is wrong with them (``problems``: sentence → how many)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, _File | None] = {}
        self.problems: Counter[str] = Counter()

    def dense(self, tensor: onnx.TensorProto, name: str = "") -> Weight:
        """The tensor as a weight; ``name`` is used where it has none of its own."""
        name = text(tensor.name) or name
        dtype, shape = DTYPES.get(tensor.data_type, DType.UNDEFINED), tuple(tensor.dims)
        if dtype is DType.UNDEFINED:
            return self._broken(name, dtype, shape, f"element type {tensor.data_type} is not known")
        if min(shape, default=0) < 0:
            return self._broken(name, dtype, shape, f"its shape {list(shape)} has a negative size")
        if tensor.HasField("segment"):
            return self._broken(name, dtype, shape, "it is stored in segments, which nobody reads")
        if dtype is DType.STRING:
            return self._strings(name, shape, tensor)
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            return self._external(name, dtype, shape, tensor)
        data = _bytes(tensor, dtype)
        weight = Weight(name, dtype, shape, data)
        if len(data) != weight.nbytes:
            return self._broken(name, dtype, shape, f"it needs {weight.nbytes:,} bytes and has {len(data):,}")
        return weight

    def sparse(self, tensor: onnx.SparseTensorProto, name: str = "") -> Weight:
        """The sparse tensor written out as a dense weight."""
        values, indices = self.dense(tensor.values, name), self.dense(tensor.indices)
        shape = tuple(tensor.dims)
        whole = Weight(values.name, values.dtype, shape)
        if values.problem or indices.problem:
            return self._broken(values.name, values.dtype, shape, values.problem or indices.problem)
        if values.dtype.bits < 8 or min(shape, default=0) < 0 or whole.nbytes > _DENSE_LIMIT:
            return self._broken(values.name, values.dtype, shape, "it is sparse and too large to write out")
        try:
            elements = np.zeros(whole.size, values.dtype.numpy)
            at = load(indices).astype(np.int64)
            elements[np.ravel_multi_index(tuple(at.T), shape) if at.ndim == 2 else at] = load(values).reshape(-1)
        except (ValueError, IndexError, TypeError):
            return self._broken(values.name, values.dtype, shape, "its sparse indices do not fit its shape")
        return Weight(values.name, values.dtype, shape, elements.tobytes())

    def _strings(self, name: str, shape: tuple[int, ...], tensor: onnx.TensorProto) -> Weight:
        weight = Weight(name, DType.STRING, shape, strings=tuple(tensor.string_data))
        if len(weight.strings) != weight.size:
            found = len(weight.strings)
            return self._broken(name, DType.STRING, shape, f"it needs {weight.size:,} strings and has {found:,}")
        return weight

    def _external(self, name: str, dtype: DType, shape: tuple[int, ...], tensor: onnx.TensorProto) -> Weight:
        keys = {entry.key: entry.value for entry in tensor.external_data}
        location = os.fsdecode(keys.get("location", ""))
        file = self._file(location)
        if file is None:
            return self._broken(name, dtype, shape, f"external file {location!r} is not inside the model's folder")
        needs = dtype.nbytes(math.prod(shape))
        try:
            offset, length = int(keys.get("offset", 0)), int(keys.get("length", needs))
        except ValueError:
            return self._broken(name, dtype, shape, f"its place in external file {location!r} is not a number")
        span = Span(file.path, max(offset, 0), max(length, 0))
        if file.size is None:
            return self._broken(name, dtype, shape, f"external file {location!r} is missing", span)
        if length != needs:
            return self._broken(name, dtype, shape, f"it needs {needs:,} bytes and {location!r} has {length:,}", span)
        if offset < 0 or offset + length > file.size:
            return self._broken(name, dtype, shape, f"external file {location!r} is cut short: it has "
                                f"{file.size:,} bytes, the weight ends at {offset + length:,}", span)
        return Weight(name, dtype, shape, span)

    def _file(self, location: str) -> _File | None:
        """The file at ``location`` in the model's folder; None if that would lie outside."""
        if location not in self._files:
            self._files[location] = _find(self._path.parent, location)
        return self._files[location]

    def _broken(self, name: str, dtype: DType, shape: tuple[int, ...], problem: str,
                data: Span | bytes = b"") -> Weight:
        self.problems[problem] += 1
        return Weight(name, dtype, shape, data, problem)


def _find(folder: Path, location: str) -> _File | None:
    path = Path(os.path.normpath(folder / location))
    # Lexical on purpose: download caches keep the model and its data as links into one store.
    if not location or "\0" in location or Path(location).is_absolute() or folder not in path.parents:
        return None
    try:
        return _File(path, path.stat().st_size if path.is_file() else None)
    except OSError:
        return _File(path, None)


def _bytes(tensor: onnx.TensorProto, dtype: DType) -> bytes:
    """The elements as raw bytes, whichever field of the tensor holds them."""
    if tensor.HasField("raw_data"):
        return tensor.raw_data
    if dtype in _FLOAT_DATA:
        return array("f", tensor.float_data).tobytes()
    if dtype in _DOUBLE_DATA:
        return array("d", tensor.double_data).tobytes()
    if dtype is DType.INT64:
        return array("q", tensor.int64_data).tobytes()
    if dtype is DType.UINT64:
        return array("Q", tensor.uint64_data).tobytes()
    if dtype is DType.UINT32:
        return np.array(tensor.uint64_data, np.uint64).astype(np.uint32).tobytes()
    if dtype is DType.INT32:
        return array("i", tensor.int32_data).tobytes()
    return np.array(tensor.int32_data, np.int32).astype(np.uint16 if dtype.bits == 16 else np.uint8).tobytes()
