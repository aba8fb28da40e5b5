"""Cutting: some nodes of a model as a model of their own, and which nodes they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from small_models import perceptron, save, value, weights

from diag.cancel import Cancel
from diag.compare.reduce import onnx_cut
from diag.compare.reduce.bundle import save_arrays
from diag.compare.reduce.parts import cut_golden, golden_nodes
from diag.compare.reduce.regions import Wiring, around, between
from diag.compare.reduce.values import Values
from diag.compare.sides import Side, open_golden
from diag.errors import FormatError, UsageError

X = np.random.default_rng(0).standard_normal((1, 8)).astype(np.float32)


@pytest.fixture
def mlp(tmp_path: Path) -> Side:
    return open_golden(perceptron(tmp_path / "m.onnx"), 1)


def _cut(side: Side, fed: list[str], outs: list[str], feeds: dict[str, np.ndarray], path: Path):
    """The part, and what onnxruntime makes of it on its recorded inputs."""
    part = cut_golden(side, Wiring(side), Values(side, feeds), fed, outs, Cancel())
    onnx_cut.save(part.model, path)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    got = session.run(None, {i.name: part.inputs[i.name] for i in session.get_inputs()})
    return part, session, dict(zip(part.expected, got, strict=True))


def test_a_part_is_a_valid_model_with_only_its_own_nodes_and_weights(mlp: Side, tmp_path: Path):
    part, session, got = _cut(mlp, ["m1"], ["r1"], {"x": X}, tmp_path / "part.onnx")
    assert [n.name for n in part.model.graph.node] == ["add1", "act"]
    assert [t.name for t in part.model.graph.initializer] == ["b1"]
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("m1", [1, 8])]
    assert [o.version for o in part.model.opset_import] == [17]
    np.testing.assert_array_equal(part.inputs["m1"], X @ weights()["w1"])
    np.testing.assert_array_equal(got["r1"], part.expected["r1"])


def test_golden_nodes_are_those_between_and_side_branches_end_where_they_come_in(tmp_path: Path):
    nodes = [helper.make_node("Relu", ["x"], ["a"], "a"), helper.make_node("Sqrt", ["mask"], ["m"], "m"),
             helper.make_node("Add", ["a", "m"], ["s"], "s"), helper.make_node("Tanh", ["s"], ["y"], "y")]
    side = open_golden(save(tmp_path / "m.onnx", nodes, [value("x", (1, 8)), value("mask", (1, 8))],
                            [value("y", (1, 8))]), 1)
    wiring = Wiring(side)
    assert golden_nodes(wiring, ["a"], ["y"]) == [2, 3]
    assert golden_nodes(wiring, ["y"], ["y"]) == []
    part, session, got = _cut(side, ["a"], ["y"], {"x": X, "mask": np.abs(X)}, tmp_path / "part.onnx")
    assert {i.name for i in session.get_inputs()} == {"a", "m"}
    np.testing.assert_array_equal(got["y"], part.expected["y"])


def test_what_only_shapes_decide_is_a_constant_of_the_part(tmp_path: Path):
    nodes = [helper.make_node("Shape", ["x"], ["s"], "shape"), helper.make_node("Relu", ["x"], ["r"], "relu"),
             helper.make_node("Reshape", ["r", "s"], ["y"], "reshape")]
    side = open_golden(save(tmp_path / "m.onnx", nodes, [value("x", ("n", 8))], [value("y", ("n", 8))]), 1)
    part, session, got = _cut(side, ["r"], ["y"], {"x": X}, tmp_path / "part.onnx")
    assert [n.name for n in part.model.graph.node] == ["reshape"]
    assert [i.name for i in session.get_inputs()] == ["r"]
    assert numpy_helper.to_array(part.model.graph.initializer[0]).tolist() == [1, 8]
    np.testing.assert_array_equal(got["y"], part.expected["y"])


def test_external_weights_and_tensors_of_attributes_come_inside(tmp_path: Path):
    big = np.arange(4096, dtype=np.float32).reshape(1, 4096)
    held = helper.make_node("Constant", [], ["c"], "c", value=numpy_helper.from_array(big, "c"))
    branch = helper.make_graph([helper.make_node("Constant", [], ["b"], "b", value=numpy_helper.from_array(big, "b"))],
                               "branch", [], [value("b", (1, 4096))])
    nodes = [held, helper.make_node("Add", ["x", "c"], ["a"], "add"), helper.make_node("Add", ["a", "w"], ["aw"], "w"),
             helper.make_node("If", ["yes"], ["i"], "if", then_branch=branch, else_branch=branch),
             helper.make_node("Mul", ["aw", "i"], ["y"], "mul")]
    path = save(tmp_path / "m.onnx", nodes, [value("x", (1, 4096)), value("yes", (), TensorProto.BOOL)],
                [value("y", (1, 4096))], {"w": big})
    onnx.save_model(onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    side = open_golden(path, 1)
    away = tmp_path / "elsewhere"
    away.mkdir()
    part, _, got = _cut(side, ["x", "yes"], ["y"], {"x": big, "yes": np.array(True)}, away / "part.onnx")
    np.testing.assert_array_equal(got["y"], part.expected["y"])
    np.testing.assert_array_equal(part.expected["y"], 3 * big * big)
    assert [f.name for f in away.iterdir()] == ["part.onnx"]


def test_a_tensor_of_an_attribute_outside_the_models_folder_is_not_copied(mlp: Side, tmp_path: Path):
    secret = onnx.TensorProto(name="t", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    entry = secret.external_data.add()
    entry.key, entry.value = "location", "../../secret"
    step = mlp.session.program.steps[0]
    step.protos[0].attribute.append(helper.make_attribute("value", secret))
    with pytest.raises(FormatError, match="not beside the model"):
        onnx_cut.cut(mlp, [0], {"x": X}, {"m1": X}, {})


def test_functions_that_are_called_come_along(tmp_path: Path):
    body = [helper.make_node("Relu", ["a"], ["b"])]
    function = helper.make_function("own", "Twice", ["a"], ["b"], body, [helper.make_opsetid("", 17)])
    other = helper.make_function("own", "Unused", ["a"], ["b"], body, [helper.make_opsetid("", 17)])
    graph = helper.make_graph([helper.make_node("Twice", ["x"], ["y"], "twice", domain="own")], "g",
                              [value("x", (1, 8))], [value("y", (1, 8))])
    model = helper.make_model(graph, functions=[function, other], ir_version=8,
                              opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own", 1)])
    onnx.save(model, tmp_path / "m.onnx")
    part, _, got = _cut(open_golden(tmp_path / "m.onnx", 1), ["x"], ["y"], {"x": X}, tmp_path / "part.onnx")
    assert [f.name for f in part.model.functions] == ["Twice"]
    np.testing.assert_array_equal(got["y"], np.maximum(X, 0))


def test_a_type_that_numpy_does_not_know_is_refused_at_the_border(tmp_path: Path):
    nodes = [helper.make_node("Cast", ["x"], ["b"], "down", to=TensorProto.BFLOAT16),
             helper.make_node("Cast", ["b"], ["y"], "up", to=TensorProto.FLOAT)]
    side = open_golden(save(tmp_path / "m.onnx", nodes, [value("x", (1, 8))], [value("y", (1, 8))]), 1)
    with pytest.raises(UsageError, match="bfloat16, which a bundle cannot hold"):
        cut_golden(side, Wiring(side), Values(side, {"x": X}), ["b"], ["y"], Cancel())


def test_regions_grow_by_hops_and_end_at_answered_values(mlp: Side):
    wiring = Wiring(mlp)
    every = {"x", "m1", "a1", "r1", "m2", "y"}
    assert around(wiring, "a1", 0, every, ()).nodes == (1,)
    one = around(wiring, "a1", 1, every, ())
    assert (one.nodes, one.outs) == ((0, 1, 2), ("a1", "r1"))
    assert around(wiring, "a1", 1, every, {"r1"}).outs == ("a1",)
    assert around(wiring, "a1", 8, every, ()).nodes == (0, 1, 2, 3, 4)
    # m1 has no answer: its node comes along.
    assert around(wiring, "a1", 0, every - {"m1"}, ()).nodes == (0, 1)
    assert between(wiring, 2, "m2", every).nodes == (2, 3)


def test_values_are_recorded_by_name_and_what_is_no_tensor_is_refused(mlp: Side):
    values = Values(mlp, {"x": X})
    found = values.take(["x", "a1", "w1"], Cancel())
    np.testing.assert_array_equal(found["a1"], X @ weights()["w1"] + weights()["b1"])
    np.testing.assert_array_equal(found["x"], X)
    assert "m2" not in values.infos  # only what was needed ran
    values.survey(Cancel())
    assert values.infos["m2"].shape == (1, 8)
    with pytest.raises(UsageError, match="'nothing' cannot be recorded"):
        values.take(["nothing"], Cancel())


def test_arrays_are_saved_under_any_name(tmp_path: Path):
    arrays = {"file": X, "/a/b:0": X.astype(np.float16), "allow_pickle": np.array(3), "s": np.array(["é"], object)}
    save_arrays(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as held:
        assert set(held.files) == set(arrays)
        for name in ("file", "/a/b:0", "allow_pickle"):
            np.testing.assert_array_equal(held[name], arrays[name])
            assert held[name].dtype == arrays[name].dtype
        assert held["s"].tolist() == ["é"]
