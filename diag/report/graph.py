"""Graphs shown, compared and searched: the document ``diag.graph/1``, a sheet, CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diag.graphs import GraphDiff, Step, View, ViewNode
from diag.graphs.history import line
from diag.machine import versions
from diag.report.catalogues import graph_words
from diag.report.csv_ import csv_text
from diag.report.sheet import Column, Lines, Sheet, Table
from diag.rules import Lang
from diag.types.ge import GeOp

_MANY = 40
_LONG = 200
_FEW = 5


@dataclass(frozen=True, slots=True)
class Passes:
    """A folder of dumps: each stage with what changed since the one before it; what could not be read."""

    folder: Path
    stages: tuple[tuple[str, int], ...]
    diffs: tuple[GraphDiff, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A node that a search found, and what in it fits."""

    file: str
    node: str
    op: str
    where: str
    text: str


def frame(views: Iterable[tuple[Path, View]]) -> dict[str, Any]:
    """What every document of this kind begins with."""
    return {"schema": "diag.graph/1", "kind": "graph", "verdict": "pass", "findings": [],
            "environment": versions(),
            "timing": {"wall_s": None}, "memory": {"peak_bytes": None}, "run": None,
            "graphs": [graph_facts(path, view) for path, view in views]}


def graph_facts(path: Path, view: View) -> dict[str, Any]:
    """One graph as the contract has it; ``ops`` counts nodes by operator (additive)."""
    return {"name": view.name, "path": str(path), "format": view.format, "nodes": len(view.nodes), "edges": view.edges,
            "inputs": list(view.inputs), "outputs": list(view.outputs),
            "subgraphs": [{"name": name, "nodes": nodes} for name, nodes in view.graphs[1:]],
            "ops": dict(Counter(n.op for n in view.nodes).most_common()), "facts": dict(view.facts)}


def diff_facts(found: GraphDiff) -> dict[str, Any]:
    """A diff as the contract has it."""
    return {"before": found.before, "after": found.after, "kept": found.kept,
            "added": [{"node": n, "op": op} for n, op in found.added],
            "removed": [{"node": n, "op": op} for n, op in found.removed],
            "fused": [{"into": f.into, "op": f.op, "from": list(f.sources), "passes": list(f.passes),
                       "guess": f.guess} for f in found.fused],
            "split": [{"from": name, "into": list(into)} for name, into in found.split],
            "changed": [{"node": c.node, "kind": c.kind, "before": c.before, "after": c.after}
                        for c in found.changed]}


def show_sheet(path: Path, view: View, lang: Lang = "en") -> Sheet:
    """One graph: how large, of what, with which element types and layouts."""
    text = graph_words(lang)
    ops = Counter(n.op for n in view.nodes)
    parts: list[Any] = [Table(text["operators"], (Column(text["operator"], wide=True),
                                                  Column(text["count"], right=True)),
                              tuple((op, f"{n:,}") for op, n in ops.most_common()), limit=20)]
    tensors = Counter((t.dtype.value, t.layout) for n in view.nodes for t in n.outputs)
    if tensors:
        parts.append(Table(text["tensors"], (Column(text["dtype"]), Column(text["layout"]),
                                             Column(text["count"], right=True)),
                           tuple((d, layout, f"{n:,}") for (d, layout), n in tensors.most_common()), limit=8))
    ends = [text["inputs"] + ": " + ", ".join(view.inputs[:_MANY]), text["outputs"] + ": "
            + ", ".join(view.outputs[:_MANY])]
    ends += [text["subgraph"].format(name=name, nodes=f"{n:,}") for name, n in view.graphs[1:][:_MANY]]
    parts.append(Lines(text["ends"], tuple(ends)))
    if view.facts:
        parts.append(Table(text["facts"], (Column(text["what"]), Column(text["value"], wide=True)),
                           tuple((k, v[:_LONG]) for k, v in view.facts.items()), limit=30))
    head = text["show"].format(name=view.name, format=view.format, nodes=f"{len(view.nodes):,}",
                               edges=f"{view.edges:,}", file=path.name)
    return Sheet(None, head, tuple(parts))


def node_sheet(view: View, node: ViewNode, lang: Lang = "en") -> Sheet:
    """One node with all that the file says of it."""
    text = graph_words(lang)
    rows = [(text["operator"], node.op)]
    rows += [(text["reads"], name or "–") for name in node.inputs]
    rows += [(text["read_by"], name) for name in view.readers.get(node.name, ())[:_MANY]]
    rows += [(text["writes"], str(t)) for t in node.outputs]
    if node.originals is not None:
        rows.append((text["originals"], ", ".join(node.originals) or text["made"]))
    rows += [(text["pass"], name) for name in node.passes]
    columns = (Column(text["what"]), Column(text["value"], wide=True))
    known = attributes(node)
    parts = (Table(node.name, columns, tuple(rows), limit=60),
             Table(text["attributes"], columns, tuple(known.items()), limit=200))
    return Sheet(None, text["node"].format(name=node.name, op=node.op, graph=view.name), parts)


def attributes(node: ViewNode) -> dict[str, str]:
    """Attributes as short text."""
    source = node.source
    known: Mapping[str, object] = source.body.attributes if isinstance(source, GeOp) else source.attributes
    return {name: short(value) for name, value in known.items()}


def short(value: object) -> str:
    """A value in at most 200 characters; bytes by their number."""
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, tuple):
        text = "[" + ", ".join(short(v) for v in value[:_MANY]) + (", …]" if len(value) > _MANY else "]")
    else:
        text = str(value)
    return text if len(text) <= _LONG else text[:_LONG] + "…"


def diff_sheet(found: GraphDiff, lang: Lang = "en") -> Sheet:
    """What lies between two graphs."""
    text = graph_words(lang)
    parts = [Table(text[title], tuple(Column(text[c], wide=i == last) for i, c in enumerate(columns)), rows)
             for title, columns, last, rows in (
                 ("fused", ("into", "operator", "from", "pass"), 2,
                  tuple((f.into, f.op, ", ".join(f.sources) + (text["guess"] if f.guess else ""),
                         ", ".join(f.passes)) for f in found.fused)),
                 ("split", ("node", "into"), 1, tuple((name, ", ".join(into)) for name, into in found.split)),
                 ("added", ("operator", "count", "example"), 2, _counted(found.added)),
                 ("removed", ("operator", "count", "example"), 2, _counted(found.removed)),
                 ("changes", ("what", "before", "after", "count", "example"), 4, _changed(found)))
             if rows]
    return Sheet(None, told(found, lang), tuple(parts))


def told(found: GraphDiff, lang: Lang = "en") -> str:
    """The diff in one sentence."""
    text = graph_words(lang)
    if found.empty:
        return text["same"].format(before=found.before, after=found.after)
    return text["diff"].format(before=found.before, after=found.after, added=f"{len(found.added):,}",
                               removed=f"{len(found.removed):,}", fused=f"{len(found.fused):,}",
                               changed=f"{len({c.node for c in found.changed}):,}")


def passes_sheet(found: Passes, steps: Sequence[Step] = (), node: str = "", lang: Lang = "en") -> Sheet:
    """A folder, stage by stage; with a node, its life."""
    text = graph_words(lang)
    rows = [(found.stages[0][0], f"{found.stages[0][1]:,}", "", "", "", "", "")]
    rows += [(name, f"{nodes:,}", _signed("+", len(d.added)), _signed("−", len(d.removed)),
              _signed("", len(d.fused)), _signed("", len(d.narrowed)),
              _signed("", sum(c.kind == "layout" for c in d.changed)))
             for (name, nodes), d in zip(found.stages[1:], found.diffs, strict=True)]
    columns = (Column(text["stage"], wide=True), *(Column(text[c], right=True) for c in (
        "nodes", "added", "removed", "fused", "narrowed", "relaid")))
    parts: list[Any] = []
    if node:
        parts.append(Lines(text["life"].format(node=node), tuple(
            f"[{s.stage}] {s.text or text['gone']}" for s in steps) or (text["nowhere"],)))
    parts.append(Table(text["passes"], columns, tuple(rows), limit=80))
    head = line(node, list(steps)) if node else text["folder"].format(folder=found.folder.name,
                                                                    count=len(found.stages))
    return Sheet(None, head, (*parts, *_notes(found, text)))


def stages_sheet(found: Passes, facts: Sequence[Mapping[str, Any]], lang: Lang = "en") -> Sheet:
    """The stages of a folder: what each of them holds."""
    text = graph_words(lang)
    columns = (Column(text["stage"], wide=True), *(Column(text[c], right=True) for c in ("nodes", "edges")),
               Column(text["operators"], wide=True))
    rows = tuple((f["name"], f"{f['nodes']:,}", f"{f['edges']:,}", ", ".join(
        f"{count:,} {op}" for op, count in list(f["ops"].items())[:_FEW])) for f in facts)
    head = text["folder"].format(folder=found.folder.name, count=len(found.stages))
    return Sheet(None, head, (Table(text["stages"], columns, rows, limit=200), *_notes(found, text)))


def _notes(found: Passes, text: Mapping[str, str]) -> tuple[Lines, ...]:
    return (Lines(text["notes"], found.notes),) if found.notes else ()


def hits_sheet(hits: Sequence[Hit], pattern: str, lang: Lang = "en") -> Sheet:
    """What a search found."""
    text = graph_words(lang)
    columns = (Column(text["node"]), Column(text["operator"]), Column(text["where"]), Column(text["value"], wide=True))
    rows = tuple((h.node, h.op, h.where, h.text) for h in hits)
    return Sheet(None, text["hits"].format(count=f"{len(hits):,}", pattern=pattern),
                 (Table(text["found"], columns, rows, limit=60),) if rows else ())


def nodes_csv(view: View) -> str:
    """Every node: name, operator, inputs, outputs, what it was made from."""
    return csv_text(("node", "op", "inputs", "outputs", "originals", "passes"), (
        (n.name, n.op, " ".join(n.inputs), "; ".join(map(str, n.outputs)),
         "" if n.originals is None else " ".join(n.originals), " ".join(n.passes)) for n in view.nodes))


def diffs_csv(diffs: Sequence[GraphDiff]) -> str:
    """Every single difference, a line each."""
    rows = [(d.after, kind, node, before, after) for d in diffs for kind, node, before, after in _lines(d)]
    return csv_text(("stage", "kind", "node", "before", "after"), rows)


def hits_csv(hits: Sequence[Hit]) -> str:
    """Every hit."""
    return csv_text(("file", "node", "op", "where", "text"), ((h.file, h.node, h.op, h.where, h.text) for h in hits))


def _lines(found: GraphDiff) -> Iterable[tuple[str, str, str, str]]:
    yield from (("added", name, "", op) for name, op in found.added)
    yield from (("removed", name, op, "") for name, op in found.removed)
    yield from (("fused", f.into, " ".join(f.sources), f.op) for f in found.fused)
    yield from (("split", name, "", " ".join(into)) for name, into in found.split)
    yield from ((c.kind, c.node, c.before, c.after) for c in found.changed)


def _counted(nodes: Sequence[tuple[str, str]]) -> tuple[tuple[str, str, str], ...]:
    counts = Counter(op for _, op in nodes)
    examples = {op: name for name, op in reversed(nodes)}
    return tuple((op, f"{n:,}", examples[op]) for op, n in counts.most_common())


def _changed(found: GraphDiff) -> tuple[tuple[str, ...], ...]:
    """Equal changes together; inputs are told by their number only, since fusions change most of them."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for c in found.changed:
        key = (c.kind, c.before, c.after) if c.kind != "inputs" else (c.kind, "", "")
        groups.setdefault(key, []).append(c.node)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple((kind, before, after, f"{len(nodes):,}", nodes[0]) for (kind, before, after), nodes in ordered)


def _signed(sign: str, count: int) -> str:
    return f"{sign}{count:,}" if count else ""
