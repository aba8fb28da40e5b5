"""What element types and shapes the values of an ONNX model take, given those of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import onnx
from onnx import shape_inference

from diag.formats.onnx.folding import Folder
from diag.formats.onnx.infos import DTYPES, text, value_info
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo

if TYPE_CHECKING:
    from diag.formats.onnx.reader import OnnxFile

_ROUNDS = 8
"""How often newly known shapes may open the way to further ones."""


def infer(file: OnnxFile, inputs: Mapping[str, tuple[int, ...]] | None = None) -> dict[str, TensorInfo]:
    """What is known of each value of the main graph (weights left out), by name.

    ``inputs`` are shapes to assume for inputs, by name; for the others the file's stand. Never raises: where
    inference fails or an operator is not known, what the file says is all there is.
    """
    stated = dict(file.graph.values)
    model = onnx.ModelProto()
    model.CopyFrom(file.model)
    if inputs:
        _assume(model.graph, inputs)
    given = {text(i.name): value_info(i) for i in model.graph.input}
    found = _infer(model)
    folder = Folder(model)
    for _ in range(_ROUNDS):
        if not folder.fold(model.graph, {**given, **found}):
            break
        found = {**found, **_infer(model)}
    constants = {text(t.name): TensorInfo(text(t.name), DTYPES.get(t.data_type, DType.UNDEFINED), tuple(t.dims))
                 for t in model.graph.initializer}
    known = {**stated, **given, **constants,
             **{name: info for name, info in found.items() if info.dtype is not DType.UNDEFINED}}
    return {name: info for name, info in known.items() if name and name not in file.graph.weights}


def _assume(graph: onnx.GraphProto, inputs: Mapping[str, tuple[int, ...]]) -> None:
    """Fix the inputs' sizes; forget all others, which may have been written for other inputs."""
    for proto in graph.input:
        shape = inputs.get(text(proto.name))
        if shape is not None and proto.type.HasField("tensor_type"):
            proto.type.tensor_type.shape.Clear()
            for size in shape:
                proto.type.tensor_type.shape.dim.add(dim_value=size)
    for proto in (*graph.output, *graph.value_info):
        if proto.type.HasField("tensor_type"):
            proto.type.tensor_type.ClearField("shape")


def _infer(model: onnx.ModelProto) -> dict[str, TensorInfo]:
    if _recursive(model):
        return {}
    try:
        declared = {o.domain for o in model.opset_import}
        for domain in {n.domain for n in model.graph.node} - declared - {"", "ai.onnx"}:
            # Inference gives up on the whole model over one domain that the file does not declare.
            model.opset_import.add(domain=domain, version=1)
        inferred = shape_inference.infer_shapes(model, check_type=False, strict_mode=False, data_prop=True)
    except (shape_inference.InferenceError, onnx.checker.ValidationError, RuntimeError, ValueError, TypeError):
        return {}
    graph = inferred.graph
    return {text(v.name): value_info(v) for v in (*graph.value_info, *graph.output)}


def _recursive(model: onnx.ModelProto) -> bool:
    """Whether functions call each other in a circle, which shape inference would follow without end."""
    calls = {(f.domain, f.name): {(n.domain, n.op_type) for n in f.node} for f in model.functions}
    while True:
        leaves = [name for name, called in calls.items() if not called & calls.keys()]
        if not leaves:
            return bool(calls)
        for name in leaves:
            del calls[name]
