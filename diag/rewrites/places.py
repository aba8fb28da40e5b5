"""Each rewritten place run alone on what the old model feeds it: how far it moves by itself.

In a deep model differences of rounding grow on their way to the outputs, whoever made them. A place that answers the
same to the same inputs changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import onnx
from onnx import helper

from diag.cancel import Cancel
from diag.formats.onnx.infos import DTYPES, text
from diag.rewrites.model import Model
from diag.runtimes.interface import Array, RunOptions
from diag.runtimes.onnxruntime import OnnxRuntime
from diag.types.dtype import DType

_NEW = "#rewritten"
_ONNX_TYPES = {dtype: number for number, dtype in DTYPES.items()}


def places(old: Model, new: Model, feeds: Mapping[str, Array], options: RunOptions,
           cancel: Cancel) -> Iterator[tuple[str, Array, Array | None]]:
    """Each value that a rewritten place writes: its name, what the old model has there, what the new place makes of
    the old model's values (None where it could not be run). Raises ToolFailed, WorkerCrashed, Cancelled.
    """
    ends = _ends(old, new)
    nodes, reads = _between(old, new, ends)
    if not ends:
        return
    with OnnxRuntime().open(old.path, options, cancel) as session:
        golden = {**feeds, **session.observe(feeds, sorted({*ends, *reads} - feeds.keys()), cancel)}
    model = _alone(old, new, ends, nodes, reads & golden.keys())
    with _written(model, new.path) as path, OnnxRuntime().open(path, options, cancel) as session:
        wanted = {info.name for info in session.inputs}
        got = session.run({name: array for name, array in golden.items() if name in wanted}, cancel)
    for name in ends:
        if name in golden:
            yield name, golden[name], got.get(name + _NEW)


def _ends(old: Model, new: Model) -> list[str]:
    """Values of both models that another node writes in the new one, or the same node from other values."""
    return [value for value, node in new.producers.items()
            if node.op_type != "Constant" and _kept(old, new, value) and _rewritten(old, new, value, node)]


def _kept(old: Model, new: Model, value: str) -> bool:
    """Whether the value is the same one in both models: of one shape, as far as that is known."""
    if value not in old.producers:
        return False
    shapes = old.shape(value), new.shape(value)
    return None in shapes or shapes[0] == shapes[1]


def _rewritten(old: Model, new: Model, value: str, node: onnx.NodeProto) -> bool:
    before, after = (n.SerializeToString(deterministic=True) for n in (old.producers[value], node))
    return before != after or any(v in new.producers and not new.is_constant(v) and not _kept(old, new, v)
                           for v in map(text, node.input) if v)


def _between(old: Model, new: Model, ends: list[str]) -> tuple[list[onnx.NodeProto], set[str]]:
    """The new nodes that make the ends from values of the old model, in running order; and these values."""
    needed: set[str] = set()
    reads: set[str] = set()
    queue = list(ends)
    while queue:
        node = new.producers[queue.pop()]
        first = text(node.output[0])
        if first in needed:
            continue
        needed.add(first)
        for value in (text(v) for v in node.input if v):
            maker = new.producers.get(value)
            if maker is None or (maker.op_type != "Constant" and _kept(old, new, value)):
                reads |= {value} if maker is not None or not new.is_constant(value) else set()
            else:
                queue.append(value)
    return [n for n in new.nodes if n.output and text(n.output[0]) in needed], reads


def _alone(old: Model, new: Model, ends: list[str], nodes: list[onnx.NodeProto], reads: set[str]) -> onnx.ModelProto:
    """A model of the places alone: what they read is given, what they write has names of its own."""
    renamed = {value: value + _NEW for value in ends}
    copies = []
    for node in nodes:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        for index, value in enumerate(map(text, node.output)):
            copy.output[index] = renamed.get(value, value)
        copies.append(copy)
    used = {text(v) for n in nodes for v in n.input}
    inputs = [_info(old, name) for name in sorted(reads)]
    outputs = [onnx.ValueInfoProto(name=name) for name in renamed.values()]
    weights = [t for t in new.graph.initializer if text(t.name) in used and text(t.name) not in reads]
    graph = helper.make_graph(copies, "places", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=list(new.proto.opset_import), ir_version=new.proto.ir_version,
                             functions=list(new.proto.functions))


def _info(old: Model, name: str) -> onnx.ValueInfoProto:
    info = old.infos.get(name)
    dtype = info.dtype if info is not None else DType.FLOAT32
    shape = list(info.shape) if info is not None and info.shape is not None else None
    return helper.make_tensor_value_info(name, _ONNX_TYPES[dtype], shape)


@contextmanager
def _written(model: onnx.ModelProto, beside: Path) -> Iterator[Path]:
    """The model in a file beside the other one, where its weights outside the file are found."""
    path = beside.with_name(f".{beside.stem}.places.onnx")
    path.write_bytes(model.SerializeToString())
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
