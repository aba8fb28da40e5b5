"""Some nodes of an ONNX model as a model of their own: weights inside, shapes fixed, operator sets as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import onnx
from onnx import helper, numpy_helper

from diag import __version__
from diag.compare.sides import Side
from diag.errors import FormatError, UsageError
from diag.formats import weights as weight_files
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.values import onnx_type
from diag.types.dtype import DType
from diag.types.tensor import Span, Weight

_MOST_INSIDE = 1_900_000_000
"""Bytes of weights that one protobuf file can hold; more go into a file beside it."""

_FIRST_IR = 4
"""The first version in which a weight need not be an input as well."""


def cut(side: Side, nodes: Sequence[int], inputs: Mapping[str, Array], outputs: Mapping[str, Array],
        constants: Mapping[str, Array]) -> onnx.ModelProto:
    """The nodes (indices into the graph, in running order) as a checked model.

    ``inputs`` and ``outputs`` say element type and shape of what goes in and out; ``constants`` are values that the
    nodes read, that are no weights of the file and that become weights of the piece. A piece without nodes passes its
    inputs on. Raises UsageError for a tensor whose type numpy does not know.
    """
    program = side.session.program
    steps = [program.steps[s] for s in _steps(side, nodes)]
    protos = [_whole(p, side.path) for step in steps for p in step.protos]
    graph = helper.make_graph(protos, f"part of {side.graph.name}", [_info(n, a) for n, a in inputs.items()],
                              [_info(n, a) for n, a in outputs.items()])
    for name in dict.fromkeys(w for step in steps for w in step.weights if w not in constants):
        graph.initializer.append(_initializer(name, program.weights[name]))
    for name, array in constants.items():
        graph.initializer.append(numpy_helper.from_array(array, name))
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(d, v) for d, v in program.opsets.items()],
        ir_version=max(program.ir_version, _FIRST_IR), producer_name="ascend-diag", producer_version=__version__)
    model.functions.extend(_called(protos, program.functions))
    return model


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write and check it. Raises UsageError where it is no valid model."""
    size = weights_bytes(model)
    if size > _MOST_INSIDE:
        onnx.save_model(model, path, save_as_external_data=True, location=path.name + ".data")
    else:
        path.write_bytes(model.SerializeToString())
    try:
        onnx.checker.check_model(str(path))
    except onnx.checker.ValidationError as error:
        raise UsageError("The part that was cut out is no valid ONNX model", where=str(error).splitlines()[0][:300],
                         hint="Is the whole model valid? Try: python -m onnx.checker MODEL.onnx") from error


def weights_bytes(model: onnx.ModelProto) -> int:
    """Bytes of its weights."""
    return sum(len(t.raw_data) for t in model.graph.initializer)


def _steps(side: Side, nodes: Iterable[int]) -> list[int]:
    wanted = set(nodes)
    return [i for i, s in enumerate(side.session.program.steps) if s.node in wanted]


def _info(name: str, array: Array) -> onnx.ValueInfoProto:
    dtype = DType.of(array.dtype)
    if array.dtype.isbuiltin != 1 and dtype is not DType.STRING:
        raise UsageError(f"The tensor '{name}' is {dtype.value}, which a bundle cannot hold",
                         hint="Take a --layer whose inputs and outputs are of a type that numpy knows")
    return helper.make_tensor_value_info(name, onnx_type(dtype), array.shape)


def _initializer(name: str, weight: Weight) -> onnx.TensorProto:
    proto = onnx.TensorProto(name=name, data_type=onnx_type(weight.dtype), dims=weight.shape)
    if weight.strings:
        proto.string_data.extend(weight.strings)
        return proto
    if not isinstance(weight.data, Span):
        proto.raw_data = weight.data
        return proto
    weight_files.load(weight)  # says what is wrong with a file that is missing or cut short
    proto.raw_data = _bytes(weight.data)
    return proto


def _bytes(span: Span) -> bytes:
    with span.path.open("rb") as file:
        file.seek(span.offset)
        found = file.read(span.length)
    if len(found) != span.length:
        raise FormatError(span.path, f"Expected {span.length:,} bytes of weights", offset=span.offset,
                          found=f"{len(found):,} bytes", hint="The file is cut short. Copy or export it again.")
    return found


def _whole(proto: onnx.NodeProto, path: Path) -> onnx.NodeProto:
    """The node with the tensors of its attributes and subgraphs inside, wherever their elements lay."""
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    for tensor in _tensors(copy):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            entries = {e.key: e.value for e in tensor.external_data}
            location = Path(entries.get("location", ""))
            if location.is_absolute() or ".." in location.parts:
                raise FormatError(path, f"The tensor {tensor.name!r} lies in {location}, which is not beside the model")
            file = path.absolute().parent / location
            length = int(entries.get("length") or file.stat().st_size)
            tensor.raw_data = _bytes(Span(file, int(entries.get("offset") or 0), length))
            tensor.ClearField("external_data")
            tensor.data_location = onnx.TensorProto.DEFAULT
    return copy


def _tensors(node: onnx.NodeProto) -> Iterator[onnx.TensorProto]:
    for attribute in node.attribute:
        yield from ((attribute.t,) if attribute.HasField("t") else ())
        yield from attribute.tensors
        for graph in ((attribute.g,) if attribute.HasField("g") else ()) + tuple(attribute.graphs):
            yield from graph.initializer
            for inner in graph.node:
                yield from _tensors(inner)


def _called(nodes: Iterable[onnx.NodeProto], functions: Sequence[onnx.FunctionProto]) -> list[onnx.FunctionProto]:
    """The functions that the nodes call, and those that these call."""
    by_name = {(f.domain, f.name): f for f in functions}
    found: dict[tuple[str, str], onnx.FunctionProto] = {}
    queue = list(nodes)
    while queue:
        node = queue.pop()
        key = (node.domain, node.op_type)
        if key in by_name and key not in found:
            found[key] = by_name[key]
            queue += by_name[key].node
        for attribute in node.attribute:
            queue += [n for g in (attribute.g, *attribute.graphs) for n in g.node]
    return list(found.values())
