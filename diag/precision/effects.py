"""How far each layer alone, in the narrow type, moves the final outputs: by bisection.

Rounding errors of different layers are as good as independent, so their squares add up. A group of layers whose
effect is small is not split any further: each of its layers gets an equal part. A group that makes something not
finite is always split, down to the layers that do it.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from diag.cancel import Cancel
from diag.events import Progress
from diag.precision.layers import Layer
from diag.precision.trials import Trials

_SMALL = 0.02
"""Share of the whole squared effect below which a group is not split."""


@dataclass(frozen=True, slots=True)
class Effect:
    """``error``: relative L2 error of the worst output over what is wanted of it; ``share``: a part of a group's."""

    error: float
    excess: float
    share: bool = False


def effects(trials: Trials, layers: Sequence[Layer], runs: int,
            cancel: Cancel) -> Generator[Progress, None, dict[int, Effect]]:
    """The effect of each layer (by position) that computes something; at most about ``runs`` runs of the model."""
    chosen = [i for i, layer in enumerate(layers) if not layer.moves]
    if not chosen:
        return {}
    result: dict[int, Effect] = {}
    heap: list[tuple[float, int, list[int]]] = []
    start = trials.count
    whole = 0.0

    def measure(group: list[int]) -> None:
        nonlocal whole
        found = trials.narrow(group, cancel)
        if len(group) == 1 or found.excess == 0:
            result.update(dict.fromkeys(group, Effect(found.error, found.excess)))
            return
        if not math.isinf(found.excess):
            whole = max(whole, found.excess ** 2)
        heapq.heappush(heap, (-found.excess, group[0], group))
        result.update(dict.fromkeys(group, Effect(found.error / math.sqrt(len(group)),
                                                  found.excess / math.sqrt(len(group)), share=True)))

    measure(chosen)
    while heap:
        worst, _, group = heapq.heappop(heap)
        done = trials.count - start
        if not math.isinf(worst) and (worst ** 2 <= _SMALL / 4 * whole or done >= runs):
            break
        yield Progress("Effect of each layer on the outputs", min(done, runs), runs, "runs")
        middle = len(group) // 2
        measure(group[:middle])
        measure(group[middle:])
    return result
