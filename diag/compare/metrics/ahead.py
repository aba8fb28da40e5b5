"""Large tensors on two cores: one core alone cannot read memory as fast as it delivers."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

from numpy.typing import NDArray

Pair = tuple[NDArray[Any], NDArray[Any]]
T = TypeVar("T")


def measured(pairs: Iterator[Pair], alone: int | None, measure: Callable[[NDArray[Any], NDArray[Any]], T],
             ) -> Iterator[tuple[Pair, T]]:
    """Each pair of pieces with its measure, in order.

    The first ``alone`` of them are measured one after the other, the others two at a time; None: all of them alone.
    """
    workers = min(2, os.cpu_count() or 1)
    for pair in pairs if alone is None or workers < 2 else islice(pairs, alone):
        yield pair, measure(*pair)
    if (first := next(pairs, None)) is None:
        return
    waiting: deque[tuple[Pair, Future[T]]] = deque()
    with ThreadPoolExecutor(workers, "metrics") as pool:
        for pair in chain([first], pairs):
            waiting.append((pair, pool.submit(measure, *pair)))
            if len(waiting) > 2 * workers:
                done, answer = waiting.popleft()
                yield done, answer.result()
        for done, answer in waiting:
            yield done, answer.result()
