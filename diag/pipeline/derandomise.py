"""A copy of an ONNX model in which every drawn random number is its mean, so that two runs are the same."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import onnx
from onnx import helper, numpy_helper

from diag.compare.checks import random_nodes
from diag.errors import DiagError, UsageError
from diag.formats.registry import open_model

_LIKE = {"RandomNormalLike": "mean", "RandomUniformLike": ""}
_ALONE = {"RandomNormal": "mean", "RandomUniform": ""}
_MINDIR_RANDOM = ("randomnormal", "randomuniform", "standardnormal", "uniformreal", "uniformint", "multinomial",
                  "bernoulli")


def random_in_mindir(path: Path) -> list[str]:
    """Names of nodes of a target that draw random numbers; none if it cannot be read."""
    try:
        graph = open_model(path)
    except DiagError:
        return []
    if graph.format == "onnx":
        return random_nodes(graph)
    return [n.name for n in graph.nodes if n.op.lower().startswith(_MINDIR_RANDOM)]


def fixed(path: Path, into: Path) -> Path:
    """``into/<folder>-mean.onnx`` with means instead of draws; weights in files of their own are linked beside it.

    Raises UsageError for draws whose mean says nothing (Multinomial, Bernoulli).
    """
    model = onnx.load(str(path), load_external_data=False)
    for index, node in enumerate(model.graph.node):
        if node.op_type in ("Multinomial", "Bernoulli"):
            raise UsageError(f"{node.op_type} draws from its input: it has no mean that could stand for it",
                             where=f"node {node.name} in {path}", hint="Export the model without it")
        if node.op_type in _LIKE:
            model.graph.node.insert(index, _shape(node))
            model.graph.node.remove(node)
            model.graph.node.insert(index + 1, _filled(node, f"{node.output[0]}/shape"))
        elif node.op_type in _ALONE:
            shape = helper.get_attribute_value(next(a for a in node.attribute if a.name == "shape"))
            name = f"{node.output[0]}/shape"
            model.graph.initializer.append(helper.make_tensor(name, onnx.TensorProto.INT64, [len(shape)], shape))
            model.graph.node.insert(index, _filled(node, name))
            model.graph.node.remove(node)
    into.mkdir(parents=True, exist_ok=True)
    copy = into / f"{path.parent.name if path.stem == 'model' else path.stem}-mean.onnx"
    for location in _external(model):
        _link(path.parent / location, into / location)
    temporary = copy.with_suffix(".tmp")
    onnx.save(model, str(temporary))
    temporary.replace(copy)
    return copy


def _shape(node: onnx.NodeProto) -> onnx.NodeProto:
    return helper.make_node("Shape", [node.input[0]], [f"{node.output[0]}/shape"], f"{node.name}/shape")


def _filled(node: onnx.NodeProto, shape: str) -> onnx.NodeProto:
    facts = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type.startswith("RandomNormal"):
        mean = float(facts.get("mean", 0.0))
    else:
        mean = (float(facts.get("low", 0.0)) + float(facts.get("high", 1.0))) / 2
    kind = int(facts.get("dtype", onnx.TensorProto.FLOAT))
    value = numpy_helper.from_array(numpy_helper.to_array(helper.make_tensor("value", kind, [1], [mean])), "value")
    return helper.make_node("ConstantOfShape", [shape], list(node.output), node.name, value=value)


def _external(model: onnx.ModelProto) -> set[str]:
    entries = (e for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL
               for e in t.external_data)
    return {e.value for e in entries if e.key == "location"}


def _link(source: Path, copy: Path) -> None:
    """A second name for a large file; copied only where the file system knows none."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        try:
            os.link(source, copy)
        except FileExistsError:
            raise
        except OSError:
            shutil.copyfile(source, copy)
