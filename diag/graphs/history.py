"""What happened to one original node, from stage to stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from diag.graphs.view import View, ViewNode


class Event(StrEnum):
    """What a stage did to the node."""

    FIRST = "first"
    FUSED = "fused"
    SPLIT = "split"
    RENAMED = "renamed"
    OP = "op"
    TENSOR = "tensor"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. ``nodes`` do the node's work from this stage on; ``with_`` were fused with it."""

    stage: str
    event: Event
    text: str
    nodes: tuple[str, ...] = ()
    with_: tuple[str, ...] = ()


def history(stages: Iterable[tuple[str, View]], name: str) -> Iterator[Step]:
    """Steps of an original node's life; stages in which nothing happened are left out. Nothing if no stage knows it."""
    before: tuple[ViewNode, ...] = ()
    for stage, view in stages:
        now = view.holders.get(name, ())
        if not now and name in view.by_name:
            now = (view.by_name[name],)
        if now:
            yield from _steps(stage, name, before, now)
            before = now
        elif before:
            yield Step(stage, Event.GONE, "")
            before = ()


def line(name: str, steps: Sequence[Step]) -> str:
    """The whole life in one line."""
    if not steps:
        return f"{name}: in none of the graphs"
    return f"{name}: " + "  →  ".join(f"[{s.stage}] {s.text or s.event.value}" for s in steps)


def _steps(stage: str, name: str, before: tuple[ViewNode, ...], now: tuple[ViewNode, ...]) -> Iterator[Step]:
    names = tuple(n.name for n in now)
    if not before:
        yield Step(stage, Event.FIRST, _told(now[0]), names, _others(name, now))
        return
    if len(now) > len(before):
        yield Step(stage, Event.SPLIT, f"split into {', '.join(names)}", names)
        return
    joined = tuple(o for o in _others(name, now) if o not in _others(name, before))
    if joined:
        yield Step(stage, Event.FUSED, f"fused with {', '.join(joined)} into {names[0]} ({now[0].op})", names, joined)
        return
    if names != tuple(n.name for n in before):
        yield Step(stage, Event.RENAMED, f"called {', '.join(names)}", names)
    if now[0].op != before[0].op:
        yield Step(stage, Event.OP, f"{before[0].op} becomes {now[0].op}", names)
    first, second = before[0].outputs[:1], now[0].outputs[:1]
    if first and second and first != second:
        yield Step(stage, Event.TENSOR, f"{first[0]} becomes {second[0]}", names)


def _others(name: str, nodes: Sequence[ViewNode]) -> tuple[str, ...]:
    return tuple(sorted({o for n in nodes for o in n.stands_for if o != name}))


def _told(node: ViewNode) -> str:
    tensor = f" {node.outputs[0]}" if node.outputs else ""
    return f"{node.op}{tensor}"
