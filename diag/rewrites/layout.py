"""Transpositions in the words that runtimes with layouts of their own do not stumble over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from diag.rewrites.interface import Replacement, Site
from diag.rewrites.model import Model
from diag.types.codes import Code

_TO_CHANNELS_FIRST = [0, 3, 1, 2]


class Transpose3D(Replacement):
    """Reshape to [N, H, W, C] and transposition to [N, C, H, W] as a transposition of three axes."""

    name = "transpose_3d"
    code = Code.REWRITE_TRANSPOSE

    def sites(self, model: Model) -> Sequence[Site]:
        """Where the reshaped value has known sizes and is read by the Transpose alone."""
        found = []
        for name, node in model.each("Transpose"):
            before = model.producers.get(node.input[0])
            perm = next((list(a.ints) for a in node.attribute if a.name == "perm"), [])
            if before is None or before.op_type != "Reshape" or perm != _TO_CHANNELS_FIRST:
                continue
            shape = model.shape(node.input[0])
            alone = len(model.consumers[node.input[0]]) == 1 and node.input[0] not in model.outputs
            if shape is not None and len(shape) == 4 and alone:
                found.append(Site(name, node.op_type, f"after {before.name or before.op_type}"))
        return found

    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """[N, H·W, C], axes 1 and 2 swapped, then [N, C, H, W]."""
        shape, before = model.shape(node.input[0]), model.producers[node.input[0]]
        if shape is None:
            raise AssertionError("a site has a known shape")
        n, h, w, c = shape
        flat = model.make("Reshape", [before.input[0], model.add_constant("shape3d", np.array([n, h * w, c]))],
                          base=node.name)
        swapped = model.make("Transpose", [flat.output[0]], base=node.name, perm=[0, 2, 1])
        back = model.make("Reshape", [swapped.output[0], model.add_constant("shape4d", np.array([n, c, h, w]))],
                          node.output[0], base=node.name)
        return [flat, swapped, back]
