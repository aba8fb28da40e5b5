"""The emulation against true 16-bit computation: numpy's own arithmetic, and ONNX's reference implementation."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator
from precision_models import chain, emulation, floats
from small_models import perceptron, save, value

from diag.cancel import Cancel
from diag.compare.plan import InputChoice
from diag.compare.sides import open_golden
from diag.precision.analyse import Analysis
from diag.precision.cube import product
from diag.precision.layers import layers_of
from diag.precision.mixed import mixed
from diag.precision.narrow import Narrow
from diag.types.dtype import DType
from diag.types.graph import Node

HALF = {DType.FLOAT16: np.float16, DType.BFLOAT16: ml_dtypes.bfloat16}


def narrow(path, feeds, dtype=DType.FLOAT16, **how):
    side = open_golden(path, 1)
    infos = side.infos({n: a.shape for n, a in feeds.items()})
    one = Analysis(side, layers_of(side.session.program, infos), Narrow(dtype, **how), feeds, infos, 2**20, 1)
    rows = [row for _, found in one.rows(Cancel()) for row in found]
    return one.narrow, rows


@pytest.mark.parametrize("dtype", list(HALF))
def test_elementwise_operators_are_right_to_the_last_bit(tmp_path, dtype):
    path, x = chain(tmp_path / "m.onnx"), floats(9, 4, 16)
    t = HALF[dtype]
    a, b, c = (w.astype(t) for w in (floats(1, 1, 16), floats(2, 1, 16), np.abs(floats(3, 1, 16)) + 0.5))
    x16 = x.astype(t)
    wanted = np.sqrt(np.abs(((x16 * a + b) / c) - x16))
    found, _ = narrow(path, {"x": x}, dtype)
    assert wanted.dtype == t
    assert np.array_equal(found["y"], wanted.astype(np.float32))


def test_a_product_is_the_true_one_rounded_once(tmp_path):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "fc")]
    w, x = floats(1, 64, 32), floats(2, 8, 64)
    path = save(tmp_path / "m.onnx", nodes, [value("x", (8, 64))], [value("y", (8, 32))], {"w": w})
    exact = x.astype(np.float16).astype(np.float64) @ w.astype(np.float16).astype(np.float64)
    found, _ = narrow(path, {"x": x})
    off = np.abs(found["y"].astype(np.float16).view(np.int16).astype(int) - exact.astype(np.float16).view(np.int16))
    assert off.max() <= 1  # the float32 sum may fall on the other side of a tie
    assert np.count_nonzero(off) <= off.size // 50


def test_the_onnx_with_casts_answers_the_same_in_true_fp16(tmp_path):
    path, x = perceptron(tmp_path / "m.onnx"), floats(4, 1, 8)
    side = open_golden(path, 1)
    program = side.session.program
    layers = layers_of(program, side.infos({"x": (1, 8)}))
    model = mixed(onnx.load(path), program, layers, frozenset(), DType.FLOAT16)
    onnx.checker.check_model(model, full_check=True)
    truth = ReferenceEvaluator(model).run(None, {"x": x})[0]  # numpy's float16 throughout
    found, _ = narrow(path, {"x": x})
    assert truth.dtype == np.float32
    np.testing.assert_allclose(found["y"], truth, rtol=2**-9, atol=2**-11)
    assert {t.data_type for t in model.graph.initializer} == {onnx.TensorProto.FLOAT16}
    assert [i.type.tensor_type.elem_type for i in (*model.graph.input, *model.graph.output)] == [1, 1]


def test_a_kept_layer_stays_in_float32(tmp_path):
    path = perceptron(tmp_path / "m.onnx")
    side = open_golden(path, 1)
    program = side.session.program
    layers = layers_of(program, side.infos({"x": (1, 8)}))
    everything = frozenset(range(len(layers)))
    model = mixed(onnx.load(path), program, layers, everything, DType.FLOAT16)
    assert "Cast" not in {n.op_type for n in model.graph.node}
    model = mixed(onnx.load(path), program, layers, frozenset({0}), DType.FLOAT16)
    onnx.checker.check_model(model, full_check=True)
    kinds = {t.name: t.data_type for t in model.graph.initializer}
    assert kinds["w1"] == onnx.TensorProto.FLOAT
    assert kinds["w2#float16"] == onnx.TensorProto.FLOAT16


def test_overflow_becomes_infinity_or_the_largest_number(tmp_path):
    nodes = [helper.make_node("Mul", ["x", "k"], ["y"], "mul")]
    path = save(tmp_path / "m.onnx", nodes, [value("x", (4,))], [value("y", (4,))], {"k": np.array(400, np.float32)})
    x = np.array([1, 200, -300, 2e-9], np.float32)
    found, (row,) = narrow(path, {"x": x})
    assert found["y"].tolist() == [400, np.inf, -np.inf, 0]
    assert (row.lost.overflow, row.lost.underflow) == (2, 0)
    assert row.largest == 120000
    assert row.headroom < 1
    found, (row,) = narrow(path, {"x": x}, saturate=True)
    assert found["y"].tolist() == [400, 65504, -65504, 0]
    assert row.lost.overflow == 2


@pytest.mark.parametrize("op", ["Conv", "MatMul", "Gemm"])
def test_blocks_of_sixteen_sum_to_the_product(op):
    if op == "Conv":
        node = Node("c", op, ("x", "w", "b"), ("y",), {"pads": (1, 1, 1, 1), "strides": (2, 2), "group": 2,
                                                       "dilations": (1, 1)})
        arrays = [floats(1, 2, 40, 7, 7), floats(2, 6, 20, 3, 3), floats(3, 6)]
    elif op == "Gemm":
        node = Node("g", op, ("x", "w", "b"), ("y",), {"transB": 1, "alpha": 0.5, "beta": 2.0})
        arrays = [floats(1, 3, 50), floats(2, 8, 50), floats(3, 8)]
    else:
        node = Node("m", op, ("x", "w"), ("y",))
        arrays = [floats(1, 2, 3, 5, 50), floats(2, 50, 7)]
    proto = helper.make_node(op, node.inputs, node.outputs, **{
        k: list(v) if isinstance(v, tuple) else v for k, v in node.attributes.items()})
    graph = helper.make_graph([proto], "g", [value(n, a.shape) for n, a in zip(node.inputs, arrays, strict=True)],
                              [value("y", None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    truth = ReferenceEvaluator(model).run(None, dict(zip(node.inputs, arrays, strict=True)))[0]
    found = product(node, arrays, lambda s: s)
    assert found.shape == truth.shape
    np.testing.assert_allclose(found, truth, rtol=1e-4, atol=1e-5)


def test_a_narrow_sum_is_worse_than_a_wide_one(tmp_path):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "fc")]
    path = save(tmp_path / "m.onnx", nodes, [value("x", (8, 512))], [value("y", (8, 32))],
                {"w": floats(1, 512, 32)})
    found = {how: emulation(path, tmp_path / how, accumulate=how, search=False).layers[0].own_nr
             for how in ("float32", "device", "narrow")}
    assert found["device"] == pytest.approx(found["float32"], rel=0.01)
    assert found["narrow"] > 2 * found["float32"]


def test_a_small_budget_changes_no_row(tmp_path):
    path = chain(tmp_path / "m.onnx")
    rows = [emulation(path, tmp_path / "o", budget=size, search=False, inputs=InputChoice(seed=3)).layers
            for size in (2**24, 2**31)]
    assert rows[0] == rows[1]
