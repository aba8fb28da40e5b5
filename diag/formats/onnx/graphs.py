"""From ONNX's messages to our graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import onnx

from diag.formats.onnx.infos import text, texts, type_text, value_info
from diag.formats.onnx.order import can_run, free_values, running_order, unique_names
from diag.formats.onnx.tensors import Tensors
from diag.types.graph import AttrValue, Graph, Node
from diag.types.tensor import TensorInfo


class GraphBuilder:
    """Builds the graphs of one file. Puts the messages into the order of ``Graph.nodes`` and names them alike."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.tensors = Tensors(path)
        self.notes: list[str] = []

    def graph(self, proto: onnx.GraphProto, metadata: Mapping[str, str] | None = None) -> Graph:
        """The graph and, in its nodes' attributes, its subgraphs. ``metadata``: of the model, for the main graph."""
        weights = {w.name: w for w in map(self.tensors.dense, proto.initializer)}
        weights.update({w.name: w for w in map(self.tensors.sparse, proto.sparse_initializer)})
        given = [self._info(i) for i in proto.input]
        inputs = tuple(i for i in given if i.name not in weights)
        outputs = tuple(self._info(o) for o in proto.output)
        values = {i.name: i for i in map(self._info, proto.value_info)}
        values.update({i.name: i for i in (*given, *outputs)})
        names = tuple(o.name for o in outputs)
        nodes, whole = self._nodes(proto.node, {i.name for i in inputs} | weights.keys(), names)
        graph = Graph(text(proto.name), "onnx", self._path, inputs, outputs, nodes, weights, values,
                      metadata=metadata or {}, input_names=tuple(i.name for i in inputs), output_names=names)
        if metadata is not None and not whole:
            self.notes += _dangling(graph)
        return graph

    def function(self, proto: onnx.FunctionProto) -> Graph:
        """A model-local function. ``metadata["attributes"]`` names its attribute parameters."""
        inputs = tuple(map(TensorInfo, texts(proto.input)))
        outputs = tuple(map(TensorInfo, texts(proto.output)))
        parameters = [text(a) for a in proto.attribute] + [text(a.name) for a in proto.attribute_proto]
        metadata = {"domain": text(proto.domain), "attributes": ", ".join(parameters),
                    "doc_string": text(proto.doc_string)}
        names = tuple(o.name for o in outputs)
        nodes, _ = self._nodes(proto.node, {i.name for i in inputs}, names)
        return Graph(text(proto.name), "onnx", self._path, inputs, outputs, nodes,
                     values={i.name: i for i in map(self._info, proto.value_info)},
                     metadata={k: v for k, v in metadata.items() if v},
                     input_names=tuple(i.name for i in inputs), output_names=names)

    def _info(self, proto: onnx.ValueInfoProto) -> TensorInfo:
        info = value_info(proto)
        if not proto.type.HasField("tensor_type") and proto.HasField("type"):
            self.notes.append(f"Value {info.name!r} is no tensor but {type_text(proto.type)}")
        return info

    def _nodes(self, protos: MutableSequence[onnx.NodeProto], given: AbstractSet[str],
               wanted: Iterable[str]) -> tuple[tuple[Node, ...], bool]:
        """The nodes, and whether they can run from ``given`` to ``wanted`` with nothing from outside."""
        parts = [(text(p.name), text(p.op_type), texts(p.output)) for p in protos]
        nodes = []
        for proto, (own, op, outputs), name in zip(protos, parts, unique_names(parts), strict=True):
            info: dict[str, AttrValue] = {}
            if name != own:
                proto.name = name
                if own:
                    info["original_name"] = own
            attributes = self._attributes(proto, outputs[0] if outputs else "", info)
            if proto.overload:
                info["overload"] = text(proto.overload)
            nodes.append(Node(name, op, texts(proto.input), outputs, attributes, text(proto.domain), info))
        if can_run(nodes, given, wanted):
            return tuple(nodes), True
        order = running_order(nodes, given)
        if order is not None:
            nodes = self._reorder(protos, nodes, order, given)
        return tuple(nodes), False

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

    def _attributes(self, proto: onnx.NodeProto, output: str, info: dict[str, AttrValue]) -> dict[str, AttrValue]:
        attributes: dict[str, AttrValue] = {}
        for attribute in proto.attribute:
            key = text(attribute.name)
            if attribute.ref_attr_name:
                attributes[key], info[f"parameter of {key}"] = None, text(attribute.ref_attr_name)
            else:
                read = _READ.get(attribute.type or _untyped(attribute))
                attributes[key] = read(self, attribute, output) if read else None
        return attributes


_A = onnx.AttributeProto
# How the value of each type of attribute is read; the last argument names a tensor that has no name of its own.
_READ: Mapping[int, Callable[[GraphBuilder, onnx.AttributeProto, str], AttrValue]] = {
    _A.FLOAT: lambda _b, a, _o: a.f,
    _A.INT: lambda _b, a, _o: a.i,
    _A.STRING: lambda _b, a, _o: _string(a.s),
    _A.TENSOR: lambda b, a, o: b.tensors.dense(a.t, o),
    _A.GRAPH: lambda b, a, _o: b.graph(a.g),
    _A.SPARSE_TENSOR: lambda b, a, o: b.tensors.sparse(a.sparse_tensor, o),
    _A.TYPE_PROTO: lambda _b, a, _o: type_text(a.tp),
    _A.FLOATS: lambda _b, a, _o: tuple(a.floats),
    _A.INTS: lambda _b, a, _o: tuple(a.ints),
    _A.STRINGS: lambda _b, a, _o: tuple(map(_string, a.strings)),
    _A.TENSORS: lambda b, a, o: tuple(b.tensors.dense(t, o) for t in a.tensors),
    _A.GRAPHS: lambda b, a, _o: tuple(map(b.graph, a.graphs)),
    _A.SPARSE_TENSORS: lambda b, a, o: tuple(b.tensors.sparse(t, o) for t in a.sparse_tensors),
    _A.TYPE_PROTOS: lambda _b, a, _o: tuple(map(type_text, a.type_protos)),
}
_FIELDS = {"f": _A.FLOAT, "i": _A.INT, "s": _A.STRING, "t": _A.TENSOR, "g": _A.GRAPH, "floats": _A.FLOATS,
           "ints": _A.INTS, "strings": _A.STRINGS, "tensors": _A.TENSORS, "graphs": _A.GRAPHS}


def _dangling(graph: Graph) -> Iterator[str]:
    missing = list(dict.fromkeys(free_values(graph)))
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        yield f"Nothing writes the value {', '.join(map(repr, missing[:3]))}{more}, which the graph reads"


def _untyped(attribute: onnx.AttributeProto) -> int:
    """The type of an attribute that does not say it, as the first exporters wrote them; 0 if it is empty."""
    return next((_FIELDS[f.name] for f, _ in attribute.ListFields() if f.name in _FIELDS), 0)


def _string(value: bytes) -> str | bytes:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value
