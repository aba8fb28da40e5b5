"""The reader over the models that the onnx package brings along: what it reads is what onnx itself says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from diag.formats.onnx import infer, load
from diag.formats.weights import load as elements
from diag.types.graph import Graph, Node
from diag.types.tensor import Weight

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
MODELS = sorted(DATA.rglob("*.onnx"))


def same_graph(graph: Graph, proto: onnx.GraphProto | onnx.FunctionProto) -> None:
    assert len(graph.nodes) == len(proto.node)
    assert len({n.name for n in graph.nodes}) == len(graph.nodes)
    for node, message in zip(graph.nodes, proto.node, strict=True):
        same_node(node, message)
    for message in getattr(proto, "initializer", ()):
        same_tensor(graph.weights[message.name], message)


def same_node(node: Node, proto: onnx.NodeProto) -> None:
    assert (node.op, node.domain) == (proto.op_type, proto.domain)
    assert (node.inputs, node.outputs) == (tuple(proto.input), tuple(proto.output))
    assert set(node.attributes) == {a.name for a in proto.attribute}
    for message in proto.attribute:
        found = node.attributes[message.name]
        if message.ref_attr_name:
            assert found is None
        elif message.type == onnx.AttributeProto.GRAPH:
            same_graph(found, message.g)
        elif message.type == onnx.AttributeProto.TENSOR:
            same_tensor(found, message.t)
        elif message.type in (onnx.AttributeProto.FLOAT, onnx.AttributeProto.INT, onnx.AttributeProto.STRING):
            expected = onnx.helper.get_attribute_value(message)
            assert found == (expected.decode() if isinstance(expected, bytes) else expected)
        elif message.type in (onnx.AttributeProto.FLOATS, onnx.AttributeProto.INTS):
            assert list(found) == list(onnx.helper.get_attribute_value(message))


def same_tensor(weight: Weight, proto: onnx.TensorProto) -> None:
    assert weight.problem == ""
    expected, found = numpy_helper.to_array(proto), elements(weight)
    assert found.shape == expected.shape
    if expected.dtype.kind in "OSU":
        assert found.tolist() == [s.decode() if isinstance(s, bytes) else s for s in expected.tolist()]
    else:
        assert found.tobytes() == np.ascontiguousarray(expected).tobytes()


@pytest.mark.skipif(not MODELS, reason="this onnx package has no test models")
@pytest.mark.parametrize("path", MODELS, ids=lambda p: f"{p.parent.name}")
def test_model(path: Path) -> None:
    file, proto = load(path), onnx.load(path)
    same_graph(file.graph, proto.graph)
    given = {t.name for t in proto.graph.initializer}
    assert file.graph.input_names == tuple(i.name for i in proto.graph.input if i.name not in given)
    assert file.graph.output_names == tuple(o.name for o in proto.graph.output)
    assert [n.name for n in file.graph.nodes] == [n.name for n in file.model.graph.node]
    for message, graph in zip(proto.functions, file.graph.functions.values(), strict=True):
        same_graph(graph, message)
    assert {o.name for o in file.graph.outputs} <= set(infer(file)) | set(file.graph.weights)
