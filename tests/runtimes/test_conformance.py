"""The shipped table, what it says as evidence, and the list of operators that is made from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from diag.cli.main import main
from diag.errors import FormatError
from diag.runtimes import conformance
from diag.runtimes.conformance.cases import form_of, load_cases
from diag.runtimes.conformance.causes import Causes
from diag.runtimes.conformance.judge import distance, right
from diag.runtimes.conformance.operators import listing
from diag.runtimes.conformance.table import CaseResult, Table, load, save
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.reference.table import OPERATORS

OPS = Path(__file__).parent / "reference_ops.md"


@pytest.fixture(scope="module")
def table() -> Table:
    found = conformance.table()
    assert found is not None
    return found


def test_the_measured_numbers(table):
    counts = table.counts()
    # The first measurement had 308 and 48 without the tests of Cast whose tensors are protobuf.
    cast = [r for r in table.results if r.kind == "node" and r.op in ("Cast", "CastLike")]
    assert counts["node"]["ran"] - sum(r.run for r in cast) == 308
    assert counts["node"]["wrong"] - sum(r.right is False for r in cast) == 48
    model = counts["model"]
    assert {k: model[k] for k in ("tests", "convert", "build", "run", "crash", "ran", "wrong")} == {
        "tests": 134, "convert": 24, "build": 16, "run": 0, "crash": 1, "ran": 93, "wrong": 1}


def test_the_reference_runtime_agrees_with_the_real_one(table):
    agreed = table.agreement()
    assert agreed["unknown"] == 0
    # Where only the reference gives what ONNX expects, the real runtime is wrong: that is no vote against it.
    judged = agreed["agrees"] + agreed["other"]
    assert agreed["agrees"] / judged >= 0.99
    assert judged > 600


def test_whatever_is_wrong_or_differs_has_its_own_cause(table):
    general = ("not known", "the MindIR says something else", "the MindIR is right, the runtime")
    for r in table.results:
        explained = bool(r.cause) and not any(words in r.cause for words in general)
        assert explained == (r.run and (not r.right or r.reference != "agrees")), r


def test_each_cause_is_needed(table):
    causes = Causes.shipped(RuntimeSpec("mindspore-lite", "2.0.0"))
    used = {r.cause.removeprefix("conversion: ").removeprefix("runtime: ") for r in table.results}
    assert {words for _, _, words in causes.rows} - used == set()


def test_no_causes_for_a_version_that_nobody_studied():
    assert Causes.shipped(RuntimeSpec("mindspore-lite", "2.3.0")).rows == ()
    assert conformance.table(version="2.3.0") is None
    result = CaseResult("node", "n", "Elu", 22, "", "ran", error=0.5, reference="agrees")
    assert Causes().of(result) == "conversion: the MindIR says something else than the ONNX model"
    assert Causes().of(replace(result, reference="right")) == \
        "runtime: the MindIR is right, the runtime computes it wrong"
    assert Causes().of(replace(result, reference="")) == "not known"
    assert Causes().of(replace(result, error=0.0)) == ""


def test_evidence_in_one_sentence(table):
    def said(*args, **kwargs):
        found = table.evidence(*args, **kwargs)
        return found.sentence if found else None

    assert said("Elu", 22, {}) == "Elu in this form is wrong in 1 of 1 tests on mindspore-lite 2.0.0 cpu"
    assert said("Elu", 22, {"alpha": 2.0}) == "Elu in this form is right in all 2 tests on mindspore-lite 2.0.0 cpu"
    assert said("Elu", 22, {"alpha": 77.0}) == "Elu is wrong in 1 of 3 tests on mindspore-lite 2.0.0 cpu"
    assert said("Acosh") == "Acosh cannot be converted in 2 of 2 tests on mindspore-lite 2.0.0 cpu; none ran"
    assert said("NoSuchOperator") is None
    found = table.evidence("LayerNormalization", 17)
    assert found.wrong == 7
    assert "conversion: an epsilon that the ONNX model says becomes 0" in found.causes
    assert [r.right for r in found.results[:7]] == [False] * 7


def test_evidence_prefers_tests_of_the_same_version_of_an_operator(table):
    assert {r.opset for r in table.evidence("Split", 13).results} == {13}
    assert {r.opset for r in table.evidence("Split", 17).results} == {13}
    assert {r.opset for r in table.evidence("Split", 18).results} == {18}
    # There are no tests of operator set 1: then all count.
    assert len(table.evidence("Split", 1).results) == len(table.by_op["Split"])


def test_saved_and_read_again(table, tmp_path):
    save(table, tmp_path / "t.json")
    assert load(tmp_path / "t.json") == table
    lines = (tmp_path / "t.json").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(table.results) + 2


HEAD = '{"schema":"diag.conformance/1","converter":"","runtime":"","device":"","onnx":"","columns":["kind"],'


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "diag.other/1"}', '{"schema": "diag.conformance/1"}',
                                  HEAD + '"cases":[["a"]]}', HEAD + '"cases":[[1, 2]]}'])
def test_a_damaged_table_is_refused(text, tmp_path):
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError):
        load(tmp_path / "t.json")


def test_the_list_of_operators_is_current(table):
    assert OPS.read_text(encoding="utf-8") == listing(table), \
        "python -m diag.runtimes.conformance.operators > tests/runtimes/reference_ops.md"


def test_every_operator_that_the_tests_lead_to_is_covered_or_named(table):
    seen = {op for r in table.results if r.run for op in r.mindir.split("+") if op}
    assert seen - set(OPERATORS) == set()


def test_distances():
    one = np.array([3.0, 4.0], np.float32)
    assert distance([one], [one]) == (0.0, "")
    assert distance([one * 1.001], [one])[0] == pytest.approx(1e-3, rel=1e-3)
    assert distance([one], [one[:1]]) == (None, "shape 2, not 1")
    assert distance([], [one]) == (None, "0 outputs, not 1")
    assert distance([one], [np.zeros(2)]) == (None, "not zero where zero must come out")
    assert distance([np.array([np.nan, 1])], [np.array([1, np.nan])]) == (None, "not-a-number in other places")
    assert distance([np.array([np.inf])], [np.array([-np.inf])]) == (None, "infinite in other places")
    assert distance([np.array([np.inf], np.float32)], [np.array([1e300])]) == (0.0, "")
    assert distance([np.array([np.nan, 2])], [np.array([np.nan, 2])]) == (0.0, "")
    assert distance([np.array(True)], [np.array(True)]) == (0.0, "")
    assert right(1e-3, "")
    assert not right(1.1e-3, "")
    assert not right(None, "shape 2, not 1")


def test_the_form_of_a_node():
    node = helper.make_node("Conv", ["x"], ["y"], strides=[1, 2], auto_pad="SAME_UPPER", group=1, alpha=0.1,
                            value=helper.make_tensor("t", onnx.TensorProto.FLOAT, [1], [1.0]))
    assert form_of(node) == "alpha=0.1 auto_pad=SAME_UPPER group=1 strides=1,2"


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_cases_of_the_installed_onnx():
    cases = list(load_cases(["LayerNormalization", "Clip"], ["node", "constant"]))
    assert len({c.key for c in cases}) == len(cases) > 30
    assert {c.op for c in cases} == {"LayerNormalization", "Clip"}
    assert not any("_expanded" in c.name for c in cases)
    by_key = {c.key: c for c in cases}
    node, fixed = by_key["node/layer_normalization_2d_axis1"], by_key["constant/layer_normalization_2d_axis1"]
    assert [n for n, _ in node.inputs] == ["X", "W", "B"]
    assert len(node.expected) == 3
    assert [n for n, _ in fixed.inputs] == ["X"]
    assert len(fixed.expected) == 1
    assert [t.name for t in fixed.model.graph.initializer] == ["W", "B"]
    assert [o.name for o in fixed.model.graph.output] == ["Y"]
    assert len(node.model.graph.input) == 3
    onnx.checker.check_model(fixed.model)


def test_the_command_shows_the_shipped_table(capsys, tmp_path):
    file = tmp_path / "t.csv"
    assert main(["conformance", "mindspore-lite", "--shipped", "--op", "Elu", "Abs", "--csv", str(file)]) == 1
    out = capsys.readouterr().out
    assert "Elu  node/elu_default: 0.424. conversion: where the ONNX model relies on the default alpha" in out
    assert file.read_text(encoding="utf-8").startswith("kind,name,op,opset,form,reached,")
    assert main(["conformance", "mindspore-lite", "--shipped", "--op", "Abs", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "diag.conformance/1"
    assert document["verdict"] == "pass"
    assert [row[document["columns"].index("op")] for row in document["cases"]] == [
        "Abs", "Abs+Add+Constant+Div"]


@pytest.mark.parametrize(("words", "said"), [
    (["mindspore-lite", "--shipped", "--op", "Claip"], "There is no test of the operator Claip\nDid you mean 'Clip'?"),
    (["mindspore-lite", "--shipped", "--html", "x.html"], "This command writes no HTML\nUse --json or --csv"),
    (["tensorflow"], "Argument RUNTIME: invalid choice: 'tensorflow'"),
])
def test_the_command_refuses(words, said, capsys):
    assert main(["conformance", *words]) == 2
    assert capsys.readouterr().err.startswith(said)
