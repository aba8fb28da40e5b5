"""Nodes that rely on a default or an attribute that MindSpore Lite 2.0.0 loses or misreads, said otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper

from diag.rewrites.interface import Replacement, Rewrite, Site
from diag.rewrites.model import Model
from diag.runtimes.interface import Array
from diag.types.codes import Code

_DEFAULTS: Mapping[str, Mapping[str, float]] = {
    "Elu": {"alpha": 1.0}, "LeakyRelu": {"alpha": float(np.float32(0.01))}, "ThresholdedRelu": {"alpha": 1.0},
    "Celu": {"alpha": 1.0}}
_MOST_ELEMENTS = 2**24


class DefaultsSpelled:
    """Writes down the default slope of an activation, which a converter may take for zero."""

    name = "defaults_spelled"
    code = Code.REWRITE_DEFAULTS

    def sites(self, model: Model) -> Sequence[Site]:
        """Activations whose attribute is not written."""
        return [Site(name, node.op_type, ", ".join(_absent(node))) for name, node in model.each(*_DEFAULTS)
                if _absent(node)]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """The same node with the attribute."""
        for site in sites:
            node = model.node(site.node)
            node.attribute.extend(helper.make_attribute(n, _DEFAULTS[node.op_type][n]) for n in _absent(node))
        model.changed()


class ClipLimitsSpelled:
    """Gives a Clip that only has a maximum the lowest float32 as its minimum."""

    name = "clip_limits_spelled"
    code = Code.REWRITE_CLIP

    def sites(self, model: Model) -> Sequence[Site]:
        """Clips of float32 with a maximum and no minimum."""
        return [Site(name, node.op_type) for name, node in model.floats("Clip")
                if len(node.input) > 2 and node.input[2] and not node.input[1]]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """The same node with both limits."""
        for site in sites:
            node = model.node(site.node)
            node.input[1] = model.add_constant("lowest", np.array(np.finfo(np.float32).min, np.float32))
        model.changed()


class PowExponentFloat:
    """Gives a power of float32 its integer exponent as float32."""

    name = "pow_exponent_float"
    code = Code.REWRITE_POW

    def sites(self, model: Model) -> Sequence[Site]:
        """Powers whose exponent is a constant of integers."""
        return [Site(name, node.op_type) for name, node in model.floats("Pow")
                if _integers(model, node.input[1]) is not None]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """The same node with another constant."""
        for site in sites:
            node = model.node(site.node)
            exponent = _integers(model, node.input[1])
            if exponent is not None:
                node.input[1] = model.add_constant("exponent", exponent.astype(np.float32))
        model.sweep()


class AveragePoolPadded(Replacement):
    """Pads with zeros before an AveragePool that counts its padding, so that it has none of its own."""

    name = "average_pool_padded"
    code = Code.REWRITE_POOL

    def sites(self, model: Model) -> Sequence[Site]:
        """AveragePool with count_include_pad and padding, no rounding up, no automatic padding."""
        return [Site(name, node.op_type) for name, node in model.floats("AveragePool")
                if _number(node, "count_include_pad") and any(_ints(node, "pads")) and not _number(node, "ceil_mode")
                and not any(a.name == "auto_pad" and a.s not in (b"", b"NOTSET") for a in node.attribute)]

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """Pad, then the same pool without padding."""
        pads = _ints(node, "pads")
        rank = len(pads) // 2
        whole = [0, 0, *pads[:rank], 0, 0, *pads[rank:]]
        if model.opset >= 11:
            zero = model.add_constant("zero", np.array(0, np.float32))
            sizes = model.add_constant("pads", np.array(whole, np.int64))
            pad = model.make("Pad", [node.input[0], sizes, zero], base=node.name, mode="constant")
        else:
            pad = model.make("Pad", [node.input[0]], base=node.name, mode="constant", pads=whole)
        pool = onnx.NodeProto()
        pool.CopyFrom(node)
        pool.input[0] = pad.output[0]
        kept = [a for a in node.attribute if a.name not in ("pads", "count_include_pad")]
        del pool.attribute[:]
        pool.attribute.extend(kept)
        return [pad, pool]


class HardSigmoidExpanded(Replacement):
    """HardSigmoid by its definition: a product, a sum and a Clip."""

    name = "hard_sigmoid_expanded"
    code = Code.REWRITE_HARD_SIGMOID

    def sites(self, model: Model) -> Sequence[Site]:
        """Every HardSigmoid of float32."""
        return [Site(name, node.op_type) for name, node in model.floats("HardSigmoid")]

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """max(0, min(1, alpha·x + beta))."""
        given = {a.name: a.f for a in node.attribute}
        numbers = [given.get("alpha", 0.2), given.get("beta", 0.5), 0.0, 1.0]
        alpha, beta, low, high = (model.add_constant("hard", np.array(n, np.float32)) for n in numbers)
        line = model.make("Mul", [node.input[0], alpha], base=node.name)
        shifted = model.make("Add", [line.output[0], beta], base=node.name)
        return [line, shifted, model.make("Clip", [shifted.output[0], low, high], node.output[0], base=node.name)]


class ResizeAsMatmul(Replacement):
    """A Resize of two axes by constant factors as two products with constant matrices: every mode is linear."""

    name = "resize_as_matmul"
    code = Code.REWRITE_RESIZE

    def sites(self, model: Model) -> Sequence[Site]:
        """Four axes, sizes known, only the last two change, and the matrices are not large."""
        found = []
        for name, node in model.floats("Resize"):
            before, after = model.shape(node.input[0]), model.shape(node.output[0])
            if before is None or after is None or len(before) != 4 or before[:2] != after[:2]:
                continue
            if _mode(node, b"coordinate") == b"tf_crop_and_resize":
                continue
            if all(model.is_constant(v) for v in node.input[1:] if v) and max(
                    before[i] * after[i] for i in (2, 3)) <= _MOST_ELEMENTS:
                found.append(Site(name, node.op_type, f"{before[2]}x{before[3]} to {after[2]}x{after[3]}"))
        return found

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """Rows from the left, columns from the right."""
        tall, wide = (_matrix(model, node, axis) for axis in (2, 3))
        rows = model.make("MatMul", [model.add_constant("rows", tall), node.input[0]], base=node.name)
        return [rows, model.make("MatMul", [rows.output[0], model.add_constant("columns", wide.T)], node.output[0],
                                 base=node.name)]


class CosHalfAngle(Replacement):
    """Cos(x) as 1 − 2·sin²(x / 2), whose error is small everywhere."""

    name = "cos_half_angle"
    code = Code.REWRITE_COS

    def sites(self, model: Model) -> Sequence[Site]:
        """Every Cos of float32."""
        return [Site(name, node.op_type) for name, node in model.floats("Cos")]

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """Half, sine, square, double, difference."""
        half, two, one = (model.add_constant("cos", np.array(n, np.float32)) for n in (0.5, 2.0, 1.0))
        angle = model.make("Mul", [node.input[0], half], base=node.name)
        sine = model.make("Sin", [angle.output[0]], base=node.name)
        square = model.make("Mul", [sine.output[0], sine.output[0]], base=node.name)
        double = model.make("Mul", [square.output[0], two], base=node.name)
        return [angle, sine, square, double,
                model.make("Sub", [one, double.output[0]], node.output[0], base=node.name)]


SPELLED: tuple[Rewrite, ...] = (DefaultsSpelled(), ClipLimitsSpelled(), PowExponentFloat(), AveragePoolPadded(),
                                HardSigmoidExpanded(), ResizeAsMatmul(), CosHalfAngle())


def _absent(node: onnx.NodeProto) -> list[str]:
    given = {a.name for a in node.attribute}
    return [name for name in _DEFAULTS[node.op_type] if name not in given]


def _integers(model: Model, value: str) -> Array | None:
    array = model.constant(value)
    return array if array is not None and array.dtype.kind in "iu" else None


def _matrix(model: Model, node: onnx.NodeProto, axis: int) -> Array:
    """What the Resize does along one axis, as a matrix (after, before): the answer to each unit vector."""
    import onnxruntime as ort

    before, after = model.shape(node.input[0]), model.shape(node.output[0])
    if before is None or after is None:
        raise AssertionError("sites() saw both shapes")
    size = before[axis]
    one = onnx.NodeProto()
    one.CopyFrom(node)
    sizes = np.array([1, 1, size, after[axis]], np.int64)
    given = [model.constant(v) if v else None for v in node.input]
    scales = given[2] if len(given) > 2 else None
    constants: dict[str, Array] = {}
    if scales is not None and scales.size == 4:
        constants["scales"] = np.array([1, 1, 1, scales[axis]], np.float32)
        one.input[:] = ["x", "none", "scales"]
    else:
        constants["sizes"] = sizes
        one.input[:] = ["x", "none", "none", "sizes"]
    constants["none"] = np.zeros(0, np.float32)  # operator set 11 wants them, empty
    one.output[:] = ["y"]
    kept = [a for a in node.attribute if a.name != "axes"]
    del one.attribute[:]
    one.attribute.extend(kept)
    graph = helper.make_graph([one], "resize", [helper.make_tensor_value_info("x", 1, [1, 1, size, size])],
                              [helper.make_tensor_value_info("y", 1, [1, 1, size, after[axis]])],
                              [onnx.numpy_helper.from_array(a, n) for n, a in constants.items()])
    opsets = [helper.make_opsetid("", model.opset)]
    session = ort.InferenceSession(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString(),
                                   providers=["CPUExecutionProvider"])
    found: Array = session.run(None, {"x": np.eye(size, dtype=np.float32)[None, None]})[0][0, 0]
    return np.ascontiguousarray(found.T)


def _mode(node: onnx.NodeProto, prefix: bytes) -> bytes:
    return next((bytes(a.s) for a in node.attribute if a.name.encode().startswith(prefix)), b"")


def _number(node: onnx.NodeProto, name: str) -> int:
    return next((int(a.i) for a in node.attribute if a.name == name), 0)


def _ints(node: onnx.NodeProto, name: str) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == name), [])
