"""Which scope a node belongs to, read off its name: ``/model/encoder/layers.0/q_proj/MatMul``. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diag.types.graph import Graph

Path = tuple[str, ...]
"""Names of scopes from the outermost to the innermost."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its scope, and its own short name there."""

    scope: Path
    label: str


def places(graph: Graph) -> list[Place]:
    """The place of each node, in the order of ``graph.nodes``.

    Exporters write ``/a/b/Op``; converters put words before it (``layer_norm_/a/b/Add_1``) or give names of their own
    (``Default/ScaleFusion-op0``, ``Conv_post``). A node whose name tells no scope stands where its neighbours stand;
    one of a compiler, which writes names one after the other, where its first original node stood (``info["place"]``).
    """
    names = [str(node.info.get("place") or node.name) for node in graph.nodes]
    rooted = _rooted(names)
    scopes = {_split(name)[:-1] for name in names if rooted and name.startswith("/")}
    paths = [_path(name, rooted, scopes) for name in names]
    if any(path is not None for path in paths):
        _ask_neighbours(graph, paths)
    return [Place(path or (), _split(name)[-1]) for path, name in zip(paths, names, strict=True)]


def common(one: Path, other: Path) -> Path:
    """The innermost scope that holds both."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return one[:shared]


def _split(name: str) -> Path:
    return tuple(part for part in name.split("/") if part) or (name or "?",)


def _rooted(names: Sequence[str]) -> bool:
    """Whether this file's scoped names begin with a slash."""
    scoped = [name for name in names if "/" in name]
    return sum(name.startswith("/") for name in scoped) * 2 > len(scoped)


def _path(name: str, rooted: bool, scopes: set[Path]) -> Path | None:
    """The scope that a name tells; None if it tells none."""
    if "/" not in name:
        return None
    if not rooted or name.startswith("/"):
        return _split(name)[:-1]
    # A converter's word stands before the name of the node it was made of.
    rest = _split(name.partition("/")[2])[:-1]
    return rest if rest in scopes else None


def _ask_neighbours(graph: Graph, paths: list[Path | None]) -> None:
    """Fill the Nones: the innermost scope that holds both who writes for the node and who reads from it."""
    wanting = [i for i, path in enumerate(paths) if path is None]
    after: dict[int, Path] = {}
    for i in reversed(wanting):
        readers = (r for value in graph.nodes[i].outputs for r in graph.consumers.get(value, ()))
        theirs = (paths[r] if paths[r] is not None else after.get(r) for r in readers)
        found = next((path for path in theirs if path is not None), None)
        if found is not None:
            after[i] = found
    for i in wanting:
        writers = (graph.producers[v] for v in graph.nodes[i].inputs if v in graph.producers)
        before = next((p for w in writers if (p := paths[w]) is not None and graph.nodes[w].op != "Constant"), None)
        behind = after.get(i)
        if before is not None and behind is not None:
            paths[i] = common(before, behind)
        else:
            paths[i] = before if before is not None else behind
