"""Arrays in and out of onnxruntime without copies, in every dtype."""

from __future__ import annotations

import math

import numpy as np
import onnx
import onnxruntime as ort

from diag.runtimes.interface import Array
from diag.types.dtype import DType

_TYPE_NUMBERS = {
    DType.FLOAT32: 1, DType.UINT8: 2, DType.INT8: 3, DType.UINT16: 4, DType.INT16: 5, DType.INT32: 6, DType.INT64: 7,
    DType.STRING: 8, DType.BOOL: 9, DType.FLOAT16: 10, DType.FLOAT64: 11, DType.UINT32: 12, DType.UINT64: 13,
    DType.COMPLEX64: 14, DType.COMPLEX128: 15, DType.BFLOAT16: 16, DType.FLOAT8E4M3FN: 17, DType.FLOAT8E4M3FNUZ: 18,
    DType.FLOAT8E5M2: 19, DType.FLOAT8E5M2FNUZ: 20, DType.UINT4: 21, DType.INT4: 22, DType.FLOAT4E2M1: 23,
    DType.FLOAT8E8M0: 24, DType.UINT2: 25, DType.INT2: 26,
}
_DTYPES = {number: dtype for dtype, number in _TYPE_NUMBERS.items()}


def onnx_type(dtype: DType) -> int:
    """ONNX's number of an element type."""
    return _TYPE_NUMBERS.get(dtype, onnx.TensorProto.UNDEFINED)


def dtype_of(number: int) -> DType:
    """The element type behind ONNX's number."""
    return _DTYPES.get(number, DType.UNDEFINED)


def to_ort(array: Array) -> ort.OrtValue:
    """An OrtValue that shares the array's memory (which it keeps alive); the array is made contiguous if need be."""
    dtype = DType.of(array.dtype)
    array = np.ascontiguousarray(array).reshape(array.shape)
    if dtype is DType.STRING:
        return ort.OrtValue.ortvalue_from_numpy(array.astype(object))
    if array.dtype.kind != "V" and array.dtype.isbuiltin == 1:
        return ort.OrtValue.ortvalue_from_numpy(array)
    carrier: Array = array.view(np.uint8 if array.dtype.itemsize == 1 else np.uint16)
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(carrier, onnx_type(dtype))


def to_numpy(value: ort.OrtValue) -> Array:
    """The elements as an array over the OrtValue's own memory: it stays valid as long as the array lives.

    bfloat16 and float8 come as ml_dtypes, strings as an object array (copied).
    """
    dtype = dtype_of(value.element_type())
    if dtype is DType.STRING:
        return np.asarray(value.numpy(), dtype=object)
    shape = tuple(value.shape())
    size = math.prod(shape)
    if size == 0:
        return np.empty(shape, dtype.numpy)
    if dtype.bits < 8:
        raise TypeError(f"{dtype.value} tensors cannot leave onnxruntime")
    return np.asarray(_Memory(value, shape, dtype.numpy.itemsize)).view(dtype.numpy).reshape(shape)


class _Memory:
    """Lends an OrtValue's memory to numpy; the array keeps this object, and so the OrtValue, alive."""

    def __init__(self, value: ort.OrtValue, shape: tuple[int, ...], itemsize: int) -> None:
        self._value = value
        self.__array_interface__ = {
            "version": 3, "shape": (math.prod(shape) * itemsize,), "typestr": "|u1",
            "data": (value.data_ptr(), True)}


def type_proto(value: ort.OrtValue) -> onnx.TypeProto:
    """The ONNX type of a value, so that it can be declared as a graph input (shape left open)."""
    proto = onnx.TypeProto()
    if value.is_tensor():
        proto.tensor_type.elem_type = value.element_type()
        return proto
    _fill(proto, value.data_type())
    return proto


def _fill(proto: onnx.TypeProto, text: str) -> None:
    """Read onnxruntime's own spelling: ``tensor(float)``, ``seq(tensor(int64))``, ``optional(…)``."""
    kind, _, rest = text.partition("(")
    inner = rest.rsplit(")", 1)[0]
    if kind == "seq":
        _fill(proto.sequence_type.elem_type, inner)
    elif kind == "optional":
        _fill(proto.optional_type.elem_type, inner)
    else:
        proto.tensor_type.elem_type = _ORT_NAMES.get(inner, 0)


_ORT_NAMES = {"float": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "string": 8,
              "bool": 9, "float16": 10, "double": 11, "uint32": 12, "uint64": 13, "complex64": 14, "complex128": 15,
              "bfloat16": 16}
