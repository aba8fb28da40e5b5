"""A layer's two nodes, line by line: what each side says of operator, attributes, inputs and weights. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from diag.compare.why.facts import golden_facts, target_facts
from diag.compare.why.weights import difference, pair_up
from diag.errors import DiagError
from diag.formats.weights import Array, load
from diag.types.graph import Graph, Node
from diag.types.layer import LayerResult
from diag.types.tensor import Weight

_MOST_BYTES = 64 * 2**20
"""Weights above this are named, not compared: looking at a node must stay quick."""


class Part(Enum):
    """What a line is about."""

    NODE = "node"
    ATTRIBUTE = "attribute"
    INPUT = "input"
    WEIGHT = "weight"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the same thing on both sides; ``differs`` where the two say something else."""

    part: Part
    name: str
    golden: str
    target: str
    differs: bool = False


def side_by_side(row: LayerResult, golden: Graph | None, target: Graph | None) -> tuple[Line, ...]:
    """All lines of a layer; empty where neither model could be read."""
    names = row.mapping.golden_nodes or (row.golden_node,)
    mine = _nodes(golden, names)
    theirs = _nodes(target, (row.target_node,) if row.target_node else ())
    return tuple(_lines(mine, theirs, golden, target))


def _lines(mine: Sequence[Node], theirs: Sequence[Node], golden: Graph | None, target: Graph | None) -> Iterator[Line]:
    if not mine and not theirs:
        return
    yield Line(Part.NODE, "op", " + ".join(n.op for n in mine), " + ".join(n.op for n in theirs))
    yield Line(Part.NODE, "name", "\n".join(n.name for n in mine), "\n".join(n.name for n in theirs))
    yield from _attributes(mine, theirs, _constants(golden), _constants(target))
    yield from _ports(Part.INPUT, _outer(mine), _outer(theirs), golden, target)
    yield from _weights(mine, theirs, golden, target)
    yield from _ports(Part.OUTPUT, [o for n in mine[-1:] for o in n.outputs], [o for n in theirs for o in n.outputs],
                      golden, target)


def _nodes(graph: Graph | None, names: Sequence[str]) -> list[Node]:
    if graph is None:
        return []
    wanted = set(names)
    return [n for n in graph.nodes if n.name in wanted]


def _attributes(mine: Sequence[Node], theirs: Sequence[Node], golden: Callable[[str], Array | None],
                target: Callable[[str], Array | None]) -> Iterator[Line]:
    ours = golden_facts(mine, golden) if mine else {}
    other = target_facts(theirs[0], target) if theirs else {}
    for name in sorted({*ours, *other}):
        both = name in ours and name in other
        if name == "activation" and {ours.get(name, "NONE"), other.get(name, "NONE")} == {"NONE"}:
            continue
        yield Line(Part.ATTRIBUTE, name, _say(ours.get(name)), _say(other.get(name)),
                   both and not _same(ours[name], other[name]))


def _ports(part: Part, mine: Sequence[str], theirs: Sequence[str], golden: Graph | None,
           target: Graph | None) -> Iterator[Line]:
    for i in range(max(len(mine), len(theirs))):
        a = _value(golden, mine[i]) if i < len(mine) else ""
        b = _value(target, theirs[i]) if i < len(theirs) else ""
        yield Line(part, str(i), a, b)


def _outer(nodes: Sequence[Node]) -> list[str]:
    """Values that the nodes read and do not make themselves."""
    made = {o for n in nodes for o in n.outputs}
    return [v for n in nodes for v in n.inputs if v and v not in made]


def _value(graph: Graph | None, value: str) -> str:
    if graph is None:
        return value
    info = graph.info(value)
    shape = "?" if info.shape is None else "×".join("?" if d is None else str(d) for d in info.shape) or "1"
    kind = "" if info.dtype == "undefined" else f"{info.dtype.value} "
    return f"{value}  ({kind}{shape})"


def _weights(mine: Sequence[Node], theirs: Sequence[Node], golden: Graph | None,
             target: Graph | None) -> Iterator[Line]:
    ours, other = _held(mine, golden), _held(theirs, target)
    total = sum(w.nbytes for w in (*ours.values(), *other.values()))
    pairs = pair_up(_arrays(ours), _arrays(other)) if total <= _MOST_BYTES else []
    for g, t, a, b in pairs:
        found = difference((g, t), a, b)
        note = "" if found is None else f"  {found.kind} {found.error:.1e} {found.detail}".rstrip()
        yield Line(Part.WEIGHT, f"{a.dtype} {'×'.join(map(str, b.shape)) or '1'}", g, t + note, found is not None)
    told = {g for g, *_ in pairs}, {t for _, t, *_ in pairs}
    for name, weight in ours.items():
        if name not in told[0]:
            yield Line(Part.WEIGHT, _describe(weight), name, "")
    for name, weight in other.items():
        if name not in told[1]:
            yield Line(Part.WEIGHT, _describe(weight), "", name)


def _held(nodes: Sequence[Node], graph: Graph | None) -> dict[str, Weight]:
    weights: Mapping[str, Weight] = graph.weights if graph is not None else {}
    return {v: weights[v] for n in nodes for v in n.inputs if v in weights}


def _arrays(weights: Mapping[str, Weight]) -> dict[str, Array]:
    found = {}
    for name, weight in weights.items():
        array = _load(weight)
        if array is not None and array.dtype.kind in "fiub" and array.size:
            found[name] = array
    return found


def _constants(graph: Graph | None) -> Callable[[str], Array | None]:
    weights: Mapping[str, Weight] = graph.weights if graph is not None else {}

    def constant(value: str) -> Array | None:
        weight = weights.get(value)
        return _load(weight) if weight is not None and weight.nbytes <= _MOST_BYTES else None

    return constant


def _load(weight: Weight) -> Array | None:
    try:
        return load(weight)
    except DiagError:
        return None


def _describe(weight: Weight) -> str:
    return f"{weight.dtype.value} {'×'.join(map(str, weight.shape)) or '1'}"


def _same(a: object, b: object) -> bool:
    try:
        x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    except (ValueError, TypeError):
        return str(a) == str(b)
    return x.shape == y.shape and bool(np.allclose(x, y, rtol=1e-6, atol=0))


def _say(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, tuple | list | np.ndarray):
        return "[" + ", ".join(_say(v) for v in value) + "]"
    return str(value)
