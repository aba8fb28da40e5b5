"""Facts survive the way to JSON and back."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag.errors import DiagError
from diag.types.comparison import Comparison, InputUsed, ModelRun, Unmatched
from diag.types.dtype import DType
from diag.types.finding import Evidence, Finding, Severity
from diag.types.layer import Culprit, Difference, LayerResult, Mapping, MappingKind, OutputResult, Role, Stage, Verdict
from diag.types.metrics import Metrics, Stats
from diag.types.tensor import Span, TensorInfo
from diag.workspace.codec import from_json, to_json

names = st.text(max_size=12)
floats = st.floats(allow_infinity=False)
counts = st.integers(0, 2**40)
axes = st.lists(st.integers(0, 9), max_size=4).map(tuple)
json_values = st.recursive(st.none() | st.booleans() | st.integers(-2**50, 2**50) | st.floats(allow_nan=False,
                           allow_infinity=False) | names, lambda inner: st.lists(inner, max_size=3)
                           | st.dictionaries(names, inner, max_size=3), max_leaves=5)
facts = st.dictionaries(names, json_values, max_size=3)
stats = st.builds(Stats, floats, floats, floats, floats, floats, counts, counts, counts, counts)
metrics = st.builds(Metrics, *[floats] * 11, counts, st.none() | axes, counts, counts, stats, stats)
mappings = st.builds(Mapping, st.sampled_from(MappingKind), floats, st.lists(names, max_size=3).map(tuple),
                     st.none() | axes)
layers = st.builds(LayerResult, counts, names, names, names, st.none() | names, st.none() | names, st.none() | names,
                   mappings, st.none() | axes, st.sampled_from(DType), st.sampled_from(Verdict), names,
                   st.none() | metrics, st.none() | metrics, st.sampled_from(Role), st.none() | metrics)
differences = st.builds(Difference, names, names, names, names, names, st.booleans())
culprits = st.builds(Culprit, names, st.lists(names, max_size=2).map(tuple), st.none() | names, floats,
                     st.sampled_from(Stage), names, st.none() | metrics, names,
                     st.lists(differences, max_size=2).map(tuple))
evidence = st.builds(Evidence, names, st.none() | counts)
findings = st.builds(Finding, names, st.sampled_from(Severity), names, facts, st.lists(evidence, max_size=2).map(tuple))
models = st.builds(ModelRun, *[names] * 7)
outputs = st.builds(OutputResult, names, st.none() | names, st.sampled_from(Verdict), names, st.none() | metrics)
inputs = st.builds(InputUsed, names, names, axes, names, names)
unmatched = st.lists(st.builds(Unmatched, names, names, names, names), max_size=2).map(tuple)
comparisons = st.builds(
    Comparison, st.sampled_from(Verdict), models, models, st.lists(outputs, max_size=2).map(tuple),
    st.lists(layers, max_size=2).map(tuple), st.lists(culprits, max_size=2).map(tuple),
    st.none() | st.tuples(names, names), unmatched, unmatched, facts, st.lists(findings, max_size=2).map(tuple),
    st.lists(inputs, max_size=2).map(tuple), facts, names, floats, counts, st.none() | names, facts)


def there_and_back(value: Any) -> Any:
    return from_json(type(value), json.loads(json.dumps(to_json(value), allow_nan=False)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(comparisons)
def test_a_comparison_survives(comparison):
    assert repr(there_and_back(comparison)) == repr(comparison)  # repr: NaN equals NaN there


@pytest.mark.parametrize("value", [
    TensorInfo("x", DType.BFLOAT16, (1, "batch", None)), TensorInfo("y"), Span(Path("/data/w.bin"), 8, 16),
])
def test_tensor_facts_survive(value):
    assert there_and_back(value) == value


def test_numbers_of_numpy_are_plain_numbers():
    finding = Finding("ACC010", Severity.FAIL, "n", {"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True),
                                                    "d": np.float64("nan"), "e": np.array([1.0, math.inf]),
                                                    "f": Path("x"), "g": (1, DType.INT4)})
    assert to_json(finding)["values"] == {"a": 0.5, "b": 3, "c": True, "d": None, "e": [1.0, None], "f": "x",
                                          "g": [1, "int4"]}
    assert json.dumps(to_json(Metrics(size=np.int64(4), mismatch=np.float64(0.25))), allow_nan=False)


def test_infinity_is_null_and_comes_back_as_nan():
    data = to_json(Stats(max=math.inf))
    assert data["max"] is None
    assert math.isnan(from_json(Stats, data).max)


def test_unknown_keys_are_ignored():
    assert from_json(Evidence, {"file": "a", "line": 2, "column": 7}) == Evidence("a", 2)


@pytest.mark.parametrize(("change", "sentence"), [
    ({"confidence": "high"}, "a number is expected, not 'high' @ Mapping.confidence"),
    ({"kind": "guess"}, "'guess' is not a valid MappingKind @ Mapping.kind"),
    ({"golden_nodes": ["a", 3]}, "text is expected, not 3 @ Mapping.golden_nodes[1]"),
])
def test_a_wrong_value_is_named(change, sentence):
    data = to_json(Mapping(MappingKind.NAME, 1.0)) | change
    with pytest.raises(DiagError) as caught:
        from_json(Mapping, data, where="run/result.json")
    assert caught.value.message == f"This is not a Mapping: {sentence}"
    assert caught.value.where == "in run/result.json"


@pytest.mark.parametrize("data", [None, 3, "text", [], {}, {"kind": "name"}])
def test_anything_else_is_refused(data):
    with pytest.raises(DiagError, match="This is not a Mapping"):
        from_json(Mapping, data)


def test_every_field_is_written():
    fields = {f.name for f in dataclasses.fields(Metrics)}
    assert set(to_json(Metrics())) == fields
