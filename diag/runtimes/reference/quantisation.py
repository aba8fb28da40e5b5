"""Between floats and quantised integers."""

from __future__ import annotations

import numpy as np

from diag.formats.mindir.quant import QuantParams, quant_params
from diag.runtimes.reference.lowering import Array, Lower, Lowering, NotCovered
from diag.runtimes.reference.numbers import TYPES
from diag.types.dtype import DType

_QUANTISED = (DType.INT8, DType.UINT8)


def _cast(n: Lowering) -> str:
    """Float to integer divides by the scale of the node's quantisation, integer to float multiplies with it."""
    value, to = n.input(0), TYPES.get(n.integer("dst_t", 0))
    params = next((p for p in quant_params(n.node) if p.role == "output" and p.index == 0), None)
    if params is None or not params.scales:
        raise NotCovered(f"operator {n.node.op} without a scale in the file is not covered by the reference runtime")
    if to in _QUANTISED:
        return n.emit("QuantizeLinear", value, *_scale(n, params, to.numpy), axis=_axis(n, params))
    source = n.dtype(value)
    if to is DType.FLOAT32 and source in _QUANTISED:
        return n.emit("DequantizeLinear", value, *_scale(n, params, source.numpy), axis=_axis(n, params))
    raise NotCovered(f"operator {n.node.op} from {source.value} to {to.value if to else 'an unknown type'} is not "
                     "covered by the reference runtime")


def _scale(n: Lowering, params: QuantParams, dtype: np.dtype[np.generic]) -> tuple[str, str]:
    """Scale and zero point; one that was never set in the file is 0."""
    scales: Array = np.array(params.scales, np.float32)
    zeros: Array = np.array([z or 0 for z in params.zero_points] or [0] * len(params.scales), dtype)
    if len(params.scales) == 1:
        scales, zeros = scales.reshape(()), zeros.reshape(-1)[:1].reshape(())
    return n.constant(scales), n.constant(zeros)


def _axis(n: Lowering, params: QuantParams) -> int | None:
    return n.integer("axis", 0) if len(params.scales) > 1 else None


OPERATORS: dict[str, Lower] = {"QuantDTypeCast": _cast}
