"""The comparison of ONNX against ONNX: planted changes, control flow, odd tensors, one output that proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import small_models
from onnx import TensorProto, helper, numpy_helper
from small_models import value

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan, InputChoice
from diag.events import Finished
from diag.rules.accuracy import examined
from diag.types.comparison import Comparison
from diag.types.layer import Role, Stage, Verdict

Nodes = Sequence[onnx.NodeProto]


def run(golden: Path, target: Path, out: Path, **options: Any) -> Comparison:
    *_, last = compare(ComparePlan(golden, target, out, **options), None, Cancel())
    assert isinstance(last, Finished)
    return examined(last.result)


def deep(path: Path, held: dict[str, np.ndarray], layers: int = 6) -> Path:
    """Blocks of MatMul, Add, Tanh: fc0, bias0, act0, fc1 …"""
    nodes, last = [], "x"
    for i in range(layers):
        end = "y" if i == layers - 1 else f"t{i}"
        nodes += [helper.make_node("MatMul", [last, f"w{i}"], [f"m{i}"], f"fc{i}"),
                  helper.make_node("Add", [f"m{i}", f"b{i}"], [f"a{i}"], f"bias{i}"),
                  helper.make_node("Tanh", [f"a{i}"], [end], f"act{i}")]
        last = end
    return small_models.save(path, nodes, [value("x", (4, 32))], [value("y", (4, 32))], held)


def deep_weights(layers: int = 6) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    held = {f"w{i}": (rng.standard_normal((32, 32)) / 5).astype(np.float32) for i in range(layers)}
    return {**held, **{f"b{i}": rng.standard_normal(32).astype(np.float32) / 5 for i in range(layers)}}


def scaled(w: np.ndarray) -> np.ndarray:
    return w * np.float32(1.04)


def channel(w: np.ndarray) -> np.ndarray:
    w = w.copy()
    w[:, 5] *= np.float32(1.5)
    return w


def noisy(w: np.ndarray) -> np.ndarray:
    return w + np.random.default_rng(1).standard_normal(w.shape).astype(np.float32) * np.float32(0.01)


@pytest.mark.parametrize("own_input", [True, False])
@pytest.mark.parametrize(("change", "finding"), [(scaled, "ACC022"), (channel, "ACC021"), (noisy, "ACC020"),
                                                 (np.transpose, "ACC023")])
def test_a_planted_weight_change_is_named(tmp_path: Path, change: Any, finding: str, own_input: bool) -> None:
    held = deep_weights()
    golden = deep(tmp_path / "golden.onnx", held)
    target = deep(tmp_path / "target.onnx", {**held, "w2": np.ascontiguousarray(change(held["w2"]))})
    found = run(golden, target, tmp_path / "run", own_input=own_input)
    assert found.verdict is Verdict.FAIL
    assert [c.golden_node for c in found.culprits] == ["fc2"]
    assert found.culprits[0].stage is Stage.CONVERSION
    assert found.first_divergence == ("fc2", "fc2")
    roles = {r.golden_node: r.role for r in found.layers}
    assert [roles[n] for n in ("act1", "fc2", "bias2", "act5")] == [Role.CLEAN, Role.INJECTS, Role.INHERITS,
                                                                   Role.INHERITS]
    if own_input:
        assert found.culprits[0].finding == finding
        assert "w2" in found.culprits[0].why
        assert found.culprits[0].differences[0].explains
    else:
        assert all(r.own_input is None for r in found.layers)


def test_two_faults_are_both_named_though_the_second_hides_behind_the_first(tmp_path: Path) -> None:
    held = deep_weights()
    golden = deep(tmp_path / "golden.onnx", held)
    target = deep(tmp_path / "target.onnx", {**held, "w1": scaled(held["w1"]), "b4": held["b4"] + np.float32(0.05)})
    found = run(golden, target, tmp_path / "run")
    assert {c.golden_node for c in found.culprits} == {"fc1", "bias4"}


def test_a_model_against_itself(tmp_path: Path) -> None:
    golden = deep(tmp_path / "golden.onnx", deep_weights())
    found = run(golden, golden, tmp_path / "run")
    assert (found.verdict, found.culprits, found.unmatched_golden, found.unmatched_target) == (Verdict.PASS, (), (), ())
    assert all(r.cumulative is not None and r.cumulative.max_abs == 0 for r in found.layers)
    assert [r.index for r in found.layers] == list(range(18))


def halves(held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {n: a.astype(np.float16).astype(np.float32) for n, a in held.items()}


def test_half_precision_is_judged_by_what_storage_alone_must_show(tmp_path: Path) -> None:
    held = deep_weights()
    golden, target = deep(tmp_path / "golden.onnx", held), deep(tmp_path / "target.onnx", halves(held))
    strict = run(golden, target, tmp_path / "strict")
    assert strict.verdict is Verdict.FAIL, "as float32 this is far off"
    fair = run(golden, target, tmp_path / "fair", dtype="float16")
    assert fair.verdict is Verdict.PASS
    assert fair.culprits == ()
    assert fair.target.dtype == "float16"
    assert "control run" in fair.outputs[0].reason


def test_a_fault_beyond_half_precision_is_found_all_the_same(tmp_path: Path) -> None:
    held = deep_weights()
    golden = deep(tmp_path / "golden.onnx", held)
    target = deep(tmp_path / "target.onnx", {**halves(held), "w3": scaled(held["w3"])})
    found = run(golden, target, tmp_path / "run", dtype="float16")
    assert [c.golden_node for c in found.culprits] == ["fc3"]
    gate = next(f for f in found.findings if f.code == "ACC001")
    assert found.outputs[0].reason.lower().startswith(str(gate.values["metric"]).lower())
    decision = found.outputs[0].decision
    assert decision is not None
    assert (decision.metric, decision.value) == ("l2_over_control", gate.values["error"])


def condition(path: Path, factor: float = 1.0) -> Path:
    """x → Relu → If(sum > 0: times 2, else minus 1) → times w."""
    two = numpy_helper.from_array(np.float32(2.0), "two")
    then = helper.make_graph([helper.make_node("Mul", ["r", "two"], ["t"], "double")], "then", [],
                             [value("t", (2, 3))], [two])
    other = helper.make_graph([helper.make_node("Neg", ["r"], ["e"], "negate")], "else", [], [value("e", (2, 3))])
    nodes = [helper.make_node("Relu", ["x"], ["r"], "act"),
             helper.make_node("ReduceSum", ["r"], ["s"], "sum", keepdims=0),
             helper.make_node("Greater", ["s", "zero"], ["c"], "test"),
             helper.make_node("If", ["c"], ["i"], "choice", then_branch=then, else_branch=other),
             helper.make_node("Mul", ["i", "w"], ["y"], "scale")]
    return small_models.save(path, nodes, [value("x", (2, 3))], [value("y", (2, 3))],
                             {"zero": np.float32(0.0), "w": np.float32(3.0 * factor)})


def test_control_flow(tmp_path: Path) -> None:
    golden = condition(tmp_path / "golden.onnx")
    same = run(golden, golden, tmp_path / "same")
    assert same.verdict is Verdict.PASS
    assert {r.golden_node for r in same.layers} == {"act", "sum", "test", "choice", "scale"}
    assert {r.verdict for r in same.layers if r.golden_node != "test"} == {Verdict.PASS}
    found = run(golden, condition(tmp_path / "target.onnx", 1.04), tmp_path / "run")
    assert [c.golden_node for c in found.culprits] == ["scale"]


def test_sequences_and_strings_do_not_break_it(tmp_path: Path) -> None:
    strings = helper.make_node("Constant", [], ["words"], "words", value_strings=["a", "b"])
    nodes = [helper.make_node("Relu", ["x"], ["r"], "act"), helper.make_node("Neg", ["x"], ["n"], "neg"),
             helper.make_node("SequenceConstruct", ["r", "n"], ["s"], "pack"),
             helper.make_node("ConcatFromSequence", ["s"], ["c"], "join", axis=0),
             strings, helper.make_node("Gather", ["words", "which"], ["word"], "pick"),
             helper.make_node("Mul", ["c", "w"], ["y"], "scale")]
    model = small_models.save(
        tmp_path / "m.onnx", nodes, [value("x", (2, 3)), value("which", (1,), TensorProto.INT64)],
        [value("y", (4, 3)), value("word", (1,), TensorProto.STRING)], {"w": np.float32(3.0)})
    np.save(tmp_path / "which.npy", np.array([1]))
    found = run(model, model, tmp_path / "run", inputs=InputChoice(files={"which": tmp_path / "which.npy"}))
    verdicts = {r.golden_node: r.verdict for r in found.layers}
    assert verdicts["scale"] is Verdict.PASS
    assert verdicts["join"] is Verdict.PASS
    assert {o.golden_tensor: o.verdict for o in found.outputs}["y"] is Verdict.PASS
    assert {o.golden_tensor: o.verdict for o in found.outputs}["word"] is Verdict.PASS
    assert found.culprits == ()


def test_a_constant_output_beside_a_real_one(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], "act"), helper.make_node("Identity", ["k"], ["z"], "fixed")]
    model = small_models.save(tmp_path / "m.onnx", nodes, [value("x", (2, 3))], [value("y", (2, 3)), value("z", (4,))],
                              {"k": np.ones(4, np.float32)})
    found = run(model, model, tmp_path / "run")
    verdicts = {o.golden_tensor: o.verdict for o in found.outputs}
    assert verdicts == {"y": Verdict.PASS, "z": Verdict.NOT_COMPARABLE}
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert {"ACC003", "ACC004"} <= {f.code for f in found.findings}


def test_outputs_that_no_node_writes(tmp_path: Path) -> None:
    """An output that is an input, and one that is a weight."""
    model = small_models.save(
        tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"], "act")], [value("x", (2, 3))],
        [value("y", (2, 3)), value("x", (2, 3)), value("w", (3,))], {"w": np.arange(3, dtype=np.float32)})
    found = run(model, model, tmp_path / "run")
    assert [(o.golden_tensor, o.verdict) for o in found.outputs] == [(n, Verdict.PASS) for n in ("y", "x", "w")]
    assert found.verdict is Verdict.PASS


def test_random_golden_is_told(tmp_path: Path) -> None:
    nodes = [helper.make_node("RandomNormalLike", ["x"], ["n"], "dice"),
             helper.make_node("Add", ["x", "n"], ["y"], "sum")]
    model = small_models.save(tmp_path / "m.onnx", nodes, [value("x", (20, 30))], [value("y", (20, 30))])
    found = run(model, model, tmp_path / "run")
    codes = {f.code: f for f in found.findings}
    assert codes["ACC007"].subject == "dice"


def test_nan_in_inputs_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    golden = deep(tmp_path / "golden.onnx", deep_weights())
    x = np.ones((4, 32), np.float32)
    x[1, 2] = np.nan
    np.savez(tmp_path / "x.npz", x=x)
    found = run(golden, golden, tmp_path / "run", inputs=InputChoice(archive=tmp_path / "x.npz"))
    told = next(f for f in found.findings if f.code == "ACC061")
    assert (told.subject, told.values["nan"]) == ("x", 1)
    assert found.verdict is Verdict.PASS, "three rows of four are numbers, and they agree"
    assert found.culprits == ()


def test_inputs_are_saved_and_give_the_same_run_again(tmp_path: Path) -> None:
    golden = deep(tmp_path / "golden.onnx", deep_weights())
    first = run(golden, golden, tmp_path / "one", inputs=InputChoice(seed=5))
    again = run(golden, golden, tmp_path / "two", inputs=InputChoice(archive=Path(first.inputs[0].file)))
    other = run(golden, golden, tmp_path / "three", inputs=InputChoice(seed=6))
    stats = [r.layers[-1].cumulative for r in (first, again, other)]
    assert stats[0] == stats[1] != stats[2]
    assert "seed 5" in first.inputs[0].source


def test_small_budgets_give_the_same_rows(tmp_path: Path) -> None:
    held = deep_weights()
    golden = deep(tmp_path / "golden.onnx", held)
    target = deep(tmp_path / "target.onnx", {**held, "w2": scaled(held["w2"])})
    rows = [run(golden, target, tmp_path / str(size), budget=size).layers for size in (1, 2**20, 2**31)]
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.parametrize("preset", ["calibrated", "mindstudio"])
def test_presets(tmp_path: Path, preset: str) -> None:
    held = deep_weights()
    golden = deep(tmp_path / "golden.onnx", held)
    found = run(golden, deep(tmp_path / "target.onnx", {**held, "w2": scaled(held["w2"])}), tmp_path / preset,
                preset=preset)
    assert found.verdict is (Verdict.FAIL if preset == "calibrated" else Verdict.PASS)
    assert ("ACC009" in {f.code for f in found.findings}) == (preset == "mindstudio")
