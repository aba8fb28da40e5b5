"""What ONNX says of a value's type, in our words."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from diag.types.dtype import DType
from diag.types.tensor import Dim, TensorInfo

_T = onnx.TensorProto
DTYPES: dict[int, DType] = {
    _T.FLOAT: DType.FLOAT32, _T.DOUBLE: DType.FLOAT64, _T.FLOAT16: DType.FLOAT16, _T.BFLOAT16: DType.BFLOAT16,
    _T.FLOAT8E4M3FN: DType.FLOAT8E4M3FN, _T.FLOAT8E4M3FNUZ: DType.FLOAT8E4M3FNUZ, _T.FLOAT8E5M2: DType.FLOAT8E5M2,
    _T.FLOAT8E5M2FNUZ: DType.FLOAT8E5M2FNUZ, _T.INT64: DType.INT64, _T.INT32: DType.INT32, _T.INT16: DType.INT16,
    _T.INT8: DType.INT8, _T.UINT64: DType.UINT64, _T.UINT32: DType.UINT32, _T.UINT16: DType.UINT16,
    _T.UINT8: DType.UINT8, _T.BOOL: DType.BOOL, _T.STRING: DType.STRING, _T.COMPLEX64: DType.COMPLEX64,
    _T.COMPLEX128: DType.COMPLEX128, _T.INT4: DType.INT4, _T.UINT4: DType.UINT4,
    # Younger than the oldest onnx package we run with, so by number.
    23: DType.FLOAT4E2M1, 24: DType.FLOAT8E8M0, 25: DType.UINT2, 26: DType.INT2,
}
"""Our element type for each of ONNX's (``TensorProto.DataType``)."""


def text(value: str | bytes) -> str:
    """A protobuf string; the library hands out bytes where the file's are not UTF-8."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def texts(values: Iterable[str | bytes]) -> tuple[str, ...]:
    """Protobuf strings, as ``text`` does for one."""
    found = tuple(values)
    # One look at all types instead of a call per string: a graph has tens of thousands of them.
    return tuple(map(text, found)) if bytes in map(type, found) else found  # type: ignore[return-value]


def value_info(proto: onnx.ValueInfoProto) -> TensorInfo:
    """Name, element type and shape of a value; UNDEFINED and None if it is no tensor or the file does not say."""
    kind = proto.type.WhichOneof("value")
    if kind not in ("tensor_type", "sparse_tensor_type"):
        return TensorInfo(text(proto.name))
    tensor = proto.type.tensor_type if kind == "tensor_type" else proto.type.sparse_tensor_type
    dtype = DTYPES.get(tensor.elem_type, DType.UNDEFINED)
    return TensorInfo(text(proto.name), dtype, _shape(tensor.shape) if tensor.HasField("shape") else None)


def type_text(proto: onnx.TypeProto) -> str:
    """A type as ONNX writes it: ``tensor(float32)[N,3]``, ``seq(tensor(int64))``, ``optional(…)``, ``map(…)``."""
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = proto.tensor_type if kind == "tensor_type" else proto.sparse_tensor_type
        dims = ",".join("?" if d is None else str(d) for d in _shape(tensor.shape))
        name = "tensor" if kind == "tensor_type" else "sparse_tensor"
        element = DTYPES.get(tensor.elem_type, DType.UNDEFINED).value
        return f"{name}({element})" + (f"[{dims}]" if tensor.HasField("shape") else "")
    if kind == "sequence_type":
        return f"seq({type_text(proto.sequence_type.elem_type)})"
    if kind == "optional_type":
        return f"optional({type_text(proto.optional_type.elem_type)})"
    if kind == "map_type":
        key = DTYPES.get(proto.map_type.key_type, DType.UNDEFINED).value
        return f"map({key},{type_text(proto.map_type.value_type)})"
    return kind or "unknown"


def _shape(proto: onnx.TensorShapeProto) -> tuple[Dim, ...]:
    return tuple(_dim(d) for d in proto.dim)


def _dim(proto: onnx.TensorShapeProto.Dimension) -> Dim:
    kind = proto.WhichOneof("value")
    if kind == "dim_value":
        # Some exporters write -1 for a size that is not known.
        return proto.dim_value if proto.dim_value >= 0 else None
    return text(proto.dim_param) or None if kind == "dim_param" else None


