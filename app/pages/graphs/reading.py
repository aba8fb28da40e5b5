"""What the page shows, read beside the event loop: one graph, two with their differences, a folder's passes, a run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.graph.model import build
from app.graph.overlay import NO_LINKS, Links, Overlay, State
from app.graph.prepare import Loaded, load
from diag.cancel import Cancel
from diag.compare.recorded.graphs import recorded_graph
from diag.errors import DiagError, FormatError
from diag.events import Event, Finished, Partial, Progress
from diag.formats.registry import open_model
from diag.graphs import GraphDiff, Stage, Step, View, compilations, diff, history, of_graph, open_view, stages_of
from diag.graphs.drawn import drawn
from diag.rules.accuracy import examined
from diag.types.comparison import RECORDING, Comparison
from diag.types.graph import Graph
from diag.workspace.runs import RunFolder

_MOST_KEPT = 200_000
"""Nodes of graphs that are kept for the next look; a graph of a dump takes about a kilobyte a node."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one look at the graphs needs. ``after`` and ``diff`` are None where one graph is shown alone.

    ``comparison``: of a run whose graphs are shown with their errors.
    """

    loaded: Loaded
    before: View | None = None
    after: View | None = None
    diff: GraphDiff | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Compilation:
    """Numbers of the graphs that were compiled into a folder, which of them this is, and its stages."""

    numbers: tuple[int, ...]
    number: int
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What one pass did, in numbers; ``index`` is its stage in the folder. ``problem``: why it cannot be read."""

    index: int
    nodes: int
    added: int = 0
    removed: int = 0
    fused: int = 0
    changed: int = 0
    problem: str = ""

    @property
    def total(self) -> int:
        """All differences."""
        return self.added + self.removed + self.fused + self.changed


class Shelf:
    """Views that were opened, the latest first, as many as memory allows."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, View] = OrderedDict()

    def view(self, path: Path) -> View:
        """A file's view. Raises FormatError."""
        found = self._kept.pop(path, None) or open_view(path)
        self._kept[path] = found
        while len(self._kept) > 2 and sum(len(v.nodes) for v in self._kept.values()) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found


def one(shelf: Shelf, path: Path, which: int, cancel: Cancel) -> Shown:
    """One graph of a file. Raises FormatError, Cancelled."""
    view = shelf.view(path)
    graph = drawn(view, min(which, max(0, len(view.graphs) - 1)), path)
    return Shown(Loaded(build(graph, "golden", None, cancel), None, NO_LINKS), view)


def two(shelf: Shelf, first: Path, second: Path, made: str, removed: str, cancel: Cancel) -> Shown:
    """Two graphs and what differs. ``made`` and ``removed`` are why nodes have no counterpart, in the user's words;
    ``{passes}`` in ``made`` is filled in. Raises FormatError, Cancelled.
    """
    before, after = shelf.view(first), shelf.view(second)
    cancel.check()
    found = diff(before, after)
    cancel.check()
    left, right = drawn(before, 0, first), drawn(after, 0, second)
    mine, theirs, links = coloured(found, left, right, (after, made, removed))
    return Shown(Loaded(build(left, "golden", mine, cancel), build(right, "target", theirs, cancel), links),
                 before, after, found)


def step(shelf: Shelf, first: Path, second: Path, made: str, removed: str, cancel: Cancel) -> Shown:
    """The same of two stages of a folder; the second one alone where the first cannot be read."""
    try:
        shelf.view(first)
    except FormatError:
        return one(shelf, second, 0, cancel)
    return two(shelf, first, second, made, removed, cancel)


def run(path: Path, cancel: Cancel) -> Shown:
    """The graphs of a comparison with its errors; of a recording, the whole graph of the compiler where it was given.

    Raises FormatError, UsageError, Cancelled.
    """
    found = examined(RunFolder.open(path).comparison())
    golden = open_model(found.golden.path)
    cancel.check()
    target, view = _target(found, golden)
    cancel.check()
    return Shown(load(golden, target, found, cancel), of_graph(golden, Path(found.golden.path).name), view,
                 comparison=found)


def _target(found: Comparison, golden: Graph) -> tuple[Graph, View]:
    path = Path(found.target.path)
    compiled = found.checks["recording"].get("graph") if found.target.runtime == RECORDING else None
    if compiled and Path(compiled).is_file():
        view = open_view(Path(compiled))
        return drawn(view, 0, Path(compiled)), view
    graph = open_model(path) if found.target.runtime != RECORDING else recorded_graph(path, None, golden)
    return graph, of_graph(graph, path.name)


def passes(folder: Path, graph: int | None = None) -> Iterator[Event]:
    """The stages of one compilation in a folder, then what each pass did; ends with the stages. Two graphs at a time
    are in memory. The first item is a Compilation.
    """
    stages = stages_of(folder, graph)
    yield Partial(Compilation(tuple(compilations(folder)), stages[0].graph, tuple(stages)))
    before: View | None = None
    for index, stage in enumerate(stages):
        yield Progress("Reading the graphs", index, len(stages), "graphs")
        try:
            view = open_view(stage.path)
        except DiagError as error:
            yield Partial(Counted(index, 0, problem=" ".join(error.lines())))
            before = None
            continue
        yield Partial(_counted(index, view, diff(before, view) if before is not None else None))
        before = view
    yield Finished(tuple(stages))


def _counted(index: int, view: View, found: GraphDiff | None) -> Counted:
    if found is None:
        return Counted(index, len(view.nodes))
    changed = {c.node for c in found.changed if c.kind != "inputs"}
    return Counted(index, len(view.nodes), len(found.added), len(found.removed), len(found.fused) + len(found.split),
                   len(changed))


def follow(shelf: Shelf, stages: Sequence[Stage], name: str, cancel: Cancel) -> tuple[str, tuple[Step, ...]]:
    """The life of a node through all stages; a stage that cannot be read is passed over. Raises Cancelled."""
    def views() -> Iterator[tuple[str, View]]:
        for stage in stages:
            cancel.check()
            try:
                yield stage.name, shelf.view(stage.path)
            except FormatError:
                continue

    return name, tuple(history(views(), name))


def coloured(found: GraphDiff, left: Graph, right: Graph,
             words: tuple[View, str, str]) -> tuple[Overlay, Overlay, Links]:
    """States of both sides' nodes, and who became whom."""
    mine = {n.name: i for i, n in reversed(list(enumerate(left.nodes)))}
    theirs = {n.name: i for i, n in reversed(list(enumerate(right.nodes)))}
    a, b = np.zeros(len(left.nodes), np.int8), np.zeros(len(right.nodes), np.int8)
    changed = [c.node for c in found.changed if c.kind != "inputs"]
    became = [(s, f.into) for f in found.fused for s in f.sources] + [(s, i) for s, into in found.split for i in into]
    for state, gone, new in ((State.CHANGED, changed, changed), (State.REMOVED, [n for n, _ in found.removed], ()),
                             (State.ADDED, (), [n for n, _ in found.added]),
                             (State.FUSED, [s for s, _ in became], [i for _, i in became])):
        a[[mine[n] for n in gone if n in mine]] = state
        b[[theirs[n] for n in new if n in theirs]] = state
    pairs = [(mine[s], theirs[i]) for s, i in [*((n, n) for n in mine), *became] if s in mine and i in theirs]
    return (Overlay(a, np.zeros(len(a), bool), ((),) * len(a), {}, _removed(found, mine, words[2])),
            Overlay(b, np.zeros(len(b), bool), ((),) * len(b), {}, _made(found, theirs, words[0], words[1])),
            Links(_grouped(pairs), _grouped([(t, s) for s, t in pairs])))


def _removed(found: GraphDiff, numbers: dict[str, int], text: str) -> dict[int, str]:
    return {numbers[n]: text for n, _ in found.removed if n in numbers}


def _made(found: GraphDiff, numbers: dict[str, int], view: View, text: str) -> dict[int, str]:
    return {numbers[n]: text.format(passes=", ".join(view.by_name[n].passes)).rstrip(" :")
            for n, _ in found.added if n in numbers}


def _grouped(pairs: Sequence[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for source, target in pairs:
        found.setdefault(source, []).append(target)
    return {source: tuple(dict.fromkeys(targets)) for source, targets in found.items()}
