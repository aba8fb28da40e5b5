"""Our loops against diffusers' own: same models, prompt and seed give the same latents at each step, and the picture.

Needs the extra ``pipelines`` (torch, diffusers); skipped where it is not installed.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pipeline_samples import HEALTHY, SHIPPED, SUBMODELS, named, search
from samples import shared

from diag.cancel import Cancel
from diag.pipeline import attach, locate_in
from diag.pipeline.calls import Outcome, Step
from diag.pipeline.diffusion import Diffusion
from diag.pipeline.images import read, sized, to_image
from diag.pipeline.models import Pool, look
from diag.pipeline.schedulers import scheduler as make_scheduler
from diag.pipeline.spec import load, parse
from diag.pipeline.swap import Memory, Swapped
from diag.types.layer import Verdict
from diag.types.pipeline import PipelineKind, PipelineSpec

diffusers = pytest.importorskip("diffusers")
pytestmark = pytest.mark.filterwarnings("ignore")

STEPS, SEED, PROMPT = 12, 7, "a lighthouse by the sea at sunset"
SCHEDULERS = ("PNDMScheduler", "DDIMScheduler", "EulerDiscreteScheduler")


@pytest.fixture(scope="module", params=["shipped", "tiny"])
def home(request: pytest.FixtureRequest) -> Path:
    """The folder of a whole ONNX pipeline."""
    return SHIPPED / "healthy" / "onnx" if request.param == "shipped" else shared("diffusion/tiny/onnx")


@pytest.fixture
def exact_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Square roots of torch rounded to the nearest number, as IEEE 754 asks and numpy does.

    On some processors torch's own miss the last bit of about every fifth number. A unet amplifies that: it is
    then all that is between diffusers' latents and ours.
    """
    import torch

    power = torch.Tensor.__pow__

    def root(self: Any) -> Any:
        return torch.from_numpy(np.asarray(np.sqrt(self.numpy())))

    monkeypatch.setattr(torch.Tensor, "sqrt", root)
    monkeypatch.setattr(torch.Tensor, "__pow__", lambda self, by: root(self) if by == 0.5 else power(self, by))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.usefixtures("exact_roots")
def test_schedulers_step_to_the_same_bits(scheduler: str, prediction: str, clip: bool) -> None:
    import torch

    if (scheduler, prediction) == ("PNDMScheduler", "sample"):
        pytest.skip("PNDM does not know it")
    facts = {**json.loads((SHIPPED / "healthy/onnx/scheduler/scheduler_config.json").read_text(encoding="utf-8")),
             "prediction_type": prediction, "clip_sample": clip, "_class_name": scheduler}
    theirs = getattr(diffusers, scheduler).from_config({k: v for k, v in facts.items() if k[0] != "_"})
    theirs.set_timesteps(STEPS)
    ours, random = make_scheduler(facts, STEPS), np.random.RandomState(SEED)
    state, sample = ours.start(), random.randn(1, 4, 24, 24).astype(np.float32) * 10
    for index, timestep in enumerate(theirs.timesteps):
        output = random.randn(*sample.shape).astype(np.float32)
        scaled = theirs.scale_model_input(torch.from_numpy(sample), timestep).numpy()
        assert np.array_equal(ours.scaled(sample, index).astype(np.float32), scaled)
        golden = theirs.step(torch.from_numpy(output), timestep, torch.from_numpy(sample)).prev_sample.numpy()
        mine, state = ours.step(state, output, index, sample)
        assert np.array_equal(mine, golden)
        sample = golden


@pytest.mark.parametrize("kind", ["sd-img2img", "sd-text2img"])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.usefixtures("exact_roots")
def test_the_loop_is_that_of_diffusers_to_the_digit(home: Path, kind: str, scheduler: str, clip: bool, tmp_path: Path
                                                    ) -> None:
    spec = _spec(home, kind, scheduler, tmp_path, clip)
    theirs, latents = _theirs(home, spec, kind, scheduler, clip)
    ours = _ours(spec, tmp_path)
    assert len(ours.steps) == len(latents) > 5
    for step, golden in zip(ours.steps, latents, strict=True):
        assert np.abs(step.latents - golden).max() <= 1e-5
    assert ours.picture is not None
    assert np.abs(ours.picture.final[0] - theirs).max() <= 1e-5


@pytest.mark.parametrize("kind", ["sd-img2img", "sd-text2img"])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_loop_is_that_of_diffusers(home: Path, kind: str, scheduler: str, tmp_path: Path) -> None:
    spec = _spec(home, kind, scheduler, tmp_path)
    theirs, latents = _theirs(home, spec, kind, scheduler)
    ours = _ours(spec, tmp_path)
    assert len(ours.steps) == len(latents) > 5
    for step, golden in zip(ours.steps, latents, strict=True):
        assert np.linalg.norm(step.latents - golden) / np.linalg.norm(golden) <= 1e-5
    assert ours.picture is not None
    assert np.abs(ours.picture.final[0] - theirs).max() <= 1e-5
    difference = np.asarray(to_image(ours.picture.final[0]), int) - np.asarray(to_image(theirs), int)
    assert np.abs(difference).max() <= 1, "a value on the edge of rounding"
    assert np.count_nonzero(difference) <= 1e-3 * difference.size


def test_a_picture_of_another_size_is_prepared_as_diffusers_does() -> None:
    from diffusers.pipelines.stable_diffusion.pipeline_onnx_stable_diffusion_img2img import preprocess

    from diag.pipeline.images import for_encoder

    picture = read(HEALTHY.parent / "picture.png").resize((150, 131))
    np.testing.assert_allclose(for_encoder(sized(picture, 0, 0)), np.asarray(preprocess(picture)), atol=1e-6)


def test_prompts_have_the_ids_that_transformers_gives() -> None:
    from transformers import CLIPTokenizer

    from diag.pipeline.tokens import ClipTokenizer

    folder = SHIPPED / "healthy" / "onnx" / "tokenizer"
    theirs, ours = CLIPTokenizer.from_pretrained(str(folder)), ClipTokenizer(folder)
    for prompt in ("", PROMPT, "A  Photo,\nof 3 lighthouses! it's", "ünïcode 海", "sea " * 100):
        wanted = theirs(prompt, padding="max_length", max_length=77, truncation=True).input_ids
        assert ours(prompt, 77, truncate=True)[0].tolist() == wanted


def test_submodels_of_a_pipeline_object_are_recorded_and_switched(tmp_path: Path) -> None:
    pipe, call = _pipeline(), _call
    plain = call(pipe).images[0]
    original = pipe.unet
    targets = {"text_encoder": SHIPPED / "defect" / "mindir" / "text_encoder.mindir",
               "unet": SHIPPED / "healthy" / "mindir" / "unet.mindir"}
    with attach(pipe, targets, runtime="reference") as submodels:
        assert np.array_equal(call(pipe).images[0], plain)
        assert [len(submodels[n].calls) for n in SUBMODELS] == [2, 1, 8, 1, 1]
        submodels["unet"].use_ascend = True
        assert 0 < np.abs(call(pipe).images[0] - plain).max() < 1e-4
        submodels["text_encoder"].use_ascend = True
        assert np.abs(call(pipe).images[0] - plain).max() > 0.1
        saved = submodels.save(tmp_path)
    assert pipe.unet is original
    assert sum(p.name.startswith("unet-") for p in saved) == 24
    assert np.load(saved[0])["input_ids"].shape == (1, 77)


def test_the_search_over_the_users_own_call(tmp_path: Path) -> None:
    targets = {n: SHIPPED / ("defect" if n == "text_encoder" else "healthy") / "mindir" / f"{n}.mindir"
               for n in SUBMODELS}
    found = locate_in(_pipeline(), targets, _call, tmp_path / "run", runtime="reference")
    assert (found.verdict, named(found)) == (Verdict.FAIL, ["text_encoder"])
    assert found.culprits[0].layer is not None
    assert found.culprits[0].layer.golden_node.startswith("/text_model/encoder/layers.0/layer_norm1")


def test_kind_diffusers_runs_diffusers_own_loop(tmp_path: Path) -> None:
    spec = load(SHIPPED / "defect" / "pipeline.toml")
    spec = replace(spec, kind=PipelineKind.DIFFUSERS, folder=str(SHIPPED / "healthy" / "onnx"))
    found = search(spec, tmp_path / "run", runtime="reference")
    assert (found.verdict, named(found)) == (Verdict.FAIL, ["text_encoder"])
    assert len(found.runs[2].steps) == 8
    ours = search(replace(spec, kind=PipelineKind.IMG2IMG), tmp_path / "own", runtime="reference", layers=False)
    mine, theirs = (next(r for r in f.runs if r.swapped == ("text_encoder",)) for f in (ours, found))
    assert mine.image is not None
    assert theirs.image is not None
    assert mine.image.psnr == pytest.approx(theirs.image.psnr, abs=0.01)


def _spec(home: Path, kind: str, scheduler: str, folder: Path, clip: bool = False) -> PipelineSpec:
    size = 192 if SHIPPED in home.parents else 64
    picture = read(HEALTHY.parent / "picture.png").resize((size, size))
    picture.save(folder / "in.png")
    return parse({
        "kind": kind, "prompt": PROMPT, "image": str(folder / "in.png"), "steps": STEPS, "strength": 0.6, "seed": SEED,
        "scheduler": {"config": str(home / "scheduler"), "class": scheduler, "clip_sample": clip},
        "tokenizer": str(home / "tokenizer"), "feature_extractor": str(home / "feature_extractor"), "height": size,
        "width": size, "submodels": [{"name": n, "onnx": str(home / n / "model.onnx")} for n in SUBMODELS]},
        folder / "p.toml")


def _theirs(home: Path, spec: PipelineSpec, kind: str, scheduler: str, clip: bool = False) -> tuple[Any, list[Any]]:
    kinds = {"sd-img2img": diffusers.OnnxStableDiffusionImg2ImgPipeline,
             "sd-text2img": diffusers.OnnxStableDiffusionPipeline}
    pipe = kinds[kind].from_pretrained(str(home), provider_options={})
    facts = json.loads((home / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))
    made = getattr(diffusers, scheduler)
    if scheduler == "EulerDiscreteScheduler":
        made = _numpy_euler()
    pipe.scheduler = made.from_config({**{k: v for k, v in facts.items() if k[0] != "_"}, "clip_sample": clip})
    pipe.set_progress_bar_config(disable=True)
    latents: list[Any] = []
    asked: dict[str, Any] = {"image": read(Path(spec.image)), "strength": spec.strength} if kind == "sd-img2img" else {
        "height": spec.height, "width": spec.width}
    answer = pipe(PROMPT, num_inference_steps=STEPS, guidance_scale=spec.guidance, output_type="np",
                  generator=np.random.RandomState(SEED), callback=lambda i, t, x: latents.append(np.array(x)), **asked)
    return answer.images[0], latents


def _numpy_euler() -> Any:
    """Its initial sigma is a tensor, which the ONNX loop of this version multiplies a numpy array with, and fails."""

    class Euler(diffusers.EulerDiscreteScheduler):
        @property
        def init_noise_sigma(self) -> float:
            return float(super().init_noise_sigma)

    return Euler


def _ours(spec: PipelineSpec, folder: Path) -> Outcome:
    models = look(spec, [], folder)
    with Pool(models, 2**32, 2, 1, Cancel()) as pool:
        caller = Swapped(models, pool, Memory(folder / "memory", {}), (), Cancel(), fresh=True)
        return _end(Diffusion(spec, caller).run(caller))


def _end(steps: Generator[Step, None, Outcome]) -> Outcome:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def _pipeline() -> Any:
    pipe = diffusers.OnnxStableDiffusionImg2ImgPipeline.from_pretrained(
        str(SHIPPED / "healthy" / "onnx"), provider_options={})
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _call(pipe: Any) -> Any:
    return pipe(PROMPT, image=read(HEALTHY.parent / "picture.png"), strength=0.3, num_inference_steps=25,
                generator=np.random.RandomState(SEED), output_type="np")
