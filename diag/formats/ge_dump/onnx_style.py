"""``ge_onnx_*.pbtxt``: GE's graph in the clothes of an ONNX model. Tensors are flattened into attributes.

``input_desc_dtype:0`` is the element type of input 0, ``output_desc_attr_NAME:1`` an attribute of output 1, and so on;
string attributes are left out by GE unless everything is dumped, so what is absent means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from diag.formats.ge_dump.proto import Held
from diag.formats.ge_dump.textproto import Message
from diag.formats.ge_dump.values import decimal, edges, first, messages, number, text
from diag.formats.tensor_dump.numbers import dtype_named
from diag.types.ge import GeBody, GeGraph, GeOp, GeTensor, GeValue

GRAPH, OP, HOLDER = b"graph", b"node", "subgraph"
"""Words of a graph and an operation, and the type of a node that holds another graph."""

_TENSOR = re.compile(r"(input|output)_desc_(.+):(\d+)\Z")
_PREFIX = "ge:"
_ZERO: dict[str, GeValue] = {"INT": 0, "FLOAT": 0.0, "STRING": "", "INTS": (), "FLOATS": (), "STRINGS": ()}
_EDGES = frozenset({"src_name", "src_index", "dst_name", "dst_index", "input_name", "id", "stream_id"})


def body(message: Message) -> GeBody:
    """Of a NodeProto."""
    plain: dict[str, GeValue] = {}
    sides: dict[str, dict[int, dict[str, GeValue]]] = {"input": {}, "output": {}}
    subgraphs: list[str] = []
    for one in messages(message, "attribute"):
        name, value = first(one, "name"), _value(one)
        match = _TENSOR.match(name)
        if match is not None:
            sides[match[1]].setdefault(int(match[3]), {})[match[2]] = value
        elif isinstance(value, dict) and "graph" in value:
            subgraphs.append(str(value["graph"]))
        else:
            plain.setdefault(name, value)
    inputs, outputs = (tuple(_tensor(found[i]) for i in sorted(found)) for found in (sides["input"], sides["output"]))
    place, stream = (v if isinstance(v, int) else -1 for v in (plain.get("id"), plain.get("stream_id")))
    return GeBody({k: v for k, v in plain.items() if k not in _EDGES}, inputs, outputs, place, stream,
                  tuple(subgraphs))


def op(message: Message) -> GeOp:
    """A NodeProto. Without inputs of its own the edges stand in its attributes (``src_name``, ``src_index``)."""
    inputs, controls = edges([text(i) for i in message.get("input", ())])
    return GeOp(first(message, "name"), kind(first(message, "op_type")), inputs, controls, Held(body(message)))


def kind(op_type: str) -> str:
    """GE's type: ``ge:Conv2D`` is Conv2D."""
    return op_type.removeprefix(_PREFIX)


def graphs(message: Message) -> tuple[GeGraph, ...]:
    """Of a ModelProto: the main graph, and those that its nodes hold."""
    main = list(messages(message, "graph"))
    return tuple(_graph(m) for m in (*main, *(inner for m in main for inner in _held(m))))


def _graph(message: Message) -> GeGraph:
    return GeGraph(first(message, "name"), tuple(op(n) for n in messages(message, "node")))


def _held(message: Message) -> Iterator[Message]:
    for node in messages(message, "node"):
        if kind(first(node, "op_type")) == HOLDER:
            inner = next((g for one in messages(node, "attribute") for g in messages(one, "g")), None)
            if inner is not None:
                yield inner
                yield from _held(inner)


def _value(one: Message) -> GeValue:
    for field, many in (("ints", True), ("floats", True), ("strings", True), ("s", False), ("i", False), ("f", False)):
        if field in one:
            items = tuple(_one(field, text(v)) for v in one[field] if not isinstance(v, dict))
            return items if many else items[0] if items else None
    inner = next(messages(one, "g"), None)
    if inner is not None:
        return {"graph": first(inner, "name")}
    # Zeros and empty lists are not written; the type says what it would be.
    return _ZERO.get(first(one, "type"))


def _one(field: str, word: str) -> GeValue:
    if field.startswith("s"):
        return word
    return decimal(word) if field.startswith("f") else number(word)


def _tensor(parts: dict[str, GeValue]) -> GeTensor:
    def shape(key: str) -> tuple[int, ...] | None:
        value = parts.get(key)
        return tuple(v for v in value if isinstance(v, int)) if isinstance(value, tuple) else None

    extra = {k.removeprefix("attr_"): v for k, v in parts.items() if k.startswith("attr_")}
    index, name = extra.get("_datadump_origin_output_index"), extra.get("_datadump_origin_name")
    size = parts.get("size")
    return GeTensor("", dtype_named(str(parts.get("dtype") or "")), str(parts.get("layout") or ""),
                    shape("shape") or (), str(parts.get("origin_layout") or ""), shape("origin_shape"),
                    dtype_named(str(parts.get("origin_dtype") or "")),
                    (str(name), index if isinstance(index, int) else 0) if name else None,
                    str(extra.get("_origin_output_tensor_name") or ""), size if isinstance(size, int) else 0, extra)
