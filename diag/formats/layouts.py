"""The Ascend's layouts of tensors, and the way back to the shape that a model has.

The device pads channels to blocks of C0 elements (16 of float16, 8 or 16 of float32, 32 of int8, 4 in the …_C04
layouts: always the last size of what is stored) and moves them to the end. ``restore`` undoes that; ``store`` does it
(for tests, and to make dumps).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

N0 = 16
"""Rows of a block in the FRACTAL layouts."""

_LETTERS = ("NCHW", "NHWC", "HWCN", "CHWN", "NCDHW", "NDHWC", "DHWCN", "DHWNC")
_ONE_C0 = {"NC1HWC0", "NC1HWC0_C04", "NDC1HWC0"}
_NZ = {"FRACTAL_NZ", "FRACTAL_NZ_C0_16", "FRACTAL_NZ_C0_32", "FRACTAL_NZ_C0_2", "FRACTAL_NZ_C0_4", "FRACTAL_NZ_C0_8"}
_Z = {"FRACTAL_Z", "FRACTAL_Z_C04", "FRACTAL_Z_3D", "FRACTAL_Z_G"}
PLAIN = frozenset({*_LETTERS, "ND", "", "NCL", "NC", "CN", "MD", "ALL", "NULL", "RESERVED"})
"""Layouts whose elements lie in the order that their shape says."""


class Unplaced(ValueError):
    """The elements cannot be brought back; the text says why."""


def restore(stored: Array, layout: str, original: Sequence[int] | None, *, origin: str = "NCHW",
            groups: int = 1) -> Array:
    """The elements in the model's own shape (a view where it can be).

    Args:
        stored: elements as the device had them, in their stored shape.
        layout: how they lie.
        original: the model's shape, in the axis order ``origin``; None: padding of channels stays.
        origin: axis order of ``original`` where that matters ("NCHW", "NHWC", "HWCN", "NCDHW" …).
        groups: of a grouped convolution's weight.

    Raises Unplaced where the layout is not known, or the shapes contradict each other.
    """
    shape = None if original is None else tuple(original)
    if shape is not None and any(d < 0 for d in shape):
        raise Unplaced(f"the shape {list(shape)} is not fixed")
    if 0 in stored.shape or (shape is not None and 0 in shape):
        return _empty(stored, shape)
    if layout in PLAIN:
        return _plain(stored, layout, shape, origin)
    if layout in _ONE_C0:
        return _channels_last_block(stored, layout, shape, origin)
    if layout in _NZ:
        return _nz(stored, shape)
    if layout in _Z:
        return _z(stored, layout, shape, origin, groups)
    raise Unplaced(f"the layout {layout} is not known")


def store(array: Array, layout: str, c0: int, *, groups: int = 1) -> Array:
    """An array in NCHW (or NCDHW, or [… , M, K] for FRACTAL_NZ) as the device would have it, padded with zeros.

    Raises Unplaced where the layout is not known or does not fit the array.
    """
    if layout in PLAIN:
        return _to_letters(array, layout)
    if layout in _ONE_C0:
        wide = array[:, :, None] if array.ndim == 4 else array  # N C D H W
        if wide.ndim != 5:
            raise Unplaced(f"{layout} wants 4 or 5 dimensions")
        padded = _padded(wide, {1: c0})
        n, c, d, h, w = padded.shape
        blocks = padded.reshape(n, c // c0, c0, d, h, w).transpose(0, 3, 1, 4, 5, 2)  # N D C1 H W C0
        return np.ascontiguousarray(blocks if layout == "NDC1HWC0" else blocks[:, 0])
    if layout in _NZ:
        rows = array[None] if array.ndim < 2 else array
        padded = _padded(rows, {rows.ndim - 2: N0, rows.ndim - 1: c0})
        *batch, m, k = padded.shape
        blocks = padded.reshape(*batch, m // N0, N0, k // c0, c0)
        return np.ascontiguousarray(np.moveaxis(blocks, -2, -4))
    if layout in _Z:
        return _to_z(array, c0, groups)
    raise Unplaced(f"the layout {layout} is not known")


def _empty(stored: Array, shape: tuple[int, ...] | None) -> Array:
    if shape is None:
        return stored
    if stored.size or math.prod(shape):
        raise Unplaced(f"{list(stored.shape)} stored, {list(shape)} before")
    return stored.reshape(shape)


def _plain(stored: Array, layout: str, shape: tuple[int, ...] | None, origin: str) -> Array:
    if shape is None or stored.shape == shape:
        return stored
    if layout in _LETTERS and origin in _LETTERS and sorted(layout) == sorted(origin) and stored.ndim == len(layout):
        moved = stored.transpose([layout.index(axis) for axis in origin])
        if moved.shape == shape:
            return moved
    if stored.size == math.prod(shape):
        return stored.reshape(shape)
    raise Unplaced(f"{list(stored.shape)} stored, {list(shape)} before")


def _channels_last_block(stored: Array, layout: str, shape: tuple[int, ...] | None, origin: str) -> Array:
    with_depth = layout == "NDC1HWC0"
    if stored.ndim != 5 + with_depth:
        raise Unplaced(f"{layout} has {5 + with_depth} dimensions, the file says {list(stored.shape)}")
    full = stored if with_depth else stored[:, None]
    n, d, c1, h, w, c0 = full.shape
    wide = full.transpose(0, 2, 5, 1, 3, 4).reshape(n, c1 * c0, d, h, w)  # N C D H W
    if shape is None:
        return wide if with_depth else wide[:, :, 0]
    channels = next((c for c in _channel_counts(shape, origin, n, d * h * w) if c1 == -(-c // c0)), None)
    if channels is None:
        raise Unplaced(f"{layout} {list(stored.shape)} cannot have been {list(shape)}")
    cut = wide[:, :channels]
    if len(shape) in (4, 5) and _is_channels_last(shape, channels, cut.shape, origin):
        cut = np.moveaxis(cut, 1, -1)
    return cut.reshape(shape)


def _channel_counts(shape: tuple[int, ...], origin: str, n: int, rest: int) -> list[int]:
    """How many channels a tensor of this shape may have had, the likely one first."""
    found = []
    if "C" in origin and len(origin) == len(shape):
        found.append(shape[origin.index("C")])
    found += [shape[1], shape[-1]] if len(shape) > 1 else list(shape)
    size = math.prod(shape)
    if n * rest and size % (n * rest) == 0:
        found.append(size // (n * rest))
    return [c for c in dict.fromkeys(found) if c > 0 and c * n * rest == size]


def _is_channels_last(shape: tuple[int, ...], channels: int, wide: tuple[int, ...], origin: str) -> bool:
    """Whether the model has the channels at the end, where NCHW does not fit or the origin says so."""
    n, _, d, h, w = wide
    first = (n, channels, h, w) if len(shape) == 4 else (n, channels, d, h, w)
    last = (n, h, w, channels) if len(shape) == 4 else (n, d, h, w, channels)
    return shape == last and (shape != first or origin in ("NHWC", "NDHWC"))


def _nz(stored: Array, shape: tuple[int, ...] | None) -> Array:
    if stored.ndim < 4:
        raise Unplaced(f"FRACTAL_NZ has at least 4 dimensions, the file says {list(stored.shape)}")
    blocks = np.moveaxis(stored, -4, -2)  # … M1 M0 K1 K0
    *batch, m1, m0, k1, k0 = blocks.shape
    wide = blocks.reshape(*batch, m1 * m0, k1 * k0)
    if shape is None:
        return wide
    m, k = (shape[-2], shape[-1]) if len(shape) > 1 else (1, math.prod(shape))
    fits = -(-m // m0) == m1 and -(-k // k0) == k1 and math.prod(batch) == math.prod(shape[:-2])
    if not fits:
        # Leading axes may have been merged into the rows.
        m = math.prod(shape[:-1])
        if math.prod(batch) != 1 or -(-m // m0) != m1 or -(-shape[-1] // k0) != k1:
            raise Unplaced(f"FRACTAL_NZ {list(stored.shape)} cannot have been {list(shape)}")
        wide = wide.reshape(m1 * m0, k1 * k0)
    return wide[..., :m, :k].reshape(shape)


def _sizes(shape: tuple[int, ...], origin: str) -> tuple[int, int, int, int, int]:
    """N, C, D, H, W of a weight of this shape."""
    if len(shape) == len(origin) and len(shape) in (4, 5):
        size = dict(zip(origin, shape, strict=True))
        return size["N"], size["C"], size.get("D", 1), size["H"], size["W"]
    if len(shape) == 2:
        return shape[0], shape[1], 1, 1, 1
    if len(shape) == 3:
        return shape[0], shape[1], 1, 1, shape[2]
    if len(shape) in (4, 5):
        return shape[0], shape[1], shape[2] if len(shape) == 5 else 1, shape[-2], shape[-1]
    raise Unplaced(f"a weight of shape {list(shape)} has no FRACTAL_Z layout")


def _z(stored: Array, layout: str, shape: tuple[int, ...] | None, origin: str, groups: int) -> Array:
    if shape is None:
        raise Unplaced(f"{layout} needs the shape before, which the file does not say")
    if stored.ndim != 4:
        raise Unplaced(f"{layout} has 4 dimensions, the file says {list(stored.shape)}")
    n, c, d, h, w = _sizes(shape, origin)
    rows, n1, n0, c0 = stored.shape
    if layout == "FRACTAL_Z_C04":
        raise Unplaced("FRACTAL_Z_C04 is not known well enough")
    packs, together = _grouping(n, c, c0, groups)
    c1 = -(-together * c // c0)
    if groups < 1 or n % max(groups, 1) or rows != packs * d * c1 * h * w or n1 * n0 < together * n // groups:
        raise Unplaced(f"{layout} {list(stored.shape)} cannot have been {list(shape)} in {groups} groups")
    blocks = stored.reshape(packs, d, c1, h, w, n1, n0, c0).transpose(0, 5, 6, 2, 7, 1, 3, 4)
    wide = blocks.reshape(packs, n1 * n0, c1 * c0, d, h, w)
    each = n // groups
    parts = [wide[g // together, (g % together) * each:(g % together + 1) * each,
                  (g % together) * c:(g % together + 1) * c] for g in range(groups)]
    whole = parts[0] if groups == 1 else np.concatenate(parts)
    if len(shape) == len(origin) and len(shape) in (4, 5):
        order = ["NCDHW".index(axis) for axis in origin]
        whole = whole.transpose([*order, *(a for a in range(5) if a not in order)])
    return whole.reshape(shape)


def _to_z(array: Array, c0: int, groups: int) -> Array:
    n, c, d, h, w = _sizes(array.shape, "")
    wide = array.reshape(n, c, d, h, w)
    packs, together = _grouping(n, c, c0, groups)
    each = n // groups
    c1, n1 = -(-together * c // c0), -(-together * each // N0)
    full = np.zeros((packs, n1 * N0, c1 * c0, d, h, w), array.dtype)
    for g in range(groups):
        k = g % together
        full[g // together, k * each:(k + 1) * each, k * c:(k + 1) * c] = wide[g * each:(g + 1) * each]
    blocks = full.reshape(packs, n1, N0, c1, c0, d, h, w).transpose(0, 5, 3, 6, 7, 1, 2, 4)
    return np.ascontiguousarray(blocks).reshape(packs * d * c1 * h * w, n1, N0, c0)


def _grouping(n: int, c: int, c0: int, groups: int) -> tuple[int, int]:
    """Packs of groups, and how many groups lie in one pack: as many as fill its blocks. ``c``: channels of a group."""
    if groups <= 1:
        return 1, 1
    each = max(1, n // groups)
    together = min(math.lcm(math.lcm(c, c0) // c, math.lcm(each, N0) // each), groups)
    return -(-groups // together), together


def _to_letters(array: Array, layout: str) -> Array:
    origin = {4: "NCHW", 5: "NCDHW"}.get(array.ndim, "")
    if layout in _LETTERS and layout != origin:
        if sorted(layout) != sorted(origin):
            raise Unplaced(f"{layout} wants {len(layout)} dimensions")
        return np.ascontiguousarray(array.transpose([origin.index(axis) for axis in layout]))
    return np.ascontiguousarray(array)


def _padded(array: Array, multiples: dict[int, int]) -> Array:
    widths = [(0, -array.shape[a] % multiples.get(a, 1)) for a in range(array.ndim)]
    return np.pad(array, widths)
