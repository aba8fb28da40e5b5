"""Resizing of images."""

from __future__ import annotations

import numpy as np

from diag.runtimes.reference.convolution import channels_first_run
from diag.runtimes.reference.lowering import Lower, Lowering, NotCovered
from diag.types.dtype import DType

_METHODS = {0: "linear", 1: "nearest", 2: "cubic"}
_COORDINATES = {0: "asymmetric", 1: "align_corners", 2: "half_pixel"}
_NEAREST = {0: "floor", 1: "round_prefer_floor", 2: "round_prefer_ceil", 3: "floor", 4: "ceil"}
_HEIGHT_AND_WIDTH = [2, 3]


def _resize(n: Lowering) -> str:
    """What the file does not say is 0: asymmetric coordinates, nearest downwards, a cubic coefficient of 0.

    ONNX's defaults are others (half pixel, -0.75); the converter does not write them, so they are lost.
    """
    method, coordinate = n.integer("method", 0), n.integer("coordinate_transform_mode", 0)
    if method not in _METHODS or coordinate not in _COORDINATES:
        raise NotCovered(f"method {method} with coordinates {coordinate} of operator Resize is not covered by the "
                         "reference runtime")
    # Rounding belongs to coordinates: where those were not written, the number that stands there was nobody's choice.
    rounding = n.integer("nearest_mode", 0) if n.said("coordinate_transform_mode") is not None else 0
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "Resize", value, "", *_extent(n, value), mode=_METHODS[method],
        coordinate_transformation_mode=_COORDINATES[coordinate], nearest_mode=_NEAREST.get(rounding, "floor"),
        cubic_coeff_a=n.number("cubic_coeff", 0.0), exclude_outside=int(n.flag("exclude_outside")),
        axes=_HEIGHT_AND_WIDTH))


def _extent(n: Lowering, value: str) -> tuple[str, str]:
    """Scales and sizes of height and width, one of them "".

    MindSpore Lite knows sizes only: scales become sizes, and the ratio of sizes is what coordinates follow.
    """
    if not n.has(1):
        height, width = n.integer("new_height", 0), n.integer("new_width", 0)
        if height <= 0 or width <= 0:
            raise NotCovered("operator Resize says no size")
        return "", n.ints([height, width])
    given = n.input(1)
    if n.shape(given) == (4,):
        given = n.emit("Slice", given, n.ints([2]), n.ints([4]), n.ints([0]))
    if not n.dtype(given).is_float:
        return "", n.cast(given, DType.INT64)
    scales, shape = n.constant_input(1), n.shape(value)
    if scales is None or shape is None or shape[2] is None or shape[3] is None:
        return given, ""
    height, width = (int(np.floor(np.float32(size) * scale)) for size, scale in zip(shape[2:], scales[-2:], strict=True)
                     if size is not None)
    return "", n.ints([height, width])


OPERATORS: dict[str, Lower] = {"Resize": _resize}
