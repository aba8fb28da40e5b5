"""A graph as steps that onnxruntime can run: the common form of an ONNX model and of a MindIR lowered to ONNX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx

from diag.types.graph import Graph
from diag.types.tensor import Weight


@dataclass(frozen=True, slots=True)
class Step:
    """What one node of the graph does, as ONNX nodes that can run alone.

    Attributes:
        node: index into ``Program.graph.nodes``.
        protos: the ONNX nodes, in order; values that only they share are named ``<output>#<n>``.
        reads: values of the graph that they read and that other steps (or the caller) make; no weights.
        weights: names in ``Program.weights`` that they read.
        writes: the graph's values that they write.
        problem: why the node cannot be run, "" if it can; then ``protos`` is empty.
    """

    node: int
    protos: tuple[onnx.NodeProto, ...]
    reads: tuple[str, ...]
    weights: tuple[str, ...]
    writes: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """All steps of a graph in running order, and the constants they use.

    ``weights`` holds the graph's own and those that lowering made. ``opsets`` maps operator domain to version.
    ``functions`` are ONNX model-local functions that the protos call.
    """

    graph: Graph
    steps: tuple[Step, ...]
    weights: Mapping[str, Weight]
    opsets: Mapping[str, int]
    ir_version: int = 8
    functions: tuple[onnx.FunctionProto, ...] = field(default=())
