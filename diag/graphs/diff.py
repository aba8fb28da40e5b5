"""What became of a graph: nodes added, removed, fused, split, changed.

Nodes are the same where their names are; a node that is gone was fused into one that does its work, by the names that
the compiler recorded. Where nothing is recorded and a new node's name is made of the old names one after the other, it
is called fused as well, and said to be a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from diag.graphs.view import NO_WORK, View, ViewNode
from diag.types.dtype import DType
from diag.types.ge import GeOp

KINDS = ("op", "dtype", "layout", "shape", "inputs")
"""What can change in a node that stays."""

_LEAST, _FARTHEST = 2, 200
_MODELS = ("onnx", "mindir")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of a node that is in both. ``kind`` is one of KINDS."""

    node: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fused:
    """Nodes that became one (or several that became several). ``guess``: told from the name alone."""

    into: str
    op: str
    sources: tuple[str, ...]
    passes: tuple[str, ...] = ()
    guess: bool = False


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """Between two graphs. ``added`` and ``removed`` are (name, operator); nodes that were fused are in ``fused`` only.

    ``split``: (original node, nodes that do its work now).
    """

    before: str
    after: str
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    fused: tuple[Fused, ...]
    split: tuple[tuple[str, tuple[str, ...]], ...]
    changed: tuple[Change, ...]
    kept: int

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.fused or self.split or self.changed)

    def added_of(self, op: str) -> int:
        """How many nodes of an operator were added."""
        return sum(kind == op for _, kind in self.added)

    @property
    def narrowed(self) -> tuple[Change, ...]:
        """Nodes that compute in a narrower type than before."""
        return tuple(c for c in self.changed if c.kind == "dtype" and _bits(c.after) < _bits(c.before))


def diff(before: View, after: View) -> GraphDiff:
    """What happened between two graphs."""
    # Weights and inputs are nodes of GE only: beside an ONNX model they would all be new.
    idle = NO_WORK if (before.format in _MODELS) != (after.format in _MODELS) else frozenset()
    gone = {n.name: n for n in before.nodes if n.name not in after.by_name and n.op not in idle}
    new = [n for n in after.nodes if n.name not in before.by_name and n.op not in idle]
    fused, split = _merges(gone, new, after)
    fused += _bypassed(gone, before, after, {n for f in fused for n in f.sources} | {n for n, _ in split})
    taken = {name for one in fused for name in one.sources} | {name for name, _ in split}
    made = {one.into for one in fused} | {name for _, names in split for name in names}
    kept = [(n, after.by_name[n.name]) for n in before.nodes if n.name in after.by_name]
    return GraphDiff(
        before.name, after.name, tuple((n.name, n.op) for n in new if n.name not in made),
        tuple((n.name, n.op) for n in gone.values() if n.name not in taken), tuple(fused), tuple(split),
        tuple(c for a, b in kept for c in _changes(a, b)), len(kept))


def _merges(gone: dict[str, ViewNode], new: list[ViewNode],
            after: View) -> tuple[list[Fused], list[tuple[str, tuple[str, ...]]]]:
    owners: dict[str, list[str]] = {}
    for name, node in gone.items():
        for original in node.stands_for:
            owners.setdefault(original, []).append(name)
    fused: list[Fused] = []
    by_source: dict[tuple[str, ...], list[ViewNode]] = {}
    for node in new:
        sources = tuple(dict.fromkeys(s for o in node.stands_for for s in owners.get(o, ())))
        if sources and node.originals is not None:
            by_source.setdefault(sources, []).append(node)
        elif not sources and node.originals is None:
            guessed = _spelled(node.name, gone)
            if len(guessed) >= _LEAST:
                fused.append(Fused(node.name, node.op, guessed, node.passes, guess=True))
    split = []
    for sources, nodes in by_source.items():
        if len(sources) == 1 and len(nodes) > 1:
            split.append((sources[0], tuple(n.name for n in nodes)))
        else:
            fused += [Fused(n.name, n.op, sources, n.passes) for n in nodes]
    fused += _absorbed(gone, after, {s for f in fused for s in f.sources} | {s for s, _ in split})
    return fused, split


def _absorbed(gone: dict[str, ViewNode], after: View, taken: set[str]) -> Iterator[Fused]:
    """A node that stays by name may have taken others in."""
    by_target: dict[str, list[str]] = {}
    for name, node in gone.items():
        if name in taken or node.originals == ():
            continue
        for original in node.stands_for:
            holder = next(iter(after.holders.get(original, ())), None)
            if holder is not None and holder.originals is not None:
                by_target.setdefault(holder.name, []).append(name)
                break
    for target, sources in by_target.items():
        node = after.by_name[target]
        yield Fused(target, node.op, tuple(sources), node.passes)


def _bypassed(gone: dict[str, ViewNode], before: View, after: View, taken: set[str]) -> Iterator[Fused]:
    """Nothing is recorded, but what read from a node now reads from one before it that became another operator, or
    from a new one in its place: that one does its work. Where the operator stayed as it was, the node is simply gone.
    """
    by_target: dict[str, list[str]] = {}
    for name in (n for n in gone if n not in taken):
        above = _kept(name, gone, lambda n: before.by_name[n].inputs if n in before.by_name else ())
        below = _kept(name, gone, lambda n: before.readers.get(n, ()))
        now = {i for reader in below if reader in after.by_name for i in after.by_name[reader].inputs}
        into = [n for n in above if n in now and n in before.by_name and n in after.by_name
                and after.by_name[n].op != before.by_name[n].op]
        into = into or [n for n in sorted(now) if n in after.by_name and n not in before.by_name
                        and after.by_name[n].originals is None and set(after.by_name[n].inputs) & set(above)]
        if len(into) == 1:
            by_target.setdefault(into[0], []).append(name)
    for target, sources in by_target.items():
        yield Fused(target, after.by_name[target].op, tuple(sources), guess=True)


def _kept(name: str, gone: dict[str, ViewNode], step: Callable[[str], Iterable[str]]) -> list[str]:
    """The nearest nodes in one direction that are still there."""
    found: list[str] = []
    seen, waiting = {name}, [name]
    while waiting and len(seen) < _FARTHEST:
        for other in step(waiting.pop()):
            if other and other not in seen:
                seen.add(other)
                (waiting if other in gone else found).append(other)
    return found


def _spelled(name: str, gone: dict[str, ViewNode]) -> tuple[str, ...]:
    """The names, longest first at each place, that written one after the other give this name; () if none do."""
    parts: list[str] = []
    rest = name
    ordered = sorted((g for g in gone if g and g in name), key=len, reverse=True)
    while rest:
        part = next((g for g in ordered if rest.startswith(g)), None)
        if part is None:
            return ()
        parts.append(part)
        rest = rest[len(part):]
    return tuple(parts)


def _changes(a: ViewNode, b: ViewNode) -> Iterator[Change]:
    if a.op != b.op:
        yield Change(a.name, "op", a.op, b.op)
    if a.inputs != b.inputs:
        yield Change(a.name, "inputs", ", ".join(a.inputs), ", ".join(b.inputs))
    if same_text(a, b):
        return
    for kind, before, after in _facts(a, b):
        if before != after:
            yield Change(a.name, kind, before, after)


def same_text(a: ViewNode, b: ViewNode) -> bool:
    """Whether both stand in their files with the same bytes: then nothing needs to be read."""
    if not isinstance(a.source, GeOp) or not isinstance(b.source, GeOp):
        return a.source is b.source
    first = a.source.source.text()
    return first is not None and first == b.source.source.text()


def _facts(a: ViewNode, b: ViewNode) -> Iterator[tuple[str, str, str]]:
    for first, second in zip(a.outputs, b.outputs, strict=False):
        # What one side does not say is no change.
        if DType.UNDEFINED not in (first.dtype, second.dtype):
            yield "dtype", first.dtype.value, second.dtype.value
        if first.layout and second.layout:
            yield "layout", first.layout, second.layout
        if first.shape is not None and second.shape is not None and first.layout == second.layout:
            yield "shape", _sizes(first.shape), _sizes(second.shape)


def _sizes(shape: tuple[object, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _bits(name: str) -> int:
    try:
        return DType(name).bits
    except ValueError:
        return 0
