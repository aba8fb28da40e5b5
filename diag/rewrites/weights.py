"""Weights and inputs as converters expect them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from diag.formats.onnx.infos import text
from diag.rewrites.interface import Site
from diag.rewrites.model import Model
from diag.types.codes import Code
from diag.types.dtype import DType

FP16_LARGEST = 65504.0
MASKED = -1e4
"""What stands for "not this one" in fp16: e to its power is 0 there and in fp32, and sums of six still fit."""

_SHARED_MOST = 1 << 16
_FLOATS = frozenset({DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16})
_CARRIES = frozenset({"Add", "Where", "Mul", "Expand", "Unsqueeze", "Squeeze", "Slice", "Trilu", "Reshape", "Cast",
                      "Concat", "Transpose", "Identity", "Gather", "Tile", "ConstantOfShape", "ScatterND"})
_STEPS = 200


class MaskConstantBounded:
    """Attention masks filled with −3.4e38 or −∞, which fp16 turns into −∞ and NaN, filled with −10000 instead."""

    name = "mask_constant_bounded"
    code = Code.REWRITE_MASK

    def sites(self, model: Model) -> Sequence[Site]:
        """Constants below what fp16 can hold that reach a Softmax and nothing but."""
        found = []
        for value, node in _mask_candidates(model):
            if _only_softmax(model, value):
                found.append(Site(node, "Constant" if node != value else "weight", value))
        return found

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """The same constants with bounded elements."""
        wanted = {site.note for site in sites}
        for tensor in model.graph.initializer:
            if text(tensor.name) in wanted:
                _bound(tensor, model)
        for node in model.nodes:
            if node.op_type in ("Constant", "ConstantOfShape") and text(node.output[0]) in wanted:
                for attribute in node.attribute:
                    if attribute.name == "value":
                        _bound(attribute.t, model)
                    elif attribute.name == "value_float":
                        attribute.f = max(attribute.f, MASKED)
        model.changed()


class SharedWeightsCopied:
    """A weight that several nodes read, once for each of them."""

    name = "shared_weights_copied"
    code = Code.REWRITE_SHARED

    def sites(self, model: Model) -> Sequence[Site]:
        """Each node but the first that reads a small float vector as scale or shift."""
        return [Site(name, node.op_type, value) for name, node, value, _ in _shared(model)]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """Copies with names of their own."""
        wanted = {(site.node, site.note) for site in sites}
        for name, node, value, index in list(_shared(model)):
            array = model.constant(value)
            if (name, value) in wanted and array is not None:
                node.input[index] = model.add_constant(value, array)
        model.changed()


class UnusedInputsDropped:
    """Inputs that no node reads, which some converters cannot find in their graph."""

    name = "unused_inputs_dropped"
    code = Code.REWRITE_UNUSED_INPUT

    def sites(self, model: Model) -> Sequence[Site]:
        """Inputs that nobody reads and that are no output."""
        weights = {text(t.name) for t in model.graph.initializer}
        names = [text(i.name) for i in model.graph.input]
        return [Site(n, "input") for n in names if n not in model.consumers and n not in model.outputs | weights]

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """Without them. Whoever calls the model must not give them any more."""
        gone = {site.node for site in sites}
        kept = [i for i in model.graph.input if text(i.name) not in gone]
        del model.graph.input[:]
        model.graph.input.extend(kept)
        model.changed()


def _mask_candidates(model: Model) -> Iterator[tuple[str, str]]:
    """Value and node of constants that hold something below fp16's range; all else in them must fit into it."""
    names = {text(n.output[0]): name for name, n in model.each("Constant", "ConstantOfShape")}
    sources = [*(text(t.name) for t in model.graph.initializer), *names]
    for value in sources:
        node = model.producers.get(value)
        if node is not None and node.op_type == "ConstantOfShape":
            fill = next((a.t for a in node.attribute if a.name == "value"), None)
            array = model.elements(fill) if fill is not None else None
        else:
            array = model.constant(value) if model.dtype(value) in _FLOATS | {DType.UNDEFINED} else None
        if array is None or array.dtype.kind not in "fV" or not array.size:
            continue
        with np.errstate(all="ignore"):  # signalling NaNs among the elements
            wide = array.astype(np.float64)
        if (wide < -FP16_LARGEST).any() and not (wide > FP16_LARGEST).any() and not np.isnan(wide).any():
            yield value, names.get(value, value)


def _only_softmax(model: Model, value: str) -> bool:
    queue, seen, reached = [value], {value}, False
    while queue:
        current = queue.pop()
        if current in model.outputs or len(seen) > _STEPS:
            return False
        for reader in model.consumers.get(current, ()):
            if reader.op_type == "Softmax":
                reached = True
            elif reader.op_type not in _CARRIES:
                return False
            else:
                fresh = [text(o) for o in reader.output if o and text(o) not in seen]
                seen.update(fresh)
                queue += fresh
    return reached


def _bound(tensor: onnx.TensorProto, model: Model) -> None:
    array = numpy_helper.to_array(tensor, base_dir=str(model.folder))
    bounded = numpy_helper.from_array(np.maximum(array, np.array(MASKED, array.dtype)), tensor.name)
    tensor.CopyFrom(bounded)


def _shared(model: Model) -> Iterator[tuple[str, onnx.NodeProto, str, int]]:
    """Node name, node, weight and input index: every reading of a small shared float vector but the first."""
    seen: set[str] = set()
    weights = {text(t.name) for t in model.graph.initializer
               if 1 < int(np.prod(list(t.dims), dtype=np.int64)) <= _SHARED_MOST and len(t.dims)}
    for name, node in model.each("Mul", "Add", "InstanceNormalization", "BatchNormalization", "LayerNormalization",
                                 "GroupNormalization"):
        for index, value in enumerate(map(text, node.input)):
            if value not in weights or model.dtype(value) not in _FLOATS:
                continue
            if value in seen:
                yield name, node, value, index
            seen.add(value)
