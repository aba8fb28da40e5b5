"""Lowering, node by node: what each attribute means, and that one lost node does not lose the rest."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.cancel import Cancel
from diag.errors import ToolFailed
from diag.runtimes.onnxruntime.session import ProgramSession
from diag.runtimes.reference import lower
from diag.runtimes.reference.numbers import Act
from diag.runtimes.reference.table import OPERATORS
from diag.types.dtype import DType
from diag.types.graph import Graph, Node
from diag.types.tensor import TensorInfo, Weight

RNG = np.random.default_rng(7)


def weight(name: str, array: np.ndarray) -> Weight:
    return Weight(name, DType.of(array.dtype), array.shape, np.ascontiguousarray(array).tobytes())


def graph_of(nodes, inputs, weights=(), outputs=None, values=()) -> Graph:
    """A graph in memory; ``inputs`` are (name, array)."""
    infos = tuple(TensorInfo(n, DType.of(a.dtype), a.shape) for n, a in inputs)
    outs = tuple(TensorInfo(o) for o in (outputs or nodes[-1].outputs))
    return Graph("g", "mindir", None, infos, outs, tuple(nodes), MappingProxyType({w.name: w for w in weights}),
                 MappingProxyType({i.name: i for i in (*infos, *values)}),
                 output_names=tuple(o.name for o in outs), input_names=tuple(i.name for i in infos))


def run(op, inputs, weights=(), outputs=("y",), **attributes):
    """The answer of one node on ``inputs`` and then ``weights``, both arrays."""
    named = [(f"x{i}", a) for i, a in enumerate(inputs)]
    fixed = [weight(f"w{i}", np.asarray(a)) for i, a in enumerate(weights)]
    node = Node("n", op, (*(n for n, _ in named), *(w.name for w in fixed)), tuple(outputs), attributes)
    graph = graph_of([node], named, fixed)
    program = lower(graph)
    assert [s.problem for s in program.steps] == [""]
    with ProgramSession(program, 1) as session:
        answer = session.run(dict(named), Cancel())
    found = tuple(answer[o] for o in outputs)
    return found if len(found) > 1 else found[0]


def normal(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def close(found, expected):
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)


def test_layer_norm_keeps_an_epsilon_of_zero_and_has_a_default():
    x, scale, bias = normal(3, 8) * 1e-3, normal(8), normal(8)
    centred = x - x.mean(-1, keepdims=True)
    for said, epsilon in (({"epsilon": 0.0}, 0.0), ({}, 1e-5), ({"epsilon": 1e-3}, 1e-3)):
        expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon) * scale + bias
        found = run("LayerNormFusion", [x], [scale, bias], begin_norm_axis=-1, begin_params_axis=-1, **said)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_layer_norm_over_several_axes_gives_mean_and_deviation_too():
    x = normal(2, 3, 4)
    y, mean, inverse = run("LayerNormFusion", [x], [np.ones((3, 4), np.float32), np.zeros((3, 4), np.float32)],
                           outputs=("y", "m", "s"), begin_norm_axis=1, epsilon=1e-5)
    close(mean, x.mean((1, 2), keepdims=True))
    close(inverse, 1 / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5))
    close(y, (x - mean) * inverse)


def test_layer_norm_that_says_no_axis_takes_all():
    x, scale = normal(2, 3, 4), normal(4)
    expected = (x - x.mean()) / np.sqrt(x.var() + 1e-5) * scale
    np.testing.assert_allclose(run("LayerNormFusion", [x], [scale]), expected, rtol=1e-4, atol=1e-5)


def test_what_other_norms_do_not_say_is_zero():
    x = normal(1, 3, 4, 4) * 1e-4
    expected = (x - x.mean((2, 3), keepdims=True)) / x.std((2, 3), keepdims=True)
    found = run("InstanceNorm", [x], [np.ones(3, np.float32), np.zeros(3, np.float32)], format=0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    close(run("LRN", [x], depth_radius=1, alpha=1.0, format=0), x)
    close(run("LRN", [x], depth_radius=1, alpha=0.0, format=0), x)
    squares = np.pad(x**2, ((0, 0), (1, 1), (0, 0), (0, 0)))
    window = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    np.testing.assert_allclose(run("LRN", [x], depth_radius=1, alpha=0.5, beta=0.5, format=0),
                               x / np.sqrt(window * 0.5), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kind", "attributes", "expected"), [
    (Act.NONE, {}, lambda x: x),
    (Act.RELU, {}, lambda x: np.maximum(x, 0)),
    (Act.RELU6, {}, lambda x: np.clip(x, 0, 6)),
    (Act.RELU1, {}, lambda x: np.clip(x, -1, 1)),
    (Act.SIGMOID, {}, lambda x: 1 / (1 + np.exp(-x))),
    (Act.ELU, {"alpha": 2.0}, lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
    (Act.ELU, {}, lambda x: np.maximum(x, 0)),
    (Act.LEAKY_RELU, {"alpha": 0.1}, lambda x: np.where(x > 0, x, np.float32(0.1) * x)),
    (Act.LEAKY_RELU, {}, lambda x: np.maximum(x, 0)),
    (Act.SWISH, {}, lambda x: x / (1 + np.exp(-x))),
    (Act.HSIGMOID, {"alpha": 0.9}, lambda x: np.clip(x + 3, 0, 6) / 6),
    (Act.HSWISH, {}, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    (Act.HARD_TANH, {"min_val": -0.5, "max_val": 2.0}, lambda x: np.clip(x, -0.5, 2)),
    (Act.SOFTPLUS, {}, lambda x: np.log1p(np.exp(x))),
    (Act.SOFTSIGN, {}, lambda x: x / (1 + np.abs(x))),
    (Act.TANH, {}, np.tanh),
    (Act.SIGN, {}, np.sign),
    (Act.ABS, {}, np.abs),
    (Act.GELU, {"approximate": 1},
     lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + np.float32(0.044715) * x**3)))),
])
def test_activations(kind, attributes, expected):
    x = normal(4, 5) * 3
    found = run("Activation", [x], activation_type=int(kind), **attributes)
    np.testing.assert_allclose(found, expected(x), rtol=1e-5, atol=1e-6)
    fused = run("AddFusion", [x, np.zeros_like(x)], activation_type=int(kind), **attributes)
    np.testing.assert_allclose(fused, expected(x), rtol=1e-5, atol=1e-6)


def convolved(x, w, stride=1, pads=((0, 0), (0, 0))):
    """NCHW, group 1, by the definition."""
    x = np.pad(x, ((0, 0), (0, 0), *pads))
    height, width = (x.shape[2] - w.shape[2]) // stride + 1, (x.shape[3] - w.shape[3]) // stride + 1
    out = np.zeros((x.shape[0], w.shape[0], height, width), np.float32)
    for i in range(height):
        for j in range(width):
            window = x[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]]
            out[:, :, i, j] = np.einsum("nchw,ochw->no", window, w)
    return out


def test_pads_of_a_convolution_are_top_bottom_left_right():
    x, w = normal(1, 2, 5, 6), normal(3, 2, 3, 3)
    found = run("Conv2DFusion", [x], [w], pad_mode=0, pad_list=(1, 0, 2, 1), stride=(2, 2), dilation=(1, 1), group=1,
                format=0, activation_type=0)
    close(found, convolved(x, w, 2, ((1, 0), (2, 1))))


def test_a_channels_last_convolution_has_weights_with_channels_last():
    x, w, bias = normal(1, 2, 5, 6), normal(3, 2, 3, 3), normal(3)
    expected = np.maximum(convolved(x, w) + bias[:, None, None], 0)
    found = run("Conv2DFusion", [x.transpose(0, 2, 3, 1)], [w.transpose(0, 2, 3, 1), bias], pad_mode=2, stride=(1, 1),
                group=1, format=1, activation_type=1)
    close(found, expected.transpose(0, 2, 3, 1))


def test_a_mindspore_convolution_writes_four_strides_and_a_word_for_the_padding():
    x, w = normal(1, 2, 6, 6), normal(3, 2, 3, 3)
    found = run("Conv2D", [x], [w], pad_mode="pad", pad_list=(1, 1, 1, 1), stride=(1, 1, 1, 1), dilation=(1, 1, 1, 1),
                format="NCHW", group=1)
    close(found, convolved(x, w, 1, ((1, 1), (1, 1))))


def test_same_padding_puts_the_odd_row_behind():
    x, w = normal(1, 1, 4, 4), normal(1, 1, 2, 2)
    close(run("Conv2DFusion", [x], [w], pad_mode=1, stride=(1, 1), format=0), convolved(x, w, 1, ((0, 1), (0, 1))))


def test_pooling_of_averages_never_counts_padding():
    x = np.ones((1, 1, 4, 4), np.float32)
    found = run("AvgPoolFusion", [x], kernel_size=(3, 3), strides=(1, 1), pad=(1, 1, 1, 1), pad_mode=0, format=0,
                round_mode=0)
    close(found, np.ones((1, 1, 4, 4), np.float32))
    x = normal(1, 2, 3, 3)
    found = run("AvgPoolFusion", [x], **{"global": True}, format=0)
    close(found, x.mean((2, 3), keepdims=True))


def test_matrix_products():
    a, b, bias = normal(2, 3, 4), normal(2, 5, 4), normal(5)
    close(run("MatMulFusion", [a, b], transpose_b=True), a @ b.transpose(0, 2, 1))
    close(run("MatMulFusion", [a], [b[0], bias], transpose_b=True, activation_type=1),
          np.maximum(a @ b[0].T + bias, 0))
    close(run("MatMul", [a[0]], [b[0], np.array(False), np.array(True)]), a[0] @ b[0].T)
    close(run("BatchMatMul", [a, b], adj_x2=True), a @ b.transpose(0, 2, 1))
    close(run("FullConnection", [a], [normal(6, 12) * 0 + 1]), np.tile(a.reshape(2, 12).sum(1, keepdims=True), 6))


def test_scale_stands_along_its_axis():
    x, scale, bias = normal(2, 3, 4, 5), normal(3), normal(3)
    expected = x * scale[:, None, None] + bias[:, None, None]
    for axis in (1, -3):
        close(run("ScaleFusion", [x], [scale, bias], axis=axis), expected)
    close(run("ScaleFusion", [x], [normal(5) * 0 + 2], axis=-1), 2 * x)


def test_reductions():
    x = normal(2, 3, 4)
    close(run("ReduceFusion", [x], [np.array([1], np.int32)], mode=0, keep_dims=True), x.mean(1, keepdims=True))
    close(run("ReduceFusion", [x], mode=4, axes=(0, 2), keep_dims=False), x.sum((0, 2)))
    close(run("ReduceFusion", [x], mode=1, keep_dims=False), x.max())
    close(run("ReduceFusion", [x], mode=4, coeff=0.5, axes=(0,), keep_dims=False), x.sum(0) * 0.5)
    close(run("ReduceSum", [x], [np.array([], np.int64), np.array(False), np.array(False)]), x.sum())
    assert run("ReduceAll", [x > -9], keep_dims=False) is not None


def test_the_remainder_has_the_sign_of_the_dividend():
    a, b = np.array([-5, 5, -5, 5], np.int32), np.array([3, -3, -3, 3], np.int32)
    assert run("Mod", [a, b]).tolist() == [-2, 2, -2, 2]
    assert run("FloorMod", [a, b]).tolist() == [1, -1, -2, 2]
    assert run("FloorDiv", [a, b]).tolist() == [-2, -2, 1, 1]


def test_integers_of_two_widths_meet():
    assert run("AddFusion", [np.array([1, 2], np.int32)], [np.array([3], np.int64)]).tolist() == [4, 5]
    found = run("Concat", [np.array([1], np.int32)], [np.array([2], np.int64)], axis=0)
    assert found.dtype == np.int32
    assert found.tolist() == [1, 2]


def test_positions_are_int32():
    x = normal(2, 6)
    assert run("ArgMaxFusion", [x], axis=1, keep_dims=False).dtype == np.int32
    values, positions = run("TopKFusion", [x], [np.array([2], np.int32)], outputs=("v", "i"), axis=-1, largest=True)
    assert positions.dtype == np.int32
    close(values, -np.sort(-x)[:, :2])
    assert run("Shape", [x]).tolist() == [2, 6]
    assert run("Shape", [x]).dtype == np.int32
    assert run("Where", [np.array([0, 3, 0, 4], np.float32)]).tolist() == [[1], [3]]


def test_paddings_are_pairs_and_symmetric_repeats_the_edge():
    x = normal(2, 3)
    pairs = np.array([[1, 0], [0, 2]], np.int32)
    close(run("PadFusion", [x], [pairs], padding_mode=0, constant_value=7.0, paddings=((1, 0), (0, 2))),
          np.pad(x, ((1, 0), (0, 2)), constant_values=7))
    close(run("PadFusion", [x], [pairs], padding_mode=2), np.pad(x, ((1, 0), (0, 2)), mode="symmetric"))
    close(run("PadFusion", [x], [np.array([[1, 0], [0, 2]], np.int32)], padding_mode=1),
          np.pad(x, ((1, 0), (0, 2)), mode="reflect"))


def test_a_range_from_attributes():
    assert run("Range", [np.zeros(1, np.float32)], start=2, limit=9, delta=3).tolist() == [2, 5, 8]


def test_slices():
    x = normal(6, 8)
    index = [np.array(v, np.int32) for v in ([1, 0], [5, 8], [0, 1], [2, 3])]
    close(run("StridedSlice", [x], index, fmk_type=2), x[1:5:2, 0:8:3])
    masked = [np.array(v, np.int32) for v in ([1, 5], [4, 6], [1, 1])]
    close(run("StridedSlice", [x], masked, begin_mask=1, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
              shrink_axis_mask=2), x[:4, 5])
    close(run("SliceFusion", [x], [np.array([1, 2], np.int32), np.array([3, -1], np.int32)], axes=(0, 1)),
          x[1:4, 2:])


def test_splits():
    x = normal(2, 6)
    parts = run("Split", [x], outputs=("a", "b"), size_splits=(2, 4), axis=1, output_num=2)
    assert [p.shape for p in parts] == [(2, 2), (2, 4)]
    parts = run("Split", [x], [np.array([1, 5], np.int32)], outputs=("a", "b"), axis=1, output_num=2)
    assert [p.shape for p in parts] == [(2, 1), (2, 5)]
    parts = run("Split", [x], [np.array(1), np.array(3)], outputs=("a", "b", "c"))
    assert [p.shape for p in parts] == [(2, 2)] * 3


def test_what_a_resize_does_not_say_is_zero():
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4)
    # Asymmetric: the coordinate of output i is i * in / out, so the left edge is kept and the right one repeated.
    found = run("Resize", [x], [np.array([1, 8], np.int32)], method=0, format=0)
    close(found[0, 0, 0], [0, 0.5, 1, 1.5, 2, 2.5, 3, 3])
    found = run("Resize", [x], [np.array([1.0, 0.6], np.float32)], method=0, format=0)
    close(found[0, 0, 0], [0, 2])
    found = run("Resize", [x], method=0, coordinate_transform_mode=1, new_height=1, new_width=7, format=0)
    close(found[0, 0, 0], [0, 0.5, 1, 1.5, 2, 2.5, 3])


def test_quantise_and_dequantise():
    x = np.array([-1.0, 0.04, 0.05, 9.0], np.float32)
    rows = (("output", 0, "linear_quant", (0.02,), (3,), (8,), ()),)
    node = Node("q", "QuantDTypeCast", ("x",), ("y",), {"src_t": 43, "dst_t": 32, "axis": 0}, info={"quant": rows})
    back = Node("d", "QuantDTypeCast", ("y",), ("z",), {"src_t": 32, "dst_t": 43, "axis": 0}, info={"quant": rows})
    graph = graph_of([node, back], [("x", x)], outputs=("y", "z"))
    with ProgramSession(lower(graph), 1) as session:
        answer = session.run({"x": x}, Cancel())
    assert answer["y"].tolist() == [-47, 5, 5, 127]
    close(answer["z"], (answer["y"].astype(np.float32) - 3) * np.float32(0.02))


def mixed() -> tuple[Graph, np.ndarray]:
    x = normal(2, 3)
    nodes = [Node("a", "Activation", ("x",), ("a",), {"activation_type": 1}),
             Node("b", "HashtableLookup", ("a",), ("b",)),
             Node("c", "Neg", ("b",), ("c",)),
             Node("d", "MulFusion", ("a", "a"), ("d",))]
    return graph_of(nodes, [("x", x)], outputs=("c", "d")), x


def test_a_node_that_is_not_covered_is_named_and_the_rest_goes_on():
    graph, x = mixed()
    program = lower(graph)
    assert [s.problem for s in program.steps] == [
        "", "operator HashtableLookup is not covered by the reference runtime", "", ""]
    assert program.steps[1].writes == ("b",)
    with ProgramSession(program, 1) as session:
        close(session.observe({"x": x}, ["d"], Cancel())["d"], np.maximum(x, 0) ** 2)
        assert "HashtableLookup" in session.untappable("b")
        close(session.isolate(["c"], {"b": x}, Cancel())["c"], -x)
        with pytest.raises(ToolFailed) as caught:
            session.run({"x": x}, Cancel())
        assert "HashtableLookup" in caught.value.where


@pytest.mark.parametrize(("node", "weights", "problem"), [
    (Node("n", "Switch", ("x",), ("y",)), (), "control flow"),
    (Node("n", "Custom", ("x",), ("y",), {"type": "ACL"}), (), "only that device can run it"),
    (Node("n", "Activation", ("x",), ("y",), {"activation_type": 99}), (), "activation type 99"),
    (Node("n", "ReduceFusion", ("x",), ("y",), {"mode": 77}), (), "mode 77"),
    (Node("n", "AddFusion", ("x",), ("y",)), (), "has no input 1"),
    (Node("n", "Reshape", ("x",), ("y",)), (), "says no shape"),
    (Node("n", "AddFusion", ("x", "w"), ("y",)), (Weight("w", DType.FLOAT32, (3,), problem="its file is missing"),),
     "weight w of operator AddFusion has no elements: its file is missing"),
    (Node("n", "Transpose", ("x", "w"), ("y",)), (Weight("w", DType.INT32, (2,), b"\0"),), "make no sense"),
    (Node("n", "Transpose", ("x",), ("y",), {"perm": (10**30,)}), (), "make no sense"),
    (Node("n", "Conv2DFusion", ("x", "w"), ("y",), {"pad_mode": "sideways"}),
     (weight("w", np.zeros((1, 1, 1, 1), np.float32)),), "pad mode 'sideways'"),
    (Node("n", "QuantDTypeCast", ("x",), ("y",), {"dst_t": 32}), (), "without a scale"),
    (Node("n", "PadFusion", ("x",), ("y",), {"padding_mode": 2, "paddings": (10**12, 0, 0, 0)}), (),
     "around 2 elements makes no sense"),
    (Node("n", "ScaleFusion", ("x", "x"), ("y",), {"axis": -10**12}), (), "axes or sizes makes no sense"),
])
def test_a_problem_says_what_is_wrong(node, weights, problem):
    program = lower(graph_of([node], [("x", normal(2, 3))], weights))
    step, = program.steps
    assert problem in step.problem
    assert step.protos == ()
    assert step.writes == ("y",)


def test_no_operator_raises_on_a_node_that_says_nothing():
    for op in OPERATORS:
        for inputs in ((), ("x",), ("x", "x"), ("x", "x", "x")):
            program = lower(graph_of([Node("n", op, inputs, ("y",))], [("x", normal(2, 3))]))
            assert program.steps[0].problem or program.steps[0].writes == ("y",), op


NAMES = sorted({
    "axis", "axes", "perm", "shape", "format", "mode", "activation_type", "pad_mode", "pad_list", "kernel_size",
    "stride", "strides", "dilation", "group", "paddings", "padding_mode", "size_splits", "output_num", "begin_mask",
    "end_mask", "keep_dims", "epsilon", "alpha", "beta", "bias", "block_size", "to", "dst_t", "data_type", "value",
    "method",
    "new_height", "new_width", "depth_radius", "slope", "num_groups", "global", "begin_norm_axis", "base",
    "scale", "p"})
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3),
    st.sampled_from([DType.FLOAT32, Weight("w", DType.FLOAT32, (2,), problem="it is gone")]),
    st.lists(st.integers(-3, 10) | st.floats(), max_size=6).map(tuple))


@settings(max_examples=400, deadline=None)
@given(op=st.sampled_from(sorted(OPERATORS)), attributes=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
       inputs=st.lists(st.sampled_from(["x", "w", "i", ""]), max_size=5).map(tuple),
       outputs=st.sampled_from([("y",), ("y", "z"), ("", "z"), ("",)]))
def test_no_operator_raises_on_attributes_that_make_no_sense(op, attributes, inputs, outputs):
    weights = (weight("w", normal(2, 3)), weight("i", np.array([1, 0], np.int32)))
    graph = graph_of([Node("n", op, inputs, outputs, attributes)], [("x", normal(2, 3))], weights)
    step, = lower(graph).steps
    assert set(step.writes) <= set(outputs)
    wanted = {o.name for o in graph.outputs} - {""}
    assert step.problem or wanted <= set(step.writes)
    assert not (step.problem and step.protos)


def test_an_output_that_is_read_and_not_covered_is_a_problem():
    nodes = [Node("m", "Activation", ("x",), ("a", "b"), {"activation_type": 1}), Node("n", "Neg", ("b",), ("c",))]
    assert lower(graph_of(nodes, [("x", normal(2))])).steps[0].problem == \
        "output 1 of operator Activation is not covered by the reference runtime"
    unread = [nodes[0], Node("n", "Neg", ("a",), ("c",))]
    assert [s.problem for s in lower(graph_of(unread, [("x", normal(2))])).steps] == ["", ""]


def test_values_keep_their_names_and_inner_ones_stay_inside():
    x = normal(2, 3)
    nodes = [Node("a", "Activation", ("x",), ("v1",), {"activation_type": int(Act.SWISH)}),
             Node("b", "Reshape", ("v1",), ("v2",), {"shape": (3, 2)}),
             Node("c", "Dropout", ("v2",), ("v3", ""))]
    program = lower(graph_of(nodes, [("x", x)], outputs=("v3",)))
    assert [(s.node, s.reads, s.writes) for s in program.steps] == [
        (0, ("x",), ("v1",)), (1, ("v1",), ("v2",)), (2, ("v2",), ("v3",))]
    inner = {v for s in program.steps for p in s.protos for v in p.output} - {"v1", "v2", "v3"}
    assert all(v.startswith(("v1#", "v2#", "v3#")) for v in inner)
    assert all(w in program.weights for s in program.steps for w in s.weights)
