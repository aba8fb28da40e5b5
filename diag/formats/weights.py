"""The elements of a weight as a numpy array, straight from the file where possible."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from diag.errors import FormatError
from diag.types.dtype import DType
from diag.types.tensor import Span, Weight

Array = npt.NDArray[np.generic]

_HERE = Path("the model")


def load(weight: Weight) -> Array:
    """The weight's elements, read-only, in its shape and in ``weight.dtype.numpy``.

    A large weight whose bytes lie aligned in its file is a view of the mapped file: nothing is read before it is
    touched, and slices cost only what they touch. One that does not lie aligned is read into memory. int4 and kin
    come unpacked, one element a byte (ml_dtypes); strings as an object array of str.
    Raises FormatError if the file is missing or shorter than the weight says, or if the weight has a problem.
    """
    offset = weight.data.offset if isinstance(weight.data, Span) else None
    if weight.problem:
        raise FormatError(_file(weight), f"Weight {weight.name!r} has no elements: {weight.problem}", offset=offset,
                          hint="Put the file back next to the model, or export the model again.")
    if weight.dtype is DType.STRING:
        return _strings(weight)
    if weight.dtype is DType.UNDEFINED:
        raise FormatError(_file(weight), f"Weight {weight.name!r} has no element type", hint="Export the model again.")
    _check_length(weight)
    if weight.dtype.bits < 8:
        array = _unpack(_flat(weight.data, np.dtype(np.uint8)).view(np.uint8), weight)
    elif weight.dtype is DType.BOOL:
        array = _flat(weight.data, np.dtype(np.uint8)) != 0
    else:
        array = _flat(weight.data, weight.dtype.numpy)
    array = array.reshape(weight.shape)
    array.flags.writeable = False
    return array


def _file(weight: Weight) -> Path:
    return weight.data.path if isinstance(weight.data, Span) else _HERE


def _check_length(weight: Weight) -> None:
    length = weight.data.length if isinstance(weight.data, Span) else len(weight.data)
    if length != weight.nbytes:
        offset = weight.data.offset if isinstance(weight.data, Span) else None
        raise FormatError(_file(weight), f"Weight {weight.name!r} ({weight.dtype.value} {list(weight.shape)}) needs "
                          f"{weight.nbytes:,} bytes", offset=offset, found=f"{length:,} bytes",
                          hint="The model is damaged. Export it again.")


def _flat(data: Span | bytes, dtype: np.dtype[np.generic]) -> Array:
    if isinstance(data, bytes):
        return np.frombuffer(data, dtype)
    if data.length == 0:
        return np.empty(0, dtype)
    try:
        return _from_file(data, dtype)
    except FileNotFoundError:
        raise FormatError(data.path, "The file with the weights is not there any more", hint="Put it back.") from None
    except OSError as problem:
        raise FormatError(data.path, f"The weights cannot be read: {problem}", hint="Check its permissions.") from None


def _from_file(span: Span, dtype: np.dtype[np.generic]) -> Array:
    with span.path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if span.offset < 0 or span.offset + span.length > size:
            raise FormatError(span.path, f"Expected {span.length:,} bytes of weights", offset=span.offset,
                              found=f"{max(size - span.offset, 0):,} bytes",
                              hint="The file is cut short. Copy or export it again.")
        skip = span.offset % mmap.ALLOCATIONGRANULARITY
        if skip % dtype.alignment == 0:
            view = mmap.mmap(file.fileno(), span.length + skip, access=mmap.ACCESS_READ, offset=span.offset - skip)
            return np.frombuffer(view, dtype, offset=skip)
        # A view would be unaligned, which native runtimes do not promise to take.
        file.seek(span.offset)
        return np.fromfile(file, dtype, span.length // dtype.itemsize)


def _unpack(packed: npt.NDArray[np.uint8], weight: Weight) -> Array:
    bits, size = weight.dtype.bits, weight.size
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = ((packed[:, None] >> shifts) & np.uint8((1 << bits) - 1)).reshape(-1)[:size]
    if weight.dtype is DType.FLOAT4E2M1:
        return codes.view(weight.dtype.numpy)
    if weight.dtype in (DType.INT4, DType.INT2):
        top = 1 << (bits - 1)
        return ((codes ^ top).astype(np.int8) - np.int8(top)).astype(weight.dtype.numpy)
    return codes.astype(weight.dtype.numpy)


def _strings(weight: Weight) -> Array:
    if len(weight.strings) != weight.size:
        raise FormatError(_file(weight), f"Weight {weight.name!r} needs {weight.size:,} strings",
                          found=f"{len(weight.strings):,}", hint="The model is damaged. Export it again.")
    array = np.empty(weight.size, object)
    array[:] = [s.decode("utf-8", "surrogateescape") for s in weight.strings]
    array = array.reshape(weight.shape)
    array.flags.writeable = False
    return array
