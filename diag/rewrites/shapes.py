"""Shapes made fixed, and everything computed from them worked out beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from diag.formats.onnx.folding import Folder
from diag.formats.onnx.infos import text
from diag.rewrites.interface import Site
from diag.rewrites.model import Model
from diag.types.codes import Code

_ROUNDS = 8


class ShapesFixed:
    """Dynamic inputs with the sizes that were asked for."""

    name = "shapes_fixed"
    code = Code.REWRITE_SHAPES

    def __init__(self, shapes: Mapping[str, tuple[int, ...]] | None = None) -> None:
        self._shapes = shapes or {}

    def sites(self, model: Model) -> Sequence[Site]:
        """Inputs whose shape in the file is not the one asked for."""
        return [Site(text(i.name), "input", f"{list(self._shapes[text(i.name)])}") for i in model.graph.input
                if text(i.name) in self._shapes and _sizes(i) != list(self._shapes[text(i.name)])]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """Fix the inputs; forget what the file says of other values, which was written for other sizes."""
        wanted = {site.node for site in sites}
        for info in model.graph.input:
            if text(info.name) in wanted:
                info.type.tensor_type.shape.Clear()
                for size in self._shapes[text(info.name)]:
                    info.type.tensor_type.shape.dim.add(dim_value=size)
        del model.graph.value_info[:]
        for info in model.graph.output:
            if info.type.HasField("tensor_type"):
                info.type.tensor_type.ClearField("shape")
        model.changed()
        for info in model.graph.output:
            shape = model.shape(text(info.name))
            if shape is not None:
                for size in shape:
                    info.type.tensor_type.shape.dim.add(dim_value=size)


class ConstantsFolded:
    """Nodes that compute the same for every input (shape arithmetic, masks) as the constants that they give."""

    name = "constants_folded"
    code = Code.REWRITE_FOLDED

    def sites(self, model: Model) -> Sequence[Site]:
        """Nodes that can be worked out now, Constant nodes not counted."""
        folded = model.copy()
        _fold(folded)
        left = {text(o) for n in folded.nodes for o in n.output}
        return [Site(name, node.op_type) for name, node in model.each()
                if node.op_type != "Constant" and node.output and text(node.output[0]) not in left]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:  # noqa: ARG002 - folding is one act
        """All of them: a constant is only gone when everything that reads it is too."""
        _fold(model)
        model.sweep()


def _fold(model: Model) -> None:
    folder = Folder(model.proto)
    for _ in range(_ROUNDS):
        if not folder.fold(model.graph, model.infos):
            break
        model.changed()


def _sizes(info: onnx.ValueInfoProto) -> list[int]:
    return [d.dim_value if d.HasField("dim_value") else -1 for d in info.type.tensor_type.shape.dim]
