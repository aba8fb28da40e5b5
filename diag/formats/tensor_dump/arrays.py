"""Single tensors in files of their own: .npy (MindSpore's dumps, converted dumps, golden values) and raw .bin."""

from __future__ import annotations

import math
import re
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np
import numpy.typing as npt

from diag.errors import FormatError
from diag.formats.tensor_dump.names import FileName
from diag.formats.tensor_dump.numbers import LAYOUTS, dtype_named
from diag.formats.tensor_dump.recording import RecordedTensor, Side
from diag.formats.tensor_dump.standard import located
from diag.types.dtype import DType
from diag.types.tensor import Span

Array = npt.NDArray[np.generic]

_LAYOUT_NAMES = frozenset({*LAYOUTS.values(), "DefaultFormat"})
_BFLOAT16 = ("bfloat16", "bf16")
_UNREADABLE = (ValueError, OSError, EOFError, SyntaxError, TokenError, TypeError, MemoryError, RecursionError)
"""What numpy raises for a header that is none: it is parsed as Python's literals."""


def npy(path: Path, name: FileName) -> RecordedTensor:
    """The tensor of one .npy file. Raises FormatError where it is none, or cut short."""
    try:
        with path.open("rb") as file:
            shape, fortran, kind = _header(file)
            at = file.tell()
    except _UNREADABLE as error:
        raise FormatError(path, "Expected a numpy array (.npy)", found=str(error).splitlines()[0][:120] if str(error)
                          else type(error).__name__, hint="Copy the file again.") from None
    layout, dtype = _said(name.rest)
    dtype = dtype if dtype in (DType.BFLOAT16, DType.FLOAT8E5M2, DType.FLOAT8E4M3FN) and \
        kind.itemsize * 8 == dtype.bits else DType.of(kind)
    side: Side = "input" if name.side == "input" else "output"
    if kind.hasobject or dtype is DType.UNDEFINED or kind.byteorder == ">":
        return RecordedTensor(side, max(0, name.slot), dtype, layout, shape, problem=f"its element type {kind} cannot "
                                                                                      "be compared")
    span, problem = located(path, dtype, 0, shape, at, dtype.nbytes(math.prod(shape)), path.stat().st_size)
    return RecordedTensor(side, max(0, name.slot), dtype, layout, shape, None, span, fortran=fortran, problem=problem)


def raw(path: Path, name: FileName) -> RecordedTensor:
    """The tensor of one .bin file of MindSpore Lite: shape, element type and layout stand in its name."""
    dtype = dtype_named(name.dtype)
    side: Side = "input" if name.side == "input" else "output"
    size = path.stat().st_size
    span, problem = located(path, dtype, 0, name.shape or (), 0, size, size)
    return RecordedTensor(side, max(0, name.slot), dtype, name.layout.upper(), name.shape or (), None, span,
                          problem=problem)


def load(tensor: RecordedTensor) -> Array:
    """The elements as they are stored, mapped from the file (nothing is read before it is used).

    Raises FormatError where the file is no longer as it was.
    """
    if tensor.span is None:
        raise ValueError(tensor.problem or "a tensor without elements")
    span: Span = tensor.span
    if span.length == 0:
        return np.empty(tensor.shape, tensor.dtype.numpy)
    try:
        flat: Array = np.memmap(span.path, np.uint8, "r", span.offset, (span.length,))
    except (OSError, ValueError) as error:
        raise FormatError(span.path, f"Expected {span.length:,} bytes of a tensor", offset=span.offset,
                          found=str(error)[:120], hint="Was the file moved while it was read?") from None
    typed = np.asarray(flat).view(tensor.dtype.numpy)
    return typed.reshape(tensor.shape, order="F" if tensor.fortran else "C")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"version {version[0]}.{version[1]} of the format")
    shape, fortran, kind = read(file)
    return tuple(int(d) for d in shape), bool(fortran), kind


def _said(rest: str) -> tuple[str, DType]:
    """Layout and element type from what follows the slot in a name (``NC1HWC0.float16``, ``1x16x4``)."""
    layout, dtype = "", DType.UNDEFINED
    for part in rest.split("."):
        if part in _LAYOUT_NAMES:
            layout = "ND" if part == "DefaultFormat" else part
        elif part.lower() in _BFLOAT16:
            dtype = DType.BFLOAT16
        elif part and not re.fullmatch(r"\d+(x\d+)*", part):
            dtype = dtype_named(part)
    return layout, dtype
