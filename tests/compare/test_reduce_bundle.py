"""From a pair of models to a bundle: culprits, fused groups, growth, intervals, and what the bundle then shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from formats.mindir_files import m, model, node, shape, tensor
from onnx import TensorProto, helper
from samples import shared
from small_models import perceptron, save, value, weights

from diag.cancel import Cancel
from diag.compare.plan import ComparePlan, InputChoice
from diag.compare.reduce.result import Reduction
from diag.errors import UsageError
from diag.events import Event, Finished, Progress
from diag.jobs.compare import CompareJob
from diag.jobs.reduce import ReduceJob, reduce_here
from diag.runtimes.interface import RuntimeSpec
from diag.types.layer import Verdict

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "samples" / "text_encoder"
NORM = "/model/encoder/layers.0/layer_norm1/LayerNormalization"


def job(golden: Path, target: Path, home: Path, runtime: str = "reference", **more) -> ReduceJob:
    compared = {k: more.pop(k) for k in ("own_input", "inputs", "dtype") if k in more}
    plan = ComparePlan(golden, target, home / "run", **compared)
    return ReduceJob(CompareJob(plan, runtime, more.pop("spec", None)), home / "bundle", **more)


def events(asked: ReduceJob) -> list[Event]:
    return list(reduce_here(asked, Cancel()))


def reduced(asked: ReduceJob) -> Reduction:
    last = events(asked)[-1]
    assert isinstance(last, Finished)
    return last.result


def repro(bundle: Path, *, with_diag: bool = False, python: str | Path = sys.executable,
          script: str = "repro.py") -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if with_diag:
        env["PYTHONPATH"] = str(ROOT)
    return subprocess.run([python, str(bundle / script)], capture_output=True, text=True, env=env, cwd="/",
                          check=False, timeout=120)


def manifest(bundle: Path) -> dict:
    return json.loads((bundle / "bundle.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Reduction:
    """The shipped defect, reduced by the reference runtime. No converter: none is looked for in an empty home."""
    home = tmp_path_factory.mktemp("sample")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diag.jobs.reduce.discover", list)
        return reduced(job(SAMPLES / "defect/text_encoder.onnx", SAMPLES / "defect/text_encoder.mindir", home))


def test_the_layernorm_alone_is_the_bundle(sample: Reduction):
    assert sample.verdict is Verdict.FAIL
    assert sample.focus is not None
    assert (sample.focus.kind, sample.focus.golden_node, sample.focus.finding) == ("culprit", NORM, "ACC011")
    assert sample.golden_nodes == sample.target_nodes == (NORM,)
    assert (sample.golden_total, sample.target_total) == (123, 71)
    assert [(a.context, a.shows) for a in sample.attempts] == [(0, True)]
    error, = sample.errors
    assert error.metrics is not None
    assert sample.focus.recorded is not None
    assert error.metrics.rel_l2 == pytest.approx(sample.focus.recorded.rel_l2, rel=1e-6)
    model = onnx.load(Path(sample.bundle or "") / "golden.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [n.op_type for n in model.graph.node] == ["LayerNormalization"]
    assert model.opset_import[0].version == 17
    assert len(model.graph.initializer) == 2


def test_the_bundle_is_whole_and_says_no_path_of_this_machine(sample: Reduction):
    bundle = Path(sample.bundle or "")
    assert {f.name for f in bundle.iterdir()} == {
        "golden.onnx", "target.mindir", "inputs.npz", "expected.npz", "observed.npz", "repro.py", "convert.py",
        "convert.sh", "README.md", "bundle.json"}
    for name in ("README.md", "bundle.json"):
        text = (bundle / name).read_text("utf-8")
        assert str(ROOT) not in text
        assert str(bundle.parent) not in text
        assert "ACC011" in text
    found = manifest(bundle)
    assert found["schema"] == "diag.bundle/1"
    assert found["findings"][0]["advice"]
    assert found["golden"]["sha256"] == sample.golden.sha256
    assert found["environment"]["onnxruntime"]
    assert found["opset"] == {"ai.onnx": 17}
    assert all(len(f["sha256"]) == 64 and (bundle / f["name"]).stat().st_size == f["size"] for f in found["files"])
    readme = (bundle / "README.md").read_text("utf-8")
    assert "1 ONNX node of 123" in readme
    assert "Epsilon is 0 in the target and 1e-05 in the golden model" in readme
    assert "6.865e-03" in readme


def test_expected_and_observed_differ_by_the_error(sample: Reduction):
    bundle = Path(sample.bundle or "")
    with np.load(bundle / "expected.npz") as want, np.load(bundle / "observed.npz") as got:
        name, = want.files
        assert got.files == [name]
        error = np.linalg.norm(got[name] - want[name]) / np.linalg.norm(want[name])
    assert error == pytest.approx(6.865e-3, rel=1e-3)


def test_repro_shows_the_error_in_the_reference_runtime_and_what_was_recorded_without_one(sample: Reduction):
    bundle = Path(sample.bundle or "")
    ran = repro(bundle, with_diag=True)
    assert ran.returncode == 1, ran.stderr
    assert "target.mindir in the reference runtime" in ran.stdout
    assert "relative L2 error 6.865e-03 (bundle: 6.865e-03)" in ran.stdout
    assert "THE ERROR IS THERE" in ran.stdout
    alone = repro(bundle)
    if "no runtime for target.mindir" in alone.stdout:
        assert alone.returncode == 3
    else:  # this Python has our package installed
        assert alone.returncode == 1
    assert "relative L2 error 6.865e-03" in alone.stdout
    assert repro(bundle, script="convert.py").returncode == 3


def test_where_the_converter_is_missing_that_is_said(sample: Reduction):
    assert sample.again is not None
    assert (sample.again.tried, sample.again.reproduces) == (False, False)
    assert "not installed here" in sample.again.note


@pytest.mark.mslite
def test_in_the_real_runtime_the_bundle_fails_too_and_converting_again_reproduces(
        mslite_spec: RuntimeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("diag.jobs.reduce.discover", lambda: [mslite_spec])
    found = reduced(job(SAMPLES / "defect/text_encoder.onnx", SAMPLES / "defect/text_encoder.mindir", tmp_path,
                        "mindspore-lite", spec=mslite_spec))
    assert found.verdict is Verdict.FAIL
    assert found.target.runtime == "mindspore-lite"
    assert found.target_nodes == (NORM,)
    assert found.again is not None
    assert found.again.reproduces
    assert found.again.error == pytest.approx(6.865e-3, rel=1e-2)
    assert mslite_spec.python is not None
    ran = repro(tmp_path / "bundle", python=mslite_spec.python)
    assert ran.returncode == 1, ran.stderr
    assert "target.mindir in mindspore_lite" in ran.stdout
    again = repro(tmp_path / "bundle", python=mslite_spec.python, script="convert.py")
    assert again.returncode == 1, again.stderr
    assert "converted.mindir in mindspore_lite" in again.stdout
    assert (tmp_path / "bundle" / "converted.mindir").is_file()


def test_a_healthy_pair_leaves_nothing_behind(tmp_path: Path):
    found = reduced(job(SAMPLES / "healthy/text_encoder.onnx", SAMPLES / "healthy/text_encoder.mindir", tmp_path))
    assert (found.verdict, found.bundle, found.focus) == (Verdict.PASS, None, None)
    assert not (tmp_path / "bundle").exists()


def planted(home: Path, **changed: np.ndarray) -> tuple[Path, Path]:
    """Two perceptrons that differ in the given weights."""
    return perceptron(home / "golden.onnx"), perceptron(home / "target.onnx", held={**weights(), **changed})


def test_onnx_against_onnx(tmp_path: Path):
    golden, target = planted(tmp_path, w2=weights()["w2"] * np.float32(1.04))
    found = reduced(job(golden, target, tmp_path, "auto"))
    assert found.golden_nodes == found.target_nodes == ("fc2",)
    assert found.again is None
    bundle = tmp_path / "bundle"
    assert not (bundle / "convert.py").exists()
    assert [n.name for n in onnx.load(bundle / "target.onnx").graph.node] == ["fc2"]
    ran = repro(bundle)
    assert ran.returncode == 1, ran.stderr
    assert "4.000e-02" in ran.stdout
    # A target that was mended shows nothing any more.
    (bundle / "target.onnx").write_bytes((bundle / "golden.onnx").read_bytes())
    mended = repro(bundle)
    assert mended.returncode == 0, mended.stderr
    assert "no error" in mended.stdout


def test_nan_is_the_error(tmp_path: Path):
    broken = weights()["w1"].copy()
    broken[3, 3] = np.nan
    golden, target = planted(tmp_path, w1=broken)
    found = reduced(job(golden, target, tmp_path, "auto"))
    assert found.golden_nodes == ("fc1",)
    ran = repro(tmp_path / "bundle")
    assert ran.returncode == 1, ran.stderr
    assert "non-finite 1: THE ERROR IS THERE" in ran.stdout


def test_a_layer_by_name_takes_in_neighbours_until_the_error_shows(tmp_path: Path):
    """act itself is right: one node above it the bias is wrong."""
    golden, target = planted(tmp_path, b1=weights()["b1"] * np.float32(1.5))
    found = reduced(job(golden, target, tmp_path, "auto", layer="act"))
    assert found.verdict is Verdict.FAIL
    assert found.focus is not None
    assert (found.focus.kind, found.focus.golden_node, found.focus.blames) == ("layer", "act", "add1")
    assert [(a.context, a.shows) for a in found.attempts] == [(0, False), (1, True)]
    assert (found.context, found.target_nodes) == (1, ("add1", "act", "fc2"))
    assert "neighbours above" in (tmp_path / "bundle" / "README.md").read_text("utf-8")
    assert repro(tmp_path / "bundle").returncode == 1


def test_growth_doubles_and_is_then_narrowed(tmp_path: Path):
    """Twelve healthy nodes; the wrong one is three below the first that is asked for."""
    def chain(path: Path, factor: float) -> Path:
        nodes = [helper.make_node("Mul", [f"v{i}", "w3" if i == 3 else "w"], [f"v{i + 1}"], f"mul{i}")
                 for i in range(12)]
        return save(path, nodes, [value("v0", (1, 64))], [value("v12", (1, 64))],
                    {"w": np.float32([1.5]), "w3": np.float32([factor])})
    found = reduced(job(chain(tmp_path / "golden.onnx", 1), chain(tmp_path / "target.onnx", 1.25), tmp_path, "auto",
                        layer="mul0"))
    assert [(a.context, a.shows) for a in found.attempts] == [
        (0, False), (1, False), (2, False), (4, True), (3, True)]
    assert found.target_nodes == ("mul0", "mul1", "mul2", "mul3")


def test_more_context_can_be_asked_for(tmp_path: Path):
    golden, target = planted(tmp_path, w2=weights()["w2"] * np.float32(1.04))
    found = reduced(job(golden, target, tmp_path, "auto", context=1))
    assert found.target_nodes == ("act", "fc2", "add2")
    assert [o.value for o in found.outputs] == ["m2", "y"]


def creeping(home: Path) -> tuple[Path, Path]:
    """Each of 40 nodes is 8e-6 off, which passes; together they fail."""
    def chain(path: Path, factor: float) -> Path:
        nodes = [helper.make_node("Mul", [f"v{i}", "w"], [f"v{i + 1}"], f"mul{i}") for i in range(40)]
        return save(path, nodes, [value("v0", (1, 64))], [value("v40", (1, 64))], {"w": np.float32([factor])})
    return chain(home / "golden.onnx", 1), chain(home / "target.onnx", 1.000008)


def test_without_a_culprit_the_shortest_failing_interval_is_found(tmp_path: Path):
    found = reduced(job(*creeping(tmp_path), tmp_path, "auto"))
    assert found.verdict is Verdict.FAIL
    assert found.focus is not None
    assert (found.focus.kind, found.context) == ("interval", -1)
    size = len(found.target_nodes)
    assert 2 < size < 20
    assert found.golden_nodes == found.target_nodes
    # One node less on either side and it does not fail any more.
    tried = {a.target_nodes: a.shows for a in found.attempts}
    assert tried[size] is True
    assert tried[size - 1] is False
    assert len(found.attempts) < 20
    assert "No single layer is far off" in (tmp_path / "bundle" / "README.md").read_text("utf-8")
    assert repro(tmp_path / "bundle").returncode == 1


def test_a_fused_group_is_one_target_node_and_all_its_golden_nodes(tmp_path: Path):
    """Gemm in the target does what MatMul and Add do in the golden model."""
    held = weights()
    golden = perceptron(tmp_path / "golden.onnx")
    nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["a"], "fc1"), helper.make_node("Relu", ["a"], ["r"], "act"),
             helper.make_node("Gemm", ["r", "w2", "b2"], ["y"], "fc2")]
    target = save(tmp_path / "target.onnx", nodes, [value("x", (1, 8))], [value("y", (1, 8))],
                  {**held, "b1": held["b1"] * np.float32(1.5)})
    found = reduced(job(golden, target, tmp_path, "auto"))
    assert found.golden_nodes == ("fc1", "add1")
    assert found.target_nodes == ("fc1",)
    assert repro(tmp_path / "bundle").returncode == 1


def test_a_layer_without_own_input_measurement_is_reduced_too(tmp_path: Path):
    golden, target = planted(tmp_path, w2=weights()["w2"] * np.float32(1.04))
    found = reduced(job(golden, target, tmp_path, "auto", own_input=False))
    assert found.golden_nodes == ("fc2",)


def test_a_float16_model(tmp_path: Path):
    def model(path: Path, scale: float) -> Path:
        nodes = [helper.make_node("MatMul", ["x", "w"], ["m"], "fc"), helper.make_node("Relu", ["m"], ["y"], "act")]
        w = (weights()["w1"] * scale).astype(np.float16)
        return save(path, nodes, [value("x", (1, 8), TensorProto.FLOAT16)], [value("y", (1, 8), TensorProto.FLOAT16)],
                    {"w": w})
    found = reduced(job(model(tmp_path / "golden.onnx", 1), model(tmp_path / "target.onnx", 1.04), tmp_path, "auto"))
    assert found.golden_nodes == ("fc",)
    assert found.inputs[0].dtype == "float16"
    assert repro(tmp_path / "bundle").returncode == 1


def test_an_error_that_does_not_come_again_writes_nothing(tmp_path: Path):
    """A random node: golden itself gives other values each time."""
    nodes = [helper.make_node("RandomNormalLike", ["x"], ["n"], "noise"),
             helper.make_node("Add", ["x", "n"], ["y"], "add")]
    golden = save(tmp_path / "golden.onnx", nodes, [value("x", (1, 8))], [value("y", (1, 8))])
    target = save(tmp_path / "target.onnx", nodes, [value("x", (1, 8))], [value("y", (1, 8))])
    found = reduced(job(golden, target, tmp_path, "auto", layer="noise"))
    assert (found.verdict, found.bundle) == (Verdict.NOT_COMPARABLE, None)
    assert "does not come again" in found.note
    assert not (tmp_path / "bundle").exists()


def test_a_recorded_run_is_not_compared_again(tmp_path: Path):
    golden, target = planted(tmp_path, w2=weights()["w2"] * np.float32(1.04))
    first = reduced(job(golden, target, tmp_path, "auto", zip=True))
    assert first.archive == str(tmp_path / "bundle.zip")
    asked = job(golden, target, tmp_path, "auto", run=tmp_path / "run")
    stages = {e.stage for e in events(asked) if isinstance(e, Progress)}
    assert "Comparing layers" not in stages
    assert reduced(asked).target_nodes == ("fc2",)  # the older bundle is replaced
    golden.write_bytes(golden.read_bytes() + b"\x72\x00")
    with pytest.raises(UsageError, match="not the one that the run was made with"):
        events(asked)


def test_inputs_of_the_user_are_the_bundles(tmp_path: Path):
    golden, target = planted(tmp_path, w1=weights()["w1"] * np.float32(1.04))
    x = np.full((1, 8), 0.25, np.float32)
    np.savez(tmp_path / "in.npz", x=x)
    reduced(job(golden, target, tmp_path, "auto", inputs=InputChoice(tmp_path / "in.npz")))
    with np.load(tmp_path / "bundle" / "inputs.npz") as held:
        np.testing.assert_array_equal(held["x"], x)


@pytest.mark.parametrize("name", ["nothing_like_it", "fc"])
def test_an_unknown_layer_is_refused_with_close_matches(name: str, tmp_path: Path):
    golden, target = planted(tmp_path, w2=weights()["w2"] * np.float32(1.04))
    with pytest.raises(UsageError, match=f"There is no layer '{name}'") as caught:
        events(job(golden, target, tmp_path, "auto", layer=name))
    assert ("fc1" in caught.value.hint) == (name == "fc")
    assert not (tmp_path / "bundle").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path):
    golden, target = planted(tmp_path)
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="holds other files"):
        events(job(golden, target, tmp_path, "auto"))
    assert [f.name for f in (tmp_path / "bundle").iterdir()] == ["mine.txt"]


def test_a_real_unet_with_a_planted_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """NCHW against NHWC and hundreds of nodes: one convolution's weights are changed in the golden side."""
    golden, target = shared("diffusion/tiny/onnx/unet/model.onnx"), shared("diffusion/tiny/mindir/unet.mindir")
    monkeypatch.setattr("diag.jobs.reduce.discover", list)
    model = onnx.load(golden)
    conv = [n for n in model.graph.node if n.op_type == "Conv"][3]
    kernel = next(t for t in model.graph.initializer if t.name == conv.input[1])
    array = onnx.numpy_helper.to_array(kernel) * np.float32(1.1)
    kernel.CopyFrom(onnx.numpy_helper.from_array(array, kernel.name))
    onnx.save(model, tmp_path / "golden.onnx")
    found = reduced(job(tmp_path / "golden.onnx", target, tmp_path))
    assert found.focus is not None
    assert found.focus.golden_node == conv.name
    assert conv.name in found.golden_nodes
    assert len(found.golden_nodes) <= 2
    assert repro(tmp_path / "bundle", with_diag=True).returncode == 1


def adding(home: Path, held: list[float]) -> tuple[Path, Path]:
    """y = x + w: w in the ONNX is ones; in the MindIR it lies in a file beside the model and is ``held``."""
    golden = save(home / "golden.onnx", [helper.make_node("Add", ["x", "w"], ["y"], "add")], [value("x", (2, 3))],
                  [value("y", (2, 3))], {"w": np.ones(3, np.float32)})
    (home / "m_variables").mkdir()
    data = np.array(held, "<f4").tobytes()
    (home / "m_variables" / "data_0").write_bytes(b"\x01" + bytes(63) + data)
    away = m("External", {"location": "m_variables/data_0", "offset": 64, "length": len(data)})
    main = m("Graph", {
        "node": [node("Add:1", ["g:x", "w"], "out", shape(2, 3, name="y"), domain="add")], "name": "g",
        "parameter": [tensor("w", [3], external_data=away)],
        "input": [m("ValueInfo", {"name": "g:x", "tensor": tensor("x", [2, 3])})],
        "output": [m("ValueInfo", {"name": "out"})]})
    target = home / "m_graph.mindir"
    target.write_bytes(model(main, ["Add:1"]))
    return golden, target


def test_weights_in_a_file_beside_the_mindir_come_inside(tmp_path: Path):
    (tmp_path / "models").mkdir()
    golden, target = adding(tmp_path / "models", [1, 1, 3])
    found = reduced(job(golden, target, tmp_path))
    assert found.verdict is Verdict.FAIL
    (tmp_path / "models" / "m_variables" / "data_0").unlink()
    assert not list((tmp_path / "bundle").glob("*_variables"))
    ran = repro(tmp_path / "bundle", with_diag=True)
    assert ran.returncode == 1, ran.stderr


def test_the_part_of_an_encrypted_model_is_plain_and_that_is_said(tmp_path: Path):
    key = b"0123456789ABCDEF"
    iv = bytes(16)
    cipher = Cipher(algorithms.AES(key), modes.GCM(iv[:12])).encryptor()
    text = cipher.update((SAMPLES / "defect/text_encoder.mindir").read_bytes()) + cipher.finalize()
    magic, size, lengths = ((n).to_bytes(4, "little") for n in (0x7F3A5ED8, len(text) + 24, 16))
    target = tmp_path / "secret.mindir"
    target.write_bytes(magic + cipher.tag + size + lengths + iv + len(text).to_bytes(4, "little") + text)
    asked = job(SAMPLES / "defect/text_encoder.onnx", target, tmp_path)
    plan = replace(asked.compare.plan, key=key.decode())
    found = reduced(replace(asked, compare=replace(asked.compare, plan=plan)))
    assert found.target_nodes == (NORM,)
    assert "its part here is not" in (tmp_path / "bundle" / "README.md").read_text("utf-8")
    assert manifest(tmp_path / "bundle")["decrypted"] is True
    assert key not in b"".join(f.read_bytes() for f in (tmp_path / "bundle").iterdir())
