"""Parts of a comparison with a recording by themselves: names, attributes, where an error sits, the graph's calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from npu_dumps import Dumped, dump
from onnx import helper
from small_models import save, value

from diag.compare.recorded.attributes import differing
from diag.compare.recorded.blame import concentrated
from diag.compare.recorded.compiled import from_graph
from diag.compare.recorded.device import from_recording
from diag.compare.recorded.names import Names
from diag.formats import compiled
from diag.formats.registry import open_model
from diag.formats.tensor_dump import read
from diag.types.codes import Code
from diag.types.graph import Graph, Node

TIME = 1767225600000000


def graph(tmp_path: Path) -> Graph:
    nodes = [helper.make_node("Relu", ["x"], ["a"], "/a/b.c/Relu"), helper.make_node("Sigmoid", ["a"], ["b"], "/a/b"),
             helper.make_node("Mul", ["a", "b"], ["c"], "/a"), helper.make_node("Neg", ["x"], ["d"], "/d"),
             helper.make_node("Add", ["c", "d"], ["y"], "/e")]
    return open_model(save(tmp_path / "m.onnx", nodes, [value("x", (2,))], [value("y", (2,))]))


@pytest.mark.parametrize(("name", "parts"), [
    ("/a/b.c/Relu", [0]), ("_a_b_c_Relu", [0]), ("/a/b.c/Relu/a/b/a", [0, 1, 2]), ("_a_b_c_Relu_a_b_a", [0, 1, 2]),
    ("/a/b/a", [1, 2]), ("/a/d", []), ("/a/b/x", []), ("", []), ("y", [4]), ("/a/b_post", [1]),
    ("_a" * 3000, []),
])
def test_names_are_taken_apart(tmp_path: Path, name: str, parts: list[int]) -> None:
    assert Names(graph(tmp_path)).parts(name) == parts


CONV = Node("c", "Conv", (), (), {"strides": (2, 1), "pads": (1, 2, 3, 4), "group": 2, "dilations": (1, 1)})
SAID = {"data_format": "NCHW", "strides": (1, 1, 2, 1), "pads": (1, 3, 2, 4), "groups": 2, "dilations": (1, 1, 1, 1)}


def test_equal_attributes_are_equal_in_every_axis_order() -> None:
    assert differing("Conv2D", SAID, [CONV], 4) == []
    assert differing("Conv2D", {**SAID, "data_format": "NHWC", "strides": (1, 2, 1, 1)}, [CONV], 4) == []
    assert differing("Conv2D", {}, [CONV], 4) == []
    assert differing("SoftmaxV2", {"axes": (-1,)}, [Node("s", "Softmax", (), (), {"axis": 2})], 3) == []
    assert differing("LayerNormV3", {"epsilon": np.float32(1e-5).item()}, [Node("n", "LayerNormalization", (), ())],
                     3) == []


@pytest.mark.parametrize(("op", "said", "node", "found"), [
    ("Conv2D", {**SAID, "strides": (1, 1, 1, 1)}, CONV, ("strides", Code.ATTRIBUTE_DIFFERS, "2, 1", "1, 1")),
    ("Conv2D", {**SAID, "pads": (0, 3, 2, 4)}, CONV, ("pads", Code.PADS_DIFFER, "1, 3, 2, 4", "0, 3, 2, 4")),
    ("SoftmaxV2", {"axes": (1,)}, Node("s", "Softmax", (), ()), ("axis", Code.AXIS_DIFFERS, "2", "1")),
    ("LayerNorm", {"epsilon": 0.0}, Node("n", "LayerNormalization", (), ()),
     ("epsilon", Code.ATTRIBUTE_DIFFERS, "1e-05", "0")),
    ("LeakyRelu", {"negative_slope": 0.2}, Node("l", "LeakyRelu", (), ()), ("alpha", Code.ATTRIBUTE_DIFFERS, "0.01",
                                                                           "0.2")),
])
def test_a_different_attribute_is_named(op: str, said: dict[str, object], node: Node,
                                        found: tuple[str, Code, str, str]) -> None:
    assert differing(op, said, [node], 3) == [found]


def test_an_error_in_few_channels_is_placed_and_measured() -> None:
    rng = np.random.default_rng(0)
    expected = rng.normal(size=(2, 16, 5, 5)).astype(np.float32)
    recorded = expected.astype(np.float16).astype(np.float32)
    recorded[:, 9] *= 1.25
    where = concentrated(expected, recorded)
    assert where is not None
    assert (where.axis, where.slices) == (1, (9,))
    assert where.factor == pytest.approx(1.25, abs=1e-3)
    recorded[:, 9] = rng.normal(size=(2, 5, 5))
    other = concentrated(expected, recorded)
    assert other is not None
    assert np.isnan(other.factor)


def test_an_error_everywhere_is_in_no_channel() -> None:
    expected = np.random.default_rng(0).normal(size=(2, 16, 5, 5)).astype(np.float32)
    assert concentrated(expected, expected * np.float32(1.1)) is None
    assert concentrated(expected, expected) is None


def test_without_a_graph_the_bytes_tell_who_reads_whom(tmp_path: Path) -> None:
    a, b = np.arange(8, dtype=np.float16), np.arange(8, 16, dtype=np.float16)
    zeros = np.zeros(8, np.float16)
    for k, (name, reads, writes) in enumerate((("one", [a], b), ("zero", [a], zeros), ("two", [b, zeros, a], a + b))):
        (tmp_path / f"Add.{name}.{k}.0.{TIME + k}").write_bytes(
            dump(name, [Dumped(r) for r in reads], [Dumped(writes)]))
    device = from_recording(read(tmp_path))
    assert [op.name for op in device.ops] == ["one", "zero", "two"]
    # Zeros prove nothing: they could be anybody's.
    assert device.ops[2].reads == ((0, 0), None, None)


CALLED = """name: "m"
graph {
  name: "main"
  op { name: "x" type: "Data" input: "" }
  op { name: "call" type: "PartitionedCall" input: "x:0" subgraph_name: "inner" }
  op { name: "two" type: "Relu" input: "call:0" }
  op { name: "out" type: "NetOutput" input: "two:0" }
}
graph {
  name: "inner"
  op { name: "d" type: "Data" input: "" attr { key: "_parent_node_index" value { i: 0 } } }
  op { name: "one" type: "Neg" input: "d:0" }
  op { name: "end" type: "NetOutput" input: "one:0" }
}
"""


def test_calls_of_subgraphs_are_seen_through(tmp_path: Path) -> None:
    file = tmp_path / "ge_proto_00000001_graph_1_Build.txt"
    file.write_text(CALLED)
    a = np.arange(4, dtype=np.float16)
    folder = tmp_path / "dump"
    folder.mkdir()
    for k, name in enumerate(("one", "two")):
        (folder / f"Neg.{name}.{k}.0.{TIME + k}").write_bytes(dump(name, [Dumped(a)], [Dumped(-a)]))
    nodes = [helper.make_node("Neg", ["x"], ["n"], "one"), helper.make_node("Relu", ["n"], ["y"], "two")]
    golden = open_model(save(tmp_path / "m.onnx", nodes, [value("x", (4,))], [value("y", (4,))]))
    device = from_graph(read(folder), compiled.read(file), golden)
    by_name = {op.name: (i, op) for i, op in enumerate(device.ops)}
    one, two = by_name["one"], by_name["two"]
    assert two[1].reads == ((one[0], 0),)
    assert device.inputs == {"x": ((one[0], 0),)}
    assert device.outputs == ((two[0], 0),)


@pytest.mark.parametrize(("axis", "shape"), [(0, (6, 3)), (1, (2, 9))])
def test_slices_are_put_together_along_the_axis_that_fits(tmp_path: Path, axis: int, shape: tuple[int, ...]) -> None:
    from diag.compare.recorded.device import DeviceOp
    from diag.compare.recorded.tensors import placed

    whole = np.arange(18, dtype=np.float16).reshape(shape)
    for thread, part in enumerate(np.split(whole, 3, axis)):
        part = np.ascontiguousarray(part)
        (tmp_path / f"Add.a.8.3.{TIME + thread}.4.{thread}.{thread}.0").write_bytes(
            dump("a", [], [Dumped(part, original=part.shape)]))
    record = read(tmp_path).ops[0]
    found = placed(DeviceOp("a", "Add", record), record.outputs[0], shape)
    assert found.array is not None
    assert np.array_equal(found.array, whole)
    assert placed(DeviceOp("a", "Add", record), record.outputs[0], (7, 3)).array is None


def test_operations_of_one_name_are_told_apart(tmp_path: Path) -> None:
    from diag.compare.recorded.device import as_graph, value_of

    for k, op in enumerate(("Add", "Mul", "Neg")):
        written = Dumped(np.arange(3 + k, dtype=np.float16))
        (tmp_path / f"{op}.same.{k}.0.{TIME + k}").write_bytes(dump("same", [], [written]))
    recording = read(tmp_path)
    device = from_recording(recording)
    assert device.labels == ("same", "same#2", "same#3")
    assert value_of(device, (1, 0)) == "same#2:0"
    names = [n.name for n in as_graph(device, recording).nodes]
    assert len(set(names)) == 3
