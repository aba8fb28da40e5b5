"""From ONNX's messages to our graph."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import onnx

from diag.formats.onnx.infos import text, type_text, value_info
from diag.formats.onnx.order import running_order, unique_names
from diag.formats.onnx.tensors import Tensors
from diag.types.graph import AttrValue, Graph, Node
from diag.types.tensor import TensorInfo

_A = onnx.AttributeProto
_FIELDS: Mapping[int, str] = {
    _A.FLOAT: "f", _A.INT: "i", _A.STRING: "s", _A.TENSOR: "t", _A.GRAPH: "g", _A.SPARSE_TENSOR: "sparse_tensor",
    _A.TYPE_PROTO: "tp", _A.FLOATS: "floats", _A.INTS: "ints", _A.STRINGS: "strings", _A.TENSORS: "tensors",
    _A.GRAPHS: "graphs", _A.SPARSE_TENSORS: "sparse_tensors", _A.TYPE_PROTOS: "type_protos",
}
_REPEATED = {"floats", "ints", "strings", "tensors", "graphs", "sparse_tensors", "type_protos"}


class GraphBuilder:
    """Builds the graphs of one file. Puts the messages into the order of ``Graph.nodes`` and names them alike."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.tensors = Tensors(path)
        self.notes: list[str] = []

    def graph(self, proto: onnx.GraphProto, metadata: Mapping[str, str] | None = None) -> Graph:
        """The graph and, in its nodes' attributes, its subgraphs."""
        weights = {w.name: w for w in map(self.tensors.dense, proto.initializer)}
        weights.update({w.name: w for w in map(self.tensors.sparse, proto.sparse_initializer)})
        given = [self._info(i) for i in proto.input]
        inputs = tuple(i for i in given if i.name not in weights)
        outputs = tuple(self._info(o) for o in proto.output)
        values = {i.name: i for i in map(self._info, proto.value_info)}
        values.update({i.name: i for i in (*given, *outputs)})
        nodes = self._nodes(proto.node, {i.name for i in inputs} | weights.keys())
        return Graph(text(proto.name), "onnx", self._path, inputs, outputs, nodes, weights, values,
                     metadata=metadata or {},
                     input_names=tuple(i.name for i in inputs), output_names=tuple(o.name for o in outputs))

    def function(self, proto: onnx.FunctionProto) -> Graph:
        """A model-local function. ``metadata["attributes"]`` names its attribute parameters."""
        inputs = tuple(TensorInfo(text(name)) for name in proto.input)
        outputs = tuple(TensorInfo(text(name)) for name in proto.output)
        parameters = [text(a) for a in proto.attribute] + [text(a.name) for a in proto.attribute_proto]
        metadata = {"domain": text(proto.domain), "attributes": ", ".join(parameters), "doc": text(proto.doc_string)}
        nodes = self._nodes(proto.node, {i.name for i in inputs})
        return Graph(text(proto.name), "onnx", self._path, inputs, outputs, nodes,
                     values={i.name: i for i in map(self._info, proto.value_info)},
                     metadata={k: v for k, v in metadata.items() if v},
                     input_names=tuple(i.name for i in inputs), output_names=tuple(o.name for o in outputs))

    def _info(self, proto: onnx.ValueInfoProto) -> TensorInfo:
        info = value_info(proto)
        if not proto.type.HasField("tensor_type") and proto.HasField("type"):
            self.notes.append(f"Value {info.name!r} is no tensor but {type_text(proto.type)}")
        return info

    def _nodes(self, protos: MutableSequence[onnx.NodeProto], given: AbstractSet[str]) -> tuple[Node, ...]:
        parts = [(text(p.name), text(p.op_type), text(p.output[0]) if p.output else "") for p in protos]
        names = unique_names(parts)
        nodes = [self._node(p, name) for p, name in zip(protos, names, strict=True)]
        for proto, node, (name, _, _) in zip(protos, nodes, parts, strict=True):
            if node.name != name:
                proto.name = node.name
        order = running_order(nodes, given)
        if order is not None:
            nodes = self._reorder(protos, nodes, order, given)
        return tuple(nodes)

    def _reorder(self, protos: MutableSequence[onnx.NodeProto], nodes: list[Node], order: list[int],
                 given: AbstractSet[str]) -> list[Node]:
        moved = [protos[i] for i in order]
        del protos[:]
        protos.extend(moved)
        nodes = [nodes[i] for i in order]
        if running_order(nodes, given) is None:
            self.notes.append("The nodes did not stand in an order in which they can run; they were sorted")
        else:
            self.notes.append("Some nodes read, over others, what they themselves write: they cannot run")
        return nodes

    def _node(self, proto: onnx.NodeProto, name: str) -> Node:
        outputs = tuple(map(text, proto.output))
        info: dict[str, AttrValue] = {}
        if proto.name and proto.name != name:
            info["original_name"] = text(proto.name)
        if proto.overload:
            info["overload"] = text(proto.overload)
        attributes: dict[str, AttrValue] = {}
        for attribute in proto.attribute:
            key = text(attribute.name)
            if attribute.ref_attr_name:
                attributes[key], info[f"parameter of {key}"] = None, text(attribute.ref_attr_name)
            else:
                attributes[key] = self._value(attribute, outputs[0] if outputs else "")
        return Node(name, text(proto.op_type), tuple(map(text, proto.input)), outputs, attributes, text(proto.domain),
                    info)

    def _value(self, proto: onnx.AttributeProto, output: str) -> AttrValue:
        field = _FIELDS.get(proto.type) or _filled(proto)
        if field is None:
            return None
        value = getattr(proto, field)
        match field:
            case "i" | "f":
                return value  # type: ignore[no-any-return]
            case "s":
                return _string(value)
            case "ints" | "floats":
                return tuple(value)
            case "strings":
                return tuple(map(_string, value))
            case "t":
                return self.tensors.dense(value, output)
            case "tensors":
                return tuple(self.tensors.dense(t, output) for t in value)
            case "g":
                return self.graph(value)
            case "graphs":
                return tuple(self.graph(g) for g in value)
            case "sparse_tensor":
                return self.tensors.sparse(value, output)
            case "sparse_tensors":
                return tuple(self.tensors.sparse(t, output) for t in value)
            case "tp":
                return type_text(value)
            case _:
                return tuple(map(type_text, value))


def _string(value: bytes) -> str | bytes:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _filled(proto: onnx.AttributeProto) -> str | None:
    """The field in use of an attribute that does not say its type, as the first exporters wrote them."""
    return next((f for f in _FIELDS.values() if (len(getattr(proto, f)) if f in _REPEATED else proto.HasField(f))),
                None)
