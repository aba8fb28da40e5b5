"""An onnxruntime value as a numpy array, without the copy that its own ``numpy()`` makes."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.types.dtype import DType

_ONNX_NAMES = {"tensor(float)": DType.FLOAT32, "tensor(double)": DType.FLOAT64}


def view(value: Any) -> NDArray[Any]:  # noqa: ANN401 - onnxruntime has no types
    """The tensor of an ``onnxruntime.OrtValue`` in CPU memory as a read-only array on the value's own memory.

    The array keeps the value alive. Strings, and tensors that are not in CPU memory, are copied.

    Raises:
        TypeError: the value is not a tensor (a sequence, a map, an absent optional).
    """
    if not value.is_tensor():
        raise TypeError(f"a tensor is needed, this is a {value.data_type()}")
    name = value.data_type()
    dtype = _ONNX_NAMES.get(name) or DType(name.removeprefix("tensor(").removesuffix(")"))
    shape = tuple(value.shape())
    if dtype is DType.STRING or value.device_name() != "cpu":
        copied: NDArray[Any] = value.numpy()
        return copied
    size = dtype.numpy.itemsize * int(np.prod(shape, dtype=np.int64))
    if size == 0:
        return np.empty(shape, dtype.numpy)
    memory = (ctypes.c_char * size).from_address(value.data_ptr())
    memory.owner = value  # type: ignore[attr-defined]
    array: NDArray[Any] = np.frombuffer(memoryview(memory), dtype.numpy).reshape(shape)
    array.flags.writeable = False
    return array
