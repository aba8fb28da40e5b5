"""An ONNX model open for rewriting: who writes and reads what, shapes, constants, and edits that keep the order."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import onnx
from onnx import external_data_helper, helper, numpy_helper

from diag.errors import FormatError, UsageError
from diag.formats.onnx import OnnxFile, infer, load
from diag.formats.onnx.infos import text
from diag.formats.onnx.order import unique_names
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo

_FEW = 4096
"""Elements up to which a tensor's elements take part in shape inference."""


class Model:
    """A model in memory; weights that lie outside the file stay outside.

    Attributes:
        proto: the model. Between two edits its nodes stand in running order.
        folder: where its external data lie.
        path: the file that it was read from.
    """

    def __init__(self, proto: onnx.ModelProto, path: Path) -> None:
        self.proto = proto
        self.path = path
        self.folder = path.parent
        self._fresh = 0

    @classmethod
    def load(cls, path: Path) -> Model:
        """Raises FormatError."""
        load(path)  # says at which byte a broken file breaks
        try:
            proto = onnx.load_model(path, load_external_data=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise FormatError(path, "Expected an ONNX model", found=str(error)[:200]) from error
        if any(isinstance(name, bytes) for name in _names(proto.graph)):
            raise FormatError(path, "Expected names in UTF-8", found="a name that is not",
                              hint="Export the model again, with plain names")
        return cls(proto, path.absolute())

    def copy(self) -> Model:
        """Another one with the same contents: edits of it leave this one alone."""
        proto = onnx.ModelProto()
        proto.CopyFrom(self.proto)
        return Model(proto, self.path)

    @property
    def graph(self) -> onnx.GraphProto:
        """The main graph."""
        return self.proto.graph

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """The main graph's nodes."""
        nodes: Sequence[onnx.NodeProto] = self.proto.graph.node
        return nodes

    @property
    def opset(self) -> int:
        """Version of ONNX's own operators; 0 where the file does not say."""
        return next((int(o.version) for o in self.proto.opset_import if text(o.domain) in ("", "ai.onnx")), 0)

    @cached_property
    def names(self) -> Sequence[str]:
        """A unique name for each node, as ``Graph.nodes`` has it."""
        return unique_names([(text(n.name), text(n.op_type), tuple(map(text, n.output))) for n in self.nodes])

    @cached_property
    def producers(self) -> Mapping[str, onnx.NodeProto]:
        """The node that writes each value."""
        return {text(value): node for node in self.nodes for value in node.output if value}

    @cached_property
    def writers(self) -> Mapping[str, str]:
        """Name (see ``names``) of the node that writes each value."""
        return {text(v): name for name, node in zip(self.names, self.nodes, strict=True) for v in node.output if v}

    @cached_property
    def consumers(self) -> Mapping[str, Sequence[onnx.NodeProto]]:
        """The nodes that read each value, in order; a subgraph's reading counts for the node that holds it."""
        found: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for value in dict.fromkeys(_reads(node)):
                found.setdefault(value, []).append(node)
        return found

    @cached_property
    def outputs(self) -> frozenset[str]:
        """Values that the caller gets."""
        return frozenset(text(o.name) for o in self.graph.output)

    @cached_property
    def infos(self) -> Mapping[str, TensorInfo]:
        """What is known of each value's type and shape; weights included."""
        file = OnnxFile(Graph("", "onnx", None, (), (), ()), self._slim(), {})
        return infer(file)

    @cached_property
    def _weights(self) -> Mapping[str, onnx.TensorProto]:
        found = {text(t.name): t for t in self.graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant" and node.output:
                found.update({text(node.output[0]): a.t for a in node.attribute if a.name == "value"})
        return found

    def node(self, name: str) -> onnx.NodeProto:
        """The node of a name in ``names``. Raises UsageError."""
        try:
            return self.nodes[self.names.index(name)]
        except ValueError:
            raise UsageError(f"The model has no node '{name}'", where=f"in {self.path}") from None

    def each(self, *ops: str) -> Iterable[tuple[str, onnx.NodeProto]]:
        """Name and node of ONNX's own operators of these types; all of them where none is named.

        A node with fewer inputs or outputs than its operator has is left out: no rewrite could read it.
        """
        for name, node in zip(self.names, self.nodes, strict=True):
            if text(node.domain) in ("", "ai.onnx") and (not ops or node.op_type in ops) and _whole(node):
                yield name, node

    def floats(self, *ops: str) -> Iterable[tuple[str, onnx.NodeProto]]:
        """Those of ``each`` whose first input is float32."""
        return ((name, node) for name, node in self.each(*ops) if self.dtype(node.input[0]) is DType.FLOAT32)

    def shape(self, value: str) -> tuple[int, ...] | None:
        """The value's shape if all of it is known."""
        info = self.infos.get(value)
        return info.static_shape if info is not None else None

    def rank(self, value: str) -> int | None:
        """Its number of axes, if known."""
        info = self.infos.get(value)
        return len(info.shape) if info is not None and info.shape is not None else None

    def dtype(self, value: str) -> DType:
        """Its element type; UNDEFINED if not known."""
        info = self.infos.get(value)
        return info.dtype if info is not None else DType.UNDEFINED

    def constant(self, value: str) -> Array | None:
        """The elements of a weight or of a Constant node; None for anything else, and for what cannot be read."""
        tensor = self._weights.get(value)
        if tensor is None:
            node = self.producers.get(value)
            return _short(node) if node is not None and node.op_type == "Constant" else None
        return self.elements(tensor)

    def elements(self, tensor: onnx.TensorProto) -> Array | None:
        """A tensor's elements; None where they cannot be read (outside and gone, of an unknown type, too few)."""
        try:
            array: Array = numpy_helper.to_array(tensor, base_dir=str(self.folder))
        except (OSError, ValueError, TypeError, LookupError, RuntimeError, onnx.checker.ValidationError):
            return None
        return array

    def is_constant(self, value: str) -> bool:
        """Whether it is a weight or comes from a Constant node."""
        node = self.producers.get(value)
        return value in self._weights or (node is not None and node.op_type == "Constant")

    def fresh(self, base: str) -> str:
        """A value or node name that is not taken."""
        while True:
            self._fresh += 1
            name = f"{base}_rw{self._fresh}"
            if name not in self._taken:
                return name

    def add_constant(self, base: str, array: Array) -> str:
        """A new weight; returns its name."""
        name = self.fresh(base)
        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def make(self, op: str, inputs: Sequence[str], output: str | None = None, *, base: str = "",
             **attributes: float | str | Sequence[int]) -> onnx.NodeProto:
        """A node with one output, not yet in the graph; without ``output`` the output gets a fresh name."""
        name = self.fresh(f"{base or output or op}/{op}")
        node = helper.make_node(op, list(inputs), [output or f"{name}_out"], name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        return node

    def replace(self, instead: Mapping[str, Sequence[onnx.NodeProto]]) -> None:
        """Put other nodes where nodes of these names stand; then take out what nobody reads any more."""
        made: list[onnx.NodeProto] = []
        for name, node in zip(self.names, self.nodes, strict=True):
            made.extend(instead.get(name, (node,)))
        self._set(made)
        self.sweep()

    def sweep(self) -> None:
        """Take out nodes and weights that nobody reads."""
        wanted = {text(o.name) for o in self.graph.output}
        kept: list[onnx.NodeProto] = []
        for node in reversed(self.nodes):
            if any(text(o) in wanted for o in node.output):
                kept.append(node)
                wanted.update(_reads(node))
        if len(kept) != len(self.nodes):
            self._set(kept[::-1])
        unused = [t for t in self.graph.initializer if text(t.name) not in wanted]
        for tensor in unused:
            self.graph.initializer.remove(tensor)
        inputs = [i for i in self.graph.input if text(i.name) in {text(t.name) for t in unused}]
        for info in inputs:
            self.graph.input.remove(info)
        self.changed()

    def changed(self) -> None:
        """Forget what was derived from the graph: call it after editing ``proto`` by hand."""
        values = {text(v) for n in self.nodes for v in n.output}
        stale = [v for v in self.graph.value_info if text(v.name) not in values]
        for info in stale:
            self.graph.value_info.remove(info)
        for key in ("names", "producers", "writers", "consumers", "outputs", "infos", "_weights", "_taken"):
            self.__dict__.pop(key, None)

    def save(self, path: Path) -> None:
        """Write it, with its external data beside it (copied: onnxruntime refuses links)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        places = {_location(t) for t in self._all_tensors() if external_data_helper.uses_external_data(t)}
        for place in sorted(p for p in places if p):
            _bring(self.folder / place, path.parent / place)
        path.write_bytes(self.proto.SerializeToString())

    def _all_tensors(self) -> Iterator[onnx.TensorProto]:
        graphs = [self.graph]
        while graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for node in graph.node:
                for a in node.attribute:
                    yield from ([a.t] if a.HasField("t") else [])
                    graphs += [*([a.g] if a.HasField("g") else []), *a.graphs]

    @cached_property
    def _taken(self) -> set[str]:
        taken = {text(i.name) for i in (*self.graph.input, *self.graph.initializer)}
        for node in self.nodes:
            taken |= {text(node.name), *map(text, node.output), *_reads(node)}
        return taken

    def _set(self, nodes: Sequence[onnx.NodeProto]) -> None:
        copies = []
        for node in nodes:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copies.append(copy)
        del self.graph.node[:]
        self.graph.node.extend(copies)
        self.changed()

    def _slim(self) -> onnx.ModelProto:
        """A copy without the elements of large weights: shape inference would copy them around."""
        slim = onnx.ModelProto()
        heavy = [t for t in self._weights.values() if _count(t) > _FEW]
        kept = [(t, t.raw_data) for t in heavy if t.raw_data]
        for tensor, _ in kept:
            tensor.ClearField("raw_data")
        try:
            slim.CopyFrom(self.proto)
        finally:
            for tensor, data in kept:
                tensor.raw_data = data
        return slim


def _reads(node: onnx.NodeProto) -> list[str]:
    found = [text(v) for v in node.input if v]
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                found += _reads(inner)
            found += [text(o.name) for o in graph.output]
    return found


def _names(graph: onnx.GraphProto) -> Iterator[str | bytes]:
    """All names of a graph; bytes where one is not UTF-8."""
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output, *(a.name for a in node.attribute))
    for named in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        yield named.name


def _whole(node: onnx.NodeProto) -> bool:
    """Whether the node has the inputs and the outputs that its operator needs, and each attribute once."""
    op = text(node.op_type)
    if not onnx.defs.has(op):
        return bool(node.output)
    schema = onnx.defs.get_schema(op)
    needed = node.input[:schema.min_input]
    names = [a.name for a in node.attribute]
    return (len(needed) >= schema.min_input and all(needed) and len(node.output) >= max(schema.min_output, 1)
            and len(set(names)) == len(names))


def _short(node: onnx.NodeProto) -> Array | None:
    """The elements of a Constant that is written as plain numbers."""
    for a in node.attribute:
        match a.name:
            case "value_float":
                return np.array(a.f, np.float32)
            case "value_floats":
                return np.array(list(a.floats), np.float32)
            case "value_int":
                return np.array(a.i, np.int64)
            case "value_ints":
                return np.array(list(a.ints), np.int64)
    return None


def _count(tensor: onnx.TensorProto) -> int:
    count = 1
    for size in tensor.dims:
        count *= size
    return count


def _location(tensor: onnx.TensorProto) -> str:
    return next((text(e.value) for e in tensor.external_data if text(e.key) == "location"), "")


def _bring(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
