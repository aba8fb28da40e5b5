"""Graphs of every kind: ONNX, MindIR, dumps of the Ascend compiler (GE), compiled models (OM).

  diag graph show ge_proto_00000062_Build.txt             what it holds; --node NAME for one node with its attributes
  diag graph show dump_folder/                            the stages that were dumped
  diag graph diff dump_folder/                            pass by pass; --node NAME: what became of this node
  diag graph diff before.txt after.txt                    any two graphs
  diag graph search 'LayerNorm|fp16' FILE…                in names, operators, types, layouts and attributes

Dumps are written by the compiler with DUMP_GE_GRAPH=2 and DUMP_GRAPH_PATH=FOLDER. Nothing here needs a device.
"""

from __future__ import annotations

import argparse
import difflib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from diag.cli.deliver import deliver
from diag.errors import FormatError, UsageError
from diag.formats.interface import key_of
from diag.graphs import Stage, Step, View, compilations, diff, history, open_view, stages_of
from diag.machine import peak_bytes
from diag.report import graph as tell
from diag.report.graph import Hit, Passes
from diag.report.sheet import Sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action and its files."""
    parser.add_argument("action", choices=("show", "diff", "search"), help="what to do")
    parser.add_argument("paths", nargs="+", metavar="FILE", help="show: a graph; diff: two graphs, or a folder of "
                        "dumps; search: a regular expression, then graphs")
    parser.add_argument("--node", default="", metavar="NAME", help="look at one node (show), or follow it (diff)")
    parser.add_argument("--graph-id", type=int, default=None, metavar="N",
                        help="which compilation of a folder that holds several (the number behind graph_ in the names)")
    parser.add_argument("--key", default="", help="key of an encrypted MindIR")


def run(args: argparse.Namespace) -> int:
    """0; what is found in graphs is no fault."""
    args.begun = time.perf_counter()
    {"show": _show, "diff": _diff, "search": _search}[args.action](args)
    return 0


def _deliver(args: argparse.Namespace, document: dict[str, Any], sheet: Sheet, csv: Callable[[], str]) -> None:
    """Everywhere it was asked for, with the time and the memory that it took."""
    document["timing"] = {"wall_s": time.perf_counter() - args.begun}
    document["memory"] = {"peak_bytes": peak_bytes()}
    deliver(args, document, sheet, csv)


def _show(args: argparse.Namespace) -> None:
    if len(args.paths) != 1:
        raise UsageError("One graph at a time is shown", hint="diag graph diff compares two")
    path = Path(args.paths[0])
    if path.is_dir():
        _folder(path, args, alone=True)
        return
    view = open_view(path, key_of(args.key))
    document = tell.frame([(path, view)])
    if args.node:
        node = view.by_name.get(args.node) or next((n for n in view.nodes if args.node in (n.originals or ())), None)
        if node is None:
            raise _unknown(args.node, view)
        document["node"] = {"name": node.name, "op": node.op, "inputs": list(node.inputs),
                            "outputs": [str(t) for t in node.outputs], "attributes": tell.attributes(node),
                            "originals": None if node.originals is None else list(node.originals),
                            "passes": list(node.passes)}
        _deliver(args, document, tell.node_sheet(view, node, args.lang), lambda: tell.nodes_csv(view))
        return
    _deliver(args, document, tell.show_sheet(path, view, args.lang), lambda: tell.nodes_csv(view))


def _diff(args: argparse.Namespace) -> None:
    paths = [Path(p) for p in args.paths]
    if len(paths) == 1 and paths[0].is_dir():
        _folder(paths[0], args, alone=False)
        return
    if len(paths) != 2:
        raise UsageError("Two graphs are wanted, or one folder of dumps", hint="diag graph diff BEFORE AFTER")
    before, after = (open_view(p, key_of(args.key)) for p in paths)
    found = diff(before, after)
    document = tell.frame(zip(paths, (before, after), strict=True)) | tell.diff_facts(found)
    _deliver(args, document, tell.diff_sheet(found, args.lang), lambda: tell.diffs_csv([found]))


def _folder(folder: Path, args: argparse.Namespace, *, alone: bool) -> None:
    """Two stages at a time are in memory. ``alone``: what the stages hold, not what changed between them."""
    stages = stages_of(folder, args.graph_id)
    counts, diffs, facts, notes = [], [], [], _others(folder, stages[0].graph)
    before: View | None = None
    for stage in stages:
        try:
            view = open_view(stage.path)
        except FormatError as error:
            notes.append(" ".join(error.lines()))
            continue
        counts.append((stage.name, len(view.nodes)))
        facts.append(tell.graph_facts(stage.path, view))
        if before is not None and not alone:
            diffs.append(diff(before, view))
        before = view
    if before is None:
        raise FormatError(folder, "Expected dumps that can be read in this folder", found=notes[-1],
                          hint="Dump the graph again.")
    steps = list(_life(stages, args.node)) if args.node else []
    found = Passes(folder, tuple(counts), tuple(diffs), tuple(notes))
    document = tell.frame([]) | {"graphs": facts, "passes": [tell.diff_facts(d) for d in diffs], "notes": notes,
                                 "added": [], "removed": [], "changed": [], "fused": []}
    if args.node:
        document["history"] = [{"stage": s.stage, "event": s.event.value, "text": s.text, "nodes": list(s.nodes),
                                "with": list(s.with_)} for s in steps]
    sheet = tell.stages_sheet(found, facts, args.lang) if alone and not args.node else tell.passes_sheet(
        found, steps, args.node, args.lang)
    _deliver(args, document, sheet, lambda: tell.diffs_csv(diffs))


def _others(folder: Path, shown: int) -> list[str]:
    others = [n for n in compilations(folder) if n != shown]
    if not others:
        return []
    return [f"The folder holds other compilations, too: --graph-id {', '.join(map(str, others))}"]


def _life(stages: list[Stage], node: str) -> Iterator[Step]:
    def views() -> Iterator[tuple[str, View]]:
        for stage in stages:
            try:
                yield stage.name, open_view(stage.path)
            except FormatError:
                continue

    return history(views(), node)


def _search(args: argparse.Namespace) -> None:
    if len(args.paths) < 2:
        raise UsageError("A pattern and at least one graph are wanted", hint="diag graph search PATTERN FILE…")
    try:
        pattern = re.compile(args.paths[0], re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"'{args.paths[0]}' is no regular expression: {error}",
                         hint="Write \\. for a dot and \\( for a bracket") from error
    files = [f for p in map(Path, args.paths[1:])
             for f in ([s.path for s in stages_of(p, args.graph_id)] if p.is_dir() else [p])]
    views = [(path, open_view(path, key_of(args.key))) for path in files]
    hits = [hit for path, view in views for hit in _hits(path, view, pattern)]
    document = tell.frame(views) | {"hits": [{"file": h.file, "node": h.node, "op": h.op, "where": h.where,
                                              "text": h.text} for h in hits]}
    _deliver(args, document, tell.hits_sheet(hits, args.paths[0], args.lang), lambda: tell.hits_csv(hits))


def _hits(path: Path, view: View, pattern: re.Pattern[str]) -> Iterator[Hit]:
    """The first place of each node that fits."""
    for node in view.nodes:
        places = [("name", node.name), ("operator", node.op), *(("tensor", str(t)) for t in node.outputs),
                  *(("made from", o) for o in node.originals or ()), *(("pass", p) for p in node.passes)]
        found = next((p for p in places if pattern.search(p[1])), None) or next(
            ((f"attribute {k}", v) for k, v in tell.attributes(node).items()
             if pattern.search(k) or pattern.search(v)), None)
        if found is not None:
            yield Hit(str(path), node.name, node.op, *found)


def _unknown(name: str, view: View) -> UsageError:
    close = difflib.get_close_matches(name, list(view.by_name), 1) or [
        n for n in view.by_name if name.lower() in n.lower()][:1]
    return UsageError(f"The graph has no node '{name}'", where=f"{view.name} has {len(view.nodes):,} nodes",
                      hint=f"Did you mean '{close[0]}'?" if close else "List them: --csv nodes.csv")
