"""The model with casts: chosen layers in float32, all others really in the narrow type.

The same meaning as ``diag.precision.narrow``: a value has the type of the layer that writes it, and whoever wants the
other one casts. Graph inputs and outputs stay float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from diag.precision.layers import Layer
from diag.runtimes.onnxruntime.values import onnx_type
from diag.runtimes.program import Program
from diag.types.dtype import DType

_FLOAT = onnx.TensorProto.FLOAT
_TYPED = {"Cast": "to", "RandomNormal": "dtype", "RandomUniform": "dtype", "RandomNormalLike": "dtype",
          "RandomUniformLike": "dtype", "EyeLike": "dtype", "Multinomial": "dtype"}
"""Operators whose output type is an attribute."""

_ANY_TYPE = frozenset({"Shape", "Size"})


def mixed(model: onnx.ModelProto, program: Program, layers: Sequence[Layer], kept: frozenset[int],
          dtype: DType) -> onnx.ModelProto:
    """A new model; ``model`` is the whole file with its weights, ``program`` and ``layers`` were made from it.

    ``kept``: positions of the layers in float32, those that move a kept layer's values included.
    """
    return _Builder(model, program, layers, kept, dtype).model()


class _Builder:
    def __init__(self, model: onnx.ModelProto, program: Program, layers: Sequence[Layer], kept: frozenset[int],
                 dtype: DType) -> None:
        self._source, self._dtype, self._number = model, dtype, onnx_type(dtype)
        self._layer = {program.steps[layer.step].node: (layer, i in kept) for i, layer in enumerate(layers)}
        self._type = {v: _FLOAT if i in kept else self._number for i, layer in enumerate(layers)
                      for v in layer.writes}
        self._floats = {t.name: t for t in model.graph.initializer if t.data_type == _FLOAT}
        self._inputs = {i.name for i in model.graph.input
                        if i.type.tensor_type.elem_type == _FLOAT and i.name not in self._floats}
        for node in model.graph.node:
            tensor = _constant(node)
            if tensor is not None and tensor.data_type == _FLOAT:
                self._floats[node.output[0]] = tensor
        self._nodes: list[onnx.NodeProto] = []
        self._made: dict[tuple[str, int], str] = {}
        self._narrow: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        result = onnx.ModelProto()
        result.CopyFrom(self._source)
        graph = result.graph
        outputs = {o.name for o in graph.output if self._type.get(o.name, _FLOAT) != _FLOAT}
        for index, node in enumerate(self._source.graph.node):
            self._place(index, node)
        for name in sorted(outputs):
            self._nodes.append(helper.make_node("Cast", [f"{name}#{self._dtype}"], [name], to=_FLOAT))
        for node in self._nodes[:-len(outputs)] if outputs else ():
            node.input[:] = [f"{v}#{self._dtype}" if v in outputs else v for v in node.input]
            node.output[:] = [f"{v}#{self._dtype}" if v in outputs else v for v in node.output]
        del graph.node[:]
        graph.node.extend(self._nodes)
        del graph.value_info[:]
        graph.initializer.extend(self._narrow.values())
        read = {v for n in graph.node for v in (*n.input, *_captured(n))} | {o.name for o in graph.output}
        wanted = [t for t in graph.initializer if t.name in read]
        del graph.initializer[:]
        graph.initializer.extend(wanted)
        result.producer_name = "ascend-diag"
        return result

    def _place(self, index: int, node: onnx.NodeProto) -> None:
        if _constant(node) is not None:
            self._nodes.append(_copied(node))
            return
        entry = self._layer.get(index)
        if entry is None:
            # Whoever writes no float may compare or look up float32 constants: it gets float32.
            wide = {} if node.op_type in _ANY_TYPE else {v: self._as(v, _FLOAT) for v in node.input if v}
            self._nodes.append(_copied(node, wide))
            return
        layer, kept = entry
        if kept:
            self._nodes.append(_copied(node, {v: self._as(v, _FLOAT) for v in (*layer.reads, *layer.weights)}))
        elif self._can(node):
            inside = {v: self._as(v, self._number) for v in (*layer.reads, *layer.weights)}
            self._nodes.append(self._typed(_copied(node, inside)))
        else:
            self._rounded(node, layer)

    def _rounded(self, node: onnx.NodeProto, layer: Layer) -> None:
        """Compute in float32 on stored values, for what has no narrow form."""
        inside = {v: self._back(self._as(v, self._number)) for v in (*layer.reads, *layer.weights)}
        raw = {v: f"{v}#raw" for v in layer.writes}
        self._nodes.append(_copied(node, inside, raw))
        self._nodes += [helper.make_node("Cast", [name], [v], to=self._number) for v, name in raw.items()]

    def _as(self, value: str, number: int) -> str:
        """A name under which ``value`` can be read in a type; a cast is made where it is not in it."""
        if value in self._floats:
            return value if number == _FLOAT else self._weight(value)
        if (value not in self._type and value not in self._inputs) or self._type.get(value, _FLOAT) == number:
            return value
        known = self._made.get((value, number))
        if known is None:
            known = f"{value}#to_{'float32' if number == _FLOAT else self._dtype.value}"
            self._made[value, number] = known
            self._nodes.append(helper.make_node("Cast", [value], [known], to=number))
        return known

    def _back(self, value: str) -> str:
        known = self._made.get((value, -1))
        if known is None:
            known = self._made[value, -1] = f"{value}#again"
            self._nodes.append(helper.make_node("Cast", [value], [known], to=_FLOAT))
        return known

    def _weight(self, value: str) -> str:
        name = f"{value}#{self._dtype.value}"
        if value not in self._narrow:
            with np.errstate(over="ignore"):
                array = numpy_helper.to_array(self._floats[value]).astype(self._dtype.numpy)
            self._narrow[value] = helper.make_tensor(name, self._number, array.shape, array.tobytes(), raw=True)
        return name

    def _can(self, node: onnx.NodeProto) -> bool:
        """Whether ONNX lets the operator work in the narrow type."""
        if any(a.HasField("g") or a.graphs for a in node.attribute) or node.domain not in ("", "ai.onnx"):
            return False
        version = next((o.version for o in self._source.opset_import if o.domain in ("", "ai.onnx")), 1)
        try:
            schema = onnx.defs.get_schema(node.op_type, version, "")
        except onnx.defs.SchemaError:
            return False
        wanted = f"tensor({self._dtype.value})"
        return node.op_type in _TYPED or node.op_type == "ConstantOfShape" or any(
            wanted in c.allowed_type_strs for c in schema.type_constraints
            if c.type_param_str == schema.outputs[0].type_str)

    def _typed(self, node: onnx.NodeProto) -> onnx.NodeProto:
        """With the narrow type where an attribute says float32."""
        name = _TYPED.get(node.op_type)
        for attribute in node.attribute:
            if attribute.name == name and attribute.i == _FLOAT:
                attribute.i = self._number
            elif node.op_type == "ConstantOfShape" and attribute.name == "value":
                array = numpy_helper.to_array(attribute.t).astype(self._dtype.numpy)
                attribute.t.CopyFrom(helper.make_tensor("value", self._number, array.shape, array.tobytes(), raw=True))
        if node.op_type == "ConstantOfShape" and not node.attribute:
            zero = np.zeros(1, self._dtype.numpy)
            node.attribute.append(helper.make_attribute("value", helper.make_tensor(
                "value", self._number, [1], zero.tobytes(), raw=True)))
        return node


def _copied(node: onnx.NodeProto, inputs: Mapping[str, str] | None = None,
            outputs: Mapping[str, str] | None = None) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [(inputs or {}).get(v, v) for v in node.input]
    copy.output[:] = [(outputs or {}).get(v, v) for v in node.output]
    return copy


def _constant(node: onnx.NodeProto) -> onnx.TensorProto | None:
    if node.op_type != "Constant":
        return None
    return next((a.t for a in node.attribute if a.name == "value"), None)


def _captured(node: onnx.NodeProto) -> list[str]:
    """Names that the node's subgraphs read, their own included."""
    found: list[str] = []
    for attribute in node.attribute:
        for graph in (*((attribute.g,) if attribute.HasField("g") else ()), *attribute.graphs):
            for inner in graph.node:
                found += [*inner.input, *_captured(inner)]
            found += [o.name for o in graph.output]
    return found


def save_model(model: onnx.ModelProto, path: Path, limit: int = 1536 * 2**20) -> None:
    """Write the model; weights beyond ``limit`` bytes go into a file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".data")
    if model.ByteSize() <= limit:
        onnx.save(model, path)
        return
    beside.unlink(missing_ok=True)
    onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=beside.name)
