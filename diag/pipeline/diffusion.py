"""The Stable Diffusion loops, image to image and text to image, over any way to call the submodels."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np

from diag.errors import UsageError
from diag.pipeline.calls import Caller, Numbers, Outcome, Picture, Step
from diag.pipeline.images import ClipImages, for_encoder, from_decoder, read, sized
from diag.pipeline.schedule import Scheduler, State
from diag.pipeline.schedulers import scheduler
from diag.pipeline.tokens import ClipTokenizer
from diag.runtimes.interface import Array
from diag.types.pipeline import PipelineKind, PipelineSpec
from diag.types.tensor import TensorInfo


class Diffusion:
    """One request to a Stable Diffusion pipeline. ``run`` may be called any number of times: no state is kept."""

    def __init__(self, spec: PipelineSpec, caller: Caller) -> None:
        """Read tokenizer, scheduler and picture, check that the submodels fit together. Raises UsageError."""
        self._spec = spec
        self._from_image = spec.kind is PipelineKind.IMG2IMG
        self._tokenizer = ClipTokenizer(Path(spec.tokenizer))
        self._scheduler: Scheduler = scheduler(spec.scheduler, spec.steps)
        needed = ["text_encoder", "unet", "vae_decoder", *(["vae_encoder"] if self._from_image else [])]
        for name in needed:
            if not caller.has(name):
                raise UsageError(f"The pipeline has no submodel '{name}'", where=f"{spec.kind.value} needs it",
                                 hint="Add it to the pipeline's file, or use kind = \"chain\"")
        check_channels(caller, from_image=self._from_image)
        self._clip = ClipImages()
        if caller.has("safety_checker") and spec.feature_extractor:
            self._clip = ClipImages.read(Path(spec.feature_extractor))
        self._first = self._start()
        self._sample = self._encoder_input(caller) if self._from_image else None
        self.source = None if self._sample is None else from_decoder(self._sample)[0]

    @property
    def timesteps(self) -> Array:
        """Those that are run."""
        return self._scheduler.timesteps[self._first:]

    def run(self, caller: Caller) -> Generator[Step, None, Outcome]:
        """One whole run; its steps as they are done."""
        done = []
        for step in self.steps(caller):
            done.append(step)
            yield step
        return Outcome(tuple(done), self.decode(caller, done[-1].latents), {})

    def steps(self, caller: Caller) -> Iterator[Step]:
        """Encode, then denoise; the last one's latents are for ``decode``."""
        embeds = self.encode(caller)
        latents = self._latents(caller, embeds)
        state = self._scheduler.start()
        total = len(self.timesteps)
        for number in range(total):
            before, memory = latents, state
            latents, state = self.step(caller, embeds, number, before, memory)
            yield Step(number, total, float(self.timesteps[number]), before, memory, latents)

    def step(self, caller: Caller, embeds: Array, number: int, latents: Array, state: State) -> tuple[Array, State]:
        """One denoising step from given latents and given memory: what teacher forcing runs again."""
        index = self._first + number
        guided = self._spec.guidance > 1
        doubled = np.concatenate([latents] * 2) if guided else latents
        output = self._noise(caller, index, self._scheduler.scaled(doubled, index).astype(np.float32), embeds)
        if guided:
            free, told = np.split(output, 2)
            output = free + np.float32(self._spec.guidance) * (told - free)
        latents, state = self._scheduler.step(state, output, index, latents)
        return latents.astype(np.float32), state

    def _noise(self, caller: Caller, index: int, samples: Array, embeds: Array) -> Numbers:
        """What the unet answers for all samples: at once, or one by one where it was made for one."""
        inputs = caller.inputs("unet")
        taken = next((i.shape[0] for i in inputs if i.name == "sample" and i.shape), None)
        parts = [slice(i, i + 1) for i in range(len(samples))] if taken == 1 else [slice(None)]
        timestep = _timestep(self._scheduler.timesteps[index], inputs)
        found = [caller("unet", {"sample": samples[p], "timestep": timestep, "encoder_hidden_states": embeds[p]})[0]
                 for p in parts]
        whole: Numbers = np.concatenate(found).astype(np.float32)
        return whole

    def encode(self, caller: Caller) -> Array:
        """Embeddings [1 or 2, tokens, width]: without prompt first, where there is guidance."""
        shape = next((i.shape for i in caller.inputs("text_encoder") if i.name == "input_ids"), None)
        fixed = shape[1] if shape is not None and len(shape) == 2 else None
        length = fixed if isinstance(fixed, int) and fixed > 0 else self._tokenizer.length
        cut = self._spec.truncate_prompt
        told = caller("text_encoder", {"input_ids": self._tokenizer(self._spec.prompt, length, truncate=cut)})[0]
        if self._spec.guidance <= 1:
            return told
        ids = self._tokenizer(self._spec.negative_prompt, length, truncate=cut)
        return np.concatenate([caller("text_encoder", {"input_ids": ids})[0], told])

    def decode(self, caller: Caller, latents: Numbers) -> Picture:
        """From the last latents to the picture, looked at by the safety checker if there is one."""
        latents = np.float32(1 / self._spec.scaling) * latents
        samples = [caller("vae_decoder", {"latent_sample": latents[i:i + 1]})[0] for i in range(len(latents))]
        decoded = from_decoder(np.concatenate(samples))
        if not caller.has("safety_checker"):
            return Picture(decoded, decoded, None)
        finals, flags = [], []
        for page in decoded:
            final, flag = caller("safety_checker", {"clip_input": self._clip(page), "images": page[None]})[:2]
            finals.append(final)
            flags.append(bool(np.asarray(flag).any()))
        return Picture(decoded, np.concatenate(finals).astype(np.float32), any(flags))

    def _start(self) -> int:
        """Index of the first timestep that is run."""
        spec, total = self._spec, len(self._scheduler.timesteps)
        if not self._from_image:
            return 0
        if not 0 <= spec.strength <= 1:
            raise UsageError(f"strength is {spec.strength}", where="it runs from 0 to 1", hint="Use 0.75, for example")
        offset = int(spec.scheduler.get("steps_offset", 0) or 0)
        first = max(spec.steps - min(int(spec.steps * spec.strength) + offset, spec.steps) + offset, 0)
        if first >= total:
            raise UsageError(f"With strength {spec.strength} and {spec.steps} steps nothing is left to do",
                             hint="Raise strength or steps")
        return first

    def _latents(self, caller: Caller, embeds: Array) -> Array:
        random = np.random.RandomState(self._spec.seed)
        if self._sample is None:
            shape = self._free_shape(caller)
            scale = np.float32(self._scheduler.noise_scale)
            return random.randn(*shape).astype(embeds.dtype).astype(np.float32) * scale
        encoded = caller("vae_encoder", {"sample": self._sample})[0]
        latents = np.float32(self._spec.scaling) * encoded.astype(np.float32)
        noise = random.randn(*latents.shape).astype(np.float32)
        spec = self._spec
        kept = min(int(spec.steps * spec.strength) + int(spec.scheduler.get("steps_offset", 0) or 0), spec.steps)
        # As diffusers' ONNX loop counts: with PNDM's doubled step this is not the first one that is run.
        return self._scheduler.add_noise(latents, noise, len(self._scheduler.timesteps) - kept).astype(np.float32)

    def _encoder_input(self, caller: Caller) -> Array:
        height, width = self._size(caller, "vae_encoder", "sample")
        return for_encoder(sized(read(Path(self._spec.image)), height, width))

    def _free_shape(self, caller: Caller) -> tuple[int, int, int, int]:
        shape = next((i.shape for i in caller.inputs("unet") if i.name == "sample"), None) or ()
        sizes = [d if isinstance(d, int) and d > 0 else 0 for d in shape] + [0] * 4
        height, width = self._spec.height // 8 or sizes[2] or 64, self._spec.width // 8 or sizes[3] or 64
        return 1, sizes[1] or 4, height, width

    def _size(self, caller: Caller, name: str, value: str) -> tuple[int, int]:
        shape = next((i.shape for i in caller.inputs(name) if i.name == value), None) or ()
        fixed = [d if isinstance(d, int) and d > 0 else 0 for d in shape[2:4]]
        height, width = fixed if len(fixed) == 2 else (0, 0)
        return self._spec.height or height, self._spec.width or width


def check_channels(caller: Caller, *, from_image: bool) -> None:
    """Raise UsageError where neighbours do not fit: channels of the latents, width of the embeddings."""
    joints = [("unet", 0, "vae_decoder", "latent_sample", 1, "channels of the latents"),
              ("text_encoder", 0, "unet", "encoder_hidden_states", 2, "width of the embeddings")]
    if from_image:
        joints.append(("vae_encoder", 0, "unet", "sample", 1, "channels of the latents"))
    for giver, position, taker, value, axis, what in joints:
        outputs = caller.outputs(giver)
        gives = _axis(outputs[position], axis) if len(outputs) > position else None
        takes = next((_axis(i, axis) for i in caller.inputs(taker) if i.name == value), None)
        if gives is not None and takes is not None and gives != takes:
            raise UsageError(f"{giver} gives {gives} and {taker} takes {takes}: {what}",
                             where=f"{giver}: {outputs[position].name}; {taker}: {value}",
                             hint="Take both from the same model")


def _axis(info: TensorInfo, axis: int) -> int | None:
    size = info.shape[axis] if info.shape is not None and len(info.shape) > axis else None
    return size if isinstance(size, int) and size > 0 else None


def _timestep(timestep: np.generic, inputs: Sequence[TensorInfo]) -> Array:
    """[1], or a scalar where the unet was exported so; in the unet's own type."""
    info = next((i for i in inputs if i.name == "timestep"), None)
    dtype = info.dtype.numpy if info is not None and info.dtype.value != "undefined" else np.dtype(np.float32)
    plain = np.array(timestep).astype(dtype)
    return plain.reshape(()) if info is not None and info.shape == () else plain.reshape(1)
