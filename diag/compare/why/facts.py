"""What a node says of itself, under one set of names for ONNX and MindIR.

Facts are compared as equal or not; each value is a number, a string or a tuple of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from diag.runtimes.interface import Array
from diag.types.graph import AttrValue, Node

Constant = Callable[[str], Array | None]
"""The elements of a constant value, None if it is not constant."""

Facts = dict[str, object]

_SAME_NAME = ("group", "epsilon", "axis", "alpha", "beta", "mode", "ceil_mode", "count_include_pad", "blocksize",
              "block_size", "lambd", "size", "bias", "k", "largest", "sorted", "exclusive", "reverse", "batch_dims")
_RENAMED = {
    "stride": "strides", "strides": "strides", "dilation": "dilations", "dilations": "dilations",
    "kernel_size": "kernel_shape", "kernel_shape": "kernel_shape", "negative_slope": "alpha",
    "keep_dims": "keepdims", "keepdims": "keepdims", "block_size": "blocksize", "global": "global",
}
_NORMS = {"LayerNormalization": 1e-5, "InstanceNormalization": 1e-5, "BatchNormalization": 1e-5,
          "GroupNormalization": 1e-5, "SkipLayerNormalization": 1e-5, "RMSNormalization": 1e-5}
_ACTIVATIONS = {"Relu": "RELU", "Sigmoid": "SIGMOID", "Elu": "ELU", "LeakyRelu": "LEAKY_RELU", "Softsign": "SOFTSIGN",
                "Softplus": "SOFTPLUS", "Tanh": "TANH", "Selu": "SELU", "HardSwish": "HSWISH",
                "HardSigmoid": "HSIGMOID", "Gelu": "GELU", "PRelu": "PRELU", "Swish": "SWISH", "Mish": "MISH"}
MINDIR_ACTIVATIONS = ("NONE", "RELU", "SIGMOID", "RELU6", "ELU", "LEAKY_RELU", "ABS", "RELU1", "SOFTSIGN", "SOFTPLUS",
                       "TANH", "SELU", "HSWISH", "HSIGMOID", "THRESHOLDRELU", "LINEAR", "HARD_TANH", "SIGN", "SWISH",
                       "GELU", "GLU")
_REDUCTIONS = {"ReduceMean": "mean", "ReduceMax": "max", "ReduceMin": "min", "ReduceProd": "prod", "ReduceSum": "sum",
               "ReduceSumSquare": "sumsquare", "ReduceL2": "l2", "ReduceL1": "asum"}
MINDIR_REDUCTIONS = ("mean", "max", "min", "prod", "sum", "sumsquare", "asum", "all", "l2")
_DEFAULT_AXIS = {"Softmax": -1, "LogSoftmax": -1, "Gather": 0, "Split": 0, "ArgMax": 0, "ArgMin": 0, "TopK": -1,
                 "Flatten": 1, "GatherElements": 0, "LayerNormalization": -1}


def golden_facts(nodes: Sequence[Node], constant: Constant) -> Facts:
    """Facts of an ONNX node or of the group that a fused target node stands for."""
    facts: Facts = {}
    activations = []
    for node in nodes:
        facts.update(_plain(node.attributes))
        if node.op in _DEFAULT_AXIS and "axis" not in node.attributes:
            facts["axis"] = _DEFAULT_AXIS[node.op]
        if node.op in _NORMS:
            facts["epsilon"] = node.attributes.get("epsilon", _NORMS[node.op])
        if node.op in _REDUCTIONS:
            facts["mode"] = _REDUCTIONS[node.op]
            facts.setdefault("keepdims", 1)
            axes = node.attributes.get("axes") or _elements(constant, node.inputs[1:2])
            if axes is not None:
                facts["axes"] = axes
        if node.op == "Conv":
            facts.update({k: v for k, v in _conv_defaults(node).items() if k not in facts})
        if node.op == "Transpose" and "perm" in node.attributes:
            facts["perm"] = node.attributes["perm"]
        if node.op in _ACTIVATIONS:
            activations.append(_ACTIVATIONS[node.op])
            facts.update({k: v for k, v in _PARAMETERS.get(node.op, {}).items() if k not in node.attributes})
        if node.op == "Clip":
            facts.update(_limits(node, constant))
        if node.op == "Resize":
            facts["mode"] = node.attributes.get("mode", "nearest")
        if node.op == "Gather":
            facts.update(_index(node, constant))
    epsilon = _decomposed_epsilon(nodes, constant)
    if epsilon is not None and "epsilon" not in facts:
        facts["epsilon"] = epsilon
    facts["activation"] = _activation(nodes, activations, constant)
    return _limits_alone(facts)


def target_facts(node: Node, constant: Constant) -> Facts:
    """Facts of a target node, ONNX or MindIR."""
    if not node.op.endswith("Fusion") and "activation_type" not in node.attributes and _is_onnx(node):
        return golden_facts([node], constant)
    facts: Facts = _plain(node.attributes)
    attributes = node.attributes
    kind = attributes.get("activation_type")
    facts["activation"] = _nth(MINDIR_ACTIVATIONS, kind) if isinstance(kind, int) else "NONE"
    pads = attributes.get("pad_list")
    if isinstance(pads, tuple) and len(pads) == 4:
        facts["pads"] = (pads[0], pads[2], pads[1], pads[3])  # top bottom left right → begin and end of each axis
    if "Reduce" in node.op and isinstance(attributes.get("mode"), int):
        facts["mode"] = _nth(MINDIR_REDUCTIONS, attributes["mode"])
        axes = _elements(constant, node.inputs[1:2])
        if axes is not None:
            facts["axes"] = axes
    if node.op == "Transpose":
        perm = _elements(constant, node.inputs[1:2])
        if perm is not None:
            facts["perm"] = perm
    axis = facts.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        facts["axis"] = axis[0]
    if node.op in ("Gather", "GatherV2"):
        axes = _elements(constant, node.inputs[2:3])
        if axes and "axis" not in attributes:
            facts["axis"] = axes[0]
        facts.update(_index(node, constant))
    if node.op == "Resize" and isinstance(attributes.get("method"), int):
        facts["mode"] = _nth(("linear", "nearest", "cubic"), attributes["method"])
    facts.update(_fused_parameters(str(facts["activation"]), attributes))
    facts = _limits_alone(facts)
    if node.op == "Activation" and facts["activation"] not in ("LEAKY_RELU", "ELU"):
        facts.pop("alpha", None)
    return facts


_PARAMETERS: Mapping[str, Facts] = {"LeakyRelu": {"alpha": 0.01}, "Elu": {"alpha": 1.0},
                                    "HardSigmoid": {"alpha": 0.2, "beta": 0.5}}
_FIXED: Mapping[str, Facts] = {"HSIGMOID": {"alpha": 1 / 6, "beta": 0.5}}


def _fused_parameters(activation: str, attributes: Mapping[str, AttrValue]) -> Facts:
    """Parameters of an activation: stated, or fixed by what the runtime computes under that name."""
    facts: Facts = dict(_FIXED.get(activation, {}))
    if activation in ("LEAKY_RELU", "ELU"):
        facts["alpha"] = attributes.get("alpha", 0.0)
    if activation == "HARD_TANH":
        facts.update({"min": attributes.get("min_val", -1.0), "max": attributes.get("max_val", 1.0)})
    if activation == "RELU6":
        facts.update({"min": 0.0, "max": 6.0})
    return facts


def _limits_alone(facts: Facts) -> Facts:
    """A clip goes by many names (RELU6, HARD_TANH, Clip): its limits say it all."""
    return {**facts, "activation": "CLIP"} if "min" in facts and "max" in facts else facts


def unstated(golden: Facts, target: Facts) -> list[tuple[str, object]]:
    """Golden facts that matter, differ from what is usual, and have no place in the target node."""
    return [(n, golden[n]) for n, usual in _USUAL.items() if n in golden and n not in target and golden[n] != usual]


_USUAL: Facts = {"count_include_pad": 0, "ceil_mode": 0, "alpha": 1.0, "beta": 0.0, "bias": 0.0}


def _limits(node: Node, constant: Constant) -> Facts:
    low, high = (_scalar(constant, node, i, n) for i, n in ((1, "min"), (2, "max")))
    return {"min": -_WIDEST if low is None else low, "max": _WIDEST if high is None else high}


_WIDEST = 3.4028234663852886e38


def _index(node: Node, constant: Constant) -> Facts:
    """A single constant index; a table of many is a weight."""
    index = _elements(constant, node.inputs[1:2])
    return {"index": index[0] if len(index) == 1 else index} if index is not None and len(index) <= 16 else {}


def differing(golden: Facts, target: Facts, rank: int) -> list[tuple[str, object, object]]:
    """Names of facts that both sides state and state differently."""
    found = []
    for name in golden.keys() & target.keys():
        a, b = _normal(name, golden[name], rank), _normal(name, target[name], rank)
        if not _same(a, b):
            found.append((name, golden[name], target[name]))
    return sorted(found, key=lambda item: _ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER))


_ORDER = ("epsilon", "axis", "axes", "perm", "min", "max", "alpha", "beta", "index", "activation",
          "pads", "strides", "dilations", "group", "mode")


def _plain(attributes: Mapping[str, AttrValue]) -> Facts:
    facts: Facts = {}
    for name, value in attributes.items():
        if isinstance(value, (int, float, str, tuple)) and (name in _SAME_NAME or name in _RENAMED or name == "pads"):
            facts[_RENAMED.get(name, name)] = value
    return facts


def _conv_defaults(node: Node) -> Facts:
    kernel = node.attributes.get("kernel_shape")
    axes = len(kernel) if isinstance(kernel, tuple) else 2
    return {"strides": (1,) * axes, "dilations": (1,) * axes, "group": 1, "pads": (0,) * (2 * axes)} \
        if node.attributes.get("auto_pad", "NOTSET") in ("NOTSET", b"NOTSET") else {}


def _decomposed_epsilon(nodes: Sequence[Node], constant: Constant) -> float | None:
    """The small constant added before a square root: LayerNorm written out."""
    roots = {v for n in nodes if n.op in ("Sqrt", "Rsqrt", "Pow") for v in n.inputs[:1]}
    for node in nodes:
        if node.op == "Add" and any(o in roots for o in node.outputs):
            for name in node.inputs:
                value = constant(name)
                if value is not None and value.size == 1:
                    return float(value.reshape(-1)[0])
    return None


def _activation(nodes: Sequence[Node], found: Sequence[str], constant: Constant) -> str:
    ops = [n.op for n in nodes]
    if "Erf" in ops:
        return "GELU"
    if list(found) == ["SIGMOID"] and "Mul" in ops and len(ops) <= 3:
        return "SWISH"
    for node in nodes:
        if node.op == "Clip":
            low, high = (_scalar(constant, node, i, n) for i, n in ((1, "min"), (2, "max")))
            if low == 0 and high == 6:
                return "RELU6"
    return found[-1] if found else "NONE"


def _scalar(constant: Constant, node: Node, index: int, name: str) -> float | None:
    stated = node.attributes.get(name)
    if isinstance(stated, (int, float)):
        return float(stated)
    value = constant(node.inputs[index]) if len(node.inputs) > index and node.inputs[index] else None
    return float(value.reshape(-1)[0]) if value is not None and value.size == 1 else None


def _elements(constant: Constant, names: Iterable[str]) -> tuple[int, ...] | None:
    for name in names:
        value = constant(name) if name else None
        if value is not None and value.dtype.kind in "iu":
            return tuple(int(v) for v in value.reshape(-1))
    return None


def _nth(names: Sequence[str], index: AttrValue) -> str:
    return names[index] if isinstance(index, int) and 0 <= index < len(names) else f"UNKNOWN({index!r})"


def _normal(name: str, value: object, rank: int) -> object:
    if name == "axis" and isinstance(value, int) and value < 0 and rank:
        return value + rank
    if name == "axes" and isinstance(value, tuple) and rank:
        return tuple(sorted(v + rank if v < 0 else v for v in value))
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value


def _same(a: object, b: object) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or abs(a - b) <= 1e-5 * max(abs(a), abs(b))
    return a == b or isinstance(a, str) != isinstance(b, str)


def _is_onnx(node: Node) -> bool:
    return "infer_done" not in node.attributes and "value" not in node.info
