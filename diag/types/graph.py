"""A model as a graph: nodes that read and write named values. The same for every file format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Union

from diag.types.dtype import DType
from diag.types.tensor import TensorInfo, Weight

AttrValue = Union[int, float, bool, str, bytes, None, DType, Weight, "Graph", tuple["AttrValue", ...]]


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        name: what people call it. ONNX: the node's name (made from its first output where the file has none, so that
            it is never empty). MindIR: the full name with scope (``domain`` in the file), which for a Lite conversion
            is the name of the ONNX node it came from.
        op: operator type (``Conv``, ``Conv2DFusion``); of a MindIR primitive, resolved.
        inputs: value names in the operator's order; "" for an omitted one.
        outputs: value names.
        attributes: the operator's attributes by name.
        domain: ONNX operator domain, "" otherwise.
        info: facts of the file that are not attributes of the operator (for example ``original_op_name``).
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, AttrValue] = field(default_factory=dict)
    domain: str = ""
    info: Mapping[str, AttrValue] = field(default_factory=dict)

    @property
    def subgraphs(self) -> Iterator[Graph]:
        """Graphs held in attributes (If, Loop, Scan)."""
        for value in self.attributes.values():
            if isinstance(value, Graph):
                yield value
            elif isinstance(value, tuple):
                yield from (v for v in value if isinstance(v, Graph))


@dataclass(frozen=True)
class Graph:
    """A graph of nodes in an order in which they can run.

    Attributes:
        name: the graph's own name.
        format: "onnx" or "mindir" (later also "ge", "om").
        path: the file it came from; None when made in memory.
        inputs: what the caller gives (weights are not inputs).
        outputs: what the caller gets. ``name`` is the value name inside the graph.
        input_names, output_names: the names that the caller sees, same length as inputs and outputs. ONNX: the value
            names. MindIR: the names of the tensors (its value names are mangled).
        weights: constants by value name.
        values: what the file says of each value's dtype and shape, by value name (graph inputs and outputs included).
        functions: further graphs that nodes call by name (ONNX functions, MindIR functions).
        metadata: facts of the file as text (producer, ir_version, opset …).
        notes: what the reader met and could not use, as sentences.
    """

    name: str
    format: str
    path: Path | None
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    nodes: tuple[Node, ...]
    weights: Mapping[str, Weight] = field(default_factory=dict)
    values: Mapping[str, TensorInfo] = field(default_factory=dict)
    functions: Mapping[str, Graph] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    output_names: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def producers(self) -> Mapping[str, int]:
        """Index of the node that writes each value."""
        return {value: i for i, node in enumerate(self.nodes) for value in node.outputs if value}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[int, ...]]:
        """Indices of the nodes that read each value, in order."""
        readers: dict[str, list[int]] = {}
        for i, node in enumerate(self.nodes):
            for value in dict.fromkeys(node.inputs):
                if value:
                    readers.setdefault(value, []).append(i)
        return {value: tuple(indices) for value, indices in readers.items()}

    def info(self, value: str) -> TensorInfo:
        """What is known of a value; dtype UNDEFINED and shape None where the file says nothing."""
        known = self.values.get(value)
        if known is not None:
            return known
        weight = self.weights.get(value)
        if weight is not None:
            return TensorInfo(value, weight.dtype, weight.shape)
        return TensorInfo(value)
