"""The compiled kernel, where it was built; without it numpy does the same work."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.compare.metrics.moments import Sums
from diag.types.dtype import DType

FILE = "libkernel.dll" if sys.platform == "win32" else "libkernel.so"
INTERFACE = 2
RUN = 1 << 20
"""Elements that one call takes at most."""

_NAMES: Mapping[DType, str] = {DType.FLOAT32: "f32", DType.FLOAT16: "f16", DType.BFLOAT16: "bf16"}
_STORED = {DType.FLOAT16: 1, DType.BFLOAT16: 2}
_DOUBLES = ("shift_g", "shift_t", "g", "t", "gg", "tt", "gt", "dd", "gain", "rel")
_FLOATS = ("max_abs", "max_rel", "g_min", "g_max", "t_min", "t_max")

Array = NDArray[Any]


class _Sums(ctypes.Structure):
    _fields_ = [*((name, ctypes.c_double) for name in _DOUBLES), *((name, ctypes.c_float) for name in _FLOATS),
                *((name, ctypes.c_int64) for name in ("g_zero", "t_zero", "tail"))]


class _Rules(ctypes.Structure):
    _fields_ = [*((name, ctypes.c_float) for name in ("tiny", "limit_g", "limit_t", "threshold")),
                ("many", ctypes.c_int32)]


@cache
def _library() -> ctypes.CDLL | None:
    """The library beside this file, if it is there, loads on this machine, and is of this version."""
    try:
        library = ctypes.CDLL(str(Path(__file__).with_name(FILE)))
        found = library.interface_version()
    except (OSError, AttributeError):
        return None
    return library if found == INTERFACE else None


def _usable() -> ctypes.CDLL | None:
    return None if os.environ.get("DIAG_KERNEL") == "numpy" else _library()


def kernel_name() -> str:
    """What computes the sums: "c" or "numpy" (no kernel was built, or the environment says DIAG_KERNEL=numpy)."""
    return "c" if _usable() else "numpy"


class Kernel:
    """Sums of runs of pairs of two given element types."""

    def __init__(self, library: ctypes.CDLL, names: tuple[str, str], tiny: float, limits: tuple[float, float],
                 stored: int, many: bool) -> None:
        pointer = ctypes.c_void_p
        self._measure = getattr(library, f"measure_{names[0]}_{names[1]}")
        self._measure.argtypes = (pointer, pointer, ctypes.c_int64, pointer, pointer, pointer)
        self._noise = library.storage_noise
        self._noise.argtypes, self._noise.restype = (pointer, ctypes.c_int64, ctypes.c_int32), ctypes.c_double
        self._tiny, self._limits, self._stored = tiny, limits, stored
        self._many = many

    def measure(self, g: Array, t: Array, threshold: float) -> tuple[Sums, NDArray[np.float32]] | None:
        """Sums of at most RUN pairs in flat contiguous arrays, and golden's magnitudes above ``threshold``.

        None: among them are pairs that take no part in sums; the caller sorts them out.
        """
        tail, found = np.empty(g.size, np.float32), _Sums()
        rules = _Rules(self._tiny, *self._limits, threshold, self._many)
        arguments = (g.ctypes.data, t.ctypes.data, g.size, ctypes.addressof(rules), ctypes.addressof(found),
                     tail.ctypes.data)
        status = self._measure(*arguments)
        if status == 2:  # its squares leave float32's range
            rules.many = False
            status = self._measure(*arguments)
        if status:
            return None
        numbers = {name: getattr(found, name) for name in (*_DOUBLES, *_FLOATS, "g_zero", "t_zero")}
        noise = self._noise(g.ctypes.data, g.size, self._stored) if self._stored else 0.0
        return Sums(n=g.size, noise=noise, **numbers), tail[:found.tail].copy()


def kernel_for(golden: np.dtype[Any], target: np.dtype[Any], stored_in: DType | None, tiny: float,
               limits: tuple[float, float], many: bool) -> Kernel | None:
    """The kernel for two element types; None where there is none.

    Args:
        golden: element type of golden's array.
        target: element type of the target's array.
        stored_in: the narrower type whose storage error of golden is wanted; None: none is.
        tiny: smallest denominator of relative errors.
        limits: from which magnitudes on the two sides are at their extremes.
        many: whether there are MANY elements.
    """
    library = _usable()
    names = tuple(_NAMES.get(DType.of(d), "") for d in (golden, target))
    stored = _STORED.get(stored_in, 0) if stored_in is not None else 0
    unfit = stored_in is not None and (stored == 0 or names[0] != "f32")
    if library is None or unfit or not hasattr(library, f"measure_{names[0]}_{names[1]}"):
        return None
    return Kernel(library, (names[0], names[1]), tiny, limits, stored, many)
