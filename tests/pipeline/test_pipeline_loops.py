"""Schedulers, tokenizer, pictures and the boundary, without diffusers; bad input of a loop."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pipeline_samples import HEALTHY

from diag.errors import DiagError, FormatError, UsageError
from diag.pipeline.calls import fitted
from diag.pipeline.diffusion import Diffusion
from diag.pipeline.images import ClipImages, compare, from_decoder, read, sized, to_image
from diag.pipeline.schedulers import scheduler
from diag.pipeline.spec import STABLE_DIFFUSION, load
from diag.pipeline.tokens import ClipTokenizer
from diag.types.dtype import DType
from diag.types.pipeline import PipelineKind
from diag.types.tensor import TensorInfo

TOKENIZER = HEALTHY.parent / "onnx" / "tokenizer"


@pytest.mark.parametrize(("name", "spacing"), [
    ("PNDMScheduler", "leading"), ("DDIMScheduler", "leading"),
    *(("EulerDiscreteScheduler", spacing) for spacing in ("leading", "linspace", "trailing"))])
@pytest.mark.parametrize("steps", [2, 7, 50])
def test_a_denoiser_that_knows_the_noise_finds_the_picture_again(name: str, spacing: str, steps: int) -> None:
    """Whatever the sampler: with the true noise predicted at every step, what is left is the origin."""
    made = scheduler({**STABLE_DIFFUSION, "_class_name": name, "timestep_spacing": spacing}, steps)
    random = np.random.default_rng(steps)
    origin = random.standard_normal((1, 4, 6, 6)).astype(np.float32)
    noise = random.standard_normal(origin.shape).astype(np.float32)
    sample, state = made.add_noise(origin, noise, 0), made.start()
    for index in range(len(made.timesteps)):
        sample, state = made.step(state, noise, index, sample)
        assert sample.dtype == np.float32
    # The last alpha of Stable Diffusion is not 1: a trace of noise, beta's first value, stays. Euler ends at 0.
    left = 0.0 if name == "EulerDiscreteScheduler" else np.sqrt(0.00085)
    error = np.linalg.norm(sample - (np.sqrt(1 - left**2) * origin + left * noise)) / np.linalg.norm(origin)
    assert error < 1e-4


def test_timesteps_are_those_of_stable_diffusion() -> None:
    assert list(scheduler(STABLE_DIFFUSION, 4).timesteps) == [751, 501, 501, 251, 1]
    ddim = scheduler({**STABLE_DIFFUSION, "_class_name": "DDIMScheduler"}, 4)
    assert list(ddim.timesteps) == [751, 501, 251, 1]
    euler = scheduler({**STABLE_DIFFUSION, "_class_name": "EulerDiscreteScheduler", "timestep_spacing": "linspace"}, 4)
    assert list(euler.timesteps) == [999, 666, 333, 0]


@pytest.mark.parametrize(("change", "message"), [
    ({"beta_schedule": "cubic"}, "The scheduler's beta_schedule is 'cubic'"),
    ({"prediction_type": "x0"}, "The scheduler's prediction_type is 'x0'"),
    ({"num_train_timesteps": "many"}, "The scheduler's num_train_timesteps is no number: 'many'"),
    ({"skip_prk_steps": False}, "PNDM with Runge-Kutta steps is not supported"),
    ({"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": True},
     "The scheduler's option use_karras_sigmas is not supported"),
    ({"_class_name": "DDIMScheduler", "thresholding": True}, "The scheduler's option thresholding is not supported"),
])
def test_settings_of_a_scheduler_that_are_not_built_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        scheduler({**STABLE_DIFFUSION, **change}, 10)
    assert caught.value.message == message
    assert caught.value.hint


def test_prompts_become_ids_and_long_ones_are_refused_or_cut() -> None:
    tokenizer = ClipTokenizer(TOKENIZER)
    vocabulary = json.loads((TOKENIZER / "vocab.json").read_text(encoding="utf-8"))
    ids = tokenizer("A  Lighthouse by the sea", 77, truncate=False)
    start, end = vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]
    words = [vocabulary[f"{w}</w>"] for w in ("a", "lighthouse", "by", "the", "sea")]
    assert ids.shape == (1, 77)
    assert list(ids[0, :7]) == [start, *words, end]
    assert set(ids[0, 7:]) == {end}
    with pytest.raises(UsageError, match="The prompt has 102 tokens, text_encoder takes 77") as caught:
        tokenizer("sea " * 100, 77, truncate=False)
    assert "truncate_prompt" in caught.value.hint
    cut = tokenizer("sea " * 100, 77, truncate=True)
    assert list(cut[0, [0, 1, 75, 76]]) == [start, vocabulary["sea</w>"], vocabulary["sea</w>"], end]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=40))
def test_any_prompt_has_its_ids(prompt: str) -> None:
    ids = ClipTokenizer(TOKENIZER)(prompt, 77, truncate=True)
    assert ids.shape == (1, 77)
    assert 0 <= ids.min() <= ids.max() < 640


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"model": 3}'])
def test_a_broken_tokenizer_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(FormatError):
        ClipTokenizer(tmp_path)
    with pytest.raises(FormatError, match=r"vocab\.json and merges\.txt"):
        ClipTokenizer(tmp_path / "nowhere")


def test_pictures_are_sized_compared_and_broken_ones_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="The picture to start from does not exist"):
        read(tmp_path / "no.png")
    (tmp_path / "broken.png").write_bytes((HEALTHY.parent / "picture.png").read_bytes()[:300])
    with pytest.raises(FormatError, match="A picture is wanted"):
        read(tmp_path / "broken.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(FormatError, match="A picture is wanted"):
        read(tmp_path / "text.png")
    picture = Image.new("RGB", (150, 130))
    assert sized(picture, 0, 0).size == (128, 128)
    assert sized(picture, 48, 96).size == (96, 48)
    with pytest.raises(UsageError, match="The picture is only 60×60 pixels"):
        sized(Image.new("RGB", (60, 60)), 0, 0)
    a = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)
    same = compare(a, a)
    assert same.equal
    assert np.isnan(same.psnr)
    off = compare(a, a + np.float32(0.1))
    assert off.psnr == pytest.approx(20, abs=0.01)
    assert off.max_abs == pytest.approx(0.1, abs=1e-6)
    gone = compare(a, np.full_like(a, np.nan))
    assert (gone.psnr, gone.ssim) == (-np.inf, 0.0)
    assert to_image(np.full((2, 2, 3), np.nan, np.float32)).getpixel((0, 0)) == (0, 0, 0)
    assert from_decoder(np.full((1, 3, 2, 2), 3.0)).max() == 1.0


def test_ssim_is_that_of_the_paper_on_a_known_pair() -> None:
    """A constant shift changes only the luminance term: (2 m n + c1) / (m² + n² + c1)."""
    a, b = np.full((16, 16, 3), 0.5, np.float32), np.full((16, 16, 3), 0.6, np.float32)
    expected = (2 * 0.5 * 0.6 + 1e-4) / (0.25 + 0.36 + 1e-4)
    assert compare(a, b).ssim == pytest.approx(expected, abs=1e-5)


def test_the_safety_checkers_pictures(tmp_path: Path) -> None:
    clip = ClipImages.read(HEALTHY.parent / "onnx" / "feature_extractor" / "preprocessor_config.json")
    seen = clip(np.ones((48, 64, 3), np.float32))
    assert seen.shape == (1, 3, 32, 32)
    assert seen[0, 0, 0, 0] == pytest.approx((1 - clip.mean[0]) / clip.std[0], rel=1e-6)
    (tmp_path / "p.json").write_text('{"size": "large"}')
    with pytest.raises(FormatError, match=r"preprocessor_config\.json"):
        ClipImages.read(tmp_path / "p.json")


WANTED = [TensorInfo("sample", DType.FLOAT32, (2, 4, "h", None)), TensorInfo("timestep", DType.INT64, (1,))]


def test_feeds_are_fitted_at_the_boundary() -> None:
    given_feeds = {"sample": np.ones((2, 4, 8, 8), np.float16), "timestep": np.array([7], np.int32)}
    fits = fitted("unet", given_feeds, WANTED)
    assert (fits["sample"].dtype, fits["timestep"].dtype) == (np.float32, np.int64)
    assert all(a.flags["C_CONTIGUOUS"] for a in fits.values())


@pytest.mark.parametrize(("change", "message", "where"), [
    ({"timestep": np.array([7.5])}, "unet got its input 'timestep' with another data type",
     "expected: int64[1]; given: float64[1]"),
    ({"sample": np.ones((2, 5, 8, 8), np.float32)}, "unet got its input 'sample' with another shape",
     "expected: float32[2, 4, h, ?]; given: float32[2, 5, 8, 8]"),
    ({"sample": np.ones((2, 4), np.float32)}, "unet got its input 'sample' with another shape",
     "expected: float32[2, 4, h, ?]; given: float32[2, 4]"),
    ({"sampel": np.ones(1)}, "unet has no input 'sampel'", "its inputs: sample float32[2, 4, h, ?], timestep int64[1]"),
    ({"timestep": None}, "unet wants the input 'timestep', and the pipeline does not give it", "expected: int64[1]"),
])
def test_what_does_not_fit_is_named_with_submodel_input_expected_and_given(
        change: dict[str, Any], message: str, where: str) -> None:
    feeds = {"sample": np.ones((2, 4, 8, 8), np.float32), "timestep": np.array([7]), **change}
    with pytest.raises(UsageError) as caught:
        fitted("unet", {k: v for k, v in feeds.items() if v is not None}, WANTED)
    assert (caught.value.message, caught.value.where) == (message, where)
    assert caught.value.hint


ANY = st.recursive(st.none() | st.booleans() | st.integers(-5, 2000) | st.floats() | st.text(max_size=5),
                   lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
                   max_leaves=4)
CONFIG = ("_class_name", "num_train_timesteps", "steps_offset", "beta_start", "beta_end", "beta_schedule",
          "trained_betas", "prediction_type", "timestep_spacing", "clip_sample", "clip_sample_range",
          "set_alpha_to_one", "skip_prk_steps", "final_sigmas_type", "interpolation_type")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CONFIG), ANY, st.sampled_from(["PNDMScheduler", "DDIMScheduler", "EulerDiscreteScheduler"]))
def test_any_scheduler_config_makes_numbers_or_is_refused(key: str, fuzzed: object, name: str) -> None:
    assert _sampled({**STABLE_DIFFUSION, "_class_name": name, key: fuzzed}) in ("numbers", "refused")


def _sampled(config: dict[str, Any]) -> str:
    try:
        made = scheduler(config, 3)
    except DiagError:
        return "refused"
    sample = np.ones((1, 4, 2, 2), np.float32)
    with np.errstate(all="ignore"):
        made.step(made.start(), sample, 0, made.scaled(made.add_noise(sample, sample, 0), 0))
    return "numbers" if sample.shape == (1, 4, 2, 2) else "lost"


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["size", "crop_size", "image_mean", "image_std"]), ANY))
def test_any_feature_extractor_gives_pictures_or_is_refused(facts: dict[str, object]) -> None:
    assert _clipped(facts) in ("pictures", "refused")


def _clipped(facts: dict[str, object]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "preprocessor_config.json"
        file.write_text(json.dumps(facts), encoding="utf-8")
        try:
            clip = ClipImages.read(file)
        except DiagError:
            return "refused"
    seen = clip(np.ones((20, 30, 3), np.float32))
    return "pictures" if seen.shape == (1, 3, clip.height, clip.width) else "lost"


class Shapes:
    """A Caller that only knows shapes."""

    def __init__(self, **changes: Any) -> None:
        self._known: dict[str, tuple[list[TensorInfo], list[TensorInfo]]] = {
            "text_encoder": ([_info("input_ids", (1, 77))], [_info("last_hidden_state", (1, 77, 32))]),
            "vae_encoder": ([_info("sample", (1, 3, 192, 192))], [_info("latent_sample", (1, 4, 24, 24))]),
            "unet": ([_info("sample", (2, 4, 24, 24)), _info("timestep", (1,)),
                      _info("encoder_hidden_states", (2, 77, 32))], [_info("out_sample", (2, 4, 24, 24))]),
            "vae_decoder": ([_info("latent_sample", (1, 4, 24, 24))], [_info("sample", (1, 3, 192, 192))]), **changes}

    def has(self, name: str) -> bool:
        return self._known.get(name) is not None

    def inputs(self, name: str) -> tuple[TensorInfo, ...]:
        return tuple(self._known[name][0])

    def outputs(self, name: str) -> tuple[TensorInfo, ...]:
        return tuple(self._known[name][1])

    def __call__(self, name: str, feeds: Mapping[str, Any]) -> list[Any]:
        raise AssertionError(f"{name} is not to be run")


def _info(name: str, shape: tuple[int, ...]) -> TensorInfo:
    return TensorInfo(name, DType.FLOAT32, shape)


@pytest.mark.parametrize(("caller", "message"), [
    (Shapes(vae_decoder=([_info("latent_sample", (1, 16, 24, 24))], [_info("sample", (1, 3, 192, 192))])),
     "unet gives 4 and vae_decoder takes 16: channels of the latents"),
    (Shapes(text_encoder=([_info("input_ids", (1, 77))], [_info("last_hidden_state", (1, 77, 768))])),
     "text_encoder gives 768 and unet takes 32: width of the embeddings"),
    (Shapes(vae_encoder=([_info("sample", (1, 3, 192, 192))], [_info("latent_sample", (1, 8, 24, 24))])),
     "vae_encoder gives 8 and unet takes 4: channels of the latents"),
    (Shapes(unet=None), "The pipeline has no submodel 'unet'"),
])
def test_submodels_that_do_not_fit_together_are_said_before_anything_runs(caller: Shapes, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Diffusion(load(HEALTHY), caller)
    assert caught.value.message == message


def test_strength_and_steps_must_leave_something_to_do() -> None:
    spec = load(HEALTHY)
    with pytest.raises(UsageError, match=r"strength is 1\.5"):
        Diffusion(replace(spec, strength=1.5), Shapes())
    assert len(Diffusion(spec, Shapes()).timesteps) == 8
    assert len(Diffusion(replace(spec, kind=PipelineKind.TEXT2IMG), Shapes()).timesteps) == 26
    with pytest.raises(DiagError, match="1001 steps were asked for"):
        Diffusion(replace(spec, steps=1001), Shapes())
