"""Recordings of an emulated device: fused, renamed, reformatted operations; planted faults are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from npu_dumps import Array, Dumped, Emulator, Fault, Part, dump, overflow
from npu_model import PARTS, channel, net, recording, run
from onnx import TensorProto, helper
from small_models import save, value

from diag.compare.plan import InputChoice
from diag.errors import DiagError
from diag.types.comparison import Comparison
from diag.types.layer import MappingKind, Role, Stage, Verdict

HOW = [{}, {"c0": 8}, {"original": False}, {"outputs_only": False, "stated": False}]


@pytest.mark.parametrize("how", HOW, ids=["plain", "c0=8", "old files", "names only"])
def test_a_healthy_recording_passes(tmp_path: Path, how: dict[str, object]) -> None:
    model, done = recording(tmp_path, **how)
    found = run(model, done.folder, tmp_path / "run")
    assert found.verdict is Verdict.PASS, [(o.verdict, o.reason) for o in found.outputs]
    assert found.culprits == ()
    compared = {r.golden_node: r for r in found.layers if r.target_tensor is not None}
    assert set(compared) == {"relu1", "conv2", "add", "flat", "fc", "soft"}
    assert {r.verdict for r in compared.values()} == {Verdict.PASS}
    assert {r.role for r in compared.values()} == {Role.CLEAN}
    assert found.unmatched_target == ()
    assert compared["relu1"].mapping.golden_nodes == ("conv1", "relu1")
    assert compared["soft"].mapping.golden_nodes == ("bias", "soft")


FAULTS: dict[str, tuple[Fault, str]] = {
    "conv2": (channel(17, 1.25), "conv2"),
    "add": (lambda a: a + np.float32(0.05), "add"),
    "fc": (channel(2, 0.5), "fc"),
    "conv1relu1": (channel(5, 3.0), "conv1"),
}


@pytest.mark.parametrize("name", list(FAULTS))
@pytest.mark.parametrize("how", HOW, ids=["plain", "c0=8", "old files", "names only"])
def test_a_planted_fault_is_located(tmp_path: Path, name: str, how: dict[str, object]) -> None:
    fault, node = FAULTS[name]
    model, done = recording(tmp_path, {name: fault}, **how)
    found = run(model, done.folder, tmp_path / "run")
    assert [c.target_node for c in found.culprits] == [name], [(r.golden_node, r.role, r.reason) for r in found.layers]
    assert node in found.culprits[0].golden_nodes
    assert found.culprits[0].stage is Stage.RUNTIME
    injects = [r.target_node for r in found.layers if r.role is Role.INJECTS]
    assert injects == [name]


def test_a_wrong_weight_is_the_conversions_fault(tmp_path: Path) -> None:
    def spoil(w: Array) -> Array:
        w = w.copy()
        w[4] *= 2
        return w

    model, done = recording(tmp_path, weights={"w2": spoil})
    found = run(model, done.folder, tmp_path / "run")
    culprit = found.culprits[0]
    assert (culprit.golden_node, culprit.stage) == ("conv2", Stage.CONVERSION)
    assert culprit.finding in ("ACC020", "ACC021")
    assert culprit.values["name"] == "w2"


def test_names_that_say_nothing_are_replaced_by_values(tmp_path: Path) -> None:
    names: Callable[[str], str] = lambda n: f"op{sum(map(ord, n)) % 997}"  # noqa: E731
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)}, stated=False, rename=names)
    found = run(model, done.folder, tmp_path / "run")
    kinds = {r.golden_node: r.mapping.kind for r in found.layers if r.target_tensor is not None}
    assert kinds["relu1"] in (MappingKind.FUSED, MappingKind.VALUE)
    assert {"relu1", "add", "fc", "soft"} <= set(kinds)
    assert len({"pool", "flat"} & set(kinds)) == 1  # the same values in another shape
    assert [c.golden_node for c in found.culprits] == ["conv2"]


def test_outputs_alone_still_tell_each_layers_own_error(tmp_path: Path) -> None:
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)}, outputs_only=True)
    with pytest.raises(DiagError, match="does not hold the input 'x'") as caught:
        run(model, done.folder, tmp_path / "run")
    assert "--input x=FILE.npy" in caught.value.hint
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 7)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    found = run(model, done.folder, tmp_path / "run", inputs=InputChoice(files={"x": tmp_path / "x.npy"}))
    assert found.inputs[0].source.startswith("from ")
    assert [c.golden_node for c in found.culprits] == ["conv2"]


def test_another_input_than_the_recorded_one_is_told(tmp_path: Path) -> None:
    model, done = recording(tmp_path)
    np.save(tmp_path / "x.npy", np.zeros((2, 3, 9, 7), np.float32))
    found = run(model, done.folder, tmp_path / "run", inputs=InputChoice(files={"x": tmp_path / "x.npy"}))
    assert "ACC107" in {f.code for f in found.findings}
    assert found.verdict is Verdict.FAIL
    assert found.culprits == ()  # each layer is right on what it read


def test_an_inserted_operation_that_spoils_values_is_a_culprit(tmp_path: Path) -> None:
    model, done = recording(tmp_path)
    file = next(done.folder.glob("TransData.*"))
    data = bytearray(file.read_bytes())
    half = 400
    data[-half:] = bytes(half)
    file.write_bytes(data)
    found = run(model, done.folder, tmp_path / "run")
    assert found.culprits[0].finding == "ACC102"
    assert found.culprits[0].target_node is not None
    assert found.culprits[0].target_node.startswith("trans_TransData")


def test_values_beyond_float16_are_called_an_overflow(tmp_path: Path) -> None:
    model, done = recording(tmp_path, {"conv2": lambda a: np.where(np.abs(a) > 0.5, np.inf, a).astype(np.float32)})
    task = next(done.folder.glob("Conv2D.conv2.*")).name.split(".")[2]
    (done.folder / f"Opdebug.Node_OpDebug.{task}.3.1767225600000001").write_bytes(overflow(int(task), 3))
    found = run(model, done.folder, tmp_path / "run")
    assert found.culprits[0].golden_node == "conv2"
    first = next(f for f in found.findings if f.code == "ACC104")
    assert first.subject == "conv2"
    assert first.values["unit"] == "AIC"


def test_integers_are_compared_exactly(tmp_path: Path) -> None:
    nodes = [helper.make_node("ArgMax", ["x"], ["i"], "top", axis=1, keepdims=0),
             helper.make_node("Add", ["i", "one"], ["y"], "plus")]
    model = save(tmp_path / "m.onnx", nodes, [value("x", (3, 5))], [value("y", (3,), TensorProto.INT64)],
                 {"one": np.array([1], np.int64)})
    parts = (Part("top", "ArgMaxD", ("top",), dtype=np.int64), Part("plus", "Add", ("plus",), dtype=np.int64))
    x = np.arange(15, dtype=np.float32).reshape(3, 5)
    done = Emulator(model, parts, tmp_path / "dump").run({"x": x}, {"plus": lambda a: a + 1})
    found = run(model, done.folder, tmp_path / "run")
    assert found.verdict is Verdict.FAIL
    assert [c.golden_node for c in found.culprits] == ["plus"]


def with_graph(path: Path, faults: Mapping[str, Fault] | None = None, **how: object) -> Comparison:
    model, done = recording(path, faults, **how)
    return run(model, done.folder, path / "run", graph=done.graph)


def test_the_graph_decides_where_names_say_nothing(tmp_path: Path) -> None:
    found = with_graph(tmp_path, {"conv2": channel(17, 1.25)}, rename=lambda n: f"te_{n[::-1]}")
    assert [(c.golden_node, c.target_node) for c in found.culprits] == [("conv2", "te_2vnoc")]
    rows = {r.golden_node: r for r in found.layers if r.target_tensor is not None}
    assert set(rows) == {"relu1", "conv2", "add", "flat", "fc", "soft"}
    assert rows["relu1"].mapping.kind is MappingKind.FUSED
    assert "ACC106" not in {f.code for f in found.findings}
    assert found.unmatched_target == ()


@pytest.mark.parametrize("how", HOW[:3], ids=["plain", "c0=8", "old files"])
def test_a_healthy_recording_passes_with_its_graph(tmp_path: Path, how: dict[str, object]) -> None:
    found = with_graph(tmp_path, **how)
    assert found.verdict is Verdict.PASS
    assert {r.verdict for r in found.layers if r.target_tensor is not None} == {Verdict.PASS}
    assert found.inputs[0].source == "recorded on the device"


def test_operations_that_were_not_recorded_are_told(tmp_path: Path) -> None:
    model, done = recording(tmp_path, {"fc": channel(2, 0.5)})
    next(done.folder.glob("Add.add.*")).unlink()
    engine = 'attr {\n key: "_ge_attr_op_kernel_lib_name"\n value {\n s: "AIcoreEngine"\n }\n }'
    done.graph.write_text(done.graph.read_text().replace('type: "Add"', f'type: "Add"\n{engine}'))
    found = run(model, done.folder, tmp_path / "run", graph=done.graph)
    gap = next(f for f in found.findings if f.code == "ACC108")
    assert (gap.values["count"], gap.values["first"]) == (1, "add")
    # What lies behind the gap is still judged by itself: it is run from what was recorded before it.
    assert [c.target_node for c in found.culprits] == ["fc"]


def test_a_graph_of_another_model_is_refused(tmp_path: Path) -> None:
    model, done = recording(tmp_path)
    text = done.graph.read_text()
    for name in ("conv", "add", "pool", "fc", "bias", "trans_"):
        text = text.replace(f'"{name}', f'"other_{name}')
    done.graph.write_text(text)
    with pytest.raises(DiagError, match="are of different models") as caught:
        run(model, done.folder, tmp_path / "run", graph=done.graph)
    assert "recorded operations are not in" in caught.value.where


def test_a_recording_of_another_model_is_refused(tmp_path: Path) -> None:
    _, done = recording(tmp_path)
    nodes = [helper.make_node("MaxPool", ["x"], ["m"], "largest", kernel_shape=[3, 3]),
             helper.make_node("Sigmoid", ["m"], ["y"], "squash")]
    other = save(tmp_path / "other.onnx", nodes, [value("x", (2, 3, 9, 7))], [value("y", (2, 3, 7, 5))])
    with pytest.raises(DiagError, match="of another model"):
        run(other, done.folder, tmp_path / "run")


@pytest.mark.parametrize("graph", [False, True])
def test_an_output_that_the_compiler_only_reshapes_is_compared(tmp_path: Path, graph: bool) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"], "relu"), helper.make_node("Mul", ["r", "two"], ["m"], "twice"),
             helper.make_node("Reshape", ["m", "to"], ["y"], "shape")]
    model = save(tmp_path / "m.onnx", nodes, [value("x", (2, 3, 4))], [value("y", (6, 4))],
                 {"two": np.array([2], np.float32), "to": np.array([6, 4], np.int64)})
    parts = (Part("relu", "Relu", ("relu",)), Part("twice", "Mul", ("twice",)))
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    emulator = Emulator(model, parts, tmp_path / "dump")
    emulator.values["y"] = ("twice:0", Dumped(np.zeros((6, 4), np.float16), original=(6, 4)))
    done = emulator.run({"x": x}, {"twice": lambda a: a * np.float32(1.2)})
    found = run(model, done.folder, tmp_path / "run", graph=done.graph if graph else None)
    assert found.outputs[0].verdict is Verdict.FAIL
    assert found.outputs[0].cumulative is not None
    assert [c.golden_node for c in found.culprits] == ["twice"]


def test_a_fused_operation_named_after_its_first_part_is_corrected_by_values(tmp_path: Path) -> None:
    """What another converter does before the compiler: it fuses, and keeps the name of one part."""
    short = {"conv1relu1": "conv1", "poolflat": "pool", "biassoft": "bias"}
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)}, stated=False, rename=lambda n: short.get(n, n))
    found = run(model, done.folder, tmp_path / "run")
    rows = {r.golden_node: r for r in found.layers if r.target_tensor is not None}
    assert rows["relu1"].target_node == "conv1"
    assert rows["relu1"].mapping.golden_nodes == ("conv1", "relu1")
    assert rows["soft"].target_node == "bias"
    assert [c.golden_node for c in found.culprits] == ["conv2"]


def test_bfloat16_is_judged_as_bfloat16(tmp_path: Path) -> None:
    parts = tuple(replace(p, dtype=ml_dtypes.bfloat16) for p in PARTS)
    model = net(tmp_path / "net.onnx")
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 7)).astype(np.float32)
    done = Emulator(model, parts, tmp_path / "dump").run({"x": x}, {"add": lambda a: a + np.float32(0.3)})
    found = run(model, done.folder, tmp_path / "run")
    assert found.target.dtype == "bfloat16"
    assert [c.target_node for c in found.culprits] == ["add"]
    clean = {r.golden_node for r in found.layers if r.role is Role.CLEAN}
    assert {"relu1", "conv2"} <= clean


def test_a_layer_that_was_kept_in_float32_is_not_blamed(tmp_path: Path) -> None:
    parts = tuple(replace(p, dtype=np.float32) if p.name in ("fc", "biassoft") else p for p in PARTS)
    model = net(tmp_path / "net.onnx")
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 7)).astype(np.float32)
    found = run(model, Emulator(model, parts, tmp_path / "dump").run({"x": x}).folder, tmp_path / "run")
    assert found.verdict is Verdict.PASS
    assert {r.verdict for r in found.layers if r.target_tensor is not None} == {Verdict.PASS}
    assert found.culprits == ()


def test_quantised_tensors_are_not_compared_with_floats(tmp_path: Path) -> None:
    model, done = recording(tmp_path)
    file = next(done.folder.glob("Add.add.*"))
    a = np.ones((2, 20, 9, 7), np.int8)
    file.write_bytes(dump("add", [Dumped(a, original=a.shape)], [Dumped(a, original=a.shape)]))
    found = run(model, done.folder, tmp_path / "run")
    row = next(r for r in found.layers if r.golden_node == "add")
    assert row.verdict is Verdict.NOT_COMPARABLE
    assert row.reason == "it was recorded as int8, golden is float32: quantised"
    assert found.verdict is Verdict.PASS
    assert found.culprits == ()


def test_pairs_given_by_hand_decide(tmp_path: Path) -> None:
    model, done = recording(tmp_path, stated=False, rename=lambda n: f"op_{n}"[::-1])
    hand = tmp_path / "map.json"
    hand.write_text('{"dda_po": "a"}')
    found = run(model, done.folder, tmp_path / "run", map_file=hand)
    row = next(r for r in found.layers if r.golden_node == "add")
    assert (row.target_node, row.mapping.kind, row.mapping.confidence) == ("dda_po", MappingKind.MANUAL, 1.0)
    assert found.verdict is Verdict.PASS


def test_without_own_input_the_first_layer_that_fails_is_named(tmp_path: Path) -> None:
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)})
    found = run(model, done.folder, tmp_path / "run", own_input=False)
    assert all(r.own_input is None for r in found.layers)
    assert [c.golden_node for c in found.culprits] == ["conv2"]


def test_the_limits_of_the_documents(tmp_path: Path) -> None:
    model, done = recording(tmp_path, {"conv2": channel(17, 3.0)})
    found = run(model, done.folder, tmp_path / "run", preset="mindstudio")
    assert found.preset == "mindstudio"
    assert "conv2" in [c.golden_node for c in found.culprits]
    assert all("RelativeEuclidean" in r.reason or "Cosine" in r.reason or "MeanRelative" in r.reason
               for r in found.layers if r.golden_node == "conv2")


def test_an_operation_that_the_compiler_split_is_judged_as_a_whole(tmp_path: Path) -> None:
    """Two device operations, both made of the one original: the last of them writes its result."""
    split = (Part("soft_part1", "Add", ("bias",), originals=("bias", "soft")),
             Part("soft_part2", "SoftmaxV2", ("soft",), originals=("bias", "soft")))
    model = net(tmp_path / "net.onnx")
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 7)).astype(np.float32)
    emulator = Emulator(model, (*PARTS[:-1], *split), tmp_path / "dump")
    done = emulator.run({"x": x}, {"soft_part1": lambda a: a * np.float32(1.3)})
    found = run(model, done.folder, tmp_path / "run", graph=done.graph)
    row = next(r for r in found.layers if r.golden_node == "soft")
    assert (row.target_node, row.role) == ("soft_part2", Role.INJECTS)
    assert row.mapping.golden_nodes == ("bias", "soft")
    assert [u.node for u in found.unmatched_target] == ["soft_part1"]
    assert found.unmatched_target[0].reason.startswith("one of several parts of an operation")
    assert [c.golden_nodes for c in found.culprits] == [("bias", "soft")]


def test_several_outputs_are_told_apart(tmp_path: Path) -> None:
    nodes = [helper.make_node("Split", ["x"], ["a", "b"], "split", axis=1),
             helper.make_node("Neg", ["a"], ["n"], "neg"), helper.make_node("Add", ["n", "b"], ["y"], "add")]
    model = save(tmp_path / "m.onnx", nodes, [value("x", (2, 6))], [value("y", (2, 3))])
    x = np.random.default_rng(0).normal(size=(2, 6)).astype(np.float16)
    a, b = x[:, :3], x[:, 3:]
    folder = tmp_path / "dump"
    folder.mkdir()

    def put(task: int, name: str, op: str, reads: list[Array], writes: list[Array]) -> None:
        (folder / f"{op}.{name}.{task}.0.176722560000{task:04d}").write_bytes(
            dump(name, [Dumped(r, original=r.shape) for r in reads], [Dumped(w, original=w.shape) for w in writes]))

    wrong = (b * np.float16(1.5)).astype(np.float16)
    put(1, "split", "SplitD", [x], [np.ascontiguousarray(a), wrong])
    put(2, "neg", "Neg", [np.ascontiguousarray(a)], [-a])
    put(3, "add", "Add", [-a, wrong], [-a + wrong])
    found = run(model, folder, tmp_path / "run")
    rows = {r.golden_tensor: r for r in found.layers}
    assert (rows["a"].target_tensor, rows["a"].role) == ("split:0", Role.CLEAN)
    assert (rows["b"].target_tensor, rows["b"].role) == ("split:1", Role.INJECTS)
    assert rows["y"].role is Role.INHERITS
    assert [c.golden_node for c in found.culprits] == ["split"]


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("limit", [np.inf, 65504.0])
def test_a_mask_constant_that_float16_cannot_hold_is_no_error_by_itself(tmp_path: Path, limit: float) -> None:
    mask = np.where(np.tri(4), 0, np.finfo(np.float32).min).astype(np.float32)
    nodes = [helper.make_node("Add", ["x", "mask"], ["m"], "masked"), helper.make_node("Softmax", ["m"], ["y"], "soft")]
    model = save(tmp_path / "m.onnx", nodes, [value("x", (4, 4))], [value("y", (4, 4))], {"mask": mask})
    parts = (Part("masked", "Add", ("masked",)), Part("soft", "SoftmaxV2", ("soft",)))
    x = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    done = Emulator(model, parts, tmp_path / "dump").run(
        {"x": x}, {"masked": lambda a: np.clip(a, -limit, limit).astype(np.float32)})
    found = run(model, done.folder, tmp_path / "run")
    assert found.verdict is Verdict.PASS
    assert {r.role for r in found.layers} == {Role.CLEAN}
    assert found.culprits == ()


def test_a_reshape_with_the_same_bytes_is_not_taken_for_the_source(tmp_path: Path) -> None:
    nodes = [helper.make_node("Neg", ["x"], ["a"], "neg"),
             helper.make_node("Reshape", ["a", "flat"], ["r"], "reshape"), helper.make_node("Sin", ["r"], ["s"], "sin"),
             helper.make_node("Reshape", ["s", "square"], ["q"], "back"),
             helper.make_node("Add", ["q", "a"], ["y"], "add")]
    model = save(tmp_path / "m.onnx", nodes, [value("x", (3, 4))], [value("y", (3, 4))],
                 {"flat": np.array([12], np.int64), "square": np.array([3, 4], np.int64)})
    parts = tuple(Part(n, o, (n,)) for n, o in (("neg", "Neg"), ("reshape", "Reshape"), ("sin", "Sin"),
                                                ("back", "Reshape"), ("add", "Add")))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    done = Emulator(model, parts, tmp_path / "dump", stated=False).run({"x": x}, {"neg": lambda a: a * np.float32(1.5)})
    found = run(model, done.folder, tmp_path / "run")
    assert [r.golden_node for r in found.layers if r.role is Role.INJECTS] == ["neg"]
    assert [c.golden_node for c in found.culprits] == ["neg"]
