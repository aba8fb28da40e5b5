"""The ONNX reader: facts of the graph, and where the weights are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import branch, model, save, tensor, value
from samples import shared

from diag.formats.onnx import ONNX, infer, load
from diag.formats.weights import load as elements
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import Span, TensorInfo, Weight

RNG = np.random.default_rng(7)
BIG = RNG.standard_normal((32, 32)).astype(np.float32)
SMALL = np.arange(6, dtype=np.float32).reshape(2, 3)


def relu(name: str = "r", source: str = "x", output: str = "y") -> onnx.NodeProto:
    return helper.make_node("Relu", [source], [output], name)


def test_facts_of_a_small_model(tmp_path: Path) -> None:
    proto = model([helper.make_node("Conv", ["x", "w", ""], ["y"], "/conv", pads=[1, 1], auto_pad="NOTSET", group=1)],
                  [value("x", ["batch", 3, None, 8])], [value("y", None)], [tensor(SMALL, "w")],
                  producer_name="me", producer_version="2", domain="d", model_version=4, doc_string="words")
    proto.metadata_props.add(key="author", value="A")
    graph = ONNX.read(save(proto, tmp_path), None)
    assert graph.inputs == (TensorInfo("x", DType.FLOAT32, ("batch", 3, None, 8)),)
    assert graph.outputs == (TensorInfo("y", DType.FLOAT32, None),)
    assert (graph.input_names, graph.output_names, graph.format) == (("x",), ("y",), "onnx")
    (node,) = graph.nodes
    assert (node.name, node.op, node.inputs, node.outputs) == ("/conv", "Conv", ("x", "w", ""), ("y",))
    assert node.attributes == {"auto_pad": "NOTSET", "group": 1, "pads": (1, 1)}
    assert graph.metadata == {
        "ir_version": "10", "producer_name": "me", "producer_version": "2", "domain": "d", "model_version": "4",
        "opset": "21", "opsets": "ai.onnx 21", "doc_string": "words", "property author": "A"}
    assert graph.weights == {"w": Weight("w", DType.FLOAT32, (2, 3), SMALL.tobytes())}
    assert graph.notes == ()


@pytest.mark.parametrize("write", ["raw", "typed"])
def test_large_weights_stay_in_the_file(tmp_path: Path, write: str) -> None:
    big = (tensor(BIG, "w") if write == "raw" else
           helper.make_tensor("w", TensorProto.FLOAT, BIG.shape, BIG.reshape(-1).tolist()))
    path = save(model([relu()], weights=[big, tensor(SMALL, "s")]), tmp_path)
    file = load(path)
    weight = file.weights["w"]
    assert isinstance(weight.data, Span)
    assert path.read_bytes()[weight.data.offset:weight.data.offset + weight.data.length] == BIG.tobytes()
    assert np.array_equal(elements(weight), BIG)
    assert isinstance(file.weights["s"].data, bytes)
    assert file.model.ByteSize() < 1000


def test_skeleton_is_a_model_with_external_data(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["c"], "k", value=tensor(BIG + 1, ""))
    inner = branch([helper.make_node("Constant", [], ["z"], "kk", value=tensor(BIG * 2, "t"))], "z")
    nodes = [constant, helper.make_node("If", ["cond"], ["y"], "if", then_branch=inner, else_branch=inner)]
    original = model(nodes, [value("cond", [], TensorProto.BOOL)], weights=[tensor(BIG, "w"), tensor(SMALL, "s")])
    path = save(original, tmp_path)
    save(load(path).model, tmp_path, "skeleton.onnx")
    whole = onnx.load(tmp_path / "skeleton.onnx")
    for proto in (whole, original):
        for t in (*proto.graph.initializer, proto.graph.node[0].attribute[0].t,
                  *(a.g.node[0].attribute[0].t for a in proto.graph.node[1].attribute)):
            t.ClearField("data_location")
            del t.external_data[:]
    assert whole == original


def test_weights_that_are_also_inputs_are_not_inputs(tmp_path: Path) -> None:
    path = save(model([relu()], [value("x"), value("w")], weights=[tensor(SMALL, "w")]), tmp_path)
    assert load(path).graph.input_names == ("x",)


def test_large_constants_are_weights_of_the_file(tmp_path: Path) -> None:
    nodes = [helper.make_node("Constant", [], ["big"], value=tensor(BIG, "")),
             helper.make_node("Constant", [], ["small"], value=tensor(SMALL, "")), relu()]
    file = load(save(model(nodes), tmp_path))
    assert [n.op for n in file.graph.nodes] == ["Constant", "Constant", "Relu"]
    assert np.array_equal(elements(file.weights["big"]), BIG)
    assert file.graph.weights == {}
    assert set(file.weights) == {"big"}
    inside = file.graph.nodes[1].attributes["value"]
    assert isinstance(inside, Weight)
    assert np.array_equal(elements(inside), SMALL)


def test_branches_may_read_values_from_outside(tmp_path: Path) -> None:
    then = branch([helper.make_node("Add", ["outer", "w"], ["t"], "add")], "t", [tensor(BIG, "w")])
    other = branch([relu("r", "x", "e")], "e")
    nodes = [relu("first", "x", "outer"),
             helper.make_node("If", ["cond"], ["y"], "if", then_branch=then, else_branch=other)]
    graph = load(save(model(nodes, [value("x"), value("cond", [], TensorProto.BOOL)]), tmp_path)).graph
    inner = graph.nodes[1].attributes["then_branch"]
    assert isinstance(inner, Graph)
    assert [g.name for g in graph.nodes[1].subgraphs] == ["branch_e", "branch_t"]
    assert isinstance(inner.weights["w"].data, Span)
    assert np.array_equal(elements(inner.weights["w"]), BIG)
    assert graph.notes == ()


def test_functions(tmp_path: Path) -> None:
    body = [helper.make_node("Selu", ["a"], ["b"])]
    body[0].attribute.add(name="alpha", ref_attr_name="scale", type=onnx.AttributeProto.FLOAT)
    function = helper.make_function("mine", "Twice", ["a"], ["b"], body, OPSET, ["scale"])
    graph = load(save(model([helper.make_node("Twice", ["x"], ["y"], domain="mine")], functions=[function]),
                      tmp_path)).graph
    inside = graph.functions["mine::Twice"]
    assert (inside.input_names, inside.output_names) == (("a",), ("b",))
    assert inside.metadata == {"domain": "mine", "attributes": "scale"}
    assert inside.nodes[0].attributes == {"alpha": None}
    assert inside.nodes[0].info == {"parameter of alpha": "scale"}
    assert graph.nodes[0].domain == "mine"


OPSET = [helper.make_opsetid("", 21)]


def test_names_are_unique_and_never_empty(tmp_path: Path) -> None:
    nodes = [relu("a", "x", "1"), relu("a", "1", "2"), relu("", "2", "3"), relu("a_2", "3", "4"), relu("a", "4", "y")]
    file = load(save(model(nodes), tmp_path))
    names = [n.name for n in file.graph.nodes]
    assert names == ["a", "a_3", "Relu_3", "a_2", "a_4"]
    assert [n.name for n in file.model.graph.node] == names
    assert file.graph.nodes[1].info == {"original_name": "a"}
    assert file.graph.nodes[0].info == {}


def test_nodes_are_sorted_where_they_must_be(tmp_path: Path) -> None:
    inner = branch([relu("inner", "late", "i")], "i")
    nodes = [helper.make_node("If", ["cond"], ["y"], "if", then_branch=inner, else_branch=inner),
             relu("b", "1", "late"), relu("a", "x", "1")]
    file = load(save(model(nodes, [value("x"), value("cond", [], TensorProto.BOOL)]), tmp_path))
    assert [n.name for n in file.graph.nodes] == ["a", "b", "if"]
    assert [n.name for n in file.model.graph.node] == ["a", "b", "if"]
    assert file.graph.notes == ("The nodes did not stand in an order in which they can run; they were sorted",)


def test_a_circle_is_noted(tmp_path: Path) -> None:
    nodes = [relu("a", "2", "1"), relu("b", "1", "2"), relu("c", "x", "y")]
    graph = load(save(model(nodes), tmp_path)).graph
    assert [n.name for n in graph.nodes] == ["c", "a", "b"]
    assert graph.notes == ("Some nodes read, over others, what they themselves write: they cannot run",)


def test_a_value_that_nothing_writes_is_noted(tmp_path: Path) -> None:
    graph = load(save(model([relu("a", "ghost")]), tmp_path)).graph
    assert graph.notes == ("Nothing writes the value 'ghost', which the graph reads",)


def test_values_that_are_no_tensors(tmp_path: Path) -> None:
    floats = helper.make_tensor_type_proto(TensorProto.FLOAT, ["n"])
    sequence = helper.make_sequence_type_proto(floats)
    inputs = [helper.make_value_info("s", sequence),
              helper.make_value_info("o", helper.make_optional_type_proto(sequence)),
              helper.make_value_info("m", helper.make_map_type_proto(TensorProto.INT64, floats))]
    graph = load(save(model([relu("r", "s")], inputs), tmp_path)).graph
    assert graph.inputs == (TensorInfo("s"), TensorInfo("o"), TensorInfo("m"))
    assert graph.notes == ("Value 's' is no tensor but seq(tensor(float32)[n])",
                           "Value 'o' is no tensor but optional(seq(tensor(float32)[n]))",
                           "Value 'm' is no tensor but map(int64,tensor(float32)[n])")


@pytest.mark.parametrize("flat", [True, False])
def test_sparse_weights_are_written_out(tmp_path: Path, flat: bool) -> None:
    at = np.array([1, 5], np.int64) if flat else np.array([[0, 1], [1, 2]], np.int64)
    sparse = helper.make_sparse_tensor(tensor(np.array([2, 3], np.float32), "w"), tensor(at, ""), [2, 3])
    proto = model([relu()])
    proto.graph.sparse_initializer.append(sparse)
    graph = load(save(proto, tmp_path)).graph
    assert elements(graph.weights["w"]).tolist() == [[0, 2, 0], [0, 0, 3]]


def test_sparse_weights_with_wrong_indices(tmp_path: Path) -> None:
    sparse = helper.make_sparse_tensor(tensor(np.array([2], np.float32), "w"), tensor(np.array([9], np.int64), ""), [4])
    proto = model([relu()])
    proto.graph.sparse_initializer.append(sparse)
    graph = load(save(proto, tmp_path)).graph
    assert graph.weights["w"].problem == "its sparse indices do not fit its shape"


def test_training_information_is_left_out(tmp_path: Path) -> None:
    proto = model([relu()])
    proto.training_info.add().algorithm.initializer.append(tensor(BIG, "t"))
    file = load(save(proto, tmp_path))
    assert file.graph.notes == ("Training information is not used",)
    assert file.model.ByteSize() < 200


def test_a_model_without_nodes(tmp_path: Path) -> None:
    graph = load(save(model([], [value("x")], [value("x")]), tmp_path)).graph
    assert (graph.nodes, graph.output_names, graph.notes) == ((), ("x",), ())


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    data = save(model([relu("name", "xxxx", "yyyy")], [value("xxxx")], [value("yyyy")]), tmp_path).read_bytes()
    path = tmp_path / "bad.onnx"
    path.write_bytes(data.replace(b"xxxx", b"x\xff\xfex").replace(b"name", b"n\xc3(e"))
    graph = load(path).graph
    assert graph.nodes[0].inputs == graph.input_names == ("x\\xff\\xfex",)
    assert graph.nodes[0].name == "n\\xc3(e"


def test_attributes_of_every_kind(tmp_path: Path) -> None:
    sparse = helper.make_sparse_tensor(tensor(np.array([4], np.int64), "v"), tensor(np.array([1], np.int64), ""), [2])
    proto = relu()
    kind = onnx.AttributeProto
    made = {"f": 0.5, "i": -3, "s": "text", "raw": b"\xff", "fs": [1.0, 2.0], "ints": [1, -2], "ss": ["a", "b"],
            "ts": [tensor(SMALL, "t")], "g": branch([], "o"), "gs": [branch([], "p")], "sp": sparse, "sps": [sparse],
            "tp": helper.make_tensor_type_proto(1, [2]), "tps": [helper.make_tensor_type_proto(1, None)]}
    proto.attribute.extend(helper.make_attribute(name, v) for name, v in made.items())
    proto.attribute.add(name="empty", type=kind.INTS)
    proto.attribute.add(name="old", ints=[1, 2])
    proto.attribute.add(name="nothing")
    attributes = load(save(model([proto]), tmp_path)).graph.nodes[0].attributes
    simple = {k: v for k, v in attributes.items() if k not in ("ts", "g", "gs", "sp", "sps")}
    assert simple == {"f": 0.5, "i": -3, "s": "text", "raw": b"\xff", "fs": (1.0, 2.0), "ints": (1, -2),
                      "ss": ("a", "b"), "tp": "tensor(float32)[2]", "tps": ("tensor(float32)",), "empty": (),
                      "old": (1, 2), "nothing": None}
    assert attributes["ts"] == (Weight("t", DType.FLOAT32, (2, 3), SMALL.tobytes()),)
    assert attributes["g"].name == "branch_o"
    assert [g.name for g in attributes["gs"]] == ["branch_p"]
    assert elements(attributes["sp"]).tolist() == elements(attributes["sps"][0]).tolist() == [0, 4]


def test_real_models_are_read_like_onnx_does() -> None:
    for path in sorted(shared("diffusion/tiny/onnx").glob("*/model.onnx")):
        graph, proto = load(path).graph, onnx.load(path).graph
        assert graph.notes == ()
        assert [(n.op, n.inputs, n.outputs) for n in graph.nodes] == [
            (n.op_type, tuple(n.input), tuple(n.output)) for n in proto.node]
        assert set(graph.weights) == {t.name for t in proto.initializer}
        for t in proto.initializer:
            assert np.array_equal(elements(graph.weights[t.name]), numpy_helper.to_array(t))


def test_inference_takes_the_given_shapes(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Shape", ["m"], ["s"]),
             helper.make_node("Custom", ["m"], ["c"], domain="other"), helper.make_node("Reshape", ["m", "k"], ["y"])]
    proto = model(nodes, [value("x", ["n", 32])], [value("y", ["q", 4])],
                  [tensor(BIG, "w"), tensor(np.array([-1, 4]), "k")])
    proto.graph.value_info.append(value("m", ["n", 32]))
    file = load(save(proto, tmp_path))
    known = infer(file, {"x": (6, 32)})
    assert known == {"x": TensorInfo("x", DType.FLOAT32, (6, 32)), "m": TensorInfo("m", DType.FLOAT32, (6, 32)),
                     "s": TensorInfo("s", DType.INT64, (2,)), "y": TensorInfo("y", DType.FLOAT32, (48, 4))}
    assert infer(file)["m"].shape == ("n", 32)
    assert file.model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"


def test_inference_works_out_shape_arithmetic(tmp_path: Path) -> None:
    """What PyTorch writes for x.expand(n, -1): inference of the onnx package stops at ConstantOfShape and Where."""
    weights = [tensor(np.array(v), n) for n, v in (("axis", 0), ("want", [-1, 4, 5]), ("minus", [-1]), ("rank", [3]))]
    nodes = [helper.make_node("ConstantOfShape", ["rank"], ["ones"], value=tensor(np.array([1]), "")),
             helper.make_node("Mul", ["ones", "minus"], ["negative"]),
             helper.make_node("Equal", ["want", "negative"], ["free"]),
             helper.make_node("Where", ["free", "ones", "want"], ["size"]),
             helper.make_node("Expand", ["x", "size"], ["e"]), helper.make_node("Shape", ["e"], ["s"]),
             helper.make_node("Gather", ["s", "axis"], ["n"]), helper.make_node("Unsqueeze", ["n", "rank0"], ["u"]),
             helper.make_node("Concat", ["u", "minus"], ["two"], axis=0),
             helper.make_node("Reshape", ["e", "two"], ["y"])]
    proto = model(nodes, [value("x", ["batch", 1, 5])], [value("y", None)], [*weights, tensor(np.array([0]), "rank0")])
    known = infer(load(save(proto, tmp_path)), {"x": (2, 1, 5)})
    assert {name: known[name].shape for name in ("size", "e", "n", "two", "y")} == {
        "size": (3,), "e": (2, 4, 5), "n": (), "two": (2,), "y": (2, 20)}
    assert known["n"].dtype is known["size"].dtype is DType.INT64


@pytest.mark.parametrize("node", [
    helper.make_node("Shape", [], ["y"]), helper.make_node("Shape", ["x"], []), helper.make_node("Size", ["w"], [""]),
    helper.make_node("Constant", [], ["y"]), helper.make_node("Constant", [], ["y"], value_strings=["a"]),
    helper.make_node("Concat", ["w", "w"], ["y"]), helper.make_node("Gather", ["w", "w"], ["y"]),
    helper.make_node("ConstantOfShape", ["huge"], ["y"]), helper.make_node("Reshape", ["w", "huge"], ["y"]),
    helper.make_node("Div", ["w", "zero"], ["y"]), helper.make_node("Sqrt", ["huge", "w"], ["y", "z"]),
    helper.make_node("Cast", ["w"], ["y"], to=8), helper.make_node("Cast", ["w"], ["y"], to=99),
])
def test_inference_survives(tmp_path: Path, node: onnx.NodeProto) -> None:
    arrays = {"w": [7, 9], "huge": [1 << 40, 1 << 40], "zero": [0, 0]}
    weights = [tensor(np.array(numbers), name) for name, numbers in arrays.items()]
    assert infer(load(save(model([node], weights=weights), tmp_path)))["x"].shape == (2, 3)


def test_inference_never_raises(tmp_path: Path) -> None:
    wrong = load(save(model([helper.make_node("MatMul", ["x", "w"], ["y"])], weights=[tensor(BIG, "w")]), tmp_path))
    assert infer(wrong, {"x": (5, 5), "unknown": (1,)})["x"].shape == (5, 5)
    call = [helper.make_node("F", ["x"], ["y"], domain="d")]
    loop = helper.make_function("d", "F", ["a"], ["b"], [helper.make_node("F", ["a"], ["b"], domain="d")], OPSET)
    assert set(infer(load(save(model(call, functions=[loop]), tmp_path)))) == {"x", "y"}


def test_thousands_of_nodes_with_one_name(tmp_path: Path) -> None:
    nodes = [relu("same", str(i), str(i + 1)) for i in range(20_000)]
    graph = load(save(model(nodes, [value("0")], [value("20000")]), tmp_path)).graph
    assert (graph.nodes[0].name, graph.nodes[-1].name) == ("same", "same_20000")
    assert len({n.name for n in graph.nodes}) == 20_000
