"""The JSON document is the contract's, word for word."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib.resources import files

import goldenfile
import jsonschema
import pytest
from report import factory

from diag.report.document import document, dumps
from diag.types.metrics import Metrics, Stats

CONTRACT_METRICS = {"cosine", "pearson", "rel_l2", "max_abs", "max_rel", "mean_rel", "rmse", "nr", "max_abs_over_p999",
                    "mismatch", "size", "worst_index", "golden", "target"}
CONTRACT_KEYS = {"schema", "kind", "verdict", "findings", "environment", "timing", "memory", "run", "golden", "target",
                 "outputs", "layers", "culprits", "first_divergence", "unmatched", "checks"}
ADDITIVE_KEYS = {"headline", "preset", "options", "command", "inputs"}


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((files("resources") / "schema" / "diag.compare-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("made", [
    factory.comparison(), factory.comparison(30, faulty=-1), factory.hostile("</script>"),
    replace(factory.comparison(3, faulty=1), outputs=(), layers=(), culprits=(), run=None, wall_s=math.nan),
])
def test_documents_obey_the_schema(validator, made, lang):
    text = dumps(document(made, lang))
    validator.validate(json.loads(text))


def test_keys_are_those_of_the_contract():
    doc = document(factory.comparison())
    assert set(doc) == CONTRACT_KEYS | ADDITIVE_KEYS
    metrics = doc["layers"][0]["cumulative"]
    assert set(metrics) - CONTRACT_METRICS == {"one_minus_cosine", "nonfinite", "extreme", "kl"}
    assert set(doc["first_divergence"]) == {"golden_node", "target_node"}
    assert set(doc["unmatched"]) == {"golden", "target"}
    assert document(factory.comparison(8, faulty=-1))["first_divergence"] is None


@pytest.mark.parametrize(("change", "where"), [
    (lambda d: d.pop("verdict"), "verdict"),
    (lambda d: d.update(verdict="good"), "good"),
    (lambda d: d["layers"][0]["cumulative"].pop("nr"), "cumulative"),
    (lambda d: d["layers"][0].update(role="guilty"), "guilty"),
    (lambda d: d["findings"][0].update(code="XYZ1"), "XYZ1"),
    (lambda d: d["unmatched"].update(other=[]), "other"),
])
def test_the_schema_is_strict(validator, change, where):
    doc = document(factory.comparison(4, faulty=1))
    change(doc)
    with pytest.raises(jsonschema.ValidationError, match=where):
        validator.validate(doc)


def test_numbers_that_are_none_are_null():
    made = factory.comparison(4, faulty=1)
    blank = replace(made.layers[0], cumulative=Metrics(rel_l2=math.inf, golden=Stats()))
    doc = json.loads(dumps(document(replace(made, layers=(blank,)))))
    assert doc["layers"][0]["cumulative"]["rel_l2"] is None
    assert doc["layers"][0]["cumulative"]["golden"]["mean"] is None
    assert doc["checks"]["golden_stability"]["optimisation"] is None


def test_findings_carry_their_words():
    found = document(factory.comparison(), "zh")["findings"][0]
    assert found["code"] == "ACC011"
    assert "epsilon" in found["title"]
    assert found["advice"][0].startswith("用 opset 16")
    assert found["evidence"] == [{"file": "models/text_encoder.mindir", "line": None}]


def test_the_document_is_as_it_was():
    goldenfile.check("compare.json", dumps(document(factory.comparison(14))))


def test_a_large_document_is_quick_enough():
    assert len(document(factory.comparison(8000, faulty=4003))["layers"]) == 8000
