"""Element types under one name, whatever the file calls them."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

import ml_dtypes
import numpy as np


class DType(StrEnum):
    """Element type of a tensor. The value is its name in JSON and on the command line."""

    UNDEFINED = "undefined"
    FLOAT64 = "float64"
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT8E4M3FN = "float8e4m3fn"
    FLOAT8E4M3FNUZ = "float8e4m3fnuz"
    FLOAT8E5M2 = "float8e5m2"
    FLOAT8E5M2FNUZ = "float8e5m2fnuz"
    FLOAT8E8M0 = "float8e8m0"
    FLOAT4E2M1 = "float4e2m1"
    INT64 = "int64"
    INT32 = "int32"
    INT16 = "int16"
    INT8 = "int8"
    INT4 = "int4"
    INT2 = "int2"
    UINT64 = "uint64"
    UINT32 = "uint32"
    UINT16 = "uint16"
    UINT8 = "uint8"
    UINT4 = "uint4"
    UINT2 = "uint2"
    BOOL = "bool"
    COMPLEX64 = "complex64"
    COMPLEX128 = "complex128"
    STRING = "string"

    @cached_property
    def bits(self) -> int:
        """Bits that one element takes in a file; 0 for undefined and string."""
        return _BITS.get(self, 0)

    def nbytes(self, elements: int) -> int:
        """Bytes that ``elements`` packed elements take in a file."""
        return (elements * self.bits + 7) // 8

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The numpy dtype of an unpacked array (int4 and kin: one element a byte, from ml_dtypes)."""
        if self is DType.UNDEFINED:
            raise TypeError("an undefined element type has no numpy dtype")
        return np.dtype(_NUMPY.get(self, self.value))

    @property
    def is_float(self) -> bool:
        """Whether it is a real floating point type."""
        return self.value.startswith(("float", "bfloat"))

    @property
    def is_integer(self) -> bool:
        """Whether it is a signed or unsigned integer type."""
        return self.value.startswith(("int", "uint"))

    @property
    def unit_roundoff(self) -> float | None:
        """Half the distance from 1 to the next number (u): 2^-24 for float32, 2^-11 fp16, 2^-8 bf16."""
        return _ROUNDOFF.get(self)

    @classmethod
    def of(cls, dtype: np.dtype[np.generic]) -> DType:
        """The name of a numpy dtype."""
        found = _FROM_NUMPY.get(np.dtype(dtype))
        if found is not None:
            return found
        return cls.STRING if dtype.kind in "OSUT" else cls.UNDEFINED


_BITS = {
    DType.FLOAT64: 64, DType.FLOAT32: 32, DType.FLOAT16: 16, DType.BFLOAT16: 16, DType.FLOAT8E4M3FN: 8,
    DType.FLOAT8E4M3FNUZ: 8, DType.FLOAT8E5M2: 8, DType.FLOAT8E5M2FNUZ: 8, DType.FLOAT8E8M0: 8, DType.FLOAT4E2M1: 4,
    DType.INT64: 64, DType.INT32: 32, DType.INT16: 16, DType.INT8: 8, DType.INT4: 4, DType.INT2: 2,
    DType.UINT64: 64, DType.UINT32: 32, DType.UINT16: 16, DType.UINT8: 8, DType.UINT4: 4, DType.UINT2: 2,
    DType.BOOL: 8, DType.COMPLEX64: 64, DType.COMPLEX128: 128,
}
_NUMPY: dict[DType, type | str] = {
    DType.BFLOAT16: ml_dtypes.bfloat16, DType.FLOAT8E4M3FN: ml_dtypes.float8_e4m3fn,
    DType.FLOAT8E4M3FNUZ: ml_dtypes.float8_e4m3fnuz, DType.FLOAT8E5M2: ml_dtypes.float8_e5m2,
    DType.FLOAT8E5M2FNUZ: ml_dtypes.float8_e5m2fnuz, DType.FLOAT8E8M0: ml_dtypes.float8_e8m0fnu,
    DType.FLOAT4E2M1: ml_dtypes.float4_e2m1fn, DType.INT4: ml_dtypes.int4, DType.UINT4: ml_dtypes.uint4,
    DType.INT2: ml_dtypes.int2, DType.UINT2: ml_dtypes.uint2, DType.STRING: "O",
}
_ROUNDOFF = {DType.FLOAT64: 2.0**-53, DType.FLOAT32: 2.0**-24, DType.FLOAT16: 2.0**-11, DType.BFLOAT16: 2.0**-8}
_FROM_NUMPY = {d.numpy: d for d in DType if d not in (DType.UNDEFINED, DType.STRING)}
