"""Small models that each rewrite applies to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from small_models import save, value

RNG = np.random.default_rng(5)


def _floats(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def group_norm_export(path: Path) -> Path:
    """GroupNorm as torch exports it: Reshape to three axes, InstanceNormalization, Reshape back, scale, shift."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], "conv", kernel_shape=[1, 1]),
             helper.make_node("Reshape", ["c", "grouped"], ["g"], "norm/Reshape"),
             helper.make_node("InstanceNormalization", ["g", "ones", "zeros"], ["i"], "norm/Instance", epsilon=1e-5),
             helper.make_node("Reshape", ["i", "whole"], ["b"], "norm/Reshape_1"),
             helper.make_node("Mul", ["b", "scale"], ["m"], "norm/Mul"),
             helper.make_node("Add", ["m", "shift"], ["y"], "norm/Add")]
    held = {"w": _floats(8, 4, 1, 1), "grouped": np.array([0, 4, -1]), "whole": np.array([1, 8, 6, 6]),
            "ones": np.ones(4, np.float32), "zeros": np.zeros(4, np.float32), "scale": _floats(8, 1, 1),
            "shift": _floats(8, 1, 1)}
    return save(path, nodes, [value("x", (1, 4, 6, 6))], [value("y", (1, 8, 6, 6))], held, opset=14)


def instance_norm_alone(path: Path) -> Path:
    """InstanceNormalization of three axes between other operators."""
    nodes = [helper.make_node("Relu", ["x"], ["r"], "relu"),
             helper.make_node("InstanceNormalization", ["r", "s", "b"], ["n"], "norm", epsilon=1e-5),
             helper.make_node("Sigmoid", ["n"], ["y"], "end")]
    return save(path, nodes, [value("x", (2, 3, 9))], [value("y", (2, 3, 9))], {"s": _floats(3), "b": _floats(3)})


def channels_last(path: Path) -> Path:
    """MatMul, Reshape to [N, H, W, C], Transpose to [N, C, H, W], Conv: the end of an attention block."""
    nodes = [helper.make_node("MatMul", ["x", "m"], ["t"], "proj"),
             helper.make_node("Reshape", ["t", "nhwc"], ["r"], "reshape"),
             helper.make_node("Transpose", ["r"], ["p"], "transpose", perm=[0, 3, 1, 2]),
             helper.make_node("Conv", ["p", "w"], ["y"], "conv", kernel_shape=[1, 1])]
    held = {"m": _floats(8, 8), "nhwc": np.array([1, 4, 4, 8]), "w": _floats(8, 8, 1, 1)}
    return save(path, nodes, [value("x", (1, 16, 8))], [value("y", (1, 8, 4, 4))], held, opset=14)


def layer_norm(path: Path) -> Path:
    """LayerNormalization of opset 17 between two linear layers."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"], "fc"),
             helper.make_node("LayerNormalization", ["m", "s", "b"], ["n"], "norm", epsilon=1e-2),
             helper.make_node("Relu", ["n"], ["y"], "end")]
    held = {"w": _floats(16, 16), "s": _floats(16), "b": _floats(16)}
    return save(path, nodes, [value("x", (1, 8, 16))], [value("y", (1, 8, 16))], held)


def layer_norm_amplified(path: Path) -> Path:
    """A sine of large angles turns the last digits of a LayerNormalization into the outputs' sixth."""
    nodes = [helper.make_node("LayerNormalization", ["x", "s", "b"], ["n"], "norm"),
             helper.make_node("Mul", ["n", "k"], ["m"], "mul"), helper.make_node("Sin", ["m"], ["y"], "sin")]
    held = {"s": np.ones(64, np.float32), "b": np.zeros(64, np.float32), "k": np.array(40, np.float32)}
    return save(path, nodes, [value("x", (4, 64))], [value("y", (4, 64))], held)


def layer_norm_plain(path: Path) -> Path:
    """LayerNormalization over two axes, without a bias, in opset 18."""
    nodes = [helper.make_node("LayerNormalization", ["x", "s"], ["y"], "norm", axis=1)]
    return save(path, nodes, [value("x", (2, 4, 6))], [value("y", (2, 4, 6))], {"s": _floats(4, 6)}, opset=18)


def group_norm(opset: int) -> Callable[[Path], Path]:
    """GroupNormalization: its scale is by group in opset 18, by channel from 21."""

    def make(path: Path) -> Path:
        sides = 6 if opset >= 21 else 3
        nodes = [helper.make_node("Relu", ["x"], ["r"], "relu"),
                 helper.make_node("GroupNormalization", ["r", "s", "b"], ["y"], "norm", num_groups=3, epsilon=1e-4)]
        held = [numpy_helper.from_array(_floats(sides), name) for name in "sb"]
        graph = helper.make_graph(nodes, "small", [value("x", (2, 6, 5, 5))], [value("y", (2, 6, 5, 5))], held)
        # Opset 18 has it as deprecated: the checker refuses what exporters write.
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
        return path

    return make


def einsum(equation: str, left: tuple[int, ...], right: tuple[int, ...]) -> Callable[[Path], Path]:
    """One Einsum of two inputs."""

    def make(path: Path) -> Path:
        shape = np.einsum(equation, np.zeros(left), np.zeros(right)).shape
        return save(path, [helper.make_node("Einsum", ["a", "b"], ["y"], "einsum", equation=equation)],
                    [value("a", left), value("b", right)], [value("y", shape)])

    return make


def activation(op: str, opset: int, **attributes: str | float) -> Callable[[Path], Path]:
    """One activation between two additions."""

    def make(path: Path) -> Path:
        nodes = [helper.make_node("Add", ["x", "c"], ["a"], "add"),
                 helper.make_node(op, ["a"], ["y"], "act", **attributes)]
        return save(path, nodes, [value("x", (3, 7))], [value("y", (3, 7))], {"c": _floats(7)}, opset=opset)

    return make


def isnan(path: Path) -> Path:
    """What the newer exporter writes behind an attention's Softmax."""
    nodes = [helper.make_node("Softmax", ["x"], ["s"], "softmax", axis=-1),
             helper.make_node("IsNaN", ["s"], ["n"], "isnan"),
             helper.make_node("Where", ["n", "zero", "s"], ["y"], "where")]
    return save(path, nodes, [value("x", (2, 5))], [value("y", (2, 5))], {"zero": np.zeros((), np.float32)})


def where(path: Path) -> Path:
    """Choice between an input and a constant."""
    nodes = [helper.make_node("Greater", ["x", "limit"], ["g"], "greater"),
             helper.make_node("Where", ["g", "x", "low"], ["y"], "where")]
    held = {"limit": np.zeros((), np.float32), "low": np.full((1, 4), -2.5, np.float32)}
    return save(path, nodes, [value("x", (3, 4))], [value("y", (3, 4))], held)


def causal_mask(path: Path, low: float = float(np.finfo(np.float32).min)) -> Path:
    """Attention scores, a causal mask filled with ``low``, Softmax."""
    mask = np.triu(np.full((1, 6, 6), low, np.float32), 1)
    nodes = [helper.make_node("MatMul", ["q", "k"], ["s"], "scores"),
             helper.make_node("Add", ["s", "mask"], ["m"], "masked"),
             helper.make_node("Softmax", ["m"], ["y"], "softmax", axis=-1)]
    return save(path, nodes, [value("q", (1, 6, 8)), value("k", (1, 8, 6))], [value("y", (1, 6, 6))], {"mask": mask})


def clipped(path: Path) -> Path:
    """The same constant where it is a limit, not a mask: it must stay."""
    nodes = [helper.make_node("Add", ["x", "low"], ["a"], "add"), helper.make_node("Exp", ["a"], ["y"], "exp")]
    return save(path, nodes, [value("x", (2, 2))], [value("y", (2, 2))],
                {"low": np.full((2, 2), -3e38, np.float32)})


def shared_scale(path: Path) -> Path:
    """Two scales that are one weight."""
    nodes = [helper.make_node("Mul", ["x", "s"], ["a"], "mul1"), helper.make_node("Relu", ["a"], ["r"], "relu"),
             helper.make_node("Mul", ["r", "s"], ["y"], "mul2")]
    return save(path, nodes, [value("x", (1, 5))], [value("y", (1, 5))], {"s": _floats(5)})


def unused_input(path: Path) -> Path:
    """An input that nobody reads."""
    return save(path, [helper.make_node("Relu", ["x"], ["y"], "relu")], [value("x", (2,)), value("spare", (3,))],
                [value("y", (2,))])


def shape_arithmetic(path: Path) -> Path:
    """Flattening by the input's own shape, and a mask computed from constants; the batch is dynamic."""
    nodes = [helper.make_node("Shape", ["x"], ["s"], "shape"),
             helper.make_node("Gather", ["s", "first"], ["n"], "gather", axis=0),
             helper.make_node("Concat", ["n", "rest"], ["to"], "concat", axis=0),
             helper.make_node("Reshape", ["x", "to"], ["f"], "reshape"),
             helper.make_node("Add", ["one", "two"], ["three"], "constant/Add"),
             helper.make_node("Mul", ["f", "three"], ["y"], "mul")]
    held = {"first": np.array([0]), "rest": np.array([-1]), "one": np.ones(6, np.float32), "two": _floats(6)}
    return save(path, nodes, [value("x", ("batch", 2, 3))], [value("y", ("batch", 6))], held, opset=14)


def outside_weights(path: Path) -> Path:
    """The layer norm model, its weights in a file beside it."""
    model = onnx.load(layer_norm(path.with_name("inside.onnx")))
    (path.parent / "weights").mkdir()
    onnx.save(model, path, save_as_external_data=True, location="weights/data.bin", size_threshold=0)
    return path
