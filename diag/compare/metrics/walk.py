"""Walking over two arrays side by side, without a copy of either."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def blocks(golden: Array, target: Array, size: int) -> Iterator[tuple[Array, Array]]:
    """Pairs of flat blocks of at most ``size`` elements, in C order; the blocks are valid until the next one."""
    if golden.size == 0:
        return
    if golden.flags.c_contiguous and target.flags.c_contiguous:
        g, t = golden.reshape(-1), target.reshape(-1)
        for start in range(0, g.size, size):
            yield g[start:start + size], t[start:start + size]
        return
    walk = np.nditer([golden, target], ["external_loop", "buffered", "refs_ok", "zerosize_ok"],
                     [["readonly"], ["readonly"]], order="C", buffersize=size)
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
