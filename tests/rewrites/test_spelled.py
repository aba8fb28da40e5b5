"""What MindSpore Lite loses or misreads, said otherwise: the model's answers stay, and nothing is left to rewrite."""

from __future__ import annotations

import zlib

import numpy as np
import onnx
import pytest
from corpus.naturals import NATURALS
from onnx import helper
from small_models import save, value

from diag.cancel import Cancel
from diag.compare.plan import InputChoice
from diag.rewrites.apply import LIMIT, offers, rewrite
from diag.rewrites.registry import named

CASES = {"elu_default": "defaults_spelled", "leaky_relu_default": "defaults_spelled",
         "hard_sigmoid_default": "hard_sigmoid_expanded", "clip_max_only": "clip_limits_spelled",
         "pow_integer": "pow_exponent_float", "average_pool_padding": "average_pool_padded",
         "resize_nearest": "resize_as_matmul", "resize_cubic": "resize_as_matmul", "cos": "cos_half_angle"}


def proved(path, name, out, **options):
    *_, last = rewrite(path, [name], out, Cancel(), **options)
    return last.result


@pytest.mark.parametrize("natural", list(CASES))
def test_it_applies_changes_nothing_and_is_done(natural, tmp_path):
    example = NATURALS[natural].build(np.random.default_rng([1, zlib.crc32(natural.encode())]))
    onnx.save(example.model, tmp_path / "m.onnx")
    np.savez(tmp_path / "in.npz", **example.feeds)
    name = CASES[natural]
    mine = next(o for o in offers(tmp_path / "m.onnx") if o.name == name)
    assert NATURALS[natural].node in [s.node for s in mine.sites]
    found = proved(tmp_path / "m.onnx", name, tmp_path / "n.onnx", choice=InputChoice(tmp_path / "in.npz"))
    assert found.proved
    assert found.largest <= LIMIT
    onnx.checker.check_model(str(tmp_path / "n.onnx"))
    assert list(offers(tmp_path / "n.onnx", named([name]))) == []


@pytest.mark.parametrize("opset", [11, 13, 18])
@pytest.mark.parametrize(("mode", "where"), [("nearest", "asymmetric"), ("linear", "align_corners"),
                                             ("linear", "half_pixel"), ("cubic", "half_pixel")])
@pytest.mark.parametrize("by", ["scales", "sizes"])
def test_every_mode_of_resize_is_two_products(opset, mode, where, by, tmp_path):
    held = {"none": np.zeros(0, np.float32), "scales": np.array([1, 1, 1.5, 2], np.float32),
            "sizes": np.array([1, 2, 9, 8], np.int64)}
    inputs = ["x", "none", "scales"] if by == "scales" else ["x", "none", "none", "sizes"]
    held.pop("sizes" if by == "scales" else "scales")
    nodes = [helper.make_node("Resize", inputs, ["y"], "up", mode=mode, coordinate_transformation_mode=where)]
    path = save(tmp_path / "m.onnx", nodes, [value("x", (1, 2, 6, 4))], [value("y", (1, 2, 9, 8))], held, opset=opset)
    found = proved(path, "resize_as_matmul", tmp_path / "n.onnx")
    assert found.proved
    assert {n.op_type for n in onnx.load(tmp_path / "n.onnx").graph.node} == {"MatMul"}


def test_what_it_cannot_say_it_leaves_alone(tmp_path):
    nodes = [helper.make_node("Clip", ["x", "", "high"], ["a"], "both", ), helper.make_node(
        "Resize", ["a", "", "", "sizes"], ["y"], "up", mode="linear")]
    path = save(tmp_path / "m.onnx", nodes, [value("x", (1, 2, 4, 4)), value("sizes", (4,), onnx.TensorProto.INT64)],
                [value("y", (1, 2, None, None))], {"high": np.array(1, np.float32)})
    names = {o.name for o in offers(path)}
    assert "clip_limits_spelled" in names
    assert "resize_as_matmul" not in names  # its size is not known
