"""From the one node outwards until the error shows; or, where no node is to blame, the shortest interval that fails."""

from __future__ import annotations

from collections.abc import Callable, Generator

from diag.cancel import Cancel
from diag.compare.reduce.answers import Answer
from diag.compare.reduce.regions import Region, around, between
from diag.compare.reduce.trial import Bench, Piece
from diag.events import Event, Progress
from diag.types.metrics import Metrics

Found = Generator[Event, None, Piece | None]


def grow(bench: Bench, focus: Answer, recorded: Metrics | None, start: int, hidden: frozenset[str],
         cancel: Cancel) -> Found:
    """The smallest neighbourhood of the focus, from ``start`` hops on, that shows its error.

    Doubled until it does, up to the whole model, then narrowed between the last two sizes. ``hidden`` values cannot
    be outputs of a part. None if not even the whole model shows it.
    """
    wiring = bench.target_wiring

    def region(hops: int) -> Region:
        return around(wiring, focus.value, hops, bench.answers.keys(), hidden)

    low, hops = start - 1, start
    before: Region | None = None
    while True:
        one = region(hops)
        if before is not None and one.nodes == before.nodes and one.outs == before.outs:
            return None  # it grew no more: this was the whole
        yield _progress(bench, one)
        piece = bench.show(one, focus, recorded, cancel)
        if piece is not None:
            break
        low, before, hops = hops, one, max(1, 2 * hops)
    while hops - low > 1:
        middle = (low + hops) // 2
        yield _progress(bench, region(middle))
        smaller = bench.show(region(middle), focus, recorded, cancel)
        if smaller is None:
            low = middle
        else:
            piece, hops = smaller, middle
    return piece


def bisect(bench: Bench, output: Answer, cancel: Cancel) -> Found:
    """The shortest interval of target nodes that fails at its end when its start is given golden tensors.

    First the latest start from which ``output`` still fails, then the earliest end that fails from that start.
    Whether shorter intervals fail need not be monotonous: what is given back does fail, in every case.
    """
    wiring, answered = bench.target_wiring, bench.answers.keys()
    nodes = sorted(wiring.back([output.value], ()))
    if not nodes:
        return None
    found: dict[int, Piece] = {}

    def fails(at: int, make: Callable[[int], tuple[Region, Answer]]) -> Found:
        region, end = make(at)
        yield _progress(bench, region)
        piece = bench.show(region, end, None, cancel)
        if piece is not None:
            found[at] = piece
        return piece

    def starting(at: int) -> tuple[Region, Answer]:
        return between(wiring, nodes[at], output.value, answered), output

    if (yield from fails(0, starting)) is None:
        return None
    start = yield from _latest(len(nodes), lambda at: fails(at, starting))
    piece = found[start]
    first = nodes[start]
    ends = [bench.answers[v] for n in piece.region.nodes for v in wiring.graph.nodes[n].outputs
            if v in answered and v in wiring.data and v != output.value]
    found.clear()

    def ending(at: int) -> tuple[Region, Answer]:
        return between(wiring, first, ends[-1 - at].value, answered), ends[-1 - at]

    # Counted from the back: the furthest step back that still fails.
    if ends and (yield from fails(0, ending)) is not None:
        back = yield from _latest(len(ends), lambda at: fails(at, ending))
        piece = found[back]
    return piece


def _latest(count: int, fails: Callable[[int], Found]) -> Generator[Event, None, int]:
    """The last index below ``count`` that fails, where 0 does."""
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        if (yield from fails(middle)) is not None:
            low = middle
        else:
            high = middle
    return low


def _progress(bench: Bench, region: Region) -> Progress:
    return Progress("Trying smaller models", len(bench.attempts), 0, f"tried; now {len(region.nodes):,} nodes")
