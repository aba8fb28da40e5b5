"""What is tried, in which order, and what its end is called."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from small_models import save, value

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan
from diag.fix.engine import error_of, fix, is_right, measured
from diag.fix.hypotheses import hypotheses
from diag.fix.pipeline import _written
from diag.fix.plan import FixPlan
from diag.rules.accuracy import examined
from diag.tools.converter.plan import ConverterPlan
from diag.types.fix import Came, Step
from diag.types.layer import Verdict


def norm(path: Path, epsilon: float = 1e-5) -> Path:
    """Two LayerNormalization of opset 17, the second on small numbers."""
    rng = np.random.default_rng(0)
    held = {"small": np.array(0.003, np.float32), "g": np.ones(16, np.float32), "b": np.zeros(16, np.float32),
            "g2": np.full(16, 1.5, np.float32), "b2": np.zeros(16, np.float32),
            "w": (rng.standard_normal((16, 16)) / 4).astype(np.float32)}
    nodes = [helper.make_node("LayerNormalization", ["x", "g2", "b2"], ["a"], "norm1", axis=-1, epsilon=1e-5),
             helper.make_node("Mul", ["a", "small"], ["t"], "small"),
             helper.make_node("LayerNormalization", ["t", "g", "b"], ["n"], "norm2", axis=-1, epsilon=epsilon),
             helper.make_node("MatMul", ["n", "w"], ["y"], "fc")]
    return save(path, nodes, [value("x", (1, 4, 16))], [value("y", (1, 4, 16))], held)


@pytest.fixture
def faulty(tmp_path):
    golden, target = norm(tmp_path / "g.onnx"), norm(tmp_path / "t.onnx", epsilon=0.0)
    *_, last = compare(ComparePlan(golden, target, tmp_path / "run", checks=False), None, Cancel())
    return golden, examined(last.result)


def test_the_cheapest_comes_first_and_the_culprit_before_its_likes(faulty):
    golden, found = faulty
    tried = list(hypotheses(golden, found, first=True, for_ascend=False, converter="mindspore-lite 2.0.0"))
    assert [(t.step, t.name, t.nodes) for t in tried] == [
        (Step.AGAIN, "again", ()), (Step.REWRITE, "layer_norm_decomposed", ("norm2",)),
        (Step.REWRITE, "layer_norm_decomposed", ("norm1", "norm2")), (Step.OPSET, "opset_lowered", ()),
        (Step.CONVERTER, "another converter", ())]
    assert [t.step for t in hypotheses(golden, found, first=False, for_ascend=True, converter="x")] == [
        Step.REWRITE, Step.REWRITE, Step.OPSET, Step.FLOAT32, Step.CONVERTER]


def test_precision_is_tried_where_the_target_is_narrow(faulty):
    golden, found = faulty
    narrow = replace(found, target=replace(found.target, dtype="float16"))
    steps = {t.step: t.missing for t in hypotheses(golden, narrow, first=True, for_ascend=False, converter="x")}
    assert steps[Step.PRECISION] == ""
    assert "without effect on a CPU model" in steps[Step.FLOAT32]


def test_a_comparison_in_short(faulty):
    _, found = faulty
    short = measured(found)
    assert not is_right(found)
    assert short.verdict is Verdict.FAIL
    assert short.culprits == ("norm2",)
    assert short.error == error_of(found) > 1e-3
    output = found.outputs[0]
    broken = replace(found, outputs=(replace(output, cumulative=replace(output.cumulative, nonfinite=3)),))
    assert math.isinf(error_of(broken))
    assert math.isnan(measured(broken).error)


def test_a_narrow_onnx_target_is_repaired_by_a_precision_plan(tmp_path):
    """An fp16 ONNX whose mask overflows: the plan keeps it in float32, and the new file is proved."""
    from precision_models import keep, mask

    from diag.compare.plan import InputChoice
    from diag.compare.sides import open_golden
    from diag.precision.layers import layers_of
    from diag.precision.mixed import mixed
    from diag.types.dtype import DType

    golden = mask(tmp_path / "g.onnx")
    np.savez(tmp_path / "in.npz", x=np.random.default_rng(0).standard_normal((1, 6, 16)).astype(np.float32),
             keep=keep())
    side = open_golden(golden, 1)
    layers = layers_of(side.session.program, side.infos({"x": (1, 6, 16), "keep": (1, 1, 6)}))
    onnx.save(mixed(onnx.load(golden), side.session.program, layers, frozenset(), DType.FLOAT16), tmp_path / "t.onnx")
    pair = ComparePlan(golden, tmp_path / "t.onnx", tmp_path / "out", InputChoice(tmp_path / "in.npz"),
                       dtype="float16", checks=False, jobs=1)
    *_, last = fix(FixPlan(pair, ConverterPlan(golden, tmp_path / "m.mindir")), None, "–", Cancel())
    found = last.result
    assert math.isnan(found.before.error)
    assert [(t.step, t.came) for t in found.tries] == [(Step.PRECISION, Came.PROVED)]
    assert found.output.endswith(".onnx")


def test_the_pipelines_file_is_written_again_with_absolute_paths(tmp_path):
    (tmp_path / "in").mkdir()
    source = tmp_path / "in" / "p.toml"
    source.write_text('kind = "chain"\nseed = 3\nimage = "../a b.png"\noutputs = ["a.y"]\n\n[[submodels]]\nname = "a"\n'
                      'onnx = "a.onnx"\nmindir = "a.mindir"\ninputs = {x = "b.y"}\n\n[[submodels]]\nname = "b"\n'
                      'onnx = "b.onnx"\n', encoding="utf-8")
    facts = tomllib.loads(_written(source, {"a": "/new/a.mindir"}, tmp_path / "fixed.toml").read_text("utf-8"))
    assert facts["image"] == str(tmp_path / "a b.png")
    assert (facts["seed"], facts["outputs"]) == (3, ["a.y"])
    one, two = facts["submodels"]
    assert (one["onnx"], one["mindir"], one["inputs"]) == (str(tmp_path / "in" / "a.onnx"), "/new/a.mindir",
                                                           {"x": "b.y"})
    assert "mindir" not in two or two["mindir"] == ""
