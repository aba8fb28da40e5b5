"""The MindIR reader on real files: what their own tools and the notes about them say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from samples import shared

from diag.errors import FormatError
from diag.formats import weights
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR
from diag.formats.mindir.quant import quant_params
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import Span, TensorInfo

KEY = b"0123456789ABCDEF"


def read(name: str, key: bytes | None = None) -> Graph:
    return MINDIR.read(shared(name), ReadOptions(key))


def mindir(name: str) -> Graph:
    return read(f"formats/mindir/{name}.mindir")


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


@pytest.mark.parametrize(("name", "nodes", "inputs", "outputs"), [
    ("diffusion/tiny/mindir/text_encoder.mindir", 71, {"input_ids": ("int32", (1, 77))},
     {"last_hidden_state": "float32", "pooler_output": "float32"}),
    ("diffusion/tiny/mindir/unet.mindir", 487,
     {"sample": ("float32", (2, 4, 8, 8)), "timestep": ("int32", (1,)),
      "encoder_hidden_states": ("float32", (2, 77, 32))}, {"out_sample": "float32"}),
    ("diffusion/tiny/mindir/vae_encoder.mindir", 347, {"sample": ("float32", (1, 3, 64, 64))},
     {"latent_sample": "float32"}),
    ("diffusion/tiny/mindir/vae_decoder.mindir", 187, {"latent_sample": ("float32", (1, 4, 8, 8))},
     {"sample": "float32"}),
    ("diffusion/tiny/mindir/safety_checker.mindir", 83,
     {"clip_input": ("float32", (1, 3, 32, 32)), "images": ("float32", (1, 64, 64, 3))},
     {"out_images": "float32", "has_nsfw_concepts": "bool"}),
    ("formats/mindir/toy_lite.mindir", 7, {"x": ("float32", (1, 3, 32, 32))}, {"y": "float32"}),
    ("formats/mindir/multi_lite.mindir", 5, {"x": ("float32", (2, 12))}, {"vals": "float32", "idx": "int32"}),
    ("formats/mindir/dyn_lite.mindir", 3, {"x": ("float32", (None, None, 8))}, {"y": "float32"}),
    ("formats/mindir/block_lite.mindir", 12, {"x": ("float32", (1, 4, 8))}, {"y": "float32"}),
    ("formats/mindir/qdq_lite.mindir", 3, {"x": ("float32", (1, 3, 8, 8))}, {"y": "float32"}),
    ("formats/mindir/big_lite_graph.mindir", 1, {"x": ("float32", (1, 16800))}, {"y": "float32"}),
    ("formats/mindir/ms210_net.mindir", 6, {"x": ("float32", (1, 3, 32, 32))},
     {"Default/f-Dense/BiasAdd-op0": "float32"}),
    ("formats/mindir/ms210_multiout.mindir", 4, {"x": ("float32", (2, 4))},
     {"Default/TupleGetItem-op0": "float32", "Default/TupleGetItem-op1": "float32", "Default/ReLU-op0": "float32"}),
    ("formats/mindir/tensor_add.mindir", 1, {"x_": ("float32", (2, 2)), "y_": ("float32", (2, 2))},
     {"Default/Add-op3": "float32"}),
    ("formats/mindir/tensor_add_old_2021.mindir", 1, {"x_": ("float32", (2, 2)), "y_": ("float32", (2, 2))},
     {"Default/TensorAdd-op3": "float32"}),
    ("formats/synthetic/toy_ascend_SYNTHETIC.mindir", 1, {"x": ("float32", (1, 3, 32, 32))}, {"y": "float32"}),
])
def test_nodes_inputs_and_outputs(name: str, nodes: int, inputs: dict[str, tuple[str, tuple[int, ...]]],
                                  outputs: dict[str, str]) -> None:
    graph = read(name)
    assert len(graph.nodes) == nodes
    assert {n: (i.dtype.value, i.shape) for n, i in zip(graph.input_names, graph.inputs, strict=True)} == inputs
    assert {n: o.dtype.value for n, o in zip(graph.output_names, graph.outputs, strict=True)} == outputs
    assert graph.format == "mindir"
    assert graph.path == shared(name)


@pytest.mark.parametrize("name", ["unet", "text_encoder", "vae_encoder", "vae_decoder", "safety_checker"])
def test_every_value_of_a_submodel_has_a_source(name: str) -> None:
    graph = read(f"diffusion/tiny/mindir/{name}.mindir")
    written = {i.name for i in graph.inputs} | set(graph.weights)
    for node in graph.nodes:
        assert all(v in written for v in node.inputs)
        written.update(node.outputs)
    assert all(o.name in written for o in graph.outputs)
    assert not {"MakeTuple", "TupleGetItem", "Depend", "Load", "Constant", "Return"} & set(ops(graph))
    assert graph.notes == ()
    for weight in graph.weights.values():
        assert np.isfinite(weights.load(weight).astype(np.float64)).all()


def test_toy_as_described() -> None:
    graph = mindir("toy_lite")
    assert [(n.name, n.op) for n in graph.nodes] == [
        ("/conv1/Conv", "Conv2DFusion"), ("/conv2/Conv", "Conv2DFusion"), ("/act/Sigmoid", "Activation"),
        ("/pool/GlobalAveragePool", "AvgPoolFusion"), ("/Flatten", "Flatten"), ("/fc/Gemm", "MatMulFusion"),
        ("/Softmax", "Softmax")]
    conv, _, act, pool, _, fc, _ = graph.nodes
    assert conv.inputs == ("U0.1:U7", "U0.1:U1", "U0.1:U2")
    assert conv.outputs == ("U0.1:U9:1",)
    assert conv.attributes["activation_type"] == 1
    assert conv.attributes["kernel_size"] == (3, 3)
    assert conv.attributes["input_names"] == ("x", "w")
    assert conv.attributes["is_depth_wise"] is False
    assert act.attributes["activation_type"] == 18
    assert pool.attributes["global"] is True
    assert fc.attributes["transpose_b"] is True
    assert graph.info("U0.1:U13:3") == TensorInfo("U0.1:U13:3", DType.FLOAT32, (1, 16, 16, 16))
    assert graph.weights["U0.1:U3"].shape == (16, 8, 3, 3)
    assert len(graph.weights) == 16
    assert graph.metadata["model_version"] == "2.0.0"
    assert graph.metadata["made_by"] == "MindSpore Lite"
    assert graph.metadata["graph.fmk"] == "2"


def test_large_weights_stay_in_the_file() -> None:
    graph = mindir("ms210_net")
    large = [w for w in graph.weights.values() if isinstance(w.data, Span)]
    assert large
    for weight in large:
        assert weight.data.path == graph.path
        assert weight.data.length == weight.nbytes
    assert all(len(w.data) == w.nbytes for w in graph.weights.values() if isinstance(w.data, bytes))


def test_weights_are_those_of_the_onnx() -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(shared("formats/mindir/toy.onnx"))
    golden = [onnx.numpy_helper.to_array(t) for t in model.graph.initializer]
    mine = [weights.load(w) for w in mindir("toy_lite").weights.values() if w.dtype is DType.FLOAT32]
    for array in mine:
        assert any(g.shape == array.shape and np.array_equal(g, array) for g in golden)


def test_outputs_of_a_node_with_several() -> None:
    graph = mindir("multi_lite")
    split, add, _, _, topk = graph.nodes
    assert split.outputs == ("U0.1:U10:3", "U0.1:U13:5", "U0.1:U16:9")
    assert add.inputs == split.outputs[:2]
    assert [graph.info(v).shape for v in split.outputs] == [(2, 4)] * 3
    assert topk.outputs == tuple(o.name for o in graph.outputs)
    assert [(o.dtype, o.shape) for o in graph.outputs] == [(DType.FLOAT32, (2, 3)), (DType.INT32, (2, 3))]


def test_loads_and_dependencies_are_looked_through() -> None:
    graph = mindir("ms210_net")
    assert ops(graph) == ["Conv2D", "BiasAdd", "ReLU", "Flatten", "MatMul", "BiasAdd"]
    assert not {"Load", "Depend", "UpdateState", "MakeTuple"} & set(ops(graph))
    conv = next(n for n in graph.nodes if n.op == "Conv2D")
    assert graph.weights[conv.inputs[1]].shape == (8, 3, 3, 3)
    assert conv.attributes["pad_mode"] == "pad"
    bias = next(n for n in graph.nodes if n.op == "BiasAdd")
    assert graph.weights[bias.inputs[2]].dtype is DType.INT64
    assert weights.load(graph.weights[bias.inputs[2]]).tolist() == 0
    assert conv.info["node_attr.checkpoint"] is True


def test_control_flow_is_readable() -> None:
    graph = mindir("ms210_controlflow")
    assert ops(graph) == ["MatMul", "BiasAdd", "ReduceSum", "Greater", "Partial", "Partial", "Switch", "CallClosure",
                          "Call"]
    assert len(graph.functions) == 5
    by_op = {n.op: n for n in graph.nodes}
    switch, closure, call = by_op["Switch"], by_op["CallClosure"], by_op["Call"]
    assert closure.inputs == switch.outputs
    assert str(by_op["Partial"].attributes["function"]) in graph.functions
    loop = graph.functions[str(call.attributes["function"])]
    assert len(call.inputs) == len(loop.inputs) == 2
    assert ops(loop) == ["LessScalar", "Partial", "Partial", "Switch", "CallClosure"]
    body = graph.functions["72_40_↻↓__main___Cf_construct_76"]
    assert ops(body) == ["Add", "Muls", "Call"]
    assert body.nodes[-1].attributes["function"] == loop.name
    leaving = graph.functions["73_45_2↓__main___Cf_construct_78"]
    assert leaving.nodes == ()
    assert leaving.outputs[0].name == leaving.inputs[0].name
    true = graph.functions["74_49_✓__main___Cf_construct_65"]
    assert [i.name for i in true.inputs] == ["74_49_✓__main___Cf_construct_65:x"]
    assert "CNode_86" in true.weights  # written in the other branch
    reduce = by_op["ReduceSum"]
    axes = graph.weights[reduce.inputs[1]]
    assert (axes.dtype, axes.shape) == (DType.INT64, (0,))
    assert len({n.name for n in graph.nodes}) == len(graph.nodes)


def test_the_old_style() -> None:
    graph = mindir("tensor_add")
    add, = graph.nodes
    assert (add.op, add.name) == ("Add", "Default/Add-op3")
    assert add.attributes == {"output_names": ("output",), "input_names": ("x", "y")}
    assert add.inputs == tuple(i.name for i in graph.inputs)
    assert graph.outputs[0].shape == (2, 2)
    assert graph.metadata["made_by"] == "MindSpore"
    assert ops(mindir("tensor_add_old_2021")) == ["TensorAdd"]


def test_quantisation() -> None:
    conv = next(n for n in mindir("qdq_lite").nodes if n.op == "Conv2DFusion")
    params = {(q.role, q.index): q for q in quant_params(conv)}
    output = params["output", 0]
    assert output.algorithm == "linear_quant"
    assert output.scales == pytest.approx((0.05,))
    assert output.zero_points == (None,)  # 1752603648 in the file: memory that nobody initialised
    assert output.bits == (8,)
    assert "quant_param" not in conv.attributes
    assert conv.attributes["quant_type"] == 5


def test_weights_in_a_file_that_is_not_there() -> None:
    graph = mindir("big_lite_graph")
    weight = graph.weights["U0.1:U1"]
    assert (weight.dtype, weight.shape) == (DType.FLOAT32, (16800, 16800))
    assert weight.problem == "its file 'big_lite_variables/data_0' is missing"
    assert graph.notes == ("Weight 'U0.1:U1': its file 'big_lite_variables/data_0' is missing.",
                           "Weight 'U0.1:U2': its file 'big_lite_variables/data_0' is missing.")


def test_weights_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "m.mindir").write_bytes(shared("formats/mindir/big_lite_graph.mindir").read_bytes())
    (tmp_path / "big_lite_variables").mkdir()
    data = tmp_path / "big_lite_variables" / "data_0"
    data.write_bytes(shared("formats/mindir/big_lite_variables_data_0.first4096.bin").read_bytes())
    short = MINDIR.read(tmp_path / "m.mindir", ReadOptions()).weights["U0.1:U1"]
    assert short.problem.startswith("its file 'big_lite_variables/data_0' ends at byte 4,096")
    with data.open("r+b") as file:
        file.truncate(1128960064 + 67200)
    whole = MINDIR.read(tmp_path / "m.mindir", ReadOptions()).weights["U0.1:U1"]
    assert whole.data == Span(data, 64, 1128960000)
    assert np.isfinite(weights.load(whole)[0, :900]).all()


def test_a_compiled_ascend_model_is_recognised() -> None:
    graph = read("formats/synthetic/toy_ascend_SYNTHETIC.mindir")
    custom, = graph.nodes
    assert (custom.op, custom.name) == ("Custom", "custom_0")
    assert graph.metadata["om"] == "kernel_graph0:ACL_om_data 221 21185"
    assert "holds an OM" in graph.notes[0]
    assert shared("formats/synthetic/toy_ascend_SYNTHETIC.mindir").read_bytes()[221:225] == b"IMOD"
    assert custom.attributes["attr"][0] == "outputs_shape"


@pytest.mark.parametrize(("mode", "cipher"), [("aesgcm", "AES-GCM"), ("aescbc", "AES-CBC")])
def test_encrypted(mode: str, cipher: str) -> None:
    name = f"formats/mindir/ms210_encrypted_{mode}_key_0123456789ABCDEF.mindir"
    graph = read(name, KEY)
    assert ops(graph) == ["MatMul", "BiasAdd", "ReLU"]
    assert graph.metadata["encrypted"] == cipher
    assert all(isinstance(w.data, bytes) for w in graph.weights.values())
    with pytest.raises(FormatError) as missing:
        read(name)
    assert missing.value.message == f"encrypted MindIR, need the key; found {cipher}"
    assert "--key" in missing.value.hint
    with pytest.raises(FormatError, match="The key is wrong, or the file is damaged"):
        read(name, b"0123456789ABCDEX")
    with pytest.raises(FormatError, match="must have 16 or 24 or 32 bytes; found 3"):
        read(name, b"abc")


def test_sniff() -> None:
    for path in sorted(shared("formats/mindir").glob("*.mindir")):
        assert MINDIR.sniff(path.read_bytes()[:4096], Path("x")), path.name
    for name in ("formats/mindir/toy.onnx", "formats/mindir/mindinsight_lenet_anf_graph.pb",
                 "formats/synthetic/toy_synthetic.om"):
        assert not MINDIR.sniff(shared(name).read_bytes()[:4096], Path("x"))


def test_other_files_are_named() -> None:
    for name, found in (("formats/mindir/toy.onnx", "perhaps an ONNX model"),
                        ("formats/synthetic/toy_synthetic.om", "an offline model")):
        with pytest.raises(FormatError, match=found):
            read(name)
    with pytest.raises(FormatError, match="Expected a MindIR"):
        read("formats/mindir/mindinsight_lenet_anf_graph.pb")
