"""The shared synthetic chain: the planted fault is found, and the official comparator's numbers come out again."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from samples import shared

from diag.cancel import Cancel
from diag.compare.metrics import compare
from diag.compare.plan import ComparePlan
from diag.compare.recorded.device import DeviceOp
from diag.compare.recorded.engine import compare_recording
from diag.compare.recorded.tensors import placed
from diag.errors import UsageError
from diag.events import Finished, Partial
from diag.formats.tensor_dump import read
from diag.rules.accuracy import examined
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import MappingKind, Role, Stage, Verdict
from diag.workspace.runs import RunFolder

CHAIN = "formats/synthetic"
FAULT = "/conv2/Conv"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    plan = ComparePlan(shared("formats/mindir/toy.onnx"), shared(f"{CHAIN}/dump"), tmp_path_factory.mktemp("run"))
    events = list(compare_recording(plan, Cancel()))
    last = events[-1]
    assert isinstance(last, Finished)
    assert len([e for e in events if isinstance(e, Partial)]) == 6
    return examined(last.result)


def test_the_planted_fault_is_named_with_its_channel_and_factor(found: Comparison) -> None:
    assert found.verdict is Verdict.FAIL
    assert [c.golden_node for c in found.culprits] == [FAULT]
    culprit = found.culprits[0]
    assert culprit.finding == "ACC100"
    assert culprit.stage is Stage.RUNTIME  # the recorded weights are golden's
    assert (culprit.values["axis"], culprit.values["channels"]) == (1, "3")
    assert culprit.values["factor"] == pytest.approx(1.25, abs=2e-4)
    assert found.first_divergence == (FAULT, FAULT)


def test_only_the_fault_injects_and_what_follows_inherits(found: Comparison) -> None:
    roles = {r.golden_node: r.role for r in found.layers}
    assert roles == {
        "/conv1/Conv": Role.NOT_COMPARABLE, "/relu1/Relu": Role.CLEAN, FAULT: Role.INJECTS,
        "/act/Sigmoid": Role.NOT_COMPARABLE, "/act/Mul": Role.INHERITS, "/pool/GlobalAveragePool": Role.INHERITS,
        "/Flatten": Role.NOT_COMPARABLE, "/fc/Gemm": Role.INHERITS, "/Softmax": Role.INHERITS}
    own = {r.golden_node: r.own_input.nr for r in found.layers if r.own_input is not None}
    assert all(nr < 4 for node, nr in own.items() if node != FAULT)
    assert own[FAULT] > 200


def test_fused_operations_stand_for_their_parts(found: Comparison) -> None:
    row = next(r for r in found.layers if r.golden_node == "/act/Mul")
    assert row.target_node == "/act/Sigmoid/act/Mul"
    assert row.mapping.kind is MappingKind.FUSED
    assert row.mapping.golden_nodes == ("/act/Sigmoid", "/act/Mul")
    inside = next(r for r in found.layers if r.golden_node == "/act/Sigmoid")
    assert inside.reason == "computed inside /act/Sigmoid/act/Mul, which gives no tensor for it"


def test_the_input_is_taken_from_the_recording(found: Comparison) -> None:
    assert [(i.name, i.dtype, i.shape, i.source) for i in found.inputs] == [
        ("x", "float32", (1, 3, 32, 32), "recorded on the device")]
    golden = np.load(next(shared(f"{CHAIN}/golden_onnx").glob("x.0.*.npy")))
    with np.load(found.inputs[0].file) as archive:
        assert np.array_equal(archive["x"], golden)


def test_the_run_folder_holds_it(found: Comparison) -> None:
    assert found.run is not None
    folder = RunFolder.open(Path(found.run))
    assert folder.comparison().culprits[0].golden_node == FAULT
    tensors = folder.tensors(f"{FAULT}:0", "c2")
    ratio = tensors["target"][0, 3].astype(np.float32) / tensors["golden"][0, 3]
    assert float(np.median(ratio)) == pytest.approx(1.25, abs=1e-3)


def test_the_unknown_operation_is_listed_with_the_reason(found: Comparison) -> None:
    assert len(found.unmatched_target) == 1
    assert found.unmatched_target[0].node.startswith("_block_very_long_scope_name")
    assert found.unmatched_target[0].reason == "no golden node has its name, and what it reads is not known"


def test_the_overflow_report_is_told_with_its_operation(found: Comparison) -> None:
    report = found.checks["recording"]["overflows"][0]
    assert (report["name"], report["unit"], report["status"]) == ("/conv1/Conv/relu1/Relu", "AIC", 32)
    assert report["largest_output"] == pytest.approx(24.22, abs=5e-3)
    assert report["largest_input"] == pytest.approx(3.752, abs=5e-4)
    # Its values are nowhere near the limit: the report is told, and doubted.
    assert "ACC111" in {f.code for f in found.findings}
    assert "ACC104" not in {f.code for f in found.findings}


def reference() -> dict[str, dict[str, str]]:
    """The official comparator's row for each output, by operation."""
    with shared(f"{CHAIN}/msaccucmp_result_on_synthetic.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    head = rows[0]
    found = {}
    for row in rows[1:]:
        cells = dict(zip(head, row, strict=True))
        if ":output:" in cells["TensorIndex"] and cells["CosineSimilarity"] != "NaN":
            found[cells["NPUDump"]] = cells
    return found


GOLDEN_OF = {"trans_Cast_0": "x", "trans_TransData_1": "x", "/conv1/Conv/relu1/Relu": "_relu1_Relu",
             FAULT: "_conv2_Conv", "/act/Sigmoid/act/Mul": "_act_Mul",
             "/pool/GlobalAveragePool": "_pool_GlobalAveragePool", "/fc/Gemm": "_fc_Gemm",
             "trans_TransData_2": "_fc_Gemm", "/Softmax": "_Softmax", "trans_Cast_3": "_Softmax"}


@pytest.mark.parametrize("name", sorted(GOLDEN_OF))
def test_the_official_numbers_are_reproduced_to_the_last_digit(name: str) -> None:
    cells = reference()[name]
    golden = np.load(next(shared(f"{CHAIN}/golden_onnx").glob(f"{GOLDEN_OF[name]}.0.*.npy")))
    record = next(o for o in read(shared(f"{CHAIN}/dump")).ops if o.name == name)
    target = placed(DeviceOp(name, record.op, record), record.outputs[0], golden.shape).array
    assert target is not None
    ours = compare(golden, target.astype(np.float32), target_dtype=DType.FLOAT32, with_kl=True)
    # It leaves golden elements up to 2.2e-16 out of relative errors and divides by the number of all elements.
    counted = np.abs(golden) > 2.22e-16
    some = compare(golden[counted], target.astype(np.float32)[counted], target_dtype=DType.FLOAT32)
    share = counted.sum() / counted.size
    for column, value in (("CosineSimilarity", ours.cosine), ("MaxAbsoluteError", ours.max_abs),
                          ("RelativeEuclideanDistance", ours.rel_l2), ("RootMeanSquareError", ours.rmse),
                          ("MaxRelativeError", some.max_rel), ("MeanRelativeError", some.mean_rel * share),
                          ("KullbackLeiblerDivergence", ours.kl)):
        # Six decimals are printed; the comparator works in float32.
        assert value == pytest.approx(float(cells[column]), rel=2e-6, abs=1.1e-6), column
    means = [float(x) for x in re.findall(r"[-0-9.]+", cells["StandardDeviation"])]
    assert [ours.target.mean, ours.target.std, ours.golden.mean, ours.golden.std] == pytest.approx(means, abs=6e-4)


def test_the_whole_run_gives_the_same_figures_as_the_official_comparator(found: Comparison) -> None:
    """Golden is run here, not taken from the files: the last digits of float32 may move."""
    cells = reference()
    for row in found.layers:
        if row.cumulative is None or row.target_node is None:
            continue
        official = cells[row.target_node]
        assert row.cumulative.cosine == pytest.approx(float(official["CosineSimilarity"]), abs=5e-6)
        assert row.cumulative.rel_l2 == pytest.approx(float(official["RelativeEuclideanDistance"]), rel=1e-4, abs=1e-6)
        assert row.cumulative.max_abs == pytest.approx(float(official["MaxAbsoluteError"]), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("graph", ["ge_proto_00000099_graph_0_Build.txt", "toy_synthetic.om", "toy_synthetic_om.json",
                                   "toy_ascend_SYNTHETIC.mindir", ""])
def test_every_form_of_the_compiled_graph_gives_the_same_answer(tmp_path: Path, graph: str) -> None:
    plan = ComparePlan(shared("formats/mindir/toy.onnx"), shared(f"{CHAIN}/dump"), tmp_path / "run",
                       graph=shared(f"{CHAIN}/{graph}") if graph else shared(CHAIN))
    last = list(compare_recording(plan, Cancel()))[-1]
    assert isinstance(last, Finished)
    result = examined(last.result)
    assert [c.golden_node for c in result.culprits] == [FAULT]
    assert {r.golden_node for r in result.layers if r.target_tensor is not None} == {
        "/relu1/Relu", FAULT, "/act/Mul", "/pool/GlobalAveragePool", "/fc/Gemm", "/Softmax"}
    assert "ACC106" not in {f.code for f in result.findings}  # the graph was used
    strange = next(f for f in result.findings if f.code == "ACC110")
    assert (strange.values["count"], strange.values["first"].startswith("_block_very_long")) == (1, True)


def test_a_real_graph_of_another_model_is_refused(tmp_path: Path) -> None:
    plan = ComparePlan(shared("formats/mindir/toy.onnx"), shared(f"{CHAIN}/dump"), tmp_path / "run",
                       graph=shared("formats/ge_dump/complie_path/ge_proto_00000062_Build.txt"))
    with pytest.raises(UsageError, match="are of different models"):
        list(compare_recording(plan, Cancel()))
