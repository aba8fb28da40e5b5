"""What a narrower type breaks is found, explained, and kept in float32 with as little as possible."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from precision_models import branches, emulation, keep, large_weight, mask, sensitive

from diag.cancel import Cancel
from diag.compare.plan import InputChoice
from diag.precision import config, engine
from diag.rules import words
from diag.types.dtype import DType
from diag.types.layer import Verdict
from diag.types.precision import ParetoPoint


@pytest.fixture
def masked(tmp_path):
    np.savez(tmp_path / "in.npz", x=np.random.default_rng(0).standard_normal((1, 6, 16)).astype(np.float32),
             keep=keep())
    return emulation(mask(tmp_path / "m.onnx"), tmp_path / "out", inputs=InputChoice(tmp_path / "in.npz"))


def codes(found):
    return [f.code for f in found.findings]


def test_the_mask_constant_and_its_nan_are_found_and_explained(masked):
    assert masked.verdict is Verdict.FAIL
    assert masked.origin.node == "mask"
    assert masked.origin.source == "lowest"
    assert masked.origin.constant == pytest.approx(np.finfo(np.float32).min)
    assert masked.origin.count == 4
    assert codes(masked)[:2] == ["ACC070", "ACC077"]
    assert "ACC071" in codes(masked)
    nan, told = (next(f for f in masked.findings if f.code == c) for c in ("ACC070", "ACC071"))
    assert words(nan).title == "Mul mask gives 4 NaN in float16: lowest = -3.4e+38 is infinite there"
    assert told.severity == "fail"  # it is what makes the NaN
    assert "minus infinity" in words(nan).explanation
    assert "-10000" in words(told).advice[0]
    assert "NaN" in words(nan, "zh").title
    assert "-10000" in words(told, "zh").advice[0]


def test_the_plan_keeps_the_mask_and_no_product(masked):
    plan = masked.plan
    assert plan.reached
    assert plan.smallest
    assert set(plan.kept) >= {"mask"}
    assert not {"q", "k", "v", "scores", "context"} & set(plan.kept)
    assert plan.point.macs_kept == 0
    assert plan.point.excess <= 1
    assert math.isnan(plan.all_narrow.error)
    assert plan.all_wide.error == 0
    assert masked.mixed.agrees
    assert math.isfinite(masked.mixed.error)
    assert {f.purpose for f in masked.files} >= {"mixed", "origin", "keep_dtype", "customize_dtypes", "mixlist"}


def test_the_onnx_with_casts_runs_and_is_right(masked, tmp_path):
    path = next(f.path for f in masked.files if f.purpose == "mixed")
    onnx.checker.check_model(path, full_check=True)
    with np.load(tmp_path / "in.npz") as held:
        feeds = dict(held)
    one, two = (ort.InferenceSession(p, providers=["CPUExecutionProvider"]).run(None, feeds)[0]
                for p in (str(tmp_path / "m.onnx"), path))
    assert np.linalg.norm(one - two) / np.linalg.norm(one) < 2e-3


def test_a_weight_beyond_the_type_is_found_and_kept(tmp_path):
    found = emulation(large_weight(tmp_path / "m.onnx"), tmp_path / "out")
    weight = next(f for f in found.findings if f.code == "ACC073")
    assert (weight.subject, weight.values["name"], weight.values["count"]) == ("wide", "w", 3)
    assert weight.values["largest"] == pytest.approx(3e5)
    assert found.verdict is Verdict.FAIL
    assert found.plan.reached
    assert "wide" in found.plan.kept
    assert "last" not in found.plan.kept
    row = next(r for r in found.layers if r.node == "wide")
    assert row.breaks
    assert row.kept
    assert row.weights[0].lost.overflow == 3


def test_bfloat16_holds_what_float16_does_not(tmp_path):
    found = emulation(large_weight(tmp_path / "m.onnx"), tmp_path / "out", dtype="bfloat16", search=False)
    assert "ACC073" not in codes(found)
    assert all(r.lost.overflow == 0 for r in found.layers)


def test_the_sensitive_layer_is_named_and_little_else_is_kept(tmp_path):
    found = emulation(sensitive(tmp_path / "m.onnx"), tmp_path / "out")
    assert next(f for f in found.findings if f.code == "ACC076").subject == "sine"
    plan = found.plan
    assert plan.reached
    assert plan.smallest
    assert "sine" in plan.kept
    assert plan.point.error < found.outputs[0].cumulative.rel_l2 / 10
    rows = {r.node: r for r in found.layers}
    assert rows["sine"].own_nr > 16
    assert all(rows[f"fc{i}"].own_nr < 4 for i in range(6))
    assert rows["sine"].effect > 5 * rows["fc5"].effect


def test_every_kept_layer_is_needed_and_the_curve_only_falls(tmp_path):
    path = sensitive(tmp_path / "m.onnx")
    whole = emulation(path, tmp_path / "a")
    half = whole.plan.point.error / 2
    plan = emulation(path, tmp_path / "b", wanted=half).plan
    assert plan.reached
    assert plan.point.error <= half
    assert len(plan.kept) >= len(whole.plan.kept)
    costs = [(p.macs_kept, p.elements_kept) for p in plan.pareto]
    assert costs == sorted(costs)
    errors = [p.error for p in plan.pareto if math.isfinite(p.error)]
    assert all(a > b for a, b in itertools.pairwise(errors))
    assert isinstance(plan.pareto[-1], ParetoPoint)
    assert plan.pareto[-1].error == 0


@pytest.mark.parametrize("share", [0.35, 0.5, 0.7])
def test_few_choices_of_products_keep_less_work(tmp_path, monkeypatch, share):
    """Every choice of the twelve products with all else in float32 is run, from the cheapest on."""
    seen = {}
    planned = engine.planned
    monkeypatch.setattr(engine, "planned", lambda trials, program, layers, *rest: planned(
        trials, program, seen.setdefault("layers", layers), *(seen.setdefault("trials", trials) and rest)))
    path = branches(tmp_path / "m.onnx")
    alone = emulation(path, tmp_path / "a").plan.all_narrow.error
    seen.clear()
    plan = emulation(path, tmp_path / "b", wanted=share * alone).plan
    layers, trials = seen["layers"], seen["trials"]
    work = sum(x.macs for x in layers)
    products = [i for i, x in enumerate(layers) if x.macs]
    others = [i for i, x in enumerate(layers) if not x.macs]
    choices = sorted((sum(layers[i].macs for i in chosen) / work, chosen)
                     for size in range(len(products) + 1) for chosen in itertools.combinations(products, size))
    best = next(cost for cost, chosen in choices if trials.kept([*others, *chosen], Cancel()).excess <= 1)
    assert plan.reached
    assert plan.point.macs_kept <= best + 0.05


def test_a_wish_that_no_choice_fulfils_is_said(tmp_path):
    found = emulation(sensitive(tmp_path / "m.onnx"), tmp_path / "out", wanted=1e-30)
    assert found.plan.reached  # all layers in float32 are exact
    assert len(found.plan.kept) == found.plan.all_wide.layers
    assert found.verdict is Verdict.FAIL
    assert "wanted" in found.outputs[0].reason


def test_configuration_by_version():
    assert config.whole("enforce_origin") == "[ascend_context]\nprecision_mode=enforce_origin\n"
    assert config.by_type("2.0.0", DType.FLOAT16, "/l.json") is None
    text = config.by_type("2.3.1", DType.BFLOAT16, "/l.json")
    assert "ge.exec.precision_mode=allow_mix_precision_bf16\n" in text
    assert "ge.exec.modify_mixlist=/l.json\n" in text
    assert "#" not in text
    assert json.loads(config.mixlist(["MatMul", "Softmax"])) == {
        "black-list": {"to-add": ["BatchMatMulV2", "MatMulV2", "SoftmaxV2"]}}
    assert config.keep_dtype(["/a/MatMul", "/b"]) == "/a/MatMul\n/b\n"


def test_what_a_list_of_operator_types_costs_is_measured(tmp_path):
    plan = emulation(sensitive(tmp_path / "m.onnx"), tmp_path / "out").plan
    assert plan.by_type.layers > plan.point.layers
    assert plan.by_type.macs_kept == 1  # the list names MatMul, which is all products
    assert plan.by_type.error < plan.all_narrow.error
