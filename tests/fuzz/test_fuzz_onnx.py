"""Any bytes give a graph or a FormatError, soon and in little memory."""

from __future__ import annotations

import contextlib
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from wire import varint

from diag.errors import FormatError
from diag.formats.onnx import load
from diag.formats.registry import open_model
from diag.formats.weights import load as elements
from diag.types.graph import Graph

SECONDS, BYTES = 2.0, 50_000_000
FUZZ = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "m.onnx"


def seed() -> bytes:
    """A model with a bit of everything that the reader knows."""
    big = numpy_helper.from_array(np.arange(400, dtype=np.float32), "big")
    typed = helper.make_tensor("typed", TensorProto.FLOAT16, [3], [1, 2, 3])
    flat = helper.make_tensor("flat", TensorProto.FLOAT, [300], list(range(300)))
    words = helper.make_tensor("words", TensorProto.STRING, [2], ["a", "b"])
    sparse = helper.make_sparse_tensor(numpy_helper.from_array(np.array([2.0], np.float32), "sparse"),
                                       numpy_helper.from_array(np.array([[0, 1]]), ""), [2, 3])
    outside = TensorProto(name="outside", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="w.bin")
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 3]) for n in "xy")
    inner = helper.make_graph([helper.make_node("Add", ["x", "lw"], ["z"])], "inner", [], [
        helper.make_tensor_value_info("z", TensorProto.FLOAT, None)], [numpy_helper.from_array(np.ones(3), "lw")])
    nodes = [helper.make_node("If", ["c"], ["i"], then_branch=inner, else_branch=inner),
             helper.make_node("Constant", [], ["k"], value=big), helper.make_node("F", ["i"], ["y"], domain="d")]
    function = helper.make_function("d", "F", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])],
                                    [helper.make_opsetid("", 21)])
    sequence = helper.make_value_info("s", helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, [2])))
    graph = helper.make_graph(nodes, "g", [x, sequence, helper.make_tensor_value_info("c", TensorProto.BOOL, [])], [y],
                              [big, typed, flat, words, outside], sparse_initializer=[sparse])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("d", 1)]
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=10)
    return bytes(model.SerializeToString())


SEED = seed()


def check(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    tracemalloc.start()
    begin, refused = time.perf_counter(), None
    try:
        assert isinstance(open_model(path), Graph)
        use(path)
    except FormatError as error:
        refused = error
    seconds, peak = time.perf_counter() - begin, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if refused is not None:
        assert refused.path == path
        assert refused.offset is None or 0 <= refused.offset <= len(data)
        assert refused.message
        assert refused.hint
    assert seconds < SECONDS
    assert peak < BYTES


def use(path: Path) -> None:
    file = load(path)
    assert len(file.graph.nodes) == len(file.model.graph.node)
    assert len({n.name for n in file.graph.nodes}) == len(file.graph.nodes)
    assert all(n.name for n in file.graph.nodes)
    for weight in file.weights.values():
        with contextlib.suppress(FormatError):
            assert elements(weight).shape == weight.shape


@FUZZ
@given(data=st.binary(min_size=1, max_size=400))
def test_any_bytes(file: Path, data: bytes) -> None:
    check(file, data)


@FUZZ
@given(head=st.sampled_from([b"\x08\x0a", b"\x3a", b"\x08\x07\x3a", b"\x3a\x7f", SEED[:4], SEED[:40], b"\x0a\x030.1"]),
       data=st.binary(max_size=400))
def test_any_bytes_behind_a_good_beginning(file: Path, head: bytes, data: bytes) -> None:
    check(file, head + data)


@FUZZ
@given(flips=st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_other_bytes_in_a_model(file: Path, flips: list[tuple[int, int]]) -> None:
    data = bytearray(SEED)
    for at, byte in flips:
        data[at] = byte
    check(file, bytes(data))


@FUZZ
@given(cut=st.integers(0, len(SEED)), at=st.integers(0, len(SEED)), length=st.integers(0, 200))
def test_spliced_models(file: Path, cut: int, at: int, length: int) -> None:
    check(file, SEED[:cut] + SEED[at:at + length] + SEED[cut:])
    check(file, SEED[:cut] + SEED[cut + length:])


def test_every_truncation(file: Path) -> None:
    for length in range(1, len(SEED), 7):
        check(file, SEED[:length])


@pytest.mark.parametrize("data", [
    b"\x3a" + b"\xff" * 9 + b"\x01",  # a graph of 2^64 - 1 bytes
    b"\x3a" + b"\x80" * 12 + b"\x01",  # a length that does not end
    b"\x3b" * 300, b"\x3c",  # groups
    b"\x00" * 5000, b"\x07", b"\xf8\xff\xff\xff\x7f\x01",
], ids=["huge", "overlong", "groups", "end", "zeros", "wire7", "number"])
def test_hostile_wire_format(file: Path, data: bytes) -> None:
    check(file, data)
    with pytest.raises(FormatError):
        open_model(file)


def test_deep_nesting(file: Path) -> None:
    """A graph in an attribute in a node in a graph, 3,000 levels."""
    data = b"\x12" + bytes([2, 0x41, 0x41])
    for _ in range(1000):
        for tag in (b"\x32", b"\x2a", b"\x0a"):
            data = tag + varint(len(data)) + data
    check(file, b"\x08\x0a\x3a" + varint(len(data)) + data)
    with pytest.raises(FormatError, match="nested at most 100 messages deep"):
        open_model(file)


@pytest.mark.parametrize("dims", [[1 << 62], [1 << 31, 1 << 31, 1 << 31], [-1, 5], [0, 1 << 62]])
def test_hostile_shapes(file: Path, dims: list[int]) -> None:
    proto = onnx.ModelProto.FromString(SEED)
    for tensor in proto.graph.initializer:
        tensor.dims[:] = dims
    proto.graph.sparse_initializer[0].dims[:] = dims
    check(file, proto.SerializeToString())
