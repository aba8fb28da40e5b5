"""kind = "diffusers": the loop is that of diffusers itself, its submodels are answered by us. Needs the extra."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from diag.errors import FormatError, RuntimeUnavailable
from diag.pipeline.calls import Caller, Outcome, Step
from diag.pipeline.images import from_decoder, read
from diag.pipeline.owncall import OwnCall
from diag.runtimes.interface import Array
from diag.types.pipeline import PipelineSpec


class DiffusersLoop:
    """A diffusers ONNX pipeline from the spec's folder, called with the spec's request."""

    def __init__(self, spec: PipelineSpec, caller: Caller) -> None:
        """Load it. Raises RuntimeUnavailable without diffusers, FormatError for a folder that it cannot load."""
        self._spec = spec
        self._pipeline = _loaded(spec)
        self.source: Array | None = None
        if spec.image:
            pixels = np.asarray(read(Path(spec.image)), np.float32).transpose(2, 0, 1)[None]
            self.source = from_decoder(pixels / np.float32(127.5) - np.float32(1))[0]
        self._caller = caller

    def run(self, caller: Caller) -> Generator[Step, None, Outcome]:
        """One call; its steps come when it is over."""
        latents: list[tuple[float, Array]] = []

        def told(_step: int, timestep: Any, now: Any) -> None:  # noqa: ANN401 - numbers and tensors of diffusers
            latents.append((float(timestep), np.array(now, np.float32)))

        wanted = {**self._request(), "callback": told, "callback_steps": 1, "output_type": "np"}
        known = inspect.signature(self._pipeline.__call__).parameters
        request = {k: v for k, v in wanted.items() if k in known}
        outcome = yield from OwnCall(self._pipeline, lambda pipe: pipe(**request), caller).run(caller)
        steps = []
        for number, (timestep, now) in enumerate(latents):
            before = latents[number - 1][1] if number else now
            steps.append(Step(number, len(latents), timestep, before, None, now))
            yield steps[-1]
        return Outcome(tuple(steps), outcome.picture, {})

    def _request(self) -> dict[str, Any]:
        spec = self._spec
        request: dict[str, Any] = {
            "prompt": spec.prompt, "negative_prompt": spec.negative_prompt or None, "num_inference_steps": spec.steps,
            "guidance_scale": spec.guidance,
            "generator": np.random.RandomState(spec.seed)}  # diffusers' ONNX loops take this kind
        if spec.image:
            request.update(image=read(Path(spec.image)), strength=spec.strength)
        if spec.height and spec.width:
            request.update(height=spec.height, width=spec.width)
        return request


def _loaded(spec: PipelineSpec) -> Any:  # noqa: ANN401
    try:
        from diffusers import DiffusionPipeline
    except ImportError as error:
        raise RuntimeUnavailable("kind = \"diffusers\" needs diffusers, which is not installed", where=str(error)[:160],
                                 hint="pip install 'ascend-diag[pipelines]', or use kind = \"sd-img2img\", which needs "
                                 "neither diffusers nor torch") from error
    try:
        pipeline = DiffusionPipeline.from_pretrained(spec.folder, provider_options={}, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise FormatError(spec.folder, "A folder that diffusers can load is wanted", found=str(error)[:160],
                          hint="It must hold model_index.json of an Onnx… pipeline") from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
