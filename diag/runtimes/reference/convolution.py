"""Convolutions and pooling: windows over the spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diag.runtimes.reference.activation import fused
from diag.runtimes.reference.lowering import Lower, Lowering, NotCovered
from diag.runtimes.reference.numbers import NHWC, PadMode

_PAD_WORDS = {"pad": PadMode.PAD, "same": PadMode.SAME, "valid": PadMode.VALID}


def channels_last(n: Lowering) -> bool:
    """Whether the operator's data is NHWC."""
    said = n.said("format")
    return said == NHWC or said == "NHWC" or n.text("data_format") == "NHWC"


def channels_first_run(n: Lowering, value: str, work: Callable[[str], str]) -> str:
    """Do ``work`` on the value with its channels on axis 1, and give the result in the node's own layout."""
    if not channels_last(n):
        return work(value)
    rank = n.rank(value)
    inwards = [0, rank - 1, *range(1, rank - 1)]
    outwards = [0, *range(2, rank), 1]
    return n.emit("Transpose", work(n.emit("Transpose", value, perm=inwards)), perm=outwards)


def padding(n: Lowering, spatial: int) -> dict[str, object]:
    """ONNX attributes for the node's pads: top, bottom, left, right in the file; begins then ends in ONNX."""
    said = n.said("pad_mode")
    mode = _PAD_WORDS.get(said.lower()) if isinstance(said, str) else n.integer("pad_mode", PadMode.PAD)
    if mode == PadMode.SAME:
        return {"auto_pad": "SAME_UPPER"}
    if mode == PadMode.VALID:
        return {"auto_pad": "VALID"}
    if mode != PadMode.PAD:
        raise NotCovered(f"pad mode {said!r} of operator {n.node.op} is not covered by the reference runtime")
    pads = n.integers("pad_list") or n.integers("pad") or (0,) * (2 * spatial)
    if len(pads) != 2 * spatial:
        pads = pads[-2 * spatial:] if len(pads) > 2 * spatial else (pads[0],) * (2 * spatial)
    return {"pads": [*pads[0::2], *pads[1::2]]}


def _spatial(n: Lowering, name: str, count: int, *others: str) -> list[int] | None:
    """A size per spatial axis; MindSpore also writes one for batch and channels before them."""
    for spelling in (name, *others):
        values = n.integers(spelling)
        if values:
            return list(values[-count:]) if len(values) >= count else [values[0]] * count
    return None


def convolve(n: Lowering, data: str, weight: str, bias: str | None) -> str:
    """The convolution alone: data and result channels first, weight O, I/group, then spatial."""
    if n.dtype(data).is_integer:
        # The converter loses the weight's scale, so nobody can say what the integers mean.
        raise NotCovered(f"operator {n.node.op} on quantised integers is not covered by the reference runtime")
    spatial = n.rank(weight) - 2
    return n.emit("Conv", data, weight, *((bias,) if bias else ()), group=n.integer("group", 1),
                  strides=_spatial(n, "stride", spatial, "strides"),
                  dilations=_spatial(n, "dilation", spatial, "dilations"), **padding(n, spatial))


def weight_first(n: Lowering, weight: str) -> str:
    """A weight with its input channels on axis 1; it is O, spatial, I where the node is channels-last."""
    return n.emit("Transpose", weight, perm=_last_to_second(n.rank(weight))) if channels_last(n) else weight


def _last_to_second(rank: int) -> list[int]:
    return [0, rank - 1, *range(1, rank - 1)]


def _conv(n: Lowering) -> str:
    weight, bias = weight_first(n, n.input(1)), n.input(2) if n.has(2) else None
    return fused(n, channels_first_run(n, n.input(0), lambda value: convolve(n, value, weight, bias)))


def _depthwise(n: Lowering) -> str:
    """Weight of DepthwiseConv2dNative: multiplier, channels, spatial."""
    weight = n.input(1)
    shape = n.shape(weight)
    if shape is None or None in shape or shape[0] != 1:
        raise NotCovered(f"operator {n.node.op} with a channel multiplier is not covered by the reference runtime")
    grouped = n.emit("Transpose", weight, perm=[1, 0, *range(2, len(shape))])
    return channels_first_run(n, n.input(0), lambda value: n.emit(
        "Conv", value, grouped, group=shape[1], strides=_spatial(n, "stride", len(shape) - 2),
        dilations=_spatial(n, "dilation", len(shape) - 2), **padding(n, len(shape) - 2)))


def _transposed(n: Lowering) -> str:
    weight, bias = weight_first(n, n.input(1)), n.input(2) if n.has(2) else None
    spatial = n.rank(weight) - 2

    def work(value: str) -> str:
        return n.emit("ConvTranspose", value, weight, *((bias,) if bias else ()), group=n.integer("group", 1),
                      strides=_spatial(n, "stride", spatial), dilations=_spatial(n, "dilation", spatial),
                      output_padding=_spatial(n, "output_paddings", spatial), **padding(n, spatial))
    return fused(n, channels_first_run(n, n.input(0), work))


def _pool(op: str, whole: str, extra: Mapping[str, int]) -> Lower:
    """Max or average; ``whole`` is the operator for a window over everything."""
    def lower(n: Lowering) -> str:
        if n.flag("global"):
            return fused(n, channels_first_run(n, n.input(0), lambda value: n.emit(whole, value)))
        spatial = n.rank(n.input(0)) - 2
        kernel = _spatial(n, "kernel_size", spatial)
        if kernel is None:
            raise NotCovered(f"operator {n.node.op} has no kernel size")
        ceil = n.integer("round_mode", 0) == 1 or n.flag("ceil_mode")

        def work(value: str) -> str:
            return n.emit(op, value, kernel_shape=kernel, strides=_spatial(n, "strides", spatial, "stride"),
                          ceil_mode=int(ceil), **padding(n, spatial), **extra)
        return fused(n, channels_first_run(n, n.input(0), work))
    return lower


# The file does not say whether padding counts in an average; the runtime's answer is that it does not.
_AVERAGE = _pool("AveragePool", "GlobalAveragePool", {"count_include_pad": 0})
_MAXIMUM = _pool("MaxPool", "GlobalMaxPool", {})

OPERATORS: dict[str, Lower] = {
    "Conv2DFusion": _conv, "Conv2D": _conv, "Conv3D": _conv, "DepthwiseConv2dNative": _depthwise,
    "Conv2dTransposeFusion": _transposed, "Conv2DTranspose": _transposed,
    "AvgPoolFusion": _AVERAGE, "AvgPool": _AVERAGE, "MaxPoolFusion": _MAXIMUM, "MaxPool": _MAXIMUM,
}
