"""One kind of picture of every graph: nodes with their producers, what they write, and what they were made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from diag.types.dtype import DType
from diag.types.ge import GeGraph, GeOp
from diag.types.graph import Graph, Node
from diag.types.tensor import Dim

NO_WORK = frozenset({"Data", "Const", "Constant", "NetOutput", "AippData", "RefData", "Variable", "PlaceHolder", "End"})
"""GE operations that hold or hand over tensors and compute nothing."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """What one output is. ``layout`` is "" where the format knows no layouts; ``shape`` None where it is unknown."""

    dtype: DType
    layout: str
    shape: tuple[Dim, ...] | None

    def __str__(self) -> str:
        sizes = "?" if self.shape is None else "×".join("?" if d is None else str(d) for d in self.shape)
        return " ".join(filter(None, (self.dtype.value, self.layout, sizes or "scalar")))


class ViewNode:
    """A node. What it writes is read when it is asked for: a dump has far more than a diff looks at.

    Attributes:
        name, op: as the file has them.
        inputs: names of the nodes that it reads from, in order; graph inputs by their own name, "" where there is none.
    """

    def __init__(self, name: str, op: str, inputs: tuple[str, ...], source: GeOp | Node, graph: Graph | None) -> None:
        self.name, self.op, self.inputs = name, op, inputs
        self.source, self._graph = source, graph

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        """What it writes."""
        if isinstance(self.source, GeOp):
            return tuple(Tensor(t.dtype, t.layout, t.shape) for t in self.source.sketch.outputs)
        graph = self._graph
        infos = [graph.info(value) for value in self.source.outputs if value] if graph is not None else []
        return tuple(Tensor(i.dtype, "", i.shape) for i in infos)

    @property
    def graph(self) -> Graph | None:
        """The ONNX or MindIR graph that holds it; None for an operation of GE."""
        return self._graph

    @property
    def originals(self) -> tuple[str, ...] | None:
        """Names of original nodes in it: None where nothing is said (it is one by its own name), () for a made one."""
        return self.source.originals if isinstance(self.source, GeOp) else None

    @property
    def stands_for(self) -> tuple[str, ...]:
        """Names of original nodes whose work it does, as the file has them."""
        known = self.originals
        return (self.name,) if known is None else tuple(dict.fromkeys(known))

    @property
    def passes(self) -> tuple[str, ...]:
        """Compiler passes that made it."""
        return self.source.passes if isinstance(self.source, GeOp) else ()


@dataclass(frozen=True)
class View:
    """A graph. ``format``: ge_proto, ge_onnx, om, om_json, onnx, mindir. Nodes of all its graphs, the main one first;
    ``graphs`` are (name, number of nodes). ``facts``: what the file says of itself (chip, versions, stage).
    """

    name: str
    format: str
    nodes: tuple[ViewNode, ...]
    graphs: tuple[tuple[str, int], ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, ViewNode]:
        """Nodes by name; the first of two counts."""
        found: dict[str, ViewNode] = {}
        for node in self.nodes:
            found.setdefault(node.name, node)
        return found

    @cached_property
    def readers(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the nodes that read from a node."""
        found: dict[str, list[str]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node.name)
        return {name: tuple(readers) for name, readers in found.items()}

    @cached_property
    def holders(self) -> Mapping[str, tuple[ViewNode, ...]]:
        """Nodes that do the work of an original node, by its name."""
        found: dict[str, list[ViewNode]] = {}
        for node in self.nodes:
            for name in node.stands_for:
                found.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    @property
    def edges(self) -> int:
        """Connected inputs."""
        return sum(bool(name) for node in self.nodes for name in node.inputs)


def of_ge(graphs: tuple[GeGraph, ...], name: str, kind: str) -> View:
    """Of a compiler's dump or a compiled model."""
    nodes = tuple(ViewNode(op.name, op.type, tuple(n for n, _ in op.inputs), op, None) for g in graphs for op in g.ops)
    main = graphs[0].ops if graphs else ()
    return View(name, kind, nodes, tuple((g.name, len(g.ops)) for g in graphs),
                tuple(op.name for op in main if op.type in ("Data", "AippData", "RefData")),
                tuple(op.name for op in main if op.type == "NetOutput"))


def of_graph(graph: Graph, name: str) -> View:
    """Of an ONNX or MindIR model. Bodies of If and Loop are graphs of their own."""
    graphs = list(_all(graph))
    nodes = []
    for one in graphs:
        writers = {value: node.name for node in one.nodes for value in node.outputs if value}
        nodes += [ViewNode(node.name, node.op, tuple(writers.get(v, v if v not in one.weights else "")
                                                     for v in node.inputs), node, one) for node in one.nodes]
    return View(name, graph.format, tuple(nodes), tuple((g.name, len(g.nodes)) for g in graphs),
                tuple(graph.input_names) or tuple(i.name for i in graph.inputs),
                tuple(graph.output_names) or tuple(o.name for o in graph.outputs))


def _all(graph: Graph) -> Iterator[Graph]:
    yield graph
    for node in graph.nodes:
        for inner in node.subgraphs:
            yield from _all(inner)
    for inner in graph.functions.values():
        yield from _all(inner)
