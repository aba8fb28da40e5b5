"""Attributes that the file leaves to their defaults, written out."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import helper

from diag.rewrites.interface import Site
from diag.rewrites.model import Model
from diag.types.codes import Code


class AttributesExplicit:
    """Convolutions and poolings with kernel_shape, strides, dilations, pads and group as their defaults are."""

    name = "attributes_explicit"
    code = Code.REWRITE_ATTRIBUTES

    def sites(self, model: Model) -> Sequence[Site]:
        """Nodes of a known number of spatial axes that leave one of them out."""
        return [Site(name, node.op_type, ", ".join(sorted(missing)))
                for name, node in model.each("Conv", "ConvTranspose", "MaxPool", "AveragePool")
                if (missing := _missing(model, node))]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """The defaults of the operator's definition."""
        for site in sites:
            node = model.node(site.node)
            node.attribute.extend(helper.make_attribute(key, value) for key, value in _missing(model, node).items())
        model.changed()


def _missing(model: Model, node: onnx.NodeProto) -> dict[str, list[int] | int]:
    """Default by name of each attribute that is not there."""
    there = {a.name: a for a in node.attribute}
    conv = node.op_type.startswith("Conv")
    kernel = list(there["kernel_shape"].ints) if "kernel_shape" in there else None
    if kernel is None:
        shape = model.shape(node.input[1]) if conv and len(node.input) > 1 else None
        if shape is None:
            return {}
        kernel = list(shape[2:])
    axes = len(kernel)
    defaults: dict[str, list[int] | int] = {"kernel_shape": kernel, "strides": [1] * axes}
    if conv:
        defaults |= {"dilations": [1] * axes, "group": 1}
    # auto_pad and output_shape decide the pads where they are given.
    if there.keys().isdisjoint({"auto_pad", "output_shape"}) or \
            ("auto_pad" in there and there["auto_pad"].s == b"NOTSET" and "output_shape" not in there):
        defaults["pads"] = [0] * (2 * axes)
    return {name: value for name, value in defaults.items() if name not in there}
