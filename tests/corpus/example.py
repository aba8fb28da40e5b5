"""A model and what it is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Example:
    """A model and the inputs that it is judged on."""

    model: onnx.ModelProto
    feeds: dict[str, Array]


def image(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Smooth and normalised, as a photograph is, with some noise."""
    coarse = rng.standard_normal((shape[0], shape[1], shape[2] // 4, shape[3] // 4))
    return (np.kron(coarse, np.ones((1, 1, 4, 4))) + 0.3 * rng.standard_normal(shape)).astype(np.float32)
