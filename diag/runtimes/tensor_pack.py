"""Tensors that cross the process boundary: one file of .npy images, nothing pickled, everything checked again here."""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from diag.errors import UsageError
from diag.runtimes.interface import Array
from diag.types.dtype import DType

_ALIGN = 64
_MAX_RANK = 32
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(rb"\{'descr': '(?P<descr>[<|][biufc]\d{1,2})', 'fortran_order': (?P<fortran>True|False), "
                     rb"'shape': \((?P<shape>[0-9, ]*)\), \} *\n")


class BadPack(ValueError):
    """What the worker wrote is not what it said. The launcher turns it into WorkerCrashed."""


def write_pack(path: Path, tensors: Mapping[str, Array]) -> list[dict[str, Any]]:
    """Write the tensors; returns the index to send along. Raises UsageError for strings and unknown types."""
    index: list[dict[str, Any]] = []
    with path.open("wb") as file:
        for name, tensor in tensors.items():
            dtype = DType.of(tensor.dtype)
            if dtype in (DType.STRING, DType.UNDEFINED) or tensor.dtype.hasobject:
                raise UsageError(f"The tensor '{name}' holds {tensor.dtype}, which no runtime process takes",
                                 hint="Give numbers: float, integer or bool")
            file.write(b"\0" * (-file.tell() % _ALIGN))
            index.append({"name": name, "dtype": dtype.value, "shape": list(tensor.shape), "offset": file.tell()})
            carried = np.asarray(tensor, order="C").view(_carrier(dtype))
            npy.write_array(file, carried, version=(1, 0), allow_pickle=False)
    return index


def read_pack(path: Path, index: object) -> dict[str, Array]:
    """Map the tensors of a pack, read only. Raises BadPack for anything that is not as its index says.

    One mapping for all of them: it (and, if the file was removed, its disk space) lives as long as any of them.
    """
    if not isinstance(index, list):
        raise BadPack("the index of the tensors is no list")
    try:
        with path.open("rb") as file:
            entries = [_Entry(item, file) for item in index]
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if entries else b""
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise BadPack(f"the tensors cannot be read: {error}") from error
    tensors = {entry.name: entry.array(data) for entry in entries}
    if len(tensors) != len(entries):
        raise BadPack("two tensors have the same name")
    return tensors


class _Entry:
    """One tensor of the index, found to be in the file as promised."""

    def __init__(self, item: object, file: BinaryIO) -> None:
        if not isinstance(item, dict):
            raise BadPack("a tensor is described by something else than an object")
        self.name, shape, offset = item["name"], item["shape"], item["offset"]
        self.dtype = DType(item["dtype"])
        if not (isinstance(self.name, str) and isinstance(shape, list) and len(shape) <= _MAX_RANK
                and all(type(d) is int and d >= 0 for d in shape) and type(offset) is int and offset >= 0):
            raise BadPack(f"the description of the tensor '{str(self.name)[:80]}' makes no sense")
        self.shape = tuple(shape)
        size = file.seek(0, 2)
        file.seek(offset)
        npy_shape, fortran, npy_dtype = _header(file)
        if npy_shape != self.shape or npy_dtype != _carrier(self.dtype) or fortran:
            raise BadPack(f"the tensor '{self.name}' was announced as {self.dtype} {list(self.shape)} "
                          f"and is {npy_dtype} {list(npy_shape)}")
        self.offset = file.tell()
        if self.offset + math.prod(self.shape) * npy_dtype.itemsize > size:
            raise BadPack(f"the tensor '{self.name}' is cut off")

    def array(self, data: mmap.mmap | bytes) -> Array:
        count = math.prod(self.shape)
        if not count:
            return np.zeros(self.shape, self.dtype.numpy)
        flat = np.frombuffer(data, self.dtype.numpy, count, self.offset)
        return flat.reshape(self.shape)


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Shape, Fortran order and type of the .npy image at the file's position; then the file is at its elements.

    Read by a pattern, not by numpy: nothing of a foreign file is evaluated.
    """
    start = file.read(len(_MAGIC) + 2)
    length = int.from_bytes(start[len(_MAGIC):], "little")
    found = _HEADER.fullmatch(file.read(length)) if start.startswith(_MAGIC) else None
    if found is None:
        raise BadPack("a tensor has no .npy header of version 1.0")
    shape = tuple(int(d) for d in found["shape"].decode().split(",") if d.strip())
    return shape, found["fortran"] == b"True", np.dtype(found["descr"].decode())


def _carrier(dtype: DType) -> np.dtype[np.generic]:
    """The numpy type in which it travels: itself, or for ml_dtypes an unsigned integer of its width."""
    own = dtype.numpy
    return own if own.isbuiltin == 1 else np.dtype(f"uint{8 * own.itemsize}")
