"""Measures the forms of real models' nodes on the real converter: what ``diag lint`` knows beside ONNX's own tests.

    python packaging/practice.py [MODEL.onnx…]

Adds to ``resources/conformance/RUNTIME-DEVICE.practice.json``: a grid of nodes as PyTorch's exporters spell them, and
every form in the models that are given (inputs.npz beside a model is taken as its input).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from diag.cancel import Cancel
from diag.compare.inputs import gather
from diag.compare.plan import InputChoice
from diag.compare.sides import open_golden
from diag.errors import DiagError
from diag.events import Finished
from diag.lint.forms import fixed_values, form_of, to_row
from diag.lint.practice import Probed, load, practice_path, save
from diag.lint.probe import probe
from diag.runtimes.discover import discover
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.registry import choose

RNG = np.random.default_rng(0)
UNARY = ("Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log",
         "Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Tan",
         "Tanh", "Celu", "Mish", "Gelu", "Atan", "Acos", "Asin", "Sinh", "Cosh", "IsNaN", "Not", "ThresholdedRelu")
SLOPES = {"Elu": {"alpha": 1.0}, "LeakyRelu": {"alpha": 0.01}, "HardSigmoid": {"alpha": 1 / 6, "beta": 0.5},
          "HardSigmoid ": {"alpha": 1 / 6}, "Selu": {"alpha": 1.67, "gamma": 1.05}, "Celu": {"alpha": 1.0},
          "ThresholdedRelu": {"alpha": 1.0}}
BINARY = ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual",
          "Mod", "And", "Or", "PRelu")
REDUCE = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceSumSquare", "ReduceL1",
          "ReduceLogSumExp")


Row = tuple[str, int, list[Any], list[Any], dict[str, Any]]
"""Operator, operator set, given arrays, constant arrays (None: left out), attributes."""


def floats(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.uniform(0.2, 1.5, shape).astype(np.float32) * RNG.choice([-1, 1], shape).astype(np.float32)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


def grid() -> Iterator[Row]:
    """Nodes as exporters spell them, at ranks 2 to 4."""
    shapes: tuple[tuple[int, ...], ...] = ((2, 6), (1, 5, 8), (1, 4, 6, 6))
    for shape in shapes:
        for op in UNARY:
            array = floats(*shape)
            if op in ("Log", "Sqrt", "Acos", "Asin"):
                array = np.abs(array) / 2
            yield op, 20 if op in ("Mish", "Gelu") else 14, [array > 0 if op == "Not" else array], [], {}
        for op, numbers in SLOPES.items():
            yield op.strip(), 14, [floats(*shape)], [], numbers
        for op in BINARY:
            a, b = floats(*shape), np.abs(floats(*shape))
            if op in ("And", "Or"):
                yield op, 14, [a > 0, b > 1], [], {}
                continue
            a = np.abs(a) if op == "Pow" else a
            extra = {"fmod": 1} if op == "Mod" else {}
            yield op, 14, [a, b], [], extra
            yield op, 14, [a], [np.float32(2.0)], extra
            yield op, 14, [a], [np.abs(floats(shape[-1]))], extra
        for op in REDUCE:
            for keep in (0, 1):
                if op == "ReduceSum":
                    yield op, 14, [np.abs(floats(*shape))], [ints(-1)], {"keepdims": keep}
                else:
                    yield op, 14, [np.abs(floats(*shape))], [], {"axes": [-1], "keepdims": keep}
        for axis in (-1, 1):
            yield "Softmax", 14, [floats(*shape)], [], {"axis": axis}
            yield "LogSoftmax", 14, [floats(*shape)], [], {"axis": axis}
            yield "ArgMax", 14, [floats(*shape)], [], {"axis": axis, "keepdims": 0}
            yield "Flatten", 14, [floats(*shape)], [], {"axis": 1}
            yield "Concat", 14, [floats(*shape), floats(*shape)], [], {"axis": axis}
            yield "Split", 14, [floats(*shape)], [ints(1, shape[axis] - 1)], {"axis": axis}
            yield "Gather", 14, [floats(*shape)], [np.int64(1)], {"axis": 1}
            yield "Gather", 14, [floats(*shape)], [ints(0, 1)], {"axis": axis}
        for to in (TensorProto.INT32, TensorProto.INT64, TensorProto.FLOAT16, TensorProto.BOOL):
            yield "Cast", 14, [floats(*shape)], [], {"to": to}
        yield "Reshape", 14, [floats(*shape)], [ints(-1, shape[-1])], {}
        yield "Unsqueeze", 14, [floats(*shape)], [ints(0)], {}
        yield "Expand", 14, [floats(*(1, *shape[1:]))], [ints(2, *shape[1:])], {}
        yield "Tile", 14, [floats(*shape)], [ints(*(2,) * len(shape))], {}
        yield "Clip", 14, [floats(*shape)], [np.float32(-0.5), np.float32(0.5)], {}
        yield "Clip", 14, [floats(*shape)], [np.float32(-0.5)], {}
        yield "Where", 14, [floats(*shape) > 0, floats(*shape), floats(*shape)], [], {}
        yield "Slice", 14, [floats(*shape)], [ints(0), ints(2), ints(1), ints(1)], {}
        yield "CumSum", 14, [floats(*shape)], [np.int64(1)], {}
        yield "LayerNormalization", 17, [floats(*shape)], [floats(shape[-1]), floats(shape[-1])], {"axis": -1}
        yield "InstanceNormalization", 14, [floats(*shape)], [floats(shape[1]), floats(shape[1])], {"epsilon": 1e-5}
        yield ("BatchNormalization", 14, [floats(*shape)],
               [floats(shape[1]), floats(shape[1]), floats(shape[1]), np.abs(floats(shape[1]))], {"epsilon": 1e-5})
    for perm in ((0, 2, 1), (2, 0, 1), (1, 0, 2)):
        yield "Transpose", 14, [floats(1, 5, 8)], [], {"perm": perm}
    for order in ((0, 2, 1, 3), (0, 1, 3, 2), (0, 2, 3, 1), (0, 3, 1, 2)):
        yield "Transpose", 14, [floats(1, 4, 6, 6)], [], {"perm": order}
    for group, out in ((1, 6), (4, 4), (2, 6)):
        for kernel, pads, strides in ((1, 0, 1), (3, 1, 1), (3, 1, 2), (3, 0, 1)):
            w = floats(out, 4 // group, kernel, kernel)
            how = {"kernel_shape": [kernel] * 2, "pads": [pads] * 4, "strides": [strides] * 2, "group": group,
                   "dilations": [1, 1]}
            yield "Conv", 14, [floats(1, 4, 8, 8)], [w], how
            yield "Conv", 14, [floats(1, 4, 8, 8)], [w, floats(out)], how
    yield from _convolutions()
    factors: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
        ((2, 6), (6, 4)), ((1, 5, 6), (6, 4)), ((1, 2, 5, 6), (1, 2, 6, 5)), ((1, 5, 6), (1, 6, 5)))
    for left, right in factors:
        yield "MatMul", 14, [floats(*left), floats(*right)], [], {}
        yield "MatMul", 14, [floats(*left)], [floats(*right)], {}
    yield "Gemm", 14, [floats(2, 6)], [floats(4, 6), floats(4)], {"transB": 1, "alpha": 1.0, "beta": 1.0}
    yield "Gemm", 14, [floats(2, 6)], [floats(6, 4), floats(4)], {}
    for op in ("MaxPool", "AveragePool"):
        yield op, 14, [floats(1, 4, 8, 8)], [], {"kernel_shape": [2, 2], "strides": [2, 2]}
        yield op, 14, [floats(1, 4, 8, 8)], [], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}
        yield op, 14, [floats(1, 4, 8)], [], {"kernel_shape": [2], "strides": [2]}
    for op in ("GlobalAveragePool", "GlobalMaxPool"):
        yield op, 14, [floats(1, 4, 8, 8)], [], {}
    for mode in ("constant", "reflect", "edge"):
        yield "Pad", 14, [floats(1, 4, 6, 6)], [ints(0, 0, 2, 1, 0, 0, 1, 2)], {"mode": mode}
        yield "Pad", 9, [floats(1, 4, 6, 6)], [], {"mode": mode, "pads": [0, 0, 2, 1, 0, 0, 1, 2]}
    for mode, where in (("nearest", "asymmetric"), ("linear", "half_pixel"), ("linear", "align_corners"),
                        ("nearest", "half_pixel"), ("cubic", "half_pixel"), ("linear", "pytorch_half_pixel")):
        how = {"mode": mode, "coordinate_transformation_mode": where}
        if mode == "nearest":
            how["nearest_mode"] = "floor"
        yield ("Resize", 14, [floats(1, 4, 6, 6)], [None, np.array([1, 1, 2, 2], np.float32)], how)
        yield ("Resize", 14, [floats(1, 4, 6, 6)], [None, None, ints(1, 4, 12, 12)], how)
    yield "DepthToSpace", 14, [floats(1, 8, 4, 4)], [], {"blocksize": 2, "mode": "CRD"}
    yield "DepthToSpace", 14, [floats(1, 8, 4, 4)], [], {"blocksize": 2, "mode": "DCR"}
    yield "SpaceToDepth", 14, [floats(1, 2, 4, 4)], [], {"blocksize": 2}
    yield "Einsum", 14, [floats(2, 3, 4), floats(2, 4, 5)], [], {"equation": "bij,bjk->bik"}
    yield "TopK", 14, [floats(2, 8)], [ints(3)], {"axis": -1}
    yield "Squeeze", 14, [floats(1, 5, 8)], [ints(0)], {}
    yield "GatherElements", 14, [floats(3, 4)], [np.array([[0, 1, 2, 0]], np.int64)], {"axis": 0}
    yield "GatherND", 14, [floats(3, 4)], [np.array([[0, 1], [2, 3]], np.int64)], {}
    yield "ScatterND", 16, [floats(4, 3)], [np.array([[1]], np.int64), floats(1, 3)], {}
    yield "LpNormalization", 14, [floats(2, 6)], [], {"axis": -1, "p": 2}
    yield "Trilu", 14, [floats(1, 5, 5)], [], {"upper": 0}
    yield "GroupNormalization", 21, [floats(1, 4, 6, 6)], [floats(4), floats(4)], {"num_groups": 2}


def masks() -> Iterator[tuple[str, onnx.ModelProto, dict[str, Any]]]:
    """Where with a constant condition and a constant scalar, as attention masks are filled in."""
    for opset, shape in ((11, (1, 6, 6)), (14, (1, 6, 6)), (14, (1, 2, 6, 6))):
        held = [numpy_helper.from_array(np.triu(np.ones((6, 6), bool), 1), "c"),
                numpy_helper.from_array(np.array(-1e9, np.float32), "low")]
        for inputs in (["c", "low", "x"], ["c", "x", "low"]):
            node = helper.make_node("Where", inputs, ["y"], "/Where")
            graph = helper.make_graph([node], "one", [helper.make_tensor_value_info("x", 1, shape)],
                                      [helper.make_tensor_value_info("y", 1, shape)], held)
            yield (f"Where-{opset}-{len(shape)}-{inputs[1]}",
                   helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8),
                   {"x": floats(*shape)})


def _convolutions() -> Iterator[Row]:
    """One and three axes, transposed ones, and what operator sets before 13 say by attributes."""
    for rank, size in ((1, (8,)), (3, (4, 4, 4))):
        for pads, stride, group in ((0, 1, 1), (1, 1, 1), (1, 2, 2)):
            how = {"kernel_shape": [3] * rank, "pads": [pads] * 2 * rank, "strides": [stride] * rank,
                   "dilations": [1] * rank, "group": group}
            for bias in ([floats(6)], []):
                yield "Conv", 14, [floats(1, 4, *size)], [floats(6, 4 // group, *(3,) * rank), *bias], how
    for bias in ([floats(3)], []):
        for stride, out in ((1, 0), (2, 1)):
            how = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [stride] * 2, "dilations": [1, 1], "group": 1}
            if out:
                how["output_padding"] = [out] * 2
            yield "ConvTranspose", 14, [floats(1, 4, 6, 6)], [floats(4, 3, 3, 3), *bias], how
    yield ("MaxPool", 14, [floats(1, 4, 8, 8)], [],
           {"kernel_shape": [3, 3], "strides": [1, 1], "dilations": [2, 2], "pads": [0] * 4})
    for shape in ((2, 6, 1), (1, 4, 6, 1)):
        yield "Squeeze", 11, [floats(*shape)], [], {"axes": [len(shape) - 1]}
        yield "Unsqueeze", 11, [floats(*shape)], [], {"axes": [0]}
        yield "Unsqueeze", 11, [floats(*shape)], [], {"axes": [len(shape)]}
        yield "Slice", 9, [floats(*shape)], [], {"axes": [1], "starts": [0], "ends": [2]}
        yield "Split", 11, [floats(*shape)], [], {"axis": 1, "split": [1, shape[1] - 1]}
        yield "ReduceSum", 11, [floats(*shape)], [], {"axes": [1], "keepdims": 1}
        yield "Clip", 9, [floats(*shape)], [], {"min": -0.5, "max": 0.5}
        yield "Softmax", 11, [floats(*shape)], [], {"axis": 1}
        yield "Pad", 9, [floats(*shape)], [], {"mode": "constant", "pads": [0, 1, *[0] * (len(shape) - 2)] * 2}
    yield "Upsample", 9, [floats(1, 4, 6, 6)], [np.array([1, 1, 2, 2], np.float32)], {"mode": "nearest"}
    for op in ("Add", "Sub", "Mul", "Div"):
        yield op, 14, [ints(1, 2, 3), ints(4, 5, 6)], [], {}
        yield op, 14, [ints(1, 2, 3)], [ints(2)], {}
    for op in ("PRelu", "Add", "Mul"):
        yield op, 14, [floats(1, 4, 3, 3, 3)], [floats(4, 1, 1, 1)], {}
    for op in ("Relu", "Sigmoid", "Softmax", "BatchNormalization"):
        extra = [floats(4), floats(4), floats(4), np.abs(floats(4))] if op == "BatchNormalization" else []
        yield op, 14, [floats(1, 4, 3, 3, 3)], extra, {}


def main() -> int:
    """Measure, and write the file."""
    spec = choose(discover(), "mindspore-lite")
    path = practice_path(f"{spec.name} {spec.version}", "cpu")
    found = list(load(path))
    known = {json.dumps(to_row(p.form)) for p in found}
    with tempfile.TemporaryDirectory() as place:
        for i, one in enumerate(grid()):
            folder = Path(place) / f"{i:03}-{one[0]}"
            _write(folder, *one)
            found += _measured(folder / "model.onnx", spec, known)
        for name, model, feeds in masks():
            folder = Path(place) / name
            folder.mkdir()
            onnx.save(model, folder / "model.onnx")
            np.savez(folder / "inputs.npz", **feeds)
            found += _measured(folder / "model.onnx", spec, known)
        for name in sys.argv[1:]:
            found += _measured(Path(name), spec, known)
            save(found, path)
    save(found, path)
    sys.stdout.write(f"{len(found)} forms in {path}\n")
    return 0


def _write(folder: Path, op: str, opset: int, given: list[Any], constants: list[Any],
           attributes: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    names = [f"x{i}" for i in range(len(given))]
    held = [f"c{i}" if c is not None else "" for i, c in enumerate(constants)]
    outputs = {"Split": 2, "TopK": 2}.get(op, 1)
    node = helper.make_node(op, [*names, *held], [f"y{i}" for i in range(outputs)], f"/{op}", **attributes)
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
             for n, a in zip(names, given, strict=True)]
    weights = [numpy_helper.from_array(np.asarray(c), n) for n, c in zip(held, constants, strict=True) if n]
    graph = helper.make_graph([node], "one", infos, [helper.make_empty_tensor_value_info(o) for o in node.output],
                              weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "inputs.npz", **dict(zip(names, given, strict=True)))


def _measured(path: Path, spec: RuntimeSpec, known: set[str]) -> list[Probed]:
    npz = path.parent / "inputs.npz"
    try:
        side = open_golden(path, 1)
        inputs = gather(side.graph, InputChoice(npz if npz.exists() else None))
        infos = side.infos({n: a.shape for n, a in inputs.arrays.items()})
        fixed = fixed_values(side.graph, infos)
        chosen = {}
        for i, node in enumerate(side.graph.nodes):
            if node.op == "Constant" or all(v in fixed for v in node.outputs if v):
                continue
            form = form_of(node, side.graph, infos, fixed, side.session.program.opsets.get("", 0))
            key = json.dumps(to_row(form))
            if key not in known:
                known.add(key)
                chosen[i] = form
        with tempfile.TemporaryDirectory() as place:
            *_, last = probe(side, chosen, inputs.arrays, infos, spec, Path(place), Cancel())
    except DiagError as error:
        sys.stdout.write(f"{path.parent.name}: {error.message} {error.where}\n")
        return []
    assert isinstance(last, Finished)
    told = Counter("wrong" if p.result.right is False else p.result.reached for p in last.result)
    sys.stdout.write(f"{path.parent.name}: {dict(told)}\n")
    return list(last.result)


if __name__ == "__main__":
    sys.exit(main())
