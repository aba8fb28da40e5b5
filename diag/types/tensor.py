"""Tensors as facts: what they are, and where their bytes lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from diag.types.dtype import DType

Dim = int | str | None
"""A known size, a named (symbolic) size, or an unknown one."""

Shape = tuple[Dim, ...] | None
"""None: not even the rank is known."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Name, element type and shape of a value in a graph."""

    name: str
    dtype: DType = DType.UNDEFINED
    shape: Shape = None

    @property
    def static_shape(self) -> tuple[int, ...] | None:
        """The shape if every size is known, else None."""
        if self.shape is None or not all(isinstance(d, int) and d >= 0 for d in self.shape):
            return None
        return tuple(d for d in self.shape if isinstance(d, int))


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file that nobody has read yet. ``path`` is absolute; ``offset`` and ``length`` in bytes."""

    path: Path
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Weight:
    """A constant tensor of a model, its elements still in the file when they are large.

    ``data`` is packed little-endian elements in C order (two int4 a byte, low nibble first). ``problem`` says why
    there is none: the external file is missing, the compression is unknown, the elements are strings …
    ``strings`` holds the elements of a string tensor.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    data: Span | bytes = b""
    problem: str = ""
    strings: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the packed elements."""
        return self.dtype.nbytes(self.size)
