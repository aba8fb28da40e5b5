"""One kind of conversion fault each: where it can sit in a model, and what it does there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from corpus.view import WEIGHTED, View
from onnx import helper, numpy_helper

Rng = np.random.Generator
Node = onnx.NodeProto


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault.

    Attributes:
        explains: the word that a good explanation contains.
        sites: nodes where it can be planted.
        plant: edits the view at the node.
        floor: relative L2 error of the outputs from which the fault counts as effective.
        absence: something is gone or moved: neighbours of the node are acceptable answers too.
    """

    explains: str
    sites: Callable[[View], list[Node]]
    plant: Callable[[View, Node, Rng], None]
    floor: float = 1e-3
    absence: bool = False


def _nodes(*operators: str) -> Callable[[View], list[Node]]:
    return _where(lambda view, node: True, *operators)


def _where(test: Callable[[View, Node], bool], *operators: str) -> Callable[[View], list[Node]]:
    """Nodes of these operators that pass the test and depend on the inputs: what folds away is no site."""
    return lambda view: [node for node in view.model.graph.node
                         if node.op_type in operators and node.name in view.live and test(view, node)]


# ---- weights

def _weighted(view: View) -> list[Node]:
    """Nodes whose second input is a float constant matrix or kernel."""
    return [node for node in _nodes(*WEIGHTED)(view)
            if (array := view.constant(node.input[1])) is not None and array.ndim >= 2 and array.size >= 32]


def _on_weight(change: Callable[[np.ndarray, Node, Rng], np.ndarray]) -> Callable[[View, Node, Rng], None]:
    def plant(view: View, node: Node, rng: Rng) -> None:
        array = view.constant(node.input[1])
        assert array is not None
        with np.errstate(all="ignore"):
            view.replace(node, 1, change(array.copy(), node, rng))
    return plant


def _noise(array: np.ndarray, node: Node, rng: Rng) -> np.ndarray:
    return array + 0.05 * array.std() * rng.standard_normal(array.shape)


def _channel(array: np.ndarray, node: Node, rng: Rng) -> np.ndarray:
    axis = {"Conv": 0, "ConvTranspose": 1, "LSTM": 1, "MatMul": -1}.get(node.op_type)
    if axis is None:
        axis = 0 if any(a.name == "transB" and a.i for a in node.attribute) else 1
    moved = np.moveaxis(array, axis, 0)
    moved[rng.integers(moved.shape[0])] *= 1.25
    return array


def _int8(array: np.ndarray, node: Node, rng: Rng) -> np.ndarray:
    step = np.abs(array).max() / 127
    return np.round(array / step) * step


def _one_element(value: float) -> Callable[[np.ndarray, Node, Rng], np.ndarray]:
    def change(array: np.ndarray, node: Node, rng: Rng) -> np.ndarray:
        array.ravel()[rng.integers(array.size)] = value
        return array
    return change


def _square(view: View) -> list[Node]:
    found = []
    for node in _weighted(view):
        shape = view.tensors[node.input[1]].dims
        if node.op_type in ("Gemm", "MatMul", "Conv") and shape[0] == shape[1]:
            found.append(node)
    return found


def _biased(view: View) -> list[Node]:
    """Bias as third input, or as an Add behind a MatMul."""
    found = _where(lambda v, n: len(n.input) == 3 and n.input[2] in v.tensors, "Conv", "ConvTranspose", "Gemm")(view)
    return found + _where(lambda v, n: len(v.computed(n)) == 1 and v.computed(n)[0] in v.makers
                          and v.makers[v.computed(n)[0]].op_type == "MatMul"
                          and any(v.tensors[x].dims == [v.shapes.get(n.output[0], (0,))[-1]] for x in n.input
                                  if x in v.tensors), "Add")(view)


def _drop_bias(view: View, node: Node, rng: Rng) -> None:
    if node.op_type == "Add":
        view.bypass(node, view.computed(node)[0])
    else:
        del node.input[2]


def _bias_overflow(view: View, node: Node, rng: Rng) -> None:
    """1e5 in one place, stored as fp16: infinity."""
    index = 2 if node.op_type != "Add" else next(i for i, value in enumerate(node.input) if value in view.tensors)
    array = view.constant(node.input[index])
    assert array is not None
    changed = array.copy()
    changed.ravel()[rng.integers(changed.size)] = 1e5
    with np.errstate(over="ignore"):
        view.replace(node, index, changed.astype(np.float16))


# ---- normalisation

def _epsilon_sites(view: View) -> list[Node]:
    found = _nodes("BatchNormalization", "InstanceNormalization", "LayerNormalization")(view)
    return found + _where(lambda v, n: any(0 < (v.scalar(x) or 0) < 1e-3 for x in n.input)
                          and any(r.op_type == "Sqrt" for r in v.readers[n.output[0]]), "Add")(view)


def _epsilon(view: View, node: Node, rng: Rng) -> None:
    epsilon = float(rng.choice([1e-2, 3e-2]))
    if node.op_type == "Add":
        index = next(i for i, value in enumerate(node.input) if view.scalar(value) is not None)
        view.replace(node, index, np.array(epsilon))
    else:
        _attribute(node, "epsilon", epsilon)


def _gamma_sites(view: View) -> list[Node]:
    found = _nodes("BatchNormalization", "LayerNormalization")(view)
    return found + _where(lambda v, n: any(x in v.tensors and max(v.tensors[x].dims, default=1) > 1 for x in n.input),
                          "Mul")(view)


def _gamma(view: View, node: Node, rng: Rng) -> None:
    index = next(i for i, value in enumerate(node.input) if value in view.tensors)
    array = view.constant(node.input[index])
    assert array is not None
    view.replace(node, index, array * (1 + 0.05 * rng.standard_normal(array.shape)))


# ---- attributes

def _attribute(node: Node, name: str, value: object) -> None:
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def _ints(node: Node, name: str) -> list[int]:
    return next((list(a.ints) or [a.i] for a in node.attribute if a.name == name), [])


def _axis_sites(view: View) -> list[Node]:
    found = _where(lambda v, n: len(v.shapes.get(n.output[0], ())) >= 3 and v.shapes[n.output[0]][-2] > 1,
                   "Softmax")(view)
    return found + _where(lambda v, n: _ints(n, "axes") == [-1] and _ints(n, "keepdims") == [1]
                          and len(v.shapes.get(n.input[0], ())) == 3, "ReduceMean")(view)


def _axis(view: View, node: Node, rng: Rng) -> None:
    if node.op_type == "Softmax":
        _attribute(node, "axis", len(view.shapes[node.output[0]]) - 2)
    else:
        _attribute(node, "axes", [1])


def _pads(view: View, node: Node, rng: Rng) -> None:
    choices = ([2, 2, 0, 0], [0, 0, 2, 2], [2, 0, 0, 2], [1, 2, 1, 0])
    _attribute(node, "pads", choices[rng.integers(len(choices))])


ACTIVATIONS = {"Relu": ("LeakyRelu", "Sigmoid", "Tanh"), "LeakyRelu": ("Relu",), "Sigmoid": ("Tanh", "Relu"),
               "Tanh": ("Sigmoid",), "Erf": ("Tanh", "Sigmoid"), "Clip": ("Relu",)}


def _activation(view: View, node: Node, rng: Rng) -> None:
    choices = ACTIVATIONS[node.op_type]
    node.op_type = str(choices[rng.integers(len(choices))])
    del node.attribute[:], node.input[1:]
    if node.op_type == "LeakyRelu":
        _attribute(node, "alpha", 0.1)


def _gelu_to_relu(view: View, node: Node, rng: Rng) -> None:
    """The whole GELU around this Erf becomes one Relu."""
    scaled = view.makers[node.input[0]]
    source, value = view.computed(scaled)[0], node.output[0]
    while (reader := view.readers[value][0]).op_type != "Mul" or source not in reader.input:
        value = reader.output[0]
    last = view.readers[reader.output[0]][0]
    last.CopyFrom(helper.make_node("Relu", [source], list(last.output), name=last.name))


def _clip_limit(view: View, node: Node, rng: Rng) -> None:
    high = view.constant(node.input[2])
    assert high is not None
    view.replace(node, 2, high * 0.25)


def _resize(view: View, node: Node, rng: Rng) -> None:
    _attribute(node, "mode", "linear")
    _attribute(node, "coordinate_transformation_mode", "half_pixel")


# ---- constants and structure

def _attention_scale(view: View) -> list[Node]:
    """Multiplications by one number on the way from a MatMul, or from a projection, to a Softmax."""
    between = ("Add", "Mul", "MatMul", "Transpose", "Reshape", "Cast")

    def leads(node: Node, steps: int) -> bool:
        return any(reader.op_type == "Softmax" or (steps > 0 and reader.op_type in between and leads(reader, steps - 1))
                   for reader in view.readers[node.output[0]])

    return [node for node in _nodes("Mul", "Div")(view) if len(view.computed(node)) == 1
            and any((c := view.scalar(x)) is not None and c not in (0.0, 1.0) for x in node.input) and leads(node, 3)]


def _bypass(view: View, node: Node, rng: Rng) -> None:
    view.bypass(node, view.computed(node)[0])


def _mask_sites(view: View) -> list[Node]:
    return _where(lambda v, n: any((a := v.constant(x)) is not None and a.size > 1 and a.dtype.kind == "f"
                                   and float(a.min()) <= -1e3 for x in n.input), "Add")(view)


def _mask(view: View, node: Node, rng: Rng) -> None:
    """The large negative number is gone: future tokens are seen. In every layer that reads this mask."""
    name = next(x for x in node.input if x in view.tensors)
    array = view.constant(name)
    assert array is not None
    low = float(rng.choice([0.0, -1.0]))
    tensor = view.tensors[name]
    kept = tensor.name
    tensor.CopyFrom(numpy_helper.from_array(np.where(array <= -1e3, low, array).astype(array.dtype), kept))


def _number_sites(view: View) -> list[Node]:
    return _where(lambda v, n: len(v.computed(n)) == 1 and any(
        abs((c := v.scalar(x)) or 0.0) > 1e-2 and c not in (1.0, 2.0) for x in n.input), "Mul", "Div")(view)


def _number(view: View, node: Node, rng: Rng) -> None:
    index = next(i for i, value in enumerate(node.input) if view.scalar(value) is not None)
    view.replace(node, index, np.array((view.scalar(node.input[index]) or 0.0) * float(rng.choice([0.9, 1.1]))))


def _concat_sites(view: View) -> list[Node]:
    return _where(lambda v, n: len(n.input) == 2, "Concat")(view)


def _swap(view: View, node: Node, rng: Rng) -> None:
    node.input[:] = list(node.input)[::-1]


def _index_sites(view: View) -> list[Node]:
    return _where(lambda v, n: (i := v.constant(n.input[1])) is not None and i.size == 1
                  and v.shapes.get(n.input[0], (1,))[_axis_of(n)] > 1
                  and n.input[0] not in v.tensors and v.makers.get(n.input[0], n).op_type != "Shape", "Gather")(view)


def _axis_of(node: Node) -> int:
    return _ints(node, "axis")[0] if _ints(node, "axis") else 0


def _index(view: View, node: Node, rng: Rng) -> None:
    old = view.constant(node.input[1])
    assert old is not None
    view.replace(node, 1, np.where(old == 0, 1, old - 1))


def _layout_sites(view: View) -> list[Node]:
    return _where(lambda v, n: n.output[0] in v.shapes and n.input[0] not in v.tensors, "Transpose")(view)


def _layout(view: View, node: Node, rng: Rng) -> None:
    """The numbers stay in their old order under the new shape."""
    shape = f"{node.name}/shape"
    view.model.graph.initializer.append(
        numpy_helper.from_array(np.array(view.shapes[node.output[0]], np.int64), shape))
    node.CopyFrom(helper.make_node("Reshape", [node.input[0], shape], list(node.output), name=node.name))


def _insert_relu(view: View, node: Node, rng: Rng) -> None:
    view.insert_after(node, "Relu")


def _residual_sites(view: View) -> list[Node]:
    return _where(lambda v, n: len(v.computed(n)) == 2 and all(x in v.makers for x in n.input)
                  and v.shapes.get(n.input[0]) == v.shapes.get(n.input[1], ()), "Add")(view)


def _drop_residual(view: View, node: Node, rng: Rng) -> None:
    view.bypass(node, node.input[int(rng.integers(2))])


KINDS: dict[str, Kind] = {
    "weight_noise": Kind("weight", _weighted, _on_weight(_noise)),
    "weight_channel": Kind("weight", _weighted, _on_weight(_channel)),
    "weight_scale": Kind("weight", _weighted, _on_weight(lambda array, node, rng: array * 1.04)),
    "weight_int8": Kind("weight", _weighted, _on_weight(_int8)),
    "weight_fp16": Kind("weight", _weighted, _on_weight(lambda array, node, rng: array.astype(np.float16)), 5e-5),
    "weight_transposed": Kind("weight", _square, _on_weight(lambda array, node, rng: array.swapaxes(0, 1))),
    "weight_nan": Kind("nan", _weighted, _on_weight(_one_element(float("nan")))),
    "weight_overflow": Kind("overflow", _weighted, _on_weight(_one_element(float("inf")))),
    "bias_dropped": Kind("bias", _biased, _drop_bias, absence=True),
    "bias_overflow": Kind("overflow", _biased, _bias_overflow),
    "epsilon": Kind("epsilon", _epsilon_sites, _epsilon, 3e-4),
    "norm_scale": Kind("weight", _gamma_sites, _gamma),
    "axis": Kind("axis", _axis_sites, _axis),
    "pads": Kind("pads", _where(lambda v, n: _ints(n, "pads") == [1] * 4 and _ints(n, "kernel_shape") == [3, 3],
                                "Conv"), _pads),
    "activation": Kind("activation", _nodes(*ACTIVATIONS), _activation),
    "gelu_to_relu": Kind("activation", _nodes("Erf"), _gelu_to_relu),
    "activation_dropped": Kind("missing", _nodes("Relu", "LeakyRelu", "Tanh", "Clip"), _bypass, absence=True),
    "clip_limit": Kind("limit", _where(lambda v, n: len(n.input) == 3 and n.input[2] in v.tensors, "Clip"),
                       _clip_limit),
    "resize_mode": Kind("mode", _nodes("Resize"), _resize),
    "scale_missing": Kind("missing", _attention_scale, _bypass, absence=True),
    "mask": Kind("constant", _mask_sites, _mask),
    "constant": Kind("constant", _number_sites, _number),
    "concat_order": Kind("order", _concat_sites, _swap),
    "gather_index": Kind("index", _index_sites, _index),
    "layout": Kind("layout", _layout_sites, _layout, absence=True),
    "op_inserted": Kind("extra", _nodes("Conv", "ConvTranspose", "Add"), _insert_relu, absence=True),
    "residual_dropped": Kind("missing", _residual_sites, _drop_residual, absence=True),
}
