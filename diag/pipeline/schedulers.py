"""PNDM (as in Stable Diffusion 1.5), DDIM and Euler, in numpy: one class each, and a table."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from diag.errors import UsageError
from diag.pipeline.calls import Numbers
from diag.pipeline.schedule import Config, Scheduler


@dataclass(frozen=True, slots=True)
class _History:
    """Unet outputs of the last steps, newest last; how many steps were done; the sample of a doubled first step."""

    outputs: tuple[Numbers, ...] = ()
    done: int = 0
    sample: Numbers | None = None


class Pndm:
    """Pseudo linear multistep (PLMS): the Runge-Kutta start is left out, as Stable Diffusion does."""

    noise_scale = 1.0

    def __init__(self, facts: Mapping[str, Any], steps: int) -> None:
        self._config = config = Config(facts, {})
        if not config.flag("skip_prk_steps", default=False):
            raise UsageError("PNDM with Runge-Kutta steps is not supported", where="skip_prk_steps is not true",
                             hint="Set skip_prk_steps = true, as Stable Diffusion does")
        if config.prediction == "sample":
            raise UsageError("PNDM does not know prediction_type 'sample'", hint="Use epsilon or v_prediction")
        plain = config.timesteps(steps)
        self.timesteps: Numbers = np.concatenate([plain[:-1], plain[-2:-1], plain[-1:]])[::-1].copy()
        self._stride = config.train_steps // steps
        one = np.float32(1)
        self._final = one if config.flag("set_alpha_to_one", default=False) else config.alpha(0, one)

    def start(self) -> _History:
        """No outputs yet."""
        return _History()

    def scaled(self, sample: Numbers, index: int) -> Numbers:  # noqa: ARG002 - other schedulers need it
        """PNDM takes latents as they are."""
        return sample

    def add_noise(self, sample: Numbers, noise: Numbers, index: int) -> Numbers:
        """Latents with noise."""
        return _noised(self._config, sample, noise, int(self.timesteps[index]))

    def step(self, state: _History, output: Numbers, index: int, sample: Numbers) -> tuple[Numbers, _History]:
        """A multistep of up to four outputs; the second step repeats the first one's interval."""
        timestep = int(self.timesteps[index])
        previous = timestep - self._stride
        outputs, kept = state.outputs, state.sample
        if state.done == 1:
            previous, timestep = timestep, timestep + self._stride
        else:
            outputs = (*outputs[-3:], output)
        if len(outputs) == 1 and state.done == 0:
            kept = sample
        elif len(outputs) == 1:
            output = (output + outputs[-1]) / np.float32(2)
            sample, kept = (sample if kept is None else kept), None
        else:
            output = _multistep(outputs)
        return self._previous(sample, timestep, previous, output), _History(outputs, state.done + 1, kept)

    def _previous(self, sample: Numbers, timestep: int, previous: int, output: Numbers) -> Numbers:
        now = self._config.alpha(timestep, self._final)
        then = self._config.alpha(previous, self._final)
        one = np.float32(1)
        if self._config.prediction == "v_prediction":
            output = np.sqrt(now) * output + np.sqrt(one - now) * sample
        share = now * np.sqrt(one - then) + np.sqrt(now * (one - now) * then)
        return np.asarray(np.sqrt(then / now) * sample - (then - now) * output / share)


class Ddim:
    """Deterministic DDIM (eta 0)."""

    noise_scale = 1.0

    def __init__(self, facts: Mapping[str, Any], steps: int) -> None:
        self._config = config = Config(facts, {})
        config.refuse("thresholding", "rescale_betas_zero_snr")
        self.timesteps: Numbers = config.timesteps(steps)[::-1].copy()
        self._stride = config.train_steps // steps
        self._final = np.float32(1) if config.flag("set_alpha_to_one", default=True) else config.alpha(0, np.float32(1))
        reach = np.float32(config.number("clip_sample_range", 1.0))
        self._clip = reach if config.flag("clip_sample", default=True) else None

    def start(self) -> None:
        """DDIM remembers nothing."""

    def scaled(self, sample: Numbers, index: int) -> Numbers:  # noqa: ARG002
        """DDIM takes latents as they are."""
        return sample

    def add_noise(self, sample: Numbers, noise: Numbers, index: int) -> Numbers:
        """Latents with noise."""
        return _noised(self._config, sample, noise, int(self.timesteps[index]))

    def step(self, state: None, output: Numbers, index: int, sample: Numbers) -> tuple[Numbers, None]:
        """From the predicted origin to the latents of the step before."""
        timestep = int(self.timesteps[index])
        now = self._config.alpha(timestep, self._final)
        then = self._config.alpha(timestep - self._stride, self._final)
        signal, noise = np.sqrt(now), np.sqrt(np.float32(1) - now)
        match self._config.prediction:
            case "epsilon":
                origin, epsilon = (sample - noise * output) / signal, output
            case "sample":
                origin, epsilon = output, (sample - signal * output) / noise
            case _:
                origin, epsilon = signal * sample - noise * output, signal * output + noise * sample
        if self._clip is not None:
            origin = np.clip(origin, -self._clip, self._clip)
        return np.asarray(np.sqrt(then) * origin + np.sqrt(np.float32(1) - then) * epsilon), state


class Euler:
    """Euler steps over noise levels (EulerDiscrete, no churn)."""

    def __init__(self, facts: Mapping[str, Any], steps: int) -> None:
        self._config = config = Config(facts, {"timestep_spacing": "linspace"})
        config.refuse("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "rescale_betas_zero_snr")
        config.choice("interpolation_type", ("linear",), "linear")
        config.choice("timestep_type", ("discrete",), "discrete")
        spread = config.timesteps(steps)
        if config.spacing == "linspace":  # this scheduler does not round them
            spread = np.linspace(0, config.train_steps - 1, steps, dtype=np.float32)
        self.timesteps: Numbers = spread[::-1].astype(np.float32)
        alphas = config.alphas_cumprod
        levels = np.sqrt((np.float32(1) - alphas) / alphas)
        last = levels[0] if config.choice("final_sigmas_type", ("zero", "sigma_min"), "zero") == "sigma_min" else 0.0
        found = np.interp(self.timesteps, np.arange(len(levels)), levels)
        self._sigmas = np.append(found, last).astype(np.float32)
        highest = float(self._sigmas.max())
        self.noise_scale = highest if config.spacing in ("linspace", "trailing") else (highest**2 + 1) ** 0.5

    def start(self) -> None:
        """Euler remembers nothing."""

    def scaled(self, sample: Numbers, index: int) -> Numbers:
        """Latents divided by what their noise adds to them."""
        return np.asarray(sample / np.sqrt(self._sigmas[index] ** 2 + np.float32(1)))

    def add_noise(self, sample: Numbers, noise: Numbers, index: int) -> Numbers:
        """Latents with the noise of this level."""
        return np.asarray(sample + noise * self._sigmas[index])

    def step(self, state: None, output: Numbers, index: int, sample: Numbers) -> tuple[Numbers, None]:
        """One Euler step down to the next level."""
        sigma = self._sigmas[index]
        match self._config.prediction:
            case "epsilon":
                origin = sample - sigma * output
            case "sample":
                origin = output
            case _:
                wide = sigma**2 + np.float32(1)
                origin = output * (-sigma / np.sqrt(wide)) + sample / wide
        return np.asarray(sample + (sample - origin) / sigma * (self._sigmas[index + 1] - sigma)), state


SCHEDULERS: Mapping[str, Callable[[Mapping[str, Any], int], Scheduler]] = {
    "PNDMScheduler": Pndm, "DDIMScheduler": Ddim, "EulerDiscreteScheduler": Euler,
}
_SHORT = {"pndm": "PNDMScheduler", "plms": "PNDMScheduler", "ddim": "DDIMScheduler", "euler": "EulerDiscreteScheduler"}


def class_of(name: str) -> str:
    """The class that a name stands for (``euler`` or ``EulerDiscreteScheduler``). Raises UsageError."""
    full = _SHORT.get(name.lower(), name)
    if full in SCHEDULERS:
        return full
    known = [*SCHEDULERS, *_SHORT]
    close = difflib.get_close_matches(name, known, 1) or difflib.get_close_matches(name.lower(), known, 1)
    raise UsageError(f"There is no scheduler '{name}'", where=f"schedulers: {', '.join(SCHEDULERS)}",
                     hint=f"Did you mean '{close[0]}'?" if close else "Or run it with kind = \"diffusers\"")


def scheduler(facts: Mapping[str, Any], steps: int) -> Scheduler:
    """The scheduler of a config, for ``steps`` steps. Raises UsageError."""
    return SCHEDULERS[class_of(str(facts.get("_class_name", "PNDMScheduler")))](facts, steps)


def _noised(config: Config, sample: Numbers, noise: Numbers, timestep: int) -> Numbers:
    alpha = config.alpha(timestep, np.float32(1))
    return np.asarray(np.sqrt(alpha) * sample + np.sqrt(np.float32(1) - alpha) * noise)


def _multistep(outputs: tuple[Numbers, ...]) -> Numbers:
    """Adams-Bashforth over the last two to four outputs."""
    weights = {2: (3, -1), 3: (23, -16, 5), 4: (55, -59, 37, -9)}[len(outputs)]
    total = sum((np.float32(w) * o for w, o in zip(weights, reversed(outputs), strict=True)),
                start=np.zeros_like(outputs[-1]))
    # The four-step form is multiplied by 1/24 where the others are divided: as torch's code rounds.
    return np.asarray(total * np.float32(1 / 24) if len(outputs) == 4 else total / np.float32(sum(weights)))
