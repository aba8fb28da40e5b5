"""Numbers of element types and layouts in dump files.

There are two numberings of element types: that of the protobuf messages (standard dumps), and that of the runtime
interface (dumps of the small chips, integer attributes of graphs). Layout numbers are the same in both.
"""

from __future__ import annotations

from diag.types.dtype import DType

PROTO = {
    0: DType.UNDEFINED, 1: DType.FLOAT32, 2: DType.FLOAT16, 3: DType.INT8, 4: DType.UINT8, 5: DType.INT16,
    6: DType.UINT16, 7: DType.INT32, 8: DType.INT64, 9: DType.UINT32, 10: DType.UINT64, 11: DType.BOOL,
    12: DType.FLOAT64, 13: DType.STRING, 16: DType.COMPLEX64, 17: DType.COMPLEX128, 18: DType.INT8, 19: DType.INT16,
    20: DType.INT32, 21: DType.UINT8, 22: DType.UINT16, 27: DType.BFLOAT16, 28: DType.INT4, 30: DType.INT2,
    31: DType.UINT2, 34: DType.FLOAT8E5M2, 35: DType.FLOAT8E4M3FN, 36: DType.FLOAT8E8M0, 39: DType.FLOAT4E2M1,
}
"""Element type by the protobuf messages' number (quantised types as the integers that they are stored in)."""

RUNTIME = {
    0: DType.FLOAT32, 1: DType.FLOAT16, 2: DType.INT8, 3: DType.INT32, 4: DType.UINT8, 6: DType.INT16,
    7: DType.UINT16, 8: DType.UINT32, 9: DType.INT64, 10: DType.UINT64, 11: DType.FLOAT64, 12: DType.BOOL,
    13: DType.STRING, 16: DType.COMPLEX64, 17: DType.COMPLEX128, 18: DType.INT8, 19: DType.INT16, 20: DType.INT32,
    21: DType.UINT8, 22: DType.UINT16, 27: DType.BFLOAT16, 29: DType.INT4, 31: DType.INT2, 32: DType.UINT2,
    35: DType.FLOAT8E5M2, 36: DType.FLOAT8E4M3FN, 37: DType.FLOAT8E8M0, 40: DType.FLOAT4E2M1,
}
"""Element type by the runtime interface's number."""

LAYOUTS = {
    0: "NCHW", 1: "NHWC", 2: "ND", 3: "NC1HWC0", 4: "FRACTAL_Z", 5: "NC1C0HWPAD", 6: "NHWC1C0", 7: "FSR_NCHW",
    8: "FRACTAL_DECONV", 9: "C1HWNC0", 10: "FRACTAL_DECONV_TRANSPOSE", 11: "FRACTAL_DECONV_SP_STRIDE_TRANS",
    12: "NC1HWC0_C04", 13: "FRACTAL_Z_C04", 14: "CHWN", 15: "FRACTAL_DECONV_SP_STRIDE8_TRANS", 16: "HWCN",
    17: "NC1KHKWHWC0", 18: "BN_WEIGHT", 19: "FILTER_HWCK", 25: "C1HWNCoC0", 26: "MD", 27: "NDHWC", 28: "FRACTAL_ZZ",
    29: "FRACTAL_NZ", 30: "NCDHW", 31: "DHWCN", 32: "NDC1HWC0", 33: "FRACTAL_Z_3D", 34: "CN", 35: "NC", 36: "DHWNC",
    37: "FRACTAL_Z_3D_TRANSPOSE", 38: "FRACTAL_ZN_LSTM", 39: "FRACTAL_Z_G", 40: "RESERVED", 41: "ALL", 42: "NULL",
    43: "ND_RNN_BIAS", 44: "FRACTAL_ZN_RNN", 45: "NYUV", 46: "NYUV_A", 47: "NCL", 48: "FRACTAL_Z_WINO", 49: "C1HWC0",
    50: "FRACTAL_NZ_C0_16", 51: "FRACTAL_NZ_C0_32", 52: "FRACTAL_NZ_C0_2", 53: "FRACTAL_NZ_C0_4",
    54: "FRACTAL_NZ_C0_8",
}
"""Layout by number."""

_BY_NAME = {
    "FLOAT": DType.FLOAT32, "DOUBLE": DType.FLOAT64, "BF16": DType.BFLOAT16, "BFLOAT16": DType.BFLOAT16,
    "QINT8": DType.INT8, "QINT16": DType.INT16, "QINT32": DType.INT32, "QUINT8": DType.UINT8, "QUINT16": DType.UINT16,
}


def layout_of(number: int) -> tuple[str, int]:
    """Name of a layout number, and the groups that its upper bits hold (1: none)."""
    return LAYOUTS.get(number & 0xFF, f"layout {number & 0xFF}"), max(1, (number >> 8) & 0xFFFF)


def dtype_named(text: str) -> DType:
    """Element type from ``DT_FLOAT16``, ``float16``, ``Float16``, ``DT_BF16`` …; UNDEFINED for any other."""
    name = text.strip().upper().removeprefix("DT_").removeprefix("NUMBERTYPE")
    if name in _BY_NAME:
        return _BY_NAME[name]
    try:
        return DType(name.lower())
    except ValueError:
        return DType.UNDEFINED
