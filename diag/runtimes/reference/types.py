"""Element types and shapes of the values that lowering makes, known as it goes."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import helper, shape_inference

from diag.formats import weights as weight_files
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import Shape, Weight

OPSET = 21
"""Version of the ONNX operators that lowering writes."""

_PRIMER_BYTES = 1024
"""Constants up to this size take part in inference: shapes, axes, pads."""

NUMBERS = {
    DType.FLOAT32: 1, DType.UINT8: 2, DType.INT8: 3, DType.UINT16: 4, DType.INT16: 5, DType.INT32: 6, DType.INT64: 7,
    DType.STRING: 8, DType.BOOL: 9, DType.FLOAT16: 10, DType.FLOAT64: 11, DType.UINT32: 12, DType.UINT64: 13,
    DType.BFLOAT16: 16,
}
"""Numbers of element types in ONNX."""

_NAMES = {number: dtype for dtype, number in NUMBERS.items()}
_IMPORTS = [helper.make_opsetid("", OPSET)]


class Types:
    """What is known of each value. What ONNX infers goes before what the file says: the file can be wrong.

    A Lite conversion writes no shape for what it did not infer, and float32 for parts of tuples.
    """

    def __init__(self, graph: Graph, weights: Mapping[str, Weight]) -> None:
        self._graph = graph
        self._weights = weights
        self._inferred: dict[str, onnx.TypeProto] = {}

    def dtype(self, value: str) -> DType:
        """Element type of a value; UNDEFINED where nothing tells."""
        weight = self._weights.get(value)
        if weight is not None:
            return weight.dtype
        found = self._inferred.get(value)
        if found is not None and found.tensor_type.elem_type:
            return _NAMES.get(found.tensor_type.elem_type, DType.UNDEFINED)
        return self._graph.info(value).dtype

    def shape(self, value: str) -> Shape:
        """Shape of a value, unknown sizes as None; None where not even the rank is known."""
        weight = self._weights.get(value)
        if weight is not None:
            return weight.shape
        found = self._inferred.get(value)
        if found is not None and found.tensor_type.HasField("shape"):
            return tuple(d.dim_value if d.HasField("dim_value") else None for d in found.tensor_type.shape.dim)
        return self._graph.info(value).shape

    def learn(self, proto: onnx.NodeProto) -> None:
        """Infer what ``proto`` writes from what it reads; what cannot be inferred stays as the file says."""
        inputs = {name: self._proto(name) for name in proto.input if name}
        if any(t is None for t in inputs.values()):
            return
        known = {name: t for name, t in inputs.items() if t is not None}
        data = {name: tensor for name in known if (tensor := self._primer(name)) is not None}
        try:
            schema = onnx.defs.get_schema(proto.op_type, OPSET, "")
            found = shape_inference.infer_node_outputs(schema, proto, known, data, opset_imports=_IMPORTS)
        except (onnx.shape_inference.InferenceError, onnx.checker.ValidationError, RuntimeError):
            # The shapes in the file contradict the operator. onnxruntime will say so when it runs the node.
            return
        self._inferred.update(found)

    def rename(self, value: str, name: str) -> None:
        """``value`` is now called ``name``."""
        if value in self._inferred:
            self._inferred[name] = self._inferred.pop(value)

    def _proto(self, value: str) -> onnx.TypeProto | None:
        number = NUMBERS.get(self.dtype(value))
        return None if number is None else helper.make_tensor_type_proto(number, self.shape(value))

    def _primer(self, value: str) -> onnx.TensorProto | None:
        weight = self._weights.get(value)
        if weight is None or weight.nbytes > _PRIMER_BYTES or weight.problem or weight.dtype not in NUMBERS or \
                weight.dtype is DType.STRING:
            return None
        array = weight_files.load(weight)
        return onnx.TensorProto(name=value, data_type=NUMBERS[weight.dtype], dims=weight.shape,
                                raw_data=array.tobytes())
