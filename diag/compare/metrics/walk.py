"""Walking over two arrays side by side, without a copy of either."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


FIRST = 4096
"""Elements of the first block."""


def blocks(golden: Array, target: Array, size: int, most: int) -> Iterator[tuple[Array, Array]]:
    """Pairs of flat blocks in C order, growing from FIRST to ``most`` elements.

    They start small because golden's largest magnitudes are not known yet, and all of the first block's might be
    among them. Blocks of arrays that are not contiguous have ``size`` elements and are valid until the next one only.
    """
    if golden.size == 0:
        return
    if golden.flags.c_contiguous and target.flags.c_contiguous:
        g, t = golden.reshape(-1), target.reshape(-1)
        start, length = 0, FIRST
        while start < g.size:
            yield g[start:start + length], t[start:start + length]
            start, length = start + length, min(most, length * 2)
        return
    wanted: Any = [["readonly", "contig"]] * 2  # numpy's type stubs spell it "config"
    walk = np.nditer([golden, target], ["external_loop", "buffered", "refs_ok", "zerosize_ok"], wanted, order="C",
                     buffersize=size)
    with walk:
        for g, t in walk:
            yield g, t


def real_view(x: Array) -> Array:
    """The real and imaginary parts along a new last axis; of a real array the imaginary parts are 0."""
    if x.dtype.kind != "c":
        x = x.astype(np.result_type(x.dtype, np.complex64))
    part = np.dtype(f"{x.dtype.byteorder}f{x.dtype.itemsize // 2}")
    if x.ndim and x.strides[-1] == x.itemsize:
        return x[..., np.newaxis].view(part)
    return np.stack([x.real, x.imag], axis=-1)


def unravel(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The multi-index of a position in C order."""
    index = []
    for k in range(len(shape)):
        below = math.prod(shape[k + 1:])
        index.append(flat // below)
        flat %= below
    return tuple(index)
