"""A small network and its recordings on the emulated device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from npu_dumps import Array, Emulated, Emulator, Fault, Part
from onnx import helper
from small_models import save, value

from diag.cancel import Cancel
from diag.compare.plan import ComparePlan
from diag.compare.recorded.engine import compare_recording
from diag.events import Finished
from diag.rules.accuracy import examined
from diag.types.comparison import Comparison

PARTS = (
    Part("conv1relu1", "Conv2D", ("conv1", "relu1"), "NC1HWC0"),
    Part("conv2", "Conv2D", ("conv2",), "NC1HWC0"),
    Part("add", "Add", ("add",), "NC1HWC0"),
    Part("poolflat", "Pooling", ("pool", "flat"), "NC1HWC0"),
    Part("fc", "MatMulV2", ("fc",), "FRACTAL_NZ"),
    Part("biassoft", "SoftmaxV2", ("bias", "soft")),
)


def net(path: Path) -> Path:
    """A residual block with a head: ten nodes."""
    rng = np.random.default_rng(3)
    held = {"w1": rng.normal(0, 0.3, (20, 3, 3, 3)), "b1": rng.normal(0, 0.1, 20),
            "w2": rng.normal(0, 0.1, (20, 20, 3, 3)), "b2": rng.normal(0, 0.1, 20), "w3": rng.normal(0, 0.3, (20, 6)),
            "b3": rng.normal(0, 0.1, 6)}
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], "conv1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], "relu1"),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], "conv2", pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c2", "r1"], ["a"], "add"),
        helper.make_node("GlobalAveragePool", ["a"], ["p"], "pool"),
        helper.make_node("Flatten", ["p"], ["f"], "flat"),
        helper.make_node("MatMul", ["f", "w3"], ["m"], "fc"),
        helper.make_node("Add", ["m", "b3"], ["s"], "bias"),
        helper.make_node("Softmax", ["s"], ["y"], "soft", axis=-1),
    ]
    return save(path, nodes, [value("x", (2, 3, 9, 7))], [value("y", (2, 6))],
                {k: v.astype(np.float32) for k, v in held.items()})


def recording(folder: Path, faults: Mapping[str, Fault] | None = None, *,
              weights: Mapping[str, Fault] | None = None, **how: object) -> tuple[Path, Emulated]:
    model = net(folder / "net.onnx")
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 7)).astype(np.float32)
    emulator = Emulator(model, PARTS, folder / "dump", **how)  # type: ignore[arg-type]
    return model, emulator.run({"x": x}, faults, weights)


def channel(k: int, factor: float) -> Fault:
    def spoil(a: Array) -> Array:
        a = a.copy()
        a[:, k] *= factor
        return a

    return spoil


def run(model: Path, dump: Path, out: Path, **more: object) -> Comparison:
    last = list(compare_recording(ComparePlan(model, dump, out, **more), Cancel()))[-1]  # type: ignore[arg-type]
    assert isinstance(last, Finished)
    return examined(last.result)
