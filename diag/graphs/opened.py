"""Any graph file as a View; the stages of a folder of dumps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from diag.errors import FormatError
from diag.formats import compiled, ge_dump
from diag.formats.interface import ReadOptions
from diag.formats.registry import open_model
from diag.graphs.view import View, of_ge, of_graph
from diag.types.ge import GeModel


@dataclass(frozen=True, slots=True)
class Stage:
    """One dump of a folder. ``partial``: it holds one engine's or partition's share of the graph."""

    path: Path
    name: str
    kind: str
    number: int
    graph: int
    partial: bool


def open_view(path: Path, key: bytes | None = None) -> View:
    """The graph in a file of any format. Raises FormatError that says what the file is if it holds none."""
    path = path.absolute()
    if compiled.sniff(path):
        return _view(compiled.read(path))
    graph = open_model(path, ReadOptions(key))
    inside = compiled.inside(graph)
    return of_graph(graph, path.name) if inside is None else _view(inside)


def _view(model: GeModel) -> View:
    facts = {**compiled.told(model), **{f"note {i}": note for i, note in enumerate(model.notes, 1)}}
    return replace(of_ge(model.graphs, model.stage or model.path.name, model.kind), facts=facts)


def compilations(folder: Path) -> list[int]:
    """Numbers of the graphs that were compiled into this folder; -1 where its files do not say. Raises FormatError."""
    return sorted({d.name.graph for d in ge_dump.dumps_in(folder) if not d.name.single})


def stages_of(folder: Path, graph: int | None = None) -> list[Stage]:
    """The dumps of one compilation in their order (``graph``: its number, else the first); of both kinds only one
    (ge_proto says more) and whole graphs where there are any. Raises FormatError if there is none.
    """
    found = ge_dump.dumps_in(folder)
    kind = "ge_proto" if any(d.name.kind == "ge_proto" for d in found) else found[0].name.kind
    chosen = [d for d in found if d.name.kind == kind and not d.name.single] or found
    whole = [d for d in chosen if not d.name.partial]
    # A folder may hold several compilations; each is a story of its own.
    wanted = min(d.name.graph for d in whole or chosen) if graph is None else graph
    stages = [Stage(d.path, d.name.stage, kind, d.name.number, d.name.graph, d.name.partial)
              for d in whole or chosen if d.name.graph == wanted]
    if not stages:
        there = ", ".join(str(n) for n in sorted({d.name.graph for d in whole or chosen}))
        raise FormatError(folder, f"Expected dumps of graph {wanted} in this folder", found=f"graphs {there}",
                          hint="Name one of them")
    return stages
