"""Small models with one thing that a narrower type breaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import helper
from small_models import save, value

from diag.cancel import Cancel
from diag.compare.plan import InputChoice
from diag.events import Finished
from diag.precision.engine import emulate
from diag.precision.settings import PrecisionPlan
from diag.rules.precision import examined
from diag.types.precision import Emulation


def floats(seed: int, *shape: int) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)


def mask(path: Path) -> Path:
    """Attention whose mask is (1 - keep) times the lowest float32: 0 times minus infinity in fp16."""
    held = {"wq": floats(1, 16, 16), "wk": floats(2, 16, 16), "wv": floats(3, 16, 16), "one": np.array(1, np.float32),
            "lowest": np.array(np.finfo(np.float32).min, np.float32), "scale": np.array(0.25, np.float32)}
    nodes = [helper.make_node("MatMul", ["x", "wq"], ["q"], "q"), helper.make_node("MatMul", ["x", "wk"], ["k"], "k"),
             helper.make_node("MatMul", ["x", "wv"], ["v"], "v"),
             helper.make_node("Transpose", ["k"], ["kt"], "kt", perm=[0, 2, 1]),
             helper.make_node("MatMul", ["q", "kt"], ["s"], "scores"),
             helper.make_node("Mul", ["s", "scale"], ["sc"], "scaled"),
             helper.make_node("Sub", ["one", "keep"], ["off"], "off"),
             helper.make_node("Mul", ["off", "lowest"], ["m"], "mask"),
             helper.make_node("Add", ["sc", "m"], ["sm"], "masked"),
             helper.make_node("Softmax", ["sm"], ["p"], "softmax", axis=-1),
             helper.make_node("MatMul", ["p", "v"], ["y"], "context")]
    return save(path, nodes, [value("x", (1, 6, 16)), value("keep", (1, 1, 6))], [value("y", (1, 6, 16))], held)


def keep() -> np.ndarray:
    """Two of six tokens are padding."""
    return np.array([[[1, 1, 1, 1, 0, 0]]], np.float32)


def large_weight(path: Path) -> Path:
    """Two layers, the first one's weight beyond 65504 in three places, scaled down again by the next."""
    w = floats(1, 8, 8)
    w[0, 0], w[3, 4], w[7, 1] = 1e5, -2e5, 3e5
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"], "wide"),
             helper.make_node("Mul", ["a", "down"], ["b"], "down"),
             helper.make_node("MatMul", ["b", "v"], ["y"], "last")]
    held = {"w": w, "down": np.array(1e-5, np.float32), "v": floats(2, 8, 8)}
    return save(path, nodes, [value("x", (2, 8))], [value("y", (2, 8))], held)


def sensitive(path: Path, depth: int = 6) -> Path:
    """Products and activations, and in the middle the sine of large arguments: rounding them to fp16 ruins it."""
    nodes, held, current = [], {"far": np.array(300, np.float32)}, "x"
    for i in range(depth):
        held[f"w{i}"] = floats(i, 16, 16)
        nodes.append(helper.make_node("MatMul", [current, f"w{i}"], [f"m{i}"], f"fc{i}"))
        current = f"m{i}"
        if i == depth // 2:
            nodes.append(helper.make_node("Mul", [current, "far"], ["angle"], "angle"))
            nodes.append(helper.make_node("Sin", ["angle"], ["sine"], "sine"))
            current = "sine"
    nodes.append(helper.make_node("Tanh", [current], ["y"], "act"))
    return save(path, nodes, [value("x", (4, 16))], [value("y", (4, 16))], held)


def branches(path: Path) -> Path:
    """Two rows of products of several widths, added up again and again: which of them to keep is a real choice."""
    held, nodes, current = {}, [], "x"
    for i, width in enumerate((64, 16, 96)):
        for side in "ab":
            held[f"u{i}{side}"], held[f"v{i}{side}"] = floats(7 * i + ord(side), 32, width), floats(i + 50, width, 32)
            nodes += [helper.make_node("MatMul", [current, f"u{i}{side}"], [f"p{i}{side}"], f"up{i}{side}"),
                      helper.make_node("Tanh", [f"p{i}{side}"], [f"t{i}{side}"], f"act{i}{side}"),
                      helper.make_node("MatMul", [f"t{i}{side}", f"v{i}{side}"], [f"q{i}{side}"], f"down{i}{side}")]
        nodes.append(helper.make_node("Add", [f"q{i}a", f"q{i}b"], [f"s{i}"], f"sum{i}"))
        current = f"s{i}"
    return save(path, nodes, [value("x", (8, 32))], [value(current, (8, 32))], held)


def chain(path: Path) -> Path:
    """Elementwise only: what fp16 does to each node is known to the last bit."""
    held = {"a": floats(1, 1, 16), "b": floats(2, 1, 16), "c": np.abs(floats(3, 1, 16)) + 0.5}
    nodes = [helper.make_node("Mul", ["x", "a"], ["m"], "mul"), helper.make_node("Add", ["m", "b"], ["s"], "add"),
             helper.make_node("Div", ["s", "c"], ["d"], "div"), helper.make_node("Sub", ["d", "x"], ["e"], "sub"),
             helper.make_node("Abs", ["e"], ["f"], "abs"), helper.make_node("Sqrt", ["f"], ["y"], "sqrt")]
    return save(path, nodes, [value("x", (4, 16))], [value("y", (4, 16))], held)


def emulation(path: Path, out: Path, **options: object) -> Emulation:
    """The whole emulation, with its findings."""
    *_, last = emulate(PrecisionPlan(path, out, **{"inputs": InputChoice(), "jobs": 1, **options}), Cancel())
    assert isinstance(last, Finished)
    return examined(last.result)
