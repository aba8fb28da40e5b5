"""pipeline.toml: what it may say, and every mistake with the nearest right word."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_samples import DEFECT, HEALTHY, onnx_of

from diag.errors import DiagError, FormatError, UsageError
from diag.pipeline.spec import SD_SUBMODELS, load, parse
from diag.types.pipeline import PipelineKind

FACTS = tomllib.loads(HEALTHY.read_text(encoding="utf-8"))


def facts(**changes: Any) -> dict[str, Any]:
    return {**FACTS, **changes}


def without(name: str) -> list[dict[str, Any]]:
    return [s for s in FACTS["submodels"] if s["name"] != name]


def changed(name: str, /, **changes: Any) -> list[dict[str, Any]]:
    return [{**s, **changes} if s["name"] == name else s for s in FACTS["submodels"]]


@pytest.mark.parametrize("path", [HEALTHY, DEFECT])
def test_the_shipped_files_are_read(path: Path) -> None:
    spec = load(path)
    assert spec.kind is PipelineKind.IMG2IMG
    assert [s.name for s in spec.submodels] == list(SD_SUBMODELS)
    assert all(Path(s.onnx).is_absolute() and Path(s.mindir).is_file() for s in spec.submodels)
    assert (spec.steps, spec.strength, spec.guidance, spec.seed) == (25, 0.3, 7.5, 7)
    assert spec.scheduler["_class_name"] == "PNDMScheduler"


@pytest.mark.parametrize(("given_facts", "message", "hint"), [
    (facts(stepz=3), "There is no setting 'stepz'", "Did you mean 'steps'?"),
    (facts(kind="sd-img2imgg"), "There is no kind 'sd-img2imgg'", "Did you mean 'sd-img2img'?"),
    (facts(steps="ten"), "'steps' is 'ten'", "A whole number is wanted"),
    (facts(steps=True), "'steps' is True", "A whole number is wanted"),
    (facts(strength="x"), "'strength' is 'x'", "A whole number or a number is wanted"),
    (facts(steps=0), "steps is 0", "Give a number from 1 to 1000"),
    (facts(seed=-1), "seed is -1", "Give a number from 0 to 4294967295"),
    (facts(scaling=0), "scaling is 0.0", "Stable Diffusion 1.5 has 0.18215"),
    (facts(scheduler="PNDMSchedulr"), "There is no scheduler 'PNDMSchedulr'", "Did you mean 'PNDMScheduler'?"),
    (facts(scheduler="DPMSolver++"), "There is no scheduler 'DPMSolver++'", "Or run it with kind = \"diffusers\""),
    (facts(image=""), "sd-img2img starts from a picture, and none is given", "Add: image = \"input.png\""),
    (facts(tokenizer=""), "The pipeline has no tokenizer", "Set tokenizer to the folder with tokenizer.json"),
    (facts(submodels=[]), "The pipeline has no submodels", "Write each one under [[submodels]]"),
    (facts(submodels=without("unet")), "The pipeline has no submodel 'unet'", "Add it under [[submodels]]"),
    (facts(submodels=without("vae_encoder")), "The pipeline has no submodel 'vae_encoder'",
     "Add it under [[submodels]]"),
    (facts(submodels=changed("unet", name="unett")), "sd-img2img has no submodel 'unett'", "Did you mean 'unet'?"),
    (facts(submodels=changed("unet", mindirr="x")), "There is no setting 'mindirr'", "Did you mean 'mindir'?"),
    (facts(submodels=changed("unet", runtime="mindspore_lite")), "There is no runtime 'mindspore_lite'",
     "Did you mean 'mindspore-lite'?"),
    (facts(submodels=changed("unet", dtype="fp16")), "There is no dtype 'fp16'", "Did you mean"),
    (facts(submodels=changed("unet", onnx="")), "A submodel has no onnx", "Add: onnx = \"…\""),
    (facts(submodels=changed("unet", mindir="mindir/unnet.mindir")), "The MindIR of unet is not there",
     "Did you mean 'unet.mindir'?"),
    (facts(submodels=[*FACTS["submodels"], FACTS["submodels"][0]]), "Two submodels are called 'text_encoder'",
     "Give each its own name"),
    (facts(submodels=changed("unet", device="npu")), "'npu' is not a device", "Write cpu or ascend:0"),
    (facts(submodels=changed("unet", inputs={"sample": 1})), "The source of the input 'sample' is 1", "Write it like"),
    (facts(height=100), "The picture's size is 0×100", "Give multiples of 8"),
    (facts(guidance=float("inf")), "guidance is inf", "Stable Diffusion 1.5 is run with 7.5"),
    (facts(submodels=[1]), "A submodel is no table", "Write each one under [[submodels]]"),
    (facts(kind="diffusers"), "kind = \"diffusers\" needs the pipeline's folder", "Add: folder = \"…\""),
])
def test_mistakes_are_said_in_three_lines(given_facts: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(given_facts, HEALTHY)
    assert caught.value.message == message
    assert caught.value.where
    assert caught.value.hint.startswith(hint) or hint == "Did you mean"


def test_no_file_no_toml_no_scheduler_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist") as caught:
        load(tmp_path / "pipeline.toml")
    assert "diag pipeline init" in caught.value.hint
    (tmp_path / "p.toml").write_text("prompt = a photo")
    with pytest.raises(FormatError, match="A TOML file is wanted"):
        load(tmp_path / "p.toml")
    with pytest.raises(FormatError, match=r"A scheduler_config.json is wanted"):
        parse(facts(scheduler="nowhere/scheduler"), HEALTHY)


def test_a_scheduler_by_name_has_stable_diffusions_schedule() -> None:
    spec = parse(facts(scheduler="euler"), HEALTHY)
    assert (spec.scheduler["_class_name"], spec.scheduler["beta_end"]) == ("EulerDiscreteScheduler", 0.012)
    spec = parse(facts(scheduler={"class": "ddim", "steps_offset": 0}), HEALTHY)
    assert (spec.scheduler["_class_name"], spec.scheduler["steps_offset"]) == ("DDIMScheduler", 0)
    spec = parse(facts(scheduler={"config": "onnx/scheduler", "class": "ddim"}), HEALTHY)
    assert (spec.scheduler["_class_name"], spec.scheduler["skip_prk_steps"]) == ("DDIMScheduler", True)


KINDS = {*PipelineKind, "refused"}


def kind_of(given_facts: dict[str, Any]) -> str:
    """What the facts describe; "refused" where that is said. Any other exception is a bug."""
    try:
        return parse(given_facts, HEALTHY).kind
    except DiagError:
        return "refused"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=5)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*FACTS, "outputs", "height", "folder", "arrays"]), VALUES)
def test_any_value_of_any_setting_is_read_or_refused_kindly(key: str, value: object) -> None:
    assert kind_of(facts(**{key: value})) in KINDS


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["name", "onnx", "mindir", "runtime", "device", "dtype", "inputs"]), VALUES)
def test_any_value_of_a_submodel_is_read_or_refused_kindly(key: str, value: object) -> None:
    submodel = {"name": "a", "onnx": str(onnx_of("unet")), key: value}
    assert kind_of(facts(kind="chain", submodels=[submodel])) in KINDS


def test_a_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    from diag.formats.toml import read_toml

    path = tmp_path / "pipeline.toml"
    path.write_bytes(b"\xef\xbb\xbf" + b'kind = "chain"\r\nsteps = 3\r\n')
    assert read_toml(path, "") == {"kind": "chain", "steps": 3}
