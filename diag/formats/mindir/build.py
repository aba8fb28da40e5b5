"""The file's nodes, looked through, as a Graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NoReturn

from diag.formats.mindir import constants
from diag.formats.mindir.attributes import decode
from diag.formats.mindir.flow import Entry, Flow
from diag.formats.mindir.message import Message
from diag.formats.mindir.quant import quantisation
from diag.formats.mindir.tensors import describe, read_weight
from diag.types.dtype import DType
from diag.types.graph import AttrValue, Graph, Node
from diag.types.tensor import TensorInfo, Weight


@dataclass(slots=True)
class Builder:
    """Makes the Graph of each graph in one file; ``parameters`` are those of all of them, by value name."""

    flow: Flow
    parameters: dict[str, Weight] = field(default_factory=dict)
    quants: dict[str, AttrValue] = field(default_factory=dict)
    seen_names: dict[str, str] = field(default_factory=dict)

    def read_parameters(self) -> None:
        """Read the weights of all graphs, since functions may read the main graph's."""
        for graph in self.flow.graphs:
            for tensor in graph.messages("parameter"):
                name = tensor.text("name")
                self.parameters[name] = read_weight(tensor, name, self.flow.source)
                quant = quantisation(tensor.messages("quant_params"), self.flow.source)
                if quant:
                    self.quants[name] = quant

    def graph(self, index: int, names: Mapping[str, str]) -> Graph:
        """Graph ``index`` of the file; ``names`` are the node names by value. No functions, metadata or notes yet."""
        message = self.flow.graphs[index]
        values: dict[str, TensorInfo] = {}
        inputs, input_names = self._inputs(message)
        values.update((i.name, i) for i in inputs)
        entries = self._kept(index)
        nodes = [self._node(entry, names[entry.value], values) for entry in entries]
        outputs, output_names = self._outputs(message, names, values)
        nodes = _without_dead_tuples(nodes, {o.name for o in outputs})
        used = [*(v for node in nodes for v in node.inputs), *(o.name for o in outputs)]
        weights, fixed = self._constants(message, used)
        values.update((o.name, o) for o in outputs if o.name not in values)
        return Graph(
            name=message.text("name"), format="mindir", path=self.flow.source.path, inputs=inputs, outputs=outputs,
            nodes=(*fixed, *self._ordered(nodes)),
            weights=MappingProxyType(weights), values=MappingProxyType(values),
            input_names=input_names, output_names=output_names)

    def _inputs(self, message: Message) -> tuple[tuple[TensorInfo, ...], tuple[str, ...]]:
        infos, names = [], []
        for value in message.messages("input"):
            name = value.text("name")
            if name in self.flow.monads:
                continue
            tensors = value.messages("tensor")
            known = describe(tensors[0], empty_is_scalar=True) if tensors else TensorInfo("")
            infos.append(replace(known, name=name))
            names.append(known.name or name.rsplit(":", 1)[-1])
        return tuple(infos), tuple(names)

    def _kept(self, index: int) -> list[Entry]:
        flow = self.flow
        return [e for e in flow.entries.values()
                if e.graph == index and not e.removed and e.value not in flow.aliases and not self._is_part(e)]

    def _is_part(self, entry: Entry) -> bool:
        """Whether a TupleGetItem is now one of the outputs of the node that it takes a part of."""
        if entry.op != "TupleGetItem" or not entry.inputs:
            return False
        return entry.value in self.flow.parts.get(self.flow.resolve(entry.inputs[0]), {}).values()

    def _node(self, entry: Entry, name: str, values: dict[str, TensorInfo]) -> Node:
        outputs = self._node_outputs(entry, values)
        attributes, info = self._attributes(entry)
        inputs = list(self.flow.data_inputs(entry))
        op, callee = entry.op, entry.callee
        if op == "Partial" and callee:
            attributes["function"] = callee
        elif op == "Call":
            op, inputs = self._call(entry, inputs, attributes)
        quants = [("input", i, *q) for i, value in enumerate(inputs) for q in self._quant_rows(value)]
        quant = (*self._primitive_quant(entry), *quants)
        if quant:
            info["quant"] = quant
        domain = entry.message.text("domain")
        if domain != name:
            info["full_name"] = domain
        info["value"] = entry.value
        return Node(name, op, tuple(inputs), outputs, MappingProxyType(attributes), info=MappingProxyType(info))

    def _node_outputs(self, entry: Entry, values: dict[str, TensorInfo]) -> tuple[str, ...]:
        flow, count = self.flow, len(entry.abstract.elements) if entry.abstract.is_tuple else 0
        if entry.value not in flow.parts:
            known = entry.abstract.element(0) if not entry.abstract.is_tuple else TensorInfo("")
            values[entry.value] = replace(known, name=entry.value)
            self.seen_names[entry.value] = known.name
            return (entry.value, *entry.message.texts("output")[1:])
        parts = flow.parts[entry.value]
        outputs = tuple(flow.part(entry.value, i) for i in range(max(count, 1 + max(parts, default=-1))))
        for i, value in enumerate(outputs):
            known = entry.abstract.element(i) if entry.abstract.is_tuple else TensorInfo("")
            getter = flow.entries.get(value)
            own = getter.abstract.element(0) if getter is not None else TensorInfo("")
            numbered = f"{entry.message.text('domain')}{i}" if flow.lite else ""
            self.seen_names[value] = known.name or own.name or numbered
            best = known if known.dtype is not DType.UNDEFINED else own
            values[value] = TensorInfo(value, best.dtype, best.shape if best.shape is not None else own.shape)
        return outputs

    def _call(self, entry: Entry, inputs: list[str], attributes: dict[str, AttrValue]) -> tuple[str, list[str]]:
        flow, callee = self.flow, entry.callee
        if callee in flow.functions:
            attributes["function"] = callee
            return "Call", inputs
        closure = flow.resolve(callee)
        inputs_here = {v.text("name") for v in flow.graphs[entry.graph].messages("input")}
        if closure in flow.entries or closure in inputs_here:
            return "CallClosure", [closure, *inputs]
        op = callee.split(":")[0] or callee
        flow.notes.append(f"Node {entry.value!r} refers to the primitive {callee!r}, which is missing; read as {op!r} "
                          "without attributes.")
        return op, inputs

    def _attributes(self, entry: Entry) -> tuple[dict[str, AttrValue], dict[str, AttrValue]]:
        node, source = entry.message, self.flow.source
        key = node.text("op_type").removeprefix("REF::")
        primitive = self.flow.primitives.get(key)
        own = [a for a in node.messages("attribute")
               if a.text("name") and not (a.text("name") == "shape" and key != node.text("op_type"))]
        every = [*(primitive.messages("attribute") if primitive is not None else ()), *own]
        attributes = {a.text("name"): decode(a, source) for a in every if a.text("name") != "quant_param"}
        info = {f"{kind}.{a.text('name')}": decode(a, source)
                for kind in ("node_attr", "primal_attr") for a in node.messages(kind)}
        return attributes, info

    def _primitive_quant(self, entry: Entry) -> tuple[tuple[AttrValue, ...], ...]:
        primitive = self.flow.primitives.get(entry.message.text("op_type").removeprefix("REF::"))
        if primitive is None:
            return ()
        tensors = [t for a in primitive.messages("attribute") if a.text("name") == "quant_param"
                   for t in a.messages("tensors")]
        return tuple(("output", i, *q) for i, tensor in enumerate(tensors)
                     for q in quantisation(tensor.messages("quant_params"), self.flow.source))

    def _quant_rows(self, value: str) -> tuple[tuple[AttrValue, ...], ...]:
        rows = self.quants.get(value, ())
        return tuple(r for r in rows if isinstance(r, tuple)) if isinstance(rows, tuple) else ()

    def _outputs(self, message: Message, names: Mapping[str, str],
                 values: Mapping[str, TensorInfo]) -> tuple[tuple[TensorInfo, ...], tuple[str, ...]]:
        infos: list[TensorInfo] = []
        visible: list[str] = []
        for output in message.messages("output"):
            leaves = self.flow.leaves(output.text("name"))
            declared = self._declared(output)
            for i, (value, part) in enumerate(leaves):
                said = declared[i] if len(declared) == len(leaves) else TensorInfo("")
                name = value if part is None else self.flow.part(value, part)
                known = values.get(name) or self._known(name)
                own = self.seen_names.get(name, "")
                infos.append(TensorInfo(name, known.dtype if known.dtype is not DType.UNDEFINED else said.dtype,
                                        known.shape if known.shape is not None else said.shape))
                suffix = f":{part}" if part is not None else ""
                visible.append(said.name or own or f"{names.get(value, value)}{suffix}")
        return tuple(infos), tuple(visible)

    def _known(self, value: str) -> TensorInfo:
        weight = self.parameters.get(value)
        return TensorInfo(value, weight.dtype, weight.shape) if weight is not None else TensorInfo(value)

    def _declared(self, output: Message) -> list[TensorInfo]:
        attribute = output.message("attr_info")
        tensors = output.messages("tensor")
        if attribute is not None and not tensors:
            tensors = [t for v in attribute.messages("values") for t in v.messages("tensors")[:1]]
        return [describe(t, empty_is_scalar=not self.flow.lite) for t in tensors]

    def _constants(self, message: Message, used: Iterable[str]) -> tuple[dict[str, Weight], list[Node]]:
        """The graph's own parameters, and what it reads of other constants: weights, or else Constant nodes."""
        weights = {n: self.parameters[n] for t in message.messages("parameter") if (n := t.text("name"))}
        nodes = []
        for value in dict.fromkeys(used):
            if value in self.parameters:
                weights[value] = self.parameters[value]
            elif value in self.flow.constants:
                constant = self.flow.constants[value]
                weight = constants.as_weight(value, constant, self.flow.constant_types.get(value))
                if weight is not None:
                    weights[value] = weight
                else:
                    nodes.append(Node(value, "Constant", (), (value,), MappingProxyType({"value": constant})))
        return weights, nodes

    def _ordered(self, nodes: list[Node]) -> list[Node]:
        """The nodes in an order in which they can run, the file's own where possible."""
        producers = {value: i for i, node in enumerate(nodes) for value in node.outputs}
        state, order = [_NEW] * len(nodes), []
        for first in range(len(nodes)):
            waiting = [first]
            while waiting:
                i = waiting[-1]
                before = [p for v in nodes[i].inputs if (p := producers.get(v)) is not None and state[p] != _DONE]
                if state[i] == _DONE or not before:
                    waiting.pop()
                    if state[i] != _DONE:
                        state[i] = _DONE
                        order.append(nodes[i])
                    continue
                if state[i] == _OPEN:
                    self._cycle(nodes[i])
                state[i] = _OPEN
                waiting.extend(reversed(before))
        return order

    def _cycle(self, node: Node) -> NoReturn:
        entry = self.flow.entries[str(node.info["value"])]
        raise self.flow.source.error(entry.message.start, f"Node {node.name!r} needs its own output")


_NEW, _OPEN, _DONE = 0, 1, 2


def _without_dead_tuples(nodes: list[Node], outputs: Collection[str]) -> list[Node]:
    """The nodes without tuples that only outputs, parts or side effects read: those are looked through."""
    read = set(outputs)
    read.update(v for node in nodes if node.op != "MakeTuple" for v in node.inputs)
    tuples = {node.outputs[0]: node for node in nodes if node.op == "MakeTuple"}
    waiting = [v for v in read if v in tuples]
    while waiting:
        inside = [v for v in tuples[waiting.pop()].inputs if v in tuples and v not in read]
        read.update(inside)
        waiting.extend(inside)
    return [node for node in nodes if node.op != "MakeTuple" or node.outputs[0] in read]
