"""``diag record``: a plan, a bundle, and what came back, as a user types it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

PAIR = Path(str(files("resources") / "samples" / "text_encoder" / "healthy"))
SCHEMA = json.loads((files("resources") / "schema" / "diag.record-1.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def bundle(diag, tmp_path):
    plan = tmp_path / "plan.toml"
    made = diag("record", "init", PAIR / "text_encoder.mindir", "--onnx", PAIR / "text_encoder.onnx", "--plan", plan)
    assert made.code == 0, made.err
    answer = diag("record", "--plan", plan, "--out", tmp_path / "bundle", "--json", "-")
    assert answer.code == 0, answer.err
    return tmp_path / "bundle", json.loads(answer.out)


def test_the_bundle_is_told_as_a_document(bundle):
    folder, document = bundle
    jsonschema.validate(document, SCHEMA)
    assert document["run"] == str(folder)
    assert document["inputs"][0]["name"] == "input_ids"


def test_a_bundle_that_was_not_run_leaves_with_1(diag, bundle, tmp_path):
    folder, _ = bundle
    answer = diag("record", "check", folder, "--json", "-", "--html", tmp_path / "r.html", "--csv", tmp_path / "r.csv")
    document = json.loads(answer.out)
    jsonschema.validate(document, SCHEMA)
    assert (answer.code, document["verdict"], document["findings"][0]["code"]) == (1, "fail", "ENV010")
    assert "ENV010" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert (tmp_path / "r.csv").read_text(encoding="utf-8-sig").startswith("folder,kind,model")


def test_in_chinese(diag, bundle):
    folder, _ = bundle
    assert "尚未运行" in diag("record", "check", folder, "--lang", "zh").out


@pytest.mark.parametrize(("words", "said"), [
    ((), "Which plan?"), (("check",), "Which folder?"), (("init",), "Two models are wanted"),
    (("check", "/nowhere"), "A recording's folder is wanted"),
    (("init", "/nowhere.mindir", "--onnx", "/nowhere.onnx"), "There is no such file"),
])
def test_what_is_missing_is_said(diag, words, said):
    answer = diag("record", *words)
    assert answer.code == 2
    assert said in answer.err


def test_a_plan_is_never_overwritten(diag, bundle, tmp_path):
    answer = diag("record", "init", PAIR / "text_encoder.mindir", "--onnx", PAIR / "text_encoder.onnx",
                  "--plan", tmp_path / "plan.toml")
    assert answer.code == 2
    assert "exists already" in answer.err
