"""Faults in each submodel, converted and run by the real MindSpore Lite: the submodel and its layer are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from corpus.mslite import MindSporeLite
from onnx import helper
from pipeline_samples import DEFECT, HEALTHY, SUBMODELS, named, onnx_of, planted, readers, search, spec_with

from diag.pipeline.spec import load
from diag.runtimes.interface import RuntimeSpec
from diag.types.layer import Stage, Verdict
from diag.types.pipeline import PipelineDiagnosis, SwapKind

pytestmark = pytest.mark.mslite

FAULTS = {
    "text_encoder": ("text_model.encoder.layers.1.self_attn.q_proj", 1.3),
    "vae_encoder": ("encoder.down_blocks.1.resnets.0.conv2.weight", 1.05),
    "unet": ("mid_block.resnets.0.conv1.weight", 1.2),
    "vae_decoder": ("decoder.up_blocks.1.upsamplers.0.conv.weight", 1.05),
    "safety_checker": ("visual_projection.weight", 1.1),
}
"""Weight and factor by submodel; a linear layer's weight is named by its bias' scope."""


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory, mslite_python: Path) -> Any:
    work = tmp_path_factory.mktemp("lite")
    with MindSporeLite(mslite_python, work) as running:
        running.convert(onnx_of("safety_checker"), work / "first.mindir")  # it starts here, not within a test
        yield running


def converted(lite: MindSporeLite, name: str, folder: Path, factor: float | None = None) -> tuple[Path, str]:
    """The fault's MindIR, and the weight that was changed."""
    weight, usual = FAULTS[name]
    if not any(t.name == weight for t in onnx.load(str(onnx_of(name))).graph.initializer):
        matmul = next(n for n in onnx.load(str(onnx_of(name))).graph.node
                      if n.op_type == "MatMul" and n.name.startswith("/" + _path(weight)))
        weight = matmul.input[1]
    wrong = planted(name, weight, lambda a: a * np.float32(factor or usual), folder / name / "model.onnx")
    lite.convert(wrong, folder / f"{name}.mindir")
    return folder / f"{name}.mindir", weight


def _path(scope: str) -> str:
    made: list[str] = []
    for part in scope.split("."):
        if part.isdigit() and made:
            made[-1] += f".{part}"
        else:
            made.append(part)
    return "/".join(made)


def test_the_healthy_pipeline_passes(tmp_path: Path, mslite_spec: RuntimeSpec) -> None:
    found = search(load(HEALTHY), tmp_path / "run", [mslite_spec])
    assert {s.runtime for s in found.submodels} == {"mindspore-lite"}
    assert (found.verdict, named(found), found.findings) == (Verdict.PASS, [], ())
    assert {r.verdict for r in found.runs} == {Verdict.PASS}
    assert min(r.image.psnr for r in found.runs if r.image is not None and not r.image.equal) > 105
    assert [r.kind for r in found.runs] == [SwapKind.GOLDEN] * 2 + [SwapKind.SINGLE] * 5 + [
        SwapKind.LEAVE_ONE_OUT] * 5 + [SwapKind.ALL]
    assert found.noise is not None
    assert found.noise.equal


@pytest.mark.parametrize("name", [n for n in SUBMODELS if n != "vae_encoder"])  # that one below
def test_a_planted_fault_is_located_in_its_submodel_and_its_layer(name: str, tmp_path: Path, lite: MindSporeLite,
                                                                  mslite_spec: RuntimeSpec) -> None:
    mindir, weight = converted(lite, name, tmp_path)
    found = search(spec_with({name: mindir}), tmp_path / "run", [mslite_spec])
    assert named(found) == [name]
    assert found.verdict is Verdict.FAIL
    _layer_is_right(found, name, weight)


def test_the_weakest_fault_moves_the_picture_little_and_is_found_all_the_same(
        tmp_path: Path, lite: MindSporeLite, mslite_spec: RuntimeSpec) -> None:
    mindir, weight = converted(lite, "vae_encoder", tmp_path)
    found = search(spec_with({"vae_encoder": mindir}), tmp_path / "run", [mslite_spec])
    run = next(r for r in found.runs if r.swapped == ("vae_encoder",))
    assert run.image is not None
    assert run.image.psnr > 40, "an absolute limit of 30 dB would pass it"
    assert run.verdict is Verdict.WATCH
    assert "below the worst healthy swap" in run.reason
    _layer_is_right(found, "vae_encoder", weight)


def test_two_faults_at_once(tmp_path: Path, lite: MindSporeLite, mslite_spec: RuntimeSpec) -> None:
    made = {name: converted(lite, name, tmp_path) for name in ("text_encoder", "vae_decoder")}
    found = search(spec_with({n: m for n, (m, _) in made.items()}), tmp_path / "run", [mslite_spec])
    assert set(named(found)) == set(made)
    for name, (_, weight) in made.items():
        _layer_is_right(found, name, weight)
    pairs = [r for r in found.runs if r.kind is SwapKind.PAIR]
    assert [set(r.swapped) for r in pairs] == [set(made)]
    assert found.masked == ()


def test_a_submodel_that_does_not_load_is_a_finding_and_the_rest_goes_on(
        tmp_path: Path, lite: MindSporeLite, mslite_spec: RuntimeSpec) -> None:
    broken = tmp_path / "unet.mindir"
    whole = (HEALTHY.parent / "mindir" / "unet.mindir").read_bytes()
    broken.write_bytes(whole[:len(whole) // 2])
    mindir, weight = converted(lite, "text_encoder", tmp_path)
    found = search(spec_with({"unet": broken, "text_encoder": mindir}), tmp_path / "run", [mslite_spec])
    assert "PIP003" in {f.code for f in found.findings}
    assert next(s for s in found.submodels if s.name == "unet").error_finding is not None
    assert all("unet" not in r.swapped or r.error is not None for r in found.runs)
    assert named(found) == ["text_encoder"]
    _layer_is_right(found, "text_encoder", weight)
    rest = [r for r in found.runs if r.kind is SwapKind.LEAVE_ONE_OUT]
    assert len(rest) == 4
    assert all(r.error is None for r in rest)


def test_a_nan_in_the_middle(tmp_path: Path, lite: MindSporeLite, mslite_spec: RuntimeSpec) -> None:
    """A weight that is NaN: from one layer on, and in the picture."""
    wrong = planted("vae_decoder", "decoder.up_blocks.1.resnets.0.conv1.weight", _poisoned,
                    tmp_path / "vae_decoder.onnx")
    lite.convert(wrong, tmp_path / "vae_decoder.mindir")
    found = search(spec_with({"vae_decoder": tmp_path / "vae_decoder.mindir"}), tmp_path / "run", [mslite_spec])
    assert named(found) == ["vae_decoder"]
    assert "PIP002" in {f.code for f in found.findings}
    run = next(r for r in found.runs if r.swapped == ("vae_decoder",))
    assert run.verdict is Verdict.FAIL
    _layer_is_right(found, "vae_decoder", "decoder.up_blocks.1.resnets.0.conv1.weight")


def test_the_natural_defect_of_opset_17(tmp_path: Path, mslite_spec: RuntimeSpec) -> None:
    found = search(load(DEFECT), tmp_path / "run", [mslite_spec])
    assert named(found) == ["text_encoder"]
    layer = found.culprits[0].layer
    assert layer is not None
    assert layer.finding == "ACC011"
    assert layer.golden_node == "/text_model/encoder/layers.0/layer_norm1/LayerNormalization"
    assert layer.stage is Stage.CONVERSION
    run = next(r for r in found.runs if r.swapped == ("text_encoder",))
    assert run.image is not None
    assert run.image.psnr < 30


def test_a_random_vae_encoder_is_replaced_by_its_mean(tmp_path: Path, lite: MindSporeLite,
                                                      mslite_spec: RuntimeSpec) -> None:
    """The MindIR is made of the random one: this runtime answers with the mean."""
    model = onnx.load(str(onnx_of("vae_encoder")))
    last = model.graph.output[0].name
    for node in model.graph.node:
        node.output[:] = ["mean" if o == last else o for o in node.output]
    model.graph.node.extend([
        helper.make_node("RandomNormalLike", ["mean"], ["noise"], "/RandomNormalLike", dtype=1),
        helper.make_node("Add", ["mean", "noise"], [last], "/Add_sample")])
    onnx.save(model, str(tmp_path / "vae_encoder.onnx"))
    lite.convert(tmp_path / "vae_encoder.onnx", tmp_path / "vae_encoder.mindir")
    spec = spec_with({"vae_encoder": tmp_path / "vae_encoder.mindir"})
    spec = replace(spec, submodels=tuple(replace(s, onnx=str(tmp_path / "vae_encoder.onnx"))
                                         if s.name == "vae_encoder" else s for s in spec.submodels))
    found = search(spec, tmp_path / "run", [mslite_spec])
    assert named(found) == []
    assert [f.code for f in found.findings] == ["PIP010"]
    assert found.noise is not None
    assert found.noise.equal


def _poisoned(weight: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    wrong = weight.copy()
    wrong[0, 0, 1, 1] = np.nan
    return wrong


def _layer_is_right(found: PipelineDiagnosis, name: str, weight: str) -> None:
    culprit = next(c for c in found.culprits if c.submodel == name)
    assert culprit.layer is not None, culprit.why
    truth = set(readers(name, weight))
    assert truth & {culprit.layer.golden_node, *culprit.layer.golden_nodes}, (truth, culprit.layer)
