"""One MindIR node on its way to ONNX: what it says, and the ONNX nodes that are made for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import helper

from diag.formats import weights as weight_files
from diag.runtimes.program import Step
from diag.runtimes.reference.types import NUMBERS, Types
from diag.types.dtype import DType
from diag.types.graph import AttrValue, Node
from diag.types.tensor import Weight

Array = np.typing.NDArray[np.generic]
Names = str | tuple[str, ...]
"""What a node writes: one value, or its outputs in order."""


_MANY = 256


class NotCovered(Exception):
    """The node says something that has no lowering; the text becomes the step's problem."""


class Lowering:
    """Reads one node's attributes and inputs, and collects ONNX nodes.

    Attributes:
        node: the MindIR node.
        weights: all constants of the program; ``constant`` adds to it.
    """

    def __init__(self, node: Node, types: Types, weights: dict[str, Weight]) -> None:
        self.node = node
        self.weights = weights
        self._types = types
        self._protos: list[onnx.NodeProto] = []
        self._base = next(o for o in node.outputs if o)
        self._count = 0

    # What the node says

    def has(self, position: int) -> bool:
        """Whether the node has this input."""
        return position < len(self.node.inputs) and bool(self.node.inputs[position])

    def input(self, position: int) -> str:
        """Name of an input that must be there."""
        if not self.has(position):
            raise NotCovered(f"operator {self.node.op} has no input {position}")
        return self.node.inputs[position]

    def said(self, name: str) -> AttrValue:
        """An attribute as the file has it; None where it is absent."""
        return self.node.attributes.get(name)

    def integer(self, name: str, default: int) -> int:
        """An attribute as an integer; the first of several."""
        found = self.integers(name)
        return found[0] if found else default

    def flag(self, name: str, default: bool = False) -> bool:
        """An attribute as true or false."""
        return bool(self.integer(name, int(default)))

    def number(self, name: str, default: float) -> float:
        """An attribute as a float."""
        value = self.said(name)
        return float(value) if isinstance(value, (int, float)) else default

    def text(self, name: str, default: str = "") -> str:
        """An attribute as text."""
        value = self.said(name)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else \
            value if isinstance(value, str) else default

    def integers(self, name: str) -> tuple[int, ...]:
        """An attribute as integers, nested tuples flattened; empty where it is absent."""
        return tuple(int(v) for v in _flat(self.said(name)))

    def numbers(self, name: str) -> tuple[float, ...]:
        """An attribute as floats, nested tuples flattened; empty where it is absent."""
        return tuple(_flat(self.said(name)))

    def constant_input(self, position: int) -> Array | None:
        """The elements of an input that is a constant of the model; None for a computed or absent one."""
        weight = self.weights.get(self.node.inputs[position]) if self.has(position) else None
        return None if weight is None or weight.problem else weight_files.load(weight)

    def arguments(self, name: str, position: int) -> tuple[int, ...] | None:
        """Integers that stand in the attribute or in a constant input, whichever the writer of the file chose."""
        if self.said(name) is not None:
            return self.integers(name)
        array = self.constant_input(position)
        return None if array is None else tuple(int(v) for v in array.reshape(-1).tolist())

    def argument(self, name: str, position: int, default: int) -> int:
        """An integer or flag that stands in the attribute or in a constant input."""
        found = self.arguments(name, position)
        if found is None and self.has(position):
            raise NotCovered(f"operator {self.node.op} with a computed {name} is not covered by the reference runtime")
        return found[0] if found else default

    # What is known of values

    def dtype(self, value: str) -> DType:
        """Element type of a value."""
        return self._types.dtype(value)

    def shape(self, value: str) -> tuple[int | None, ...] | None:
        """Shape of a value, unknown sizes as None; None if not even the rank is known."""
        shape = self._types.shape(value)
        return None if shape is None else tuple(d if isinstance(d, int) else None for d in shape)

    def rank(self, value: str) -> int:
        """Number of dimensions of a value."""
        shape = self.shape(value)
        if shape is None:
            raise NotCovered(f"operator {self.node.op} on a value of unknown rank is not covered by the "
                             "reference runtime")
        return len(shape)

    # What is made

    def emit(self, op: str, *inputs: str, **attributes: object) -> str:
        """Add an ONNX node with one output; returns the output's name."""
        return self.emit_many(op, 1, *inputs, **attributes)[0]

    def emit_many(self, op: str, outputs: int, *inputs: str, **attributes: object) -> tuple[str, ...]:
        """Add an ONNX node with several outputs; returns their names."""
        names = tuple(self._name() for _ in range(outputs))
        proto = helper.make_node(op, list(inputs), list(names), name=f"{self.node.name}#{len(self._protos)}")
        proto.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items() if v is not None)
        self._protos.append(proto)
        self._types.learn(proto)
        return names

    def constant(self, array: Array) -> str:
        """A constant of the program; returns its name."""
        name = self._name()
        plain = np.ascontiguousarray(array)
        self.weights[name] = Weight(name, DType.of(plain.dtype), array.shape, plain.tobytes())
        return name

    def ints(self, values: Sequence[int]) -> str:
        """A one-dimensional int64 constant: axes, sizes, pads; never more than a few."""
        if len(values) > _MANY:
            raise NotCovered(f"operator {self.node.op} with {len(values):,} axes or sizes makes no sense")
        return self.constant(np.array(values, np.int64))

    def like(self, number: float, value: str) -> str:
        """A scalar constant in the element type of ``value``; a number that an integer type cannot hold is cut."""
        dtype = self.dtype(value)
        if dtype.is_integer:
            low, high = (0, 2**dtype.bits - 1) if dtype.value.startswith("u") else (-2**(dtype.bits - 1),
                                                                                    2**(dtype.bits - 1) - 1)
            return self.constant(np.array(min(max(int(number), low), high), dtype.numpy))
        return self.constant(np.array(number, np.float32 if dtype is DType.UNDEFINED else dtype.numpy))

    def cast(self, value: str, dtype: DType) -> str:
        """The value in another element type; itself if it already has it."""
        if self.dtype(value) is dtype:
            return value
        if dtype not in NUMBERS:
            raise NotCovered(f"element type {dtype.value} is not covered by the reference runtime")
        return self.emit("Cast", value, to=NUMBERS[dtype])

    def shape_input(self, position: int) -> str:
        """An input of integers in int64, as ONNX wants sizes, axes and indices."""
        return self.cast(self.input(position), DType.INT64)

    def _name(self) -> str:
        self._count += 1
        return f"{self._base}#{self._count}"

    def finish(self, index: int, results: Names) -> Step:
        """The step that writes ``results`` under the names of the node's outputs."""
        made = (results,) if isinstance(results, str) else results
        own = {name for proto in self._protos for name in proto.output}
        renamed: dict[str, str] = {}
        for name, output in zip(made, self.node.outputs, strict=False):
            if not output:
                continue
            if name in own and name not in renamed:
                renamed[name] = output
            else:
                copy = self.emit("Identity", name)
                renamed[copy] = output
        for proto in self._protos:
            proto.input[:] = [renamed.get(v, v) for v in proto.input]
            proto.output[:] = [renamed.get(v, v) for v in proto.output]
        for name, output in renamed.items():
            self._types.rename(name, output)
        return _step(index, self.node, tuple(self._protos), self.weights)


Lower = Callable[[Lowering], Names]
"""Lowers one kind of operator."""


def _step(index: int, node: Node, protos: tuple[onnx.NodeProto, ...], weights: dict[str, Weight]) -> Step:
    written = {v for p in protos for v in p.output}
    read = [v for v in dict.fromkeys(v for p in protos for v in p.input) if v and v not in written]
    for name in read:
        if name in weights and weights[name].problem:
            raise NotCovered(f"weight {name} of operator {node.op} has no elements: {weights[name].problem}")
    return Step(index, protos, reads=tuple(v for v in read if v not in weights),
                weights=tuple(v for v in read if v in weights),
                writes=tuple(v for v in node.outputs if v in written))


def _flat(value: AttrValue) -> list[float]:
    if isinstance(value, tuple):
        return [v for item in value for v in _flat(item)]
    if isinstance(value, Weight):
        return [] if value.problem else weight_files.load(value).reshape(-1).tolist()
    return [value] if isinstance(value, (int, float)) else []
