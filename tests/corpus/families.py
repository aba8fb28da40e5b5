"""Model families: small, seeded, spelled as by the PyTorch exporter, and all of them run on MindSpore Lite 2.0.0.

Avoided, because the converter refuses it: GRU, Conv1d, HardSwish, Selu, Celu, Softsign, Einsum; because the build does:
LpNormalization and the 3-D InstanceNormalization; because the answer is wrong: what stands in ``naturals``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from corpus import sequences, vision
from corpus.example import Example

Build = Callable[[np.random.Generator], Example]

FAMILIES: dict[str, Build] = {
    "resnet": vision.resnet, "depthwise": vision.depthwise, "unet": vision.unet,
    "transformer": sequences.transformer, "text": sequences.text, "vit": vision.vit, "gated": sequences.gated,
    "language": sequences.language, "recurrent": sequences.recurrent, "lstm": sequences.lstm,
    "timestep": vision.timestep, "mixer": vision.mixer, "decoder": vision.decoder, "shuffle": vision.shuffle,
    "fourier": sequences.fourier}
