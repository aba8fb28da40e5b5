"""Tensors of ONNX files: every element type, every way to store it, external files, and what can be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import model, save, tensor
from wire import varint

from diag.errors import FormatError
from diag.formats.onnx import load
from diag.formats.onnx.infos import DTYPES
from diag.formats.weights import load as elements
from diag.types.dtype import DType
from diag.types.tensor import Span, Weight

NUMBERS = [dtype for dtype in DTYPES if dtype not in (TensorProto.STRING, TensorProto.BOOL)]
RNG = np.random.default_rng(3)


def weights_of(folder: Path, *tensors: onnx.TensorProto) -> dict[str, Weight]:
    return dict(load(save(model([], outputs=[], weights=tensors), folder)).graph.weights)


def sample(dtype: DType, size: int) -> np.ndarray:
    """Values that every type can hold, negative ones where it can."""
    if dtype.value.startswith("complex"):
        return (RNG.integers(-9, 9, size) + 1j * RNG.integers(-9, 9, size)).astype(dtype.numpy)
    low = -2 if dtype is DType.INT2 else -4
    if dtype.value.startswith("uint") or dtype is DType.FLOAT8E8M0:
        low = 1
    high = 2 if dtype.bits == 2 else 4
    return RNG.integers(low, high, size).astype(dtype.numpy)


@pytest.mark.parametrize("size", [1, 7, 3001])
@pytest.mark.parametrize("dtype", NUMBERS, ids=lambda d: TensorProto.DataType.Name(d))
def test_every_element_type(tmp_path: Path, dtype: int, size: int) -> None:
    array = sample(DTYPES[dtype], size)
    raw = numpy_helper.from_array(array, "raw")
    assert raw.data_type == dtype
    typed = TensorProto(name="typed", data_type=dtype, dims=[size])
    fill_typed(typed, raw.raw_data)
    weights = weights_of(tmp_path, raw, typed)
    for weight in weights.values():
        assert (weight.dtype, weight.shape, weight.problem) == (DTYPES[dtype], (size,), "")
        loaded = elements(weight)
        assert loaded.dtype == array.dtype
        assert loaded.tobytes() == array.tobytes()
        assert not loaded.flags.writeable
    assert isinstance(weights["raw"].data, Span) == (len(raw.raw_data) > 1024)


def fill_typed(proto: TensorProto, raw: bytes) -> None:
    """Store the elements in the field that ONNX has for the type instead of in raw_data."""
    dtype = DTYPES[proto.data_type]
    if dtype in (DType.FLOAT32, DType.COMPLEX64):
        proto.float_data.extend(np.frombuffer(raw, np.float32).tolist())
    elif dtype in (DType.FLOAT64, DType.COMPLEX128):
        proto.double_data.extend(np.frombuffer(raw, np.float64).tolist())
    elif dtype is DType.INT64:
        proto.int64_data.extend(np.frombuffer(raw, np.int64).tolist())
    elif dtype in (DType.UINT32, DType.UINT64):
        proto.uint64_data.extend(np.frombuffer(raw, dtype.numpy).tolist())
    elif dtype in (DType.INT32, DType.INT16, DType.INT8):
        proto.int32_data.extend(np.frombuffer(raw, dtype.numpy).tolist())
    else:
        proto.int32_data.extend(np.frombuffer(raw, np.uint16 if dtype.bits == 16 else np.uint8).tolist())


def test_typed_fields_as_onnx_itself_writes_them(tmp_path: Path) -> None:
    made = [helper.make_tensor(f"t{d}", d, [5], sample(DTYPES[d], 5)) for d in NUMBERS
            if DTYPES[d] not in (DType.INT2, DType.UINT2)]
    for name, weight in weights_of(tmp_path, *made).items():
        proto = next(t for t in made if t.name == name)
        assert elements(weight).tolist() == numpy_helper.to_array(proto).tolist(), name


def test_booleans_and_strings(tmp_path: Path) -> None:
    flags = tensor(np.array([True, False, True]), "b")
    words = TensorProto(name="s", data_type=TensorProto.STRING, dims=[2, 1], string_data=["ä".encode(), b"\xff"])
    weights = weights_of(tmp_path, flags, words)
    assert elements(weights["b"]).tolist() == [True, False, True]
    assert elements(weights["s"]).tolist() == [["ä"], ["\udcff"]]
    assert weights["s"].strings == ("ä".encode(), b"\xff")


def test_empty_and_scalar(tmp_path: Path) -> None:
    weights = weights_of(tmp_path, tensor(np.zeros((0, 4), np.float16), "e"), tensor(np.array(2.5, np.float32), "s"))
    assert elements(weights["e"]).shape == (0, 4)
    assert elements(weights["s"]).item() == 2.5


@pytest.mark.parametrize(("tensor_proto", "problem"), [
    (TensorProto(name="w", data_type=1, dims=[3], raw_data=b"1234"), "it needs 12 bytes and has 4"),
    (TensorProto(name="w", data_type=1, dims=[3]), "it needs 12 bytes and has 0"),
    (TensorProto(name="w", data_type=1, dims=[-3], raw_data=b"1234"), "its shape [-3] has a negative size"),
    (TensorProto(name="w", data_type=99, dims=[1], raw_data=b"1"), "element type 99 is not known"),
    (TensorProto(name="w", data_type=8, dims=[2], string_data=[b"a"]), "it needs 2 strings and has 1"),
    (TensorProto(name="w", data_type=1, dims=[1 << 40, 1 << 40], float_data=[1]),
     "it needs 4,835,703,278,458,516,698,824,704 bytes and has 4"),
    (TensorProto(name="w", data_type=1, dims=[9], segment=TensorProto.Segment(begin=0, end=1)),
     "it is stored in segments, which nobody reads"),
])
def test_broken_tensors_are_facts_not_errors(tmp_path: Path, tensor_proto: TensorProto, problem: str) -> None:
    graph = load(save(model([], outputs=[], weights=[tensor_proto, tensor_proto]), tmp_path)).graph
    assert graph.weights["w"].problem == problem
    assert graph.notes == (f"2 weights cannot be used: {problem}",)
    with pytest.raises(FormatError) as error:
        elements(graph.weights["w"])
    assert error.value.message == f"Weight 'w' has no elements: {problem}"


def external(folder: Path, location: str, array: np.ndarray | None = None, **keys: str) -> Weight:
    proto = TensorProto(name="w", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, text in {"location": location, **keys}.items():
        proto.external_data.add(key=key, value=text)
    if array is not None:
        (folder / location).parent.mkdir(parents=True, exist_ok=True)
        (folder / location).write_bytes(array.tobytes())
    return weights_of(folder, proto)["w"]


DATA = np.arange(8, dtype=np.float32)


@pytest.mark.parametrize("keys", [{}, {"offset": "0", "length": "16"}])
def test_external_data(tmp_path: Path, keys: dict[str, str]) -> None:
    weight = external(tmp_path, "sub/w.bin", DATA, **keys)
    assert weight.data == Span(tmp_path / "sub" / "w.bin", 0, 16)
    assert elements(weight).tolist() == [0, 1, 2, 3]


def test_external_data_at_an_offset(tmp_path: Path) -> None:
    assert elements(external(tmp_path, "w.bin", DATA, offset="12", length="16")).tolist() == [3, 4, 5, 6]


def test_external_data_behind_a_link(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "model"
    store.mkdir()
    folder.mkdir()
    (store / "blob").write_bytes(DATA.tobytes())
    (folder / "w.bin").symlink_to(store / "blob")
    assert elements(external(folder, "w.bin")).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("location", ["../w.bin", "a/../../w.bin", "/etc/hostname", "", ".", "a\0b", ".."])
def test_external_data_outside_the_folder_is_refused(tmp_path: Path, location: str) -> None:
    weight = external(tmp_path, location)
    assert weight.problem == f"external file {location!r} is not inside the model's folder"
    assert weight.data == b""


def test_missing_external_file(tmp_path: Path) -> None:
    weight = external(tmp_path, "gone.bin", offset="8", length="16")
    assert weight.problem == "external file 'gone.bin' is missing"
    with pytest.raises(FormatError) as error:
        elements(weight)
    assert error.value.lines() == ["Weight 'w' has no elements: external file 'gone.bin' is missing",
                                   f"in {tmp_path / 'gone.bin'}, at byte 8 (0x8)",
                                   "Put the file back next to the model, or export the model again."]


@pytest.mark.parametrize(("keys", "problem"), [
    ({"offset": "20"}, "external file 'w.bin' is cut short: it has 32 bytes, the weight ends at 36"),
    ({"length": "12"}, "it needs 16 bytes and 'w.bin' has 12"),
    ({"offset": "x"}, "its place in external file 'w.bin' is not a number"),
    ({"offset": "-4"}, "external file 'w.bin' is cut short: it has 32 bytes, the weight ends at 12"),
])
def test_external_data_that_does_not_fit(tmp_path: Path, keys: dict[str, str], problem: str) -> None:
    assert external(tmp_path, "w.bin", DATA, **keys).problem == problem


def test_weights_beyond_two_gigabytes(tmp_path: Path) -> None:
    with (tmp_path / "w.bin").open("wb") as file:
        file.seek(5 << 30)
        file.write(DATA.tobytes())
    weight = external(tmp_path, "w.bin", offset=str(5 << 30), length="16")
    assert elements(weight).tolist() == [0, 1, 2, 3]


def test_a_model_beyond_two_gigabytes(tmp_path: Path) -> None:
    """The file is sparse on disk: two weights of 1.5 GB, the last element of the second is not zero."""
    length = 1_500_000_000
    head = TensorProto(name="w1", data_type=2, dims=[length]).SerializeToString() + b"\x4a" + varint(length)
    last = TensorProto(name="w2", data_type=2, dims=[length]).SerializeToString() + b"\x4a" + varint(length)
    size = sum(1 + len(varint(len(h) + length)) + len(h) + length for h in (head, last))
    path = tmp_path / "big.onnx"
    with path.open("wb") as file:
        file.write(b"\x08\x0a\x3a" + varint(size))
        for h in (head, last):
            file.write(b"\x2a" + varint(len(h) + length) + h)
            file.seek(length - 1, 1)
            file.write(b"\x07")
    weights = load(path).graph.weights
    assert [elements(w)[[0, -1]].tolist() for w in weights.values()] == [[0, 7], [0, 7]]
