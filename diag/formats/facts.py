"""What a model file holds, in numbers: the facts behind ``diag inspect``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from diag.types.graph import AttrValue, Graph
from diag.types.tensor import Dim, Span, TensorInfo, Weight


@dataclass(frozen=True, slots=True)
class ExternalFile:
    """A file beside the model that holds weights. ``size`` in bytes; None if it is missing."""

    path: str
    size: int | None
    weights: int


@dataclass(frozen=True, slots=True)
class InnerGraph:
    """A subgraph (``where``: node and attribute) or a function that nodes call (``where`` is "")."""

    name: str
    nodes: int
    where: str = ""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model file.

    ``nodes`` and ``ops`` count the main graph; ``inner`` are its subgraphs and functions. ``weights`` counts constant
    tensors of all graphs, ``weight_bytes`` their packed elements by element type, ``broken_weights`` those whose
    elements cannot be had. ``dynamic`` are inputs with a size that is not fixed, as "name[axis]" → what the file
    calls the size, "?" where it has no name.
    """

    path: str
    size: int
    format: str
    name: str
    metadata: Mapping[str, str]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    nodes: int
    ops: Mapping[str, int]
    weights: int
    weight_bytes: Mapping[str, int]
    broken_weights: int
    external: tuple[ExternalFile, ...]
    inner: tuple[InnerGraph, ...]
    dynamic: Mapping[str, str]
    notes: tuple[str, ...]


def facts_of(graph: Graph) -> ModelFacts:
    """The facts of a graph that was read from a file; inputs and outputs under the names that a caller sees."""
    path = graph.path or Path()
    weights = [w for g in _all(graph) for w in _weights(g)]
    sizes: Counter[str] = Counter()
    for weight in weights:
        sizes[weight.dtype.value] += sum(map(len, weight.strings)) or max(weight.nbytes, 0)
    inputs = _named(graph.inputs, graph.input_names)
    return ModelFacts(
        str(path), path.stat().st_size if path.is_file() else 0, graph.format, graph.name, graph.metadata, inputs,
        _named(graph.outputs, graph.output_names), len(graph.nodes), dict(_operators(graph).most_common()),
        len(weights), dict(sizes.most_common()), sum(bool(w.problem) for w in weights),
        tuple(_external(weights, path)), tuple(_inner(graph)), dict(_dynamic(inputs)), graph.notes)


def _all(graph: Graph) -> Iterator[Graph]:
    yield graph
    for node in graph.nodes:
        for inner in node.subgraphs:
            yield from _all(inner)
    for function in graph.functions.values():
        yield from _all(function)


def _weights(graph: Graph) -> Iterator[Weight]:
    yield from graph.weights.values()
    for node in graph.nodes:
        for value in node.attributes.values():
            yield from _in_attribute(value)


def _in_attribute(value: AttrValue) -> Iterator[Weight]:
    if isinstance(value, Weight):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _in_attribute(item)


def _named(infos: tuple[TensorInfo, ...], names: tuple[str, ...]) -> tuple[TensorInfo, ...]:
    if len(names) != len(infos):
        return infos
    return tuple(TensorInfo(name, i.dtype, i.shape) for i, name in zip(infos, names, strict=True))


def _operators(graph: Graph) -> Counter[str]:
    return Counter(f"{n.domain}::{n.op}" if n.domain and graph.format == "onnx" else n.op for n in graph.nodes)


def _external(weights: list[Weight], model: Path) -> Iterator[ExternalFile]:
    users = Counter(w.data.path for w in weights if isinstance(w.data, Span) and w.data.path != model)
    for path, count in sorted(users.items()):
        yield ExternalFile(str(path), path.stat().st_size if path.is_file() else None, count)


def _inner(graph: Graph) -> Iterator[InnerGraph]:
    for node in graph.nodes:
        for attribute, value in node.attributes.items():
            for inner in value if isinstance(value, tuple) else (value,):
                if isinstance(inner, Graph):
                    yield InnerGraph(inner.name, len(inner.nodes), f"{node.name}.{attribute}")
                    yield from _inner(inner)
    for name, function in graph.functions.items():
        yield InnerGraph(name, len(function.nodes))


def _dynamic(inputs: tuple[TensorInfo, ...]) -> Iterator[tuple[str, str]]:
    for info in inputs:
        if info.shape is None:
            yield info.name, "the number of dimensions is not fixed"
        for axis, size in enumerate(info.shape or ()):
            if not isinstance(size, int) or size < 0:
                yield f"{info.name}[{axis}]", _size(size)


def _size(size: Dim) -> str:
    return size if isinstance(size, str) else "?"
