"""Normalisations in the words that older converters and runtimes know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper

from diag.rewrites.interface import Replacement, Site
from diag.rewrites.model import Model
from diag.runtimes.interface import Array
from diag.types.codes import Code
from diag.types.dtype import DType

_AXES_ARE_INPUTS = 18
"""Opset from which ReduceMean takes its axes as an input."""
_GROUP_PER_CHANNEL = 21
"""Opset from which GroupNormalization scales channels, not groups."""


class InstanceNorm4D:
    """InstanceNormalization of [N, C, L] as one of [N, C, L, 1]."""

    name = "instance_norm_4d"
    code = Code.REWRITE_INSTANCE_NORM

    def sites(self, model: Model) -> Sequence[Site]:
        """Where its input is known to have three axes."""
        return [Site(name, node.op_type, "3 axes") for name, node in model.each("InstanceNormalization")
                if model.rank(node.input[0]) == 3]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """A Reshape before and one behind; one that stands there already is changed instead."""
        instead: dict[str, Sequence[onnx.NodeProto]] = {}
        for site in sites:
            node = model.node(site.node)
            before = _reshape_before(model, node)
            made: list[onnx.NodeProto] = []
            wide = node.input[0]
            if before is not None:
                shape = model.constant(before.input[1])
                target = [*(int(d) for d in shape.tolist()), 1] if shape is not None else []
                instead[model.writers[node.input[0]]] = [_with_input(before, 1, model.add_constant(
                    "shape4d", np.array(target, np.int64)))]
            else:
                made.append(model.make("Reshape", [wide, model.add_constant("shape4d", _sizes(model, wide, 1))],
                                       base=node.name))
                wide = made[0].output[0]
            norm = _with_input(node, 0, wide)
            if _flattened(model, node.output[0]):
                instead[site.node] = [*made, norm]
                continue
            norm.output[0] = model.fresh(f"{node.output[0]}/4d")
            back = model.make("Reshape", [norm.output[0], model.add_constant("shape3d", _sizes(model, node.input[0]))],
                              node.output[0], base=node.name)
            instead[site.node] = [*made, norm, back]
        model.replace(instead)


class LayerNormDecomposed(Replacement):
    """LayerNormalization as means, differences and a quotient: the words of opset 16 and below."""

    name = "layer_norm_decomposed"
    code = Code.REWRITE_LAYER_NORM

    def sites(self, model: Model) -> Sequence[Site]:
        """Where only the normalised output is read and the axes are known."""
        found = []
        for name, node in model.each("LayerNormalization"):
            extra = [o for o in node.output[1:] if o and (o in model.consumers or o in model.outputs)]
            if not extra and _layer_axes(model, node):
                found.append(Site(name, node.op_type, f"epsilon {_attribute(node, 'epsilon', 1e-5):g}"))
        return found

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """As exporters wrote it before opset 17."""
        return _layer_norm(model, node)


class GroupNormDecomposed(Replacement):
    """GroupNormalization as an InstanceNormalization of the groups, scaled and shifted by channel."""

    name = "group_norm_decomposed"
    code = Code.REWRITE_GROUP_NORM

    def sites(self, model: Model) -> Sequence[Site]:
        """Where the input's shape and the scale are known."""
        found = []
        for name, node in model.each("GroupNormalization"):
            shape, scale = model.shape(node.input[0]), model.constant(node.input[1])
            if shape is not None and len(shape) > 2 and scale is not None and model.is_constant(node.input[2]):
                found.append(Site(name, node.op_type, f"{int(_attribute(node, 'num_groups', 1))} groups"))
        return found

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """Reshape to [N, G, rest, 1], normalise, reshape back, scale, shift."""
        return _group_norm(model, node)


def _reshape_before(model: Model, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """The Reshape to three known sizes that only this node reads."""
    before = model.producers.get(node.input[0])
    if before is None or before.op_type != "Reshape" or len(model.consumers.get(node.input[0], ())) != 1 \
            or node.input[0] in model.outputs:
        return None
    shape = model.constant(before.input[1])
    return before if shape is not None and shape.size == 3 else None


def _flattened(model: Model, value: str) -> bool:
    """Whether everybody who reads the value reshapes it at once, to sizes that do not refer to its own."""
    readers = model.consumers.get(value, ())
    if value in model.outputs or not readers:
        return False
    for reader in readers:
        shape = model.constant(reader.input[1]) if reader.op_type == "Reshape" and reader.input[0] == value else None
        if shape is None or 0 in shape.tolist():
            return False
    return True


def _sizes(model: Model, value: str, *more: int) -> Array:
    """The shape of a value of three axes for a Reshape: its sizes if they are known, else "as it was"."""
    shape = model.shape(value)
    return np.array([*(shape if shape is not None else (0, 0, -1)), *more], np.int64)


def _with_input(node: onnx.NodeProto, index: int, value: str) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[index] = value
    return copy


def _layer_axes(model: Model, node: onnx.NodeProto) -> list[int]:
    axis = int(_attribute(node, "axis", -1))
    if axis < 0:
        return list(range(axis, 0))
    rank = model.rank(node.input[0])
    return list(range(axis, rank)) if rank is not None else []


def _layer_norm(model: Model, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    x, axes = node.input[0], _layer_axes(model, node)
    base = node.name or node.output[0]
    kind = model.dtype(x)
    number = kind.numpy if kind is not DType.UNDEFINED else np.dtype(np.float32)
    made: list[onnx.NodeProto] = []

    def add(op: str, *inputs: str, output: str | None = None) -> str:
        made.append(model.make(op, inputs, output, base=base))
        return str(made[-1].output[0])

    def mean(value: str) -> str:
        if model.opset >= _AXES_ARE_INPUTS:
            made.append(model.make("ReduceMean", [value, model.add_constant("axes", np.array(axes, np.int64))],
                                   base=base, keepdims=1))
        else:
            made.append(model.make("ReduceMean", [value], base=base, axes=axes, keepdims=1))
        return str(made[-1].output[0])

    away = add("Sub", x, mean(x))
    variance = mean(add("Pow", away, model.add_constant("two", np.array(2, number))))
    spread = add("Sqrt", add("Add", variance, model.add_constant("epsilon", np.array(
        _attribute(node, "epsilon", 1e-5), number))))
    bias = node.input[2] if len(node.input) > 2 and node.input[2] else ""
    normal = add("Div", away, spread)
    scaled = add("Mul", normal, node.input[1], output=None if bias else node.output[0])
    if bias:
        add("Add", scaled, bias, output=node.output[0])
    return made


def _group_norm(model: Model, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    x, groups = node.input[0], int(_attribute(node, "num_groups", 1))
    shape = model.shape(x)
    if shape is None:
        raise AssertionError("a site has a known shape")
    base = node.name or node.output[0]
    number = model.dtype(x).numpy
    wide = model.make("Reshape", [x, model.add_constant("grouped", np.array([shape[0], groups, -1, 1]))], base=base)
    norm = model.make("InstanceNormalization", [
        wide.output[0], model.add_constant("ones", np.ones(groups, number)),
        model.add_constant("zeros", np.zeros(groups, number))], base=base, epsilon=_attribute(node, "epsilon", 1e-5))
    back = model.make("Reshape", [norm.output[0], model.add_constant("shape", np.array(shape))], base=base)
    sides = []
    for which in (1, 2):
        values = model.constant(node.input[which])
        if values is None:
            raise AssertionError("a site has constant scale and bias")
        if model.opset < _GROUP_PER_CHANNEL:
            values = np.repeat(values, shape[1] // groups)
        sides.append(model.add_constant(base, values.reshape(shape[1], *(1 for _ in shape[2:]))))
    scaled = model.make("Mul", [back.output[0], sides[0]], base=base)
    return [wide, norm, back, scaled, model.make("Add", [scaled.output[0], sides[1]], node.output[0], base=base)]


def _attribute(node: onnx.NodeProto, name: str, default: float) -> float:
    for attribute in node.attribute:
        if attribute.name == name and attribute.type in (onnx.AttributeProto.FLOAT, onnx.AttributeProto.INT):
            return float(helper.get_attribute_value(attribute))
    return default
