"""Real defects of MindSpore Lite 2.0.0 on CPU: nothing is planted, the converter or runtime is wrong by itself.

Not a pair, since it takes an option of the run: LayerNorm with 2 or 4 threads on few rows ([1, 8, 32])
computes only the first rows / threads rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from corpus.example import Example, image
from corpus.families import Build
from corpus.net import Net
from corpus.sequences import fourier, text


@dataclass(frozen=True, slots=True)
class Natural:
    """A defect that a model meets: the node that it sits in, the word that explains it, who shows it.

    ``reference``: whether the MindIR itself is wrong, so that a faithful interpreter of it shows the error too.
    """

    build: Build
    node: str
    explains: str
    reference: bool


def _cnn(block: Callable[[Net, str, int], str]) -> Build:
    """A small CNN with one block in the middle that this runtime gets wrong. The block is given its channels."""
    def build(rng: np.random.Generator) -> Example:
        net, width = Net(rng), int(rng.choice([12, 16]))
        x = net.op("Relu", "features.1", [net.conv("features.0", net.input("input", (1, 3, 16, 16)), (3, width))])
        x = block(net, net.conv("features.2", x, (width, width)), width)
        x = net.op("Relu", "features.5", [net.conv("features.4", x, (width, width))])
        x = net.op("Flatten", "", [net.op("GlobalAveragePool", "pool", [x])], axis=1)
        return Example(net.model("cnn", {"logits": net.gemm("classifier", x, (width, 10))}),
                       {"input": image(rng, (1, 3, 16, 16))})
    return build


def _resize(mode: str, scale: float) -> Callable[[Net, str, int], str]:
    attributes = {"mode": mode, "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": -0.75,
                  "nearest_mode": "round_prefer_floor"}
    sizes = np.array([1, 1, scale, scale], np.float32)
    return lambda net, x, width: str(net.op(
        "Resize", "features.3", [x, "", net.constant("features.3", sizes)], **attributes))


def _one(operator: str, **attributes: object) -> Build:
    return _cnn(lambda net, x, width: str(net.op(operator, "features.3", [x], **attributes)))


def _with(operator: str, *inputs: np.ndarray | float | None) -> Build:
    """The operator with constants behind its first input; None: not given."""
    return _cnn(lambda net, x, width: str(net.op(operator, "features.3", [
        x, *("" if value is None else net.constant("features.3", value) for value in inputs)])))


NATURALS: dict[str, Natural] = {
    "layernorm_epsilon": Natural(lambda rng: text(rng, 17), "/encoder/layers.0/layer_norm1/LayerNormalization",
                                 "epsilon", True),
    "cos": Natural(lambda rng: fourier(rng, (0.93, 1.0)), "/encoding/Cos", "Cos", False),
    "leaky_relu_default": Natural(_one("LeakyRelu"), "/features.3/LeakyRelu", "alpha", True),
    "elu_default": Natural(_one("Elu"), "/features.3/Elu", "alpha", True),
    "hard_sigmoid_default": Natural(_one("HardSigmoid"), "/features.3/HardSigmoid", "alpha", True),
    "clip_max_only": Natural(_with("Clip", None, 0.5), "/features.3/Clip", "min", True),
    "pow_integer": Natural(_with("Pow", np.array(2)), "/features.3/Pow", "exponent", False),
    "average_pool_padding": Natural(
        _one("AveragePool", kernel_shape=[3, 3], pads=[1] * 4, strides=[1, 1], count_include_pad=1),
        "/features.3/AveragePool", "count_include_pad", True),
    "resize_cubic": Natural(_cnn(_resize("cubic", 2.0)), "/features.3/Resize", "cubic", False),
    "resize_nearest": Natural(_cnn(_resize("nearest", 1.5)), "/features.3/Resize", "nearest", False),
}
