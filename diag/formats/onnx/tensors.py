"""Tensors of an ONNX file as weights: where their elements lie, or what is wrong with them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import onnx

from diag.formats.onnx.infos import DTYPES, text
from diag.formats.weights import load
from diag.types.dtype import DType
from diag.types.tensor import Span, Weight

_DENSE_LIMIT = 64 << 20
"""Bytes up to which a sparse tensor is written out as a dense one."""

_FLOATS = {DType.FLOAT32: "<f4", DType.COMPLEX64: "<f4", DType.FLOAT64: "<f8", DType.COMPLEX128: "<f8"}


class Tensors:
    """Makes weights of one file's tensors; remembers what is wrong with them (``problems``: sentence → how many)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: dict[Path, int | None] = {path: path.stat().st_size}
        self.problems: Counter[str] = Counter()

    @property
    def files(self) -> tuple[Path, ...]:
        """External files that the tensors name, there or not."""
        return tuple(p for p in self._sizes if p != self._path)

    def dense(self, tensor: onnx.TensorProto, name: str = "") -> Weight:
        """The tensor as a weight; ``name`` is used where it has none of its own."""
        name = text(tensor.name) or name
        dtype, shape = DTYPES.get(tensor.data_type, DType.UNDEFINED), tuple(tensor.dims)
        if dtype is DType.UNDEFINED:
            return self._broken(name, dtype, shape, f"element type {tensor.data_type} is not known")
        if any(d < 0 for d in shape):
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
            array = np.zeros(whole.size, values.dtype.numpy)
            at = load(indices).astype(np.int64)
            array[np.ravel_multi_index(tuple(at.T), shape) if at.ndim == 2 else at] = load(values).reshape(-1)
        except (ValueError, IndexError, TypeError):
            return self._broken(values.name, values.dtype, shape, "its sparse indices do not fit its shape")
        return Weight(values.name, values.dtype, shape, array.tobytes())

    def _strings(self, name: str, shape: tuple[int, ...], tensor: onnx.TensorProto) -> Weight:
        weight = Weight(name, DType.STRING, shape, strings=tuple(tensor.string_data))
        if len(weight.strings) != weight.size:
            found = len(weight.strings)
            return self._broken(name, DType.STRING, shape, f"it needs {weight.size:,} strings and has {found:,}")
        return weight

    def _external(self, name: str, dtype: DType, shape: tuple[int, ...], tensor: onnx.TensorProto) -> Weight:
        keys = {text(e.key): text(e.value) for e in tensor.external_data}
        location = keys.get("location", "")
        path = Path(os.path.normpath(self._path.parent / location))
        # Lexical on purpose: download caches keep both files as links into one store.
        if not location or Path(location).is_absolute() or "\0" in location or self._path.parent not in path.parents:
            return self._broken(name, dtype, shape, f"external file {location!r} is not inside the model's folder")
        needs = Weight(name, dtype, shape).nbytes
        try:
            offset, length = int(keys.get("offset", "0")), int(keys.get("length", str(needs)))
        except ValueError:
            return self._broken(name, dtype, shape, f"its place in external file {location!r} is not a number")
        span = Span(path, max(offset, 0), max(length, 0))
        size = self._size(path)
        if size is None:
            return self._broken(name, dtype, shape, f"external file {location!r} is missing", span)
        if length != needs:
            return self._broken(name, dtype, shape, f"it needs {needs:,} bytes and {location!r} has {length:,}", span)
        if offset < 0 or offset + length > size:
            return self._broken(name, dtype, shape, f"external file {location!r} is cut short: it has {size:,} bytes, "
                                f"the weight needs it up to {offset + length:,}", span)
        return Weight(name, dtype, shape, span)

    def _size(self, path: Path) -> int | None:
        if path not in self._sizes:
            try:
                self._sizes[path] = path.stat().st_size if path.is_file() else None
            except (OSError, ValueError):
                self._sizes[path] = None
        return self._sizes[path]

    def _broken(self, name: str, dtype: DType, shape: tuple[int, ...], problem: str,
                data: Span | bytes = b"") -> Weight:
        self.problems[problem] += 1
        return Weight(name, dtype, shape, data, problem)


def _bytes(tensor: onnx.TensorProto, dtype: DType) -> bytes:
    """The elements as raw bytes, whichever field of the tensor holds them."""
    if tensor.HasField("raw_data"):
        return tensor.raw_data
    if dtype in _FLOATS:
        source = tensor.float_data if _FLOATS[dtype] == "<f4" else tensor.double_data
        return np.array(source, _FLOATS[dtype]).tobytes()
    if dtype is DType.INT64:
        return np.array(tensor.int64_data, "<i8").tobytes()
    if dtype in (DType.UINT32, DType.UINT64):
        return np.array(tensor.uint64_data, "<u8").astype(f"<u{dtype.bits // 8}").tobytes()
    width = {32: "<i4", 16: "<u2"}.get(dtype.bits, "u1")
    return np.array(tensor.int32_data, "<i4").astype(width).tobytes()
