"""Elements of weights: from bytes, from a mapped file, unpacked; and every way in which they may not be there."""

from __future__ import annotations

import mmap
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from diag.errors import FormatError
from diag.formats.weights import load
from diag.types.dtype import DType
from diag.types.tensor import Span, Weight


def in_file(folder: Path, data: bytes, before: int = 0) -> Span:
    path = folder / "w.bin"
    path.write_bytes(b"\xee" * before + data + b"\xee")
    return Span(path, before, len(data))


def base(array: np.ndarray) -> object:
    while isinstance(array, np.ndarray):
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


@pytest.mark.parametrize("offset", [0, 4, 4096, 4100, 70_000])
def test_aligned_weights_are_views_of_the_file(tmp_path: Path, offset: int) -> None:
    array = np.arange(600, dtype=np.float32).reshape(20, 30)
    loaded = load(Weight("w", DType.FLOAT32, (20, 30), in_file(tmp_path, array.tobytes(), offset)))
    assert np.array_equal(loaded, array)
    assert isinstance(base(loaded), mmap.mmap)
    with pytest.raises(ValueError, match="read-only"):
        loaded[0, 0] = 1


@pytest.mark.parametrize("offset", [1, 2, 4099])
def test_unaligned_weights_are_read(tmp_path: Path, offset: int) -> None:
    array = np.arange(600, dtype=np.float32)
    loaded = load(Weight("w", DType.FLOAT32, (600,), in_file(tmp_path, array.tobytes(), offset)))
    assert np.array_equal(loaded, array)
    assert loaded.flags.aligned
    assert not loaded.flags.writeable


def test_bfloat16_and_float8(tmp_path: Path) -> None:
    array = np.array([1.5, -2, 0.25], ml_dtypes.bfloat16)
    assert load(Weight("w", DType.BFLOAT16, (3,), in_file(tmp_path, array.tobytes(), 2))).dtype == ml_dtypes.bfloat16
    eights = np.array([1.5, -2, 448], ml_dtypes.float8_e4m3fn)
    assert load(Weight("w", DType.FLOAT8E4M3FN, (3,), eights.tobytes())).tolist() == [1.5, -2, 448]


@pytest.mark.parametrize(("dtype", "packed", "values"), [
    (DType.INT4, "f178", [1, -1, -8, 7, 0]), (DType.UINT4, "f178", [1, 15, 8, 7, 0]),
    (DType.INT2, "e402", [0, 1, -2, -1, -2]), (DType.UINT2, "e402", [0, 1, 2, 3, 2]),
    (DType.FLOAT4E2M1, "1f71", [-6, 0.5, 0.5, 6, 0]),
])
def test_packed_elements(tmp_path: Path, dtype: DType, packed: str, values: list[float]) -> None:
    data = bytes.fromhex(packed).ljust(dtype.nbytes(5), b"\0")
    for stored in (data, in_file(tmp_path, data, 3)):
        loaded = load(Weight("w", dtype, (5,), stored))
        assert loaded.dtype == dtype.numpy
        assert loaded.astype(float).tolist() == values


def test_bool_bytes_other_than_one() -> None:
    assert load(Weight("w", DType.BOOL, (3,), b"\x00\x01\x02")).tolist() == [False, True, True]


def test_empty_and_scalar(tmp_path: Path) -> None:
    assert load(Weight("w", DType.FLOAT32, (0, 3), Span(tmp_path / "none", 0, 0))).shape == (0, 3)
    assert load(Weight("w", DType.INT64, (), (5).to_bytes(8, "little"))).item() == 5


def error(weight: Weight) -> FormatError:
    with pytest.raises(FormatError) as caught:
        load(weight)
    return caught.value


def test_file_that_became_shorter(tmp_path: Path) -> None:
    span = in_file(tmp_path, bytes(400), 100)
    span.path.write_bytes(bytes(300))
    problem = error(Weight("w", DType.FLOAT32, (100,), span))
    assert problem.lines() == ["Expected 400 bytes of weights; found 200 bytes",
                               f"in {span.path}, at byte 100 (0x64)",
                               "The file is cut short. Copy or export it again."]


def test_file_that_is_gone(tmp_path: Path) -> None:
    problem = error(Weight("w", DType.FLOAT32, (1,), Span(tmp_path / "gone", 0, 4)))
    assert problem.message == "The file with the weights is not there any more"


def test_wrong_length() -> None:
    problem = error(Weight("w", DType.FLOAT32, (2,), b"123"))
    assert problem.message == "Weight 'w' (float32 [2]) needs 8 bytes; found 3 bytes"


def test_unknown_type_problem_and_missing_strings() -> None:
    assert "no element type" in error(Weight("w", DType.UNDEFINED, (2,), b"123")).message
    assert error(Weight("w", DType.FLOAT32, (2,), problem="it is compressed")).message.endswith("it is compressed")
    assert error(Weight("w", DType.STRING, (2,), strings=(b"a",))).message == "Weight 'w' needs 2 strings; found 1"
