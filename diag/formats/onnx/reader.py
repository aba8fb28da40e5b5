"""Opens an ONNX file: its graph, the messages behind it, and where its weights lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from diag.errors import FormatError
from diag.formats.cursor import LEN, VARINT, Cursor, map_file
from diag.formats.interface import ReadOptions
from diag.formats.onnx.graphs import GraphBuilder
from diag.formats.onnx.infos import text
from diag.formats.onnx.skeleton import read_skeleton
from diag.types.graph import Graph
from diag.types.tensor import Span, Weight

_WHAT = "an ONNX model"
_MODEL_FIELDS = {f.number: VARINT if f.name in ("ir_version", "model_version") else LEN
                 for f in onnx.ModelProto.DESCRIPTOR.fields}


@dataclass(frozen=True)
class OnnxFile:
    """An ONNX file that was opened.

    Attributes:
        graph: the graph.
        model: the file's messages, large tensors without their elements (see ``read_skeleton``). Same nodes, in the
            same order and under the same names as in ``graph``: ``graph.nodes[i]`` is ``model.graph.node[i]``.
        weights: by value name, the graph's weights and the outputs of Constant nodes whose elements stayed in the
            file: who runs the model must take these from here.
    """

    graph: Graph
    model: onnx.ModelProto
    weights: Mapping[str, Weight]


class _Onnx:
    """ONNX's binary form."""

    name = "onnx"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Whether the first bytes are fields of a ModelProto, or the name says that it should be one."""
        return path.suffix.lower() == ".onnx" or _looks_like_model(head, path)

    def read(self, path: Path, options: ReadOptions) -> Graph:  # noqa: ARG002 - ONNX files need no key
        """The graph. Raises FormatError."""
        return load(path).graph


ONNX = _Onnx()


def load(path: Path | str) -> OnnxFile:
    """Open the file without reading its large weights. Raises FormatError with the byte where it stopped."""
    path = Path(path).absolute()
    cursor = Cursor(map_file(path), path, _WHAT)
    model = _model(cursor)
    builder = GraphBuilder(path)
    graph = builder.graph(model.graph, _metadata(model))
    functions = {_key(f): builder.function(f) for f in model.functions}
    notes = [*_model_notes(model), *builder.notes,
             *(f"{count} weights cannot be used: {problem}" if count > 1 else f"A weight cannot be used: {problem}"
               for problem, count in builder.tensors.problems.items())]
    graph = replace(graph, functions=functions, notes=tuple(dict.fromkeys(notes)))
    return OnnxFile(graph, model, {**graph.weights, **_constants(graph)})


def _model(cursor: Cursor) -> onnx.ModelProto:
    try:
        model = read_skeleton(cursor)
    except FormatError:
        if _is_tensor(cursor):
            raise FormatError(cursor.path, f"Expected {_WHAT}; this is one ONNX tensor", offset=0,
                              hint="Give the model.onnx that the tensor was stored for.") from None
        raise
    if not model.HasField("graph"):
        raise FormatError(cursor.path, f"Expected {_WHAT}; it has no graph", offset=0,
                          hint="The file is cut short, or some other kind of protobuf file.")
    return model


def _is_tensor(cursor: Cursor) -> bool:
    """Whether the file is a TensorProto, as test data sets have them: field 2 is a number there, a text in a model."""
    try:
        return any(f.number == 2 and f.wire == VARINT for f in cursor.fields())
    except FormatError:
        return False


def _looks_like_model(head: bytes, path: Path) -> bool:
    seen = 0
    try:
        for field in Cursor(head, path).fields():
            if _MODEL_FIELDS.get(field.number) != field.wire:
                return False
            seen += 1
    except FormatError as error:
        # The head ends inside a field: fine if what stands before it fits and the field is the graph.
        return seen > 0 and bool(error.offset) and head[error.offset or 0] >> 3 in _MODEL_FIELDS
    return seen > 0


def _metadata(model: onnx.ModelProto) -> dict[str, str]:
    opsets = {text(o.domain) or "ai.onnx": o.version for o in model.opset_import}
    facts = {
        "ir_version": str(model.ir_version or ""), "producer_name": text(model.producer_name),
        "producer_version": text(model.producer_version), "domain": text(model.domain),
        "model_version": str(model.model_version or ""), "opset": str(opsets.get("ai.onnx", "")),
        "opsets": ", ".join(f"{domain} {version}" for domain, version in opsets.items()),
        "doc_string": text(model.doc_string) or text(model.graph.doc_string),
    }
    facts.update({f"property {text(p.key)}": text(p.value) for p in model.metadata_props})
    return {key: value for key, value in facts.items() if value}


def _key(function: onnx.FunctionProto) -> str:
    """How a function is found: ``domain::name``, with ``::overload`` behind it if it has one."""
    return "::".join(text(part) for part in (function.domain, function.name, function.overload) if part)


def _model_notes(model: onnx.ModelProto) -> Iterator[str]:
    if model.training_info:
        yield "Training information is not used"
    if model.graph.quantization_annotation:
        yield f"Quantization annotations of {len(model.graph.quantization_annotation)} tensors are not used"
    if not model.opset_import:
        yield "The file does not say which operator set it uses"


def _constants(graph: Graph) -> dict[str, Weight]:
    found = {}
    for node in graph.nodes:
        if node.op == "Constant" and node.outputs:
            value = node.attributes.get("value")
            if isinstance(value, Weight) and isinstance(value.data, Span):
                found[node.outputs[0]] = value
    return found
