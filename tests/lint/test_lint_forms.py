"""Forms of nodes, and which measured cases are most like one."""

from __future__ import annotations

import json
import random

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from small_models import save, value

from diag.lint.forecast import forecasts, overall, read
from diag.lint.forms import Form, Input, from_row, measure, shipped, to_row
from diag.lint.nearest import distance, nearest, outcome_of
from diag.lint.practice import Probed, load, practice_path
from diag.lint.practice import save as save_practice
from diag.runtimes.conformance import table
from diag.runtimes.conformance.table import CaseResult
from diag.types.lint import OUTCOMES

TABLE = table()

inputs = st.builds(Input, given=st.just(True), constant=st.booleans(), dtype=st.sampled_from(["float32", "int64"]),
                   rank=st.integers(0, 5), values=st.lists(st.integers(-3, 3), max_size=3).map(tuple),
                   single=st.booleans())
forms = st.builds(Form, op=st.just("Conv"), since=st.integers(1, 20),
                  attributes=st.dictionaries(st.sampled_from(["group", "mode", "alpha"]), st.sampled_from("ab12")),
                  inputs=st.lists(inputs, max_size=3).map(tuple), outputs=st.integers(1, 2))


def test_forms_of_all_measured_cases_are_shipped_and_still_those_of_the_tests():
    held = shipped(TABLE.onnx)
    tested = {r.key for r in TABLE.results if r.kind != "model"}
    assert set(held) == tested
    if onnx.__version__ == TABLE.onnx:
        again = dict(measure())
        some = random.Random(0).sample(sorted(tested), 300)
        assert {k: again[k] for k in some} == {k: held[k] for k in some}


@given(forms)
def test_a_form_survives_being_written(form):
    assert from_row(json.loads(json.dumps(to_row(form)))) == form


@settings(max_examples=60)
@given(forms, forms)
def test_distance_is_zero_for_the_same_and_the_same_both_ways(a, b):
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a) >= 0


@pytest.mark.parametrize(("attributes", "outcome"), [({}, "wrong"), ({"alpha": "0.01"}, "right")])
def test_a_default_that_is_lost_is_told_from_one_that_is_written(attributes, outcome):
    found = nearest(Form("LeakyRelu", 6, attributes, (Input(True, False, "float32", 4),), 1), TABLE)
    assert found.outcome == outcome
    assert found.grade == "same"


def test_an_operator_that_nobody_measured_is_not_known():
    assert nearest(Form("Frobnicate", 1, {}, (), 1), TABLE) is None


def test_shape_arithmetic_is_not_held_against_a_model(tmp_path):
    nodes = [helper.make_node("Shape", ["x"], ["s"], "shape"),
             helper.make_node("Gather", ["s", "zero"], ["n"], "first"),
             helper.make_node("Concat", ["n", "minus"], ["t"], "target", axis=0),
             helper.make_node("Reshape", ["x", "t"], ["y"], "reshape")]
    held = {"zero": np.array([0], np.int64), "minus": np.array([-1], np.int64)}
    path = save(tmp_path / "m.onnx", nodes, [value("x", (2, 3, 4))], [value("y", (2, 12))], held)
    found = {n.node: n for n in forecasts(read(path), TABLE)}
    assert [n for n, f in found.items() if f.fixed] == ["shape", "first", "target"]
    assert overall(found.values()) == "right"


def test_an_operator_of_a_foreign_domain_is_not_known(tmp_path):
    node = helper.make_node("Magic", ["x"], ["y"], "magic", domain="com.example")
    graph = helper.make_graph([node], "g", [value("x", (2,))], [value("y", (2,))])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14),
                                                    helper.make_opsetid("com.example", 1)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    (found,) = forecasts(read(tmp_path / "m.onnx"), TABLE)
    assert (found.outcome, found.grade) == ("unknown", "none")
    assert "com.example" in found.note


def test_practice_keeps_the_worst_of_equal_forms(tmp_path):
    form = Form("Relu", 14, {}, (Input(True, False, "float32", 2),), 1)
    good, bad = (CaseResult("practice", "x", "Relu", 14, "", "ran", error=e) for e in (0.0, 0.5))
    save_practice([Probed(form, good), Probed(form, bad), Probed(form, good)], tmp_path / "p.json")
    (held,) = load(tmp_path / "p.json")
    assert held.form == form
    assert outcome_of(held.result) == "wrong"


def test_the_shipped_practice_is_there_and_each_form_once():
    held = load(practice_path(TABLE.runtime, TABLE.device))
    rows = [json.dumps(to_row(p.form)) for p in held]
    assert len(rows) == len(set(rows)) > 500
    assert {outcome_of(p.result) for p in held} <= set(OUTCOMES)
