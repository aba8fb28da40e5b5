"""A MindIR file as a Graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from diag.formats.interface import ReadOptions
from diag.formats.mindir import ascend
from diag.formats.mindir.attributes import decode
from diag.formats.mindir.build import Builder
from diag.formats.mindir.crypt import cipher_of
from diag.formats.mindir.flow import Flow, read_flow
from diag.formats.mindir.source import looks_plain, open_source
from diag.types.graph import Graph
from diag.types.tensor import Weight

_TEXTS = ("ir_version", "producer_name", "producer_version", "domain", "model_version")


class MindIR:
    """MindIR files of MindSpore and MindSpore Lite, plain or encrypted."""

    name = "mindir"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Whether the bytes begin like a MindIR, or the file is called one and begins like nothing else known."""
        return looks_plain(head) or cipher_of(head) is not None or (path.suffix == ".mindir" and head[:1] == b"\n")

    def read(self, path: Path, options: ReadOptions) -> Graph:
        """The main graph, with the functions that it calls.

        Values have the file's own (mangled) names, which are unique over all graphs; a part of a many-output node has
        the name of the TupleGetItem that takes it, ``value[i]`` if nobody does. Load, Depend and monads are looked
        through. Numbers, tuples of numbers and tensors are weights; other constants (None, text, mixed tuples) are
        nodes of op ``Constant`` with an attribute ``value``. A function's graph has its own nodes only: values of the
        outer graph that it reads have no producer in it. ``Call`` and ``Partial`` have the attribute ``function``;
        ``CallClosure`` calls its first input.

        Raises FormatError: not a MindIR, damaged (with the offset), encrypted without the right key.
        """
        with open_source(path, options.key) as source:
            return graph_of(read_flow(source))


def graph_of(flow: Flow) -> Graph:
    """The Graph of a file whose nodes are sorted."""
    builder = Builder(flow)
    builder.read_parameters()
    names = _node_names(flow)
    graphs = [builder.graph(i, names) for i in range(len(flow.graphs))]
    functions = {g.name: g for g in graphs[1:]}
    main = ascend.recognise(replace(graphs[0], functions=MappingProxyType(functions), metadata=_metadata(flow)))
    missing = [f"Weight {w.name!r}: {w.problem}." for g in graphs for w in g.weights.values() if w.problem]
    notes = (*main.notes, *flow.notes, *_some(missing))
    return replace(main, notes=tuple(dict.fromkeys(notes)))


def _node_names(flow: Flow) -> dict[str, str]:
    """What people call each node, unique: its full name with scope, else its value; "#2" behind a repeated one."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    taken = {e.message.text("domain") for e in flow.entries.values()}
    for value, entry in flow.entries.items():
        domain = entry.message.text("domain")
        name = domain if domain and not domain.isdigit() else value
        counts[name] += 1
        unique = name
        while counts[name] > 1 and (unique := f"{name}#{counts[name]}") in taken:
            counts[name] += 1
        taken.add(unique)
        names[value] = unique
    return names


def _metadata(flow: Flow) -> MappingProxyType[str, str]:
    model = flow.source.model
    facts = {name: model.text(name) for name in _TEXTS if model.text(name)}
    if "mind_ir_version" in model:
        facts["mind_ir_version"] = str(model.integer("mind_ir_version"))
    facts["little_endian"] = str(flow.source.little_endian).lower()
    facts["made_by"] = "MindSpore Lite" if flow.lite else "MindSpore"
    if flow.source.cipher:
        facts["encrypted"] = flow.source.cipher
    for attribute in flow.graphs[0].messages("attribute"):
        value = decode(attribute, flow.source)
        if not isinstance(value, Weight):
            facts[f"graph.{attribute.text('name')}"] = str(value)
    facts.update((f"user.{e.text('key')}", e.text("value")) for e in model.messages("user_info"))
    return MappingProxyType(facts)


def _some(sentences: list[str], limit: int = 5) -> list[str]:
    if len(sentences) <= limit:
        return sentences
    return [*sentences[:limit], f"{len(sentences) - limit:,} more weights have no elements."]
