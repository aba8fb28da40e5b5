"""Proxies in the place of a pipeline's submodels, with a pipeline object of our own: no diffusers, no torch."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from pipeline_samples import named, planted
from pipeline_samples import onnx_of as original

from diag.errors import UsageError
from diag.pipeline import attach, locate_in


class Model:
    """Called with arrays by name, as diffusers' OnnxRuntimeModel."""

    def __init__(self, path: Path) -> None:
        self.model_save_dir, self.latest_model_name = path.parent, path.name
        self.model = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def __call__(self, **feeds: Any) -> list[Any]:
        return self.model.run(None, feeds)


class Pipeline:
    """Encodes and decodes: pictures in, pictures out."""

    def __init__(self) -> None:
        self.vae_encoder, self.vae_decoder = Model(original("vae_encoder")), Model(original("vae_decoder"))

    def __call__(self, picture: Any) -> SimpleNamespace:
        latents = self.vae_encoder(sample=picture)[0]
        seen = self.vae_decoder(latent_sample=latents)[0]
        return SimpleNamespace(images=np.clip(seen.transpose(0, 2, 3, 1) / 2 + 0.5, 0, 1))


@pytest.fixture
def picture() -> Any:
    return np.random.default_rng(0).uniform(-1, 1, (1, 3, 192, 192)).astype(np.float32)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    return planted("vae_decoder", "decoder.conv_out.weight", lambda a: a * np.float32(1.2), tmp_path / "wrong.onnx")


def test_a_switch_changes_who_answers_and_everything_is_recorded(picture: Any, wrong: Path, tmp_path: Path) -> None:
    pipe = Pipeline()
    held = pipe.vae_decoder
    plain = pipe(picture).images
    with attach(pipe, {"vae_decoder": wrong}) as submodels:
        assert np.array_equal(pipe(picture).images, plain)
        submodels["vae_decoder"].use_ascend = True
        assert np.abs(pipe(picture).images - plain).max() > 0.01
        assert [len(p.calls) for p in submodels.values()] == [2, 2]
        assert pipe.vae_decoder.model is held.model, "what is not a call goes to the original"
        saved = submodels.save(tmp_path / "kept")
        submodels["vae_encoder"].clear()
        assert submodels["vae_encoder"].calls == []
    assert pipe.vae_decoder is held
    np.testing.assert_array_equal(np.load(saved[0])["sample"], picture)
    outputs = [np.load(p.with_name(p.name.replace(".npz", ".out.npz")))["sample"] for p in saved[2:]]
    assert not np.array_equal(*outputs)


@pytest.mark.parametrize(("feeds", "message", "where"), [
    ({"latent_sample": np.zeros((1, 4, 24, 24), np.complex64)},
     "vae_decoder got its input 'latent_sample' with another data type",
     "expected: float32[1, 4, 24, 24]; given: complex64[1, 4, 24, 24]"),
    ({"latent_sample": np.zeros((1, 8, 24, 24), np.float32)},
     "vae_decoder got its input 'latent_sample' with another shape",
     "expected: float32[1, 4, 24, 24]; given: float32[1, 8, 24, 24]"),
    ({"latents": np.zeros((1, 4, 24, 24), np.float32)}, "vae_decoder has no input 'latents'",
     "its inputs: latent_sample float32[1, 4, 24, 24]"),
])
def test_what_does_not_fit_is_said_at_the_boundary(feeds: dict[str, Any], message: str, where: str) -> None:
    pipe = Pipeline()
    with attach(pipe, {}), pytest.raises(UsageError) as caught:
        pipe.vae_decoder(**feeds)
    assert (caught.value.message, caught.value.where) == (message, where)


def test_wrong_names_and_switches_without_a_target_are_said(picture: Any) -> None:
    pipe = Pipeline()
    with pytest.raises(UsageError, match="no submodel 'vae_decodr'") as caught:
        attach(pipe, {"vae_decodr": "x.mindir"})
    assert caught.value.hint == "Did you mean 'vae_decoder'?"
    with attach(pipe, {}) as submodels:
        submodels["vae_decoder"].use_ascend = True
        with pytest.raises(UsageError, match="vae_decoder has no MindIR to run as"):
            pipe(picture)
        with pytest.raises(UsageError, match="no submodel 'unet'"):
            submodels["unet"].clear()
    with pytest.raises(UsageError, match="No submodel of this object is an ONNX model on disk"):
        attach(SimpleNamespace(unet=object()), {})


def test_the_users_own_call_is_searched(picture: Any, wrong: Path, tmp_path: Path) -> None:
    pipe = Pipeline()
    found = locate_in(pipe, {"vae_decoder": wrong, "vae_encoder": original("vae_encoder")}, lambda p: p(picture),
                      tmp_path / "run")
    assert named(found) == ["vae_decoder"]
    assert found.culprits[0].layer is not None
    assert found.culprits[0].layer.golden_node == "/decoder/conv_out/Conv"
    healthy = locate_in(pipe, {"vae_decoder": original("vae_decoder")}, lambda p: p(picture), tmp_path / "run")
    assert healthy.verdict == "pass"
    assert type(pipe.vae_decoder) is Model
