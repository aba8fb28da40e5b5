"""What all schedulers share: the noise schedule of training and the timesteps of inference, in float32 as in torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from diag.errors import UsageError
from diag.pipeline.calls import Numbers

State = Any
"""What a scheduler remembers from step to step; never changed in place, so that any step can be run again."""


class Scheduler(Protocol):
    """One sampler over a fixed number of steps.

    ``timesteps`` [n] are what the unet is told, ``noise_scale`` is the deviation of the noise that sampling from
    nothing starts with.
    """

    timesteps: Numbers
    noise_scale: float

    def start(self) -> State:
        """The memory before the first step."""
        ...

    def scaled(self, sample: Numbers, index: int) -> Numbers:
        """The latents as the unet wants them at step ``index``."""
        ...

    def add_noise(self, sample: Numbers, noise: Numbers, index: int) -> Numbers:
        """Latents with the noise of the timestep ``index``."""
        ...

    def step(self, state: State, output: Numbers, index: int, sample: Numbers) -> tuple[Numbers, State]:
        """From the unet's output for ``sample`` to the latents of the next step."""
        ...


class Config:
    """``scheduler_config.json`` with the defaults of its class. Raises UsageError for what is not supported."""

    def __init__(self, facts: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self._facts = {**defaults, **{k: v for k, v in facts.items() if v is not None}}
        self.train_steps = int(self._between("num_train_timesteps", 1000, 1, 100_000))
        self.offset = int(self._between("steps_offset", 0, 0, self.train_steps - 1))
        self.spacing = self.choice("timestep_spacing", ("linspace", "leading", "trailing"), "leading")
        self.prediction = self.choice("prediction_type", ("epsilon", "v_prediction", "sample"), "epsilon")
        # As torch does: the product of float32 numbers, accumulated in float64.
        kept = (np.float32(1) - self._betas()).astype(np.float64)
        self.alphas_cumprod = np.cumprod(kept).astype(np.float32)

    def flag(self, name: str, default: bool) -> bool:
        """A truth value of the config."""
        return bool(self._facts.get(name, default))

    def number(self, name: str, default: float) -> float:
        """A number of the config."""
        return self._number(name, default)

    def choice(self, name: str, known: tuple[str, ...], default: str) -> str:
        """A word of the config; UsageError if we do not know it."""
        word = self._facts.get(name, default)
        if word not in known:
            raise UsageError(f"The scheduler's {name} is '{word}'", where=f"known here: {', '.join(known)}",
                             hint="Use one of these, or run the pipeline with kind = \"diffusers\"")
        return str(word)

    def refuse(self, *names: str) -> None:
        """UsageError if the config switches on something that is not built here."""
        for name in names:
            if self._facts.get(name):
                raise UsageError(f"The scheduler's option {name} is not supported", where="in scheduler_config.json",
                                 hint="Run the pipeline with kind = \"diffusers\", which knows all options")

    def alpha(self, timestep: int, final: np.float32) -> np.float32:
        """Cumulative product of alphas; ``final`` before the first timestep."""
        return np.float32(self.alphas_cumprod[timestep]) if timestep >= 0 else final

    def timesteps(self, steps: int) -> Numbers:
        """``steps`` timesteps, smallest first, int64."""
        if not 1 <= steps <= self.train_steps:
            raise UsageError(f"{steps} steps were asked for", where=f"the scheduler knows 1 to {self.train_steps}",
                             hint="Change steps in the pipeline's file")
        found = self._spread(steps)
        if not 0 <= found.min() <= found.max() < self.train_steps:
            raise UsageError(f"With {steps} steps the scheduler runs from {found.min()} to {found.max()}",
                             where=f"it was trained on 0 to {self.train_steps - 1}",
                             hint="Take fewer steps, or steps_offset = 0")
        return found

    def _spread(self, steps: int) -> Numbers:
        if self.spacing == "linspace":
            return np.linspace(0, self.train_steps - 1, steps).round().astype(np.int64)
        if self.spacing == "leading":
            return (np.arange(steps) * (self.train_steps // steps)).astype(np.int64) + self.offset
        spread = np.arange(self.train_steps, 0, -self.train_steps / steps)
        return np.round(spread)[::-1].astype(np.int64) - 1

    def _number(self, name: str, default: float) -> float:
        value = self._facts.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"The scheduler's {name} is no number: {value!r}", where="in scheduler_config.json",
                             hint="Take the file of the model's author again")
        return float(value)

    def _between(self, name: str, default: float, low: float, high: float) -> float:
        value = self._number(name, default)
        if not low <= value <= high:
            raise UsageError(f"The scheduler's {name} is {value:g}", where=f"it runs from {low:g} to {high:g}",
                             hint="Take the file of the model's author again")
        return value

    def _given(self, given: object) -> Numbers:
        try:
            betas = np.asarray(given, np.float32)
        except (ValueError, TypeError):
            betas = np.zeros(0, np.float32)
        if betas.shape != (self.train_steps,) or not ((betas >= 0) & (betas < 1)).all():
            raise UsageError("The scheduler's trained_betas are no list of its training steps",
                             where=f"{self.train_steps} numbers from 0 to 1 are wanted",
                             hint="Take the file of the model's author again")
        return betas

    def _betas(self) -> Numbers:
        given = self._facts.get("trained_betas")
        if given is not None:
            return self._given(given)
        low, high = self._between("beta_start", 0.0001, 0, 0.999), self._between("beta_end", 0.02, 0, 0.999)
        kind = self.choice("beta_schedule", ("linear", "scaled_linear", "squaredcos_cap_v2"), "linear")
        if kind == "linear":
            return _evenly(low, high, self.train_steps)
        if kind == "scaled_linear":
            return _evenly(low**0.5, high**0.5, self.train_steps) ** 2
        return np.array([min(1 - _bar((i + 1) / self.train_steps) / _bar(i / self.train_steps), 0.999)
                         for i in range(self.train_steps)], np.float32)


def _evenly(low: float, high: float, count: int) -> Numbers:
    """torch.linspace in float32, to the last bit: from both ends to the middle, each number rounded once.

    numpy's differs in the last bit here and there, which the first steps of a long schedule amplify a thousandfold.
    """
    start, end = np.float32(low), np.float32(high)
    step = np.float64(np.float32((end - start) / np.float32(max(1, count - 1))))
    places = np.arange(count)
    rising, falling = np.float64(start) + step * places, np.float64(end) - step * (count - 1 - places)
    return np.where(places < count // 2, rising, falling).astype(np.float32)


def _bar(t: float) -> float:
    return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
