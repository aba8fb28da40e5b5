"""An ONNX file as a Program: one step per node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import onnx

from diag.formats.onnx import OnnxFile
from diag.runtimes.program import Program, Step
from diag.types.graph import Node
from diag.types.tensor import Weight


def from_onnx(file: OnnxFile) -> Program:
    """The program of a file; step i is node i of ``file.graph``. Constant nodes become weights and do nothing."""
    constants = {i: _constant(node) for i, node in enumerate(file.graph.nodes) if node.op == "Constant"}
    weights = {**file.weights, **{w.name: w for w in constants.values() if w is not None}}
    steps = []
    for i, proto in enumerate(file.model.graph.node):
        if constants.get(i) is not None:
            steps.append(Step(node=i, protos=(), reads=(), weights=(), writes=()))
            continue
        names = [v for v in dict.fromkeys((*proto.input, *captured(proto))) if v]
        steps.append(Step(
            node=i, protos=(proto,),
            reads=tuple(v for v in names if v not in weights),
            weights=tuple(v for v in names if v in weights),
            writes=tuple(v for v in proto.output if v)))
    opsets = {o.domain: o.version for o in file.model.opset_import}
    return Program(file.graph, tuple(steps), weights, opsets, file.model.ir_version, tuple(file.model.functions))


def _constant(node: Node) -> Weight | None:
    value = node.attributes.get("value")
    return replace(value, name=node.outputs[0]) if isinstance(value, Weight) and not value.strings else None


def captured(node: onnx.NodeProto) -> list[str]:
    """Values that the node's subgraphs (If, Loop, Scan) read from outside."""
    found: list[str] = []
    for attribute in node.attribute:
        for graph in ((attribute.g,) if attribute.HasField("g") else ()) + tuple(attribute.graphs):
            found += _free(graph)
    return list(dict.fromkeys(found))


def _free(graph: onnx.GraphProto) -> Iterable[str]:
    known = {i.name for i in graph.input} | {t.name for t in graph.initializer}
    known |= {t.values.name for t in graph.sparse_initializer}
    for node in graph.node:
        yield from (v for v in (*node.input, *captured(node)) if v and v not in known)
        known.update(node.output)
    yield from (o.name for o in graph.output if o.name not in known)
