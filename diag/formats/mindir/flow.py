"""Who really writes a value: monads, loads, dependencies and tuples looked through, over all graphs of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from diag.formats.mindir.attributes import Abstract, abstract_of, decode, is_monad
from diag.formats.mindir.message import Message
from diag.formats.mindir.source import Source
from diag.types.graph import AttrValue

PASSING = frozenset({"Load", "Depend", "Return"})
"""Operators whose output is their first input."""

MAX_PARTS = 100_000
"""More graph outputs (and tuples around them) than this are nested tuples that multiply."""

_OLD_NAMES = {"tuple_getitem": "TupleGetItem", "make_tuple": "MakeTuple", "depend": "Depend", "return": "Return",
              "load": "Load", "partial": "Partial", "switch": "Switch"}
"""How MindSpore 1.0 spelled them."""

_REF = "REF::"
_MAX_INDEX = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A node as the file has it. ``value`` is what it writes; ``callee`` the function or closure that it calls."""

    graph: int
    message: Message
    value: str
    op: str
    callee: str
    inputs: tuple[str, ...]
    abstract: Abstract

    @property
    def removed(self) -> bool:
        """Whether it only passes a value on or orders side effects."""
        return self.op in PASSING or self.op == "UpdateState" or self.abstract.monad


@dataclass(slots=True)
class Flow:
    """The whole file's nodes by the value that they write, and constants by theirs.

    ``graphs[0]`` is the main graph, then the functions. ``parts`` maps a node with several outputs to the value
    that stands for each part that somebody takes out of it.
    """

    source: Source
    graphs: tuple[Message, ...]
    lite: bool
    primitives: Mapping[str, Message]
    functions: Mapping[str, int]
    entries: dict[str, Entry] = field(default_factory=dict)
    constants: dict[str, AttrValue] = field(default_factory=dict)
    constant_types: dict[str, Message] = field(default_factory=dict)
    monads: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[int, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def resolve(self, value: str) -> str:
        """The value that ``value`` is another name of; itself if it is none."""
        seen = [value]
        while (following := self._step(seen[-1])) is not None:
            if len(seen) > len(self.entries) + 1:
                entry = self.entries[value]
                raise self.source.error(entry.message.start, f"Node {value!r} passes on its own output")
            seen.append(following)
        for name in seen[:-1]:
            self.aliases[name] = seen[-1]
        return seen[-1]

    def _step(self, value: str) -> str | None:
        if value in self.aliases:
            return self.aliases[value]
        entry = self.entries.get(value)
        if entry is None or not entry.inputs:
            return None
        if entry.op in PASSING:
            return entry.inputs[0]
        return None

    def data_inputs(self, entry: Entry) -> Iterator[str]:
        """The entry's inputs, resolved, without monads and without the callee of a Partial."""
        for name in entry.inputs:
            value = self.resolve(name)
            if value not in self.monads and not (entry.op == "Partial" and name == entry.callee):
                yield value

    def part(self, value: str, index: int) -> str:
        """The name of part ``index`` of a many-output node's value."""
        return self.parts[value].get(index, f"{value}[{index}]")

    def leaves(self, value: str) -> list[tuple[str, int | None]]:
        """What a value that may be a tuple is made of: (value, part) with part None for a whole value."""
        found: list[tuple[str, int | None]] = []
        waiting, steps = [value], 0
        while waiting:
            name = self.resolve(waiting.pop())
            entry = self.entries.get(name)
            steps += 1
            if steps > MAX_PARTS:
                raise self.source.error(0, f"Expected at most {MAX_PARTS:,} outputs", "tuples of tuples of more")
            if entry is not None and entry.op == "MakeTuple":
                waiting.extend(reversed(list(self.data_inputs(entry))))
            elif entry is not None and name in self.parts and entry.abstract.is_tuple:
                found.extend((name, i) for i in range(len(entry.abstract.elements)))
            elif name not in self.monads:
                found.append((name, None))
        return found


def read_flow(source: Source) -> Flow:
    """Sort the file's nodes into constants, monads and entries, and resolve tuples."""
    model = source.model
    main = model.message("graph")
    graphs = (*((main,) if main is not None else ()), *model.messages("functions"))
    lite = any(a.text("name") == "fmk" for a in graphs[0].messages("attribute"))
    flow = Flow(source, graphs, lite, {p.text("name"): p for p in model.messages("primitives")},
                {g.text("name"): i + 1 for i, g in enumerate(graphs[1:])})
    for i, graph in enumerate(graphs):
        flow.monads.update(v.text("name") for v in graph.messages("input") if _monad_input(v))
        for node in graph.messages("node"):
            _sort_in(flow, i, node)
    flow.monads.update(e.value for e in flow.entries.values() if e.op == "UpdateState" or e.abstract.monad)
    _take_tuples_apart(flow)
    return flow


def _monad_input(info: Message) -> bool:
    attribute = info.message("attr_info")
    return attribute is not None and is_monad(attribute)


def _sort_in(flow: Flow, graph: int, node: Message) -> None:
    outputs = node.texts("output")
    value = outputs[0] if outputs else node.text("name")
    if not value:
        raise flow.source.error(node.start, "Expected a node with an output", "one without a name")
    if value in flow.entries or value in flow.constants:
        flow.notes.append(f"Two nodes write {value!r}; the later one counts.")
    if node.text("op_type") == "Constant":
        _constant(flow, node, value)
        return
    new_style = node.text("op_type").startswith(_REF)
    op, callee = _operator(flow, node) if new_style else (node.text("op_type"), "")
    op = _OLD_NAMES.get(op, op)
    inputs = tuple(node.texts("input"))
    if op == "Partial" and inputs:
        callee = inputs[0]
    flow.entries[value] = Entry(graph, node, value, op, callee, inputs, _abstract(flow, node, new_style))


def _constant(flow: Flow, node: Message, value: str) -> None:
    attribute = next((a for a in node.messages("attribute") if a.text("name") == "value"), None)
    if attribute is None:
        flow.notes.append(f"Constant {value!r} has no value.")
        flow.constants[value] = None
    elif is_monad(attribute):
        flow.monads.add(value)
    else:
        flow.constants[value] = decode(attribute, flow.source)
        flow.constant_types[value] = attribute


def _operator(flow: Flow, node: Message) -> tuple[str, str]:
    """The operator that ``REF::key`` means, and the function or closure that it calls."""
    key = node.text("op_type").removeprefix(_REF)
    primitive = flow.primitives.get(key)
    if primitive is not None:
        return primitive.text("op_type") or key.split(":")[0], ""
    return "Call", key


def _abstract(flow: Flow, node: Message, new_style: bool) -> Abstract:
    for attribute in node.messages("attribute"):
        name, how = attribute.text("name"), attribute.text("ref_attr_name")
        if (new_style and name == "shape") or (not name and how.startswith("shape:")):
            return abstract_of(attribute, empty_is_scalar=not flow.lite)
    return Abstract()


def _take_tuples_apart(flow: Flow) -> None:
    """Name each part of a many-output node by the value that takes it out, unless somebody reads the whole tuple."""
    taken: dict[str, list[tuple[Entry, int]]] = {}
    for entry in flow.entries.values():
        index = _tuple_index(flow, entry)
        if index is None:
            continue
        producer = flow.entries.get(flow.resolve(entry.inputs[0]))
        if producer is None:
            continue
        index = _in_range(flow, entry, producer, index)
        if producer.op == "MakeTuple":
            flow.aliases[entry.value] = producer.inputs[index]
        else:
            taken.setdefault(producer.value, []).append((entry, index))
    whole = _read_whole(flow, taken)
    for value, parts in taken.items():
        if value in whole:
            continue
        names = flow.parts.setdefault(value, {})
        for entry, index in parts:
            first = names.setdefault(index, entry.value)
            if first != entry.value:
                flow.aliases[entry.value] = first
    for entry in flow.entries.values():
        if entry.abstract.is_tuple and entry.op != "MakeTuple" and entry.value not in whole:
            flow.parts.setdefault(entry.value, {})


def _tuple_index(flow: Flow, entry: Entry) -> int | None:
    if entry.op != "TupleGetItem" or len(entry.inputs) != 2:
        return None
    index = flow.constants.get(flow.resolve(entry.inputs[1]))
    return index if isinstance(index, int) and not isinstance(index, bool) else None


def _in_range(flow: Flow, entry: Entry, producer: Entry, index: int) -> int:
    """The index of the part that the entry takes, counted from the front."""
    known = len(producer.inputs) if producer.op == "MakeTuple" else len(producer.abstract.elements)
    limit = known if producer.op == "MakeTuple" or producer.abstract.is_tuple else _MAX_INDEX
    front = index + known if index < 0 else index
    if not 0 <= front < limit:
        raise flow.source.error(entry.message.start, f"Node {entry.value!r} takes part {index} of {producer.value!r}",
                                f"a tuple of {known}")
    return front


def _read_whole(flow: Flow, taken: Mapping[str, list[tuple[Entry, int]]]) -> set[str]:
    """Many-output values that a node other than TupleGetItem reads; a MakeTuple reads only if it is itself read."""
    getters = {entry.value for parts in taken.values() for entry, _ in parts}
    waiting = [v for e in flow.entries.values()
               if not e.removed and e.op != "MakeTuple" and e.value not in getters and e.value not in flow.aliases
               for v in flow.data_inputs(e)]
    whole: set[str] = set()
    while waiting:
        value = waiting.pop()
        if value in whole:
            continue
        whole.add(value)
        entry = flow.entries.get(value)
        if entry is not None and entry.op == "MakeTuple":
            waiting.extend(flow.data_inputs(entry))
    return whole
