"""Numbers that stand in MindIR attributes for names."""

from __future__ import annotations

from enum import IntEnum

from diag.types.dtype import DType


class Act(IntEnum):
    """Activation types."""

    NONE = 0
    RELU = 1
    SIGMOID = 2
    RELU6 = 3
    ELU = 4
    LEAKY_RELU = 5
    ABS = 6
    RELU1 = 7
    SOFTSIGN = 8
    SOFTPLUS = 9
    TANH = 10
    SELU = 11
    HSWISH = 12
    HSIGMOID = 13
    THRESHOLDED_RELU = 14
    LINEAR = 15
    HARD_TANH = 16
    SIGN = 17
    SWISH = 18
    GELU = 19


class PadMode(IntEnum):
    """How a convolution or pooling pads."""

    PAD = 0
    SAME = 1
    VALID = 2


NHWC = 1
"""The layout attribute of channels-last operators; everything else is channels-first."""

TYPES = {
    30: DType.BOOL, 31: DType.INT32, 32: DType.INT8, 33: DType.INT16, 34: DType.INT32, 35: DType.INT64,
    36: DType.UINT32, 37: DType.UINT8, 38: DType.UINT16, 39: DType.UINT32, 40: DType.UINT64, 41: DType.FLOAT32,
    42: DType.FLOAT16, 43: DType.FLOAT32, 44: DType.FLOAT64, 45: DType.BFLOAT16,
}
"""Element types by MindSpore's type numbers. Plain "int" and "float" (31, 41) are 32 bits wide."""
