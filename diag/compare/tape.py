"""Golden and target tensors that come segment by segment and are held only while somebody needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import onnxruntime as ort

from diag.cancel import Cancel
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.runtimes.program import Step
from diag.types.tensor import TensorInfo, Weight
from diag.workspace.golden import GoldenCache

_UNKNOWN_BYTES = 256 * 1024


class Tape:
    """Runs a program from its first step to its last, in segments of about ``segment_bytes`` of outputs.

    Attributes:
        position: index of the last step in ``order`` that has run; -1 at the start.
        values: tensors held now, by value name.
        made_bytes: bytes of all tensors that were computed so far.
        filled: values of steps that cannot run, taken from ``substitute`` so that the rest goes on.
    """

    def __init__(self, engine: Engine, order: Sequence[int], feeds: Mapping[str, ort.OrtValue],
                 infos: Mapping[str, TensorInfo], segment_bytes: int, *, cache: GoldenCache | None = None,
                 substitute: Callable[[str], Array | None] | None = None) -> None:
        self._engine = engine
        self._cache, self._substitute = cache, substitute
        self._order = order
        self._sizes = [sum(_bytes(infos.get(v)) for v in engine.program.steps[i].writes) for i in order]
        self._budget = segment_bytes
        self._last_use = _last_uses(engine, order)
        self._blocked: set[str] = set()
        self.values: dict[str, ort.OrtValue] = dict(feeds)
        self.position = -1
        self.made_bytes = 0
        self._views: dict[str, Array] = {}
        self.filled: list[str] = []

    @property
    def weights(self) -> Mapping[str, Weight]:
        """Constants of the program."""
        return self._engine.program.weights

    def __len__(self) -> int:
        return len(self._order)

    def advance(self, position: int, cancel: Cancel) -> list[int]:
        """Run whole segments until ``position`` is reached; returns the steps that ran now."""
        ran: list[int] = []
        while self.position < min(position, len(self._order) - 1):
            cancel.check()
            end = self._segment_end()
            ran += self.run(self._order[self.position + 1:end])
            self.position = end - 1
        return ran

    def run(self, steps: Sequence[int]) -> list[int]:
        """Run these steps as one segment (the caller keeps the order); all that they write is held."""
        program = self._engine.program
        todo: list[int] = []
        ready: list[int] = []
        for i in steps:
            step = program.steps[i]
            if step.problem and self._filled_in(step):
                # What comes before the gap must be there when the next node runs.
                self._execute(todo)
                todo = []
                self._fill(step)
            elif step.problem or any(v in self._blocked for v in step.reads):
                self._blocked.update(step.writes)
            else:
                todo.append(i)
                ready.append(i)
        self._execute(todo)
        return ready

    def _execute(self, steps: Sequence[int]) -> None:
        program = self._engine.program
        wanted = [v for i in steps for v in program.steps[i].writes]
        made = self._cached(wanted)
        if made is None:
            made = self._engine.run(steps, self.values, wanted)
            if self._cache is not None:
                self._cache.put({v: to_numpy(o) for v, o in made.items() if o.is_tensor()})
        self.made_bytes += sum(v.tensor_size_in_bytes() for v in made.values() if v.is_tensor())
        self.values.update(made)

    def _cached(self, wanted: Sequence[str]) -> dict[str, ort.OrtValue] | None:
        if self._cache is None or not self._cache.complete:
            return None
        found = {v: self._cache.get(v) for v in wanted}
        return None if any(a is None for a in found.values()) else {v: to_ort(a) for v, a in found.items()
                                                                   if a is not None}

    def _filled_in(self, step: Step) -> bool:
        return self._substitute is not None and all(self._substitute(v) is not None for v in step.writes)

    def _fill(self, step: Step) -> None:
        for value in step.writes:
            array = self._substitute(value) if self._substitute is not None else None
            if array is not None:
                self.values[value] = to_ort(array)
                self.filled.append(value)

    def array(self, value: str) -> Array | None:
        """A held tensor's elements (valid until it is released); None if it is not held or not a tensor."""
        view = self._views.get(value)
        if view is not None:
            return view
        held = self.values.get(value)
        if held is None or not held.is_tensor():
            return None
        view = self._views[value] = to_numpy(held)
        return view

    def replace(self, value: str, array: Array) -> None:
        """Put other elements in a held tensor's place: later steps read these."""
        self.values[value] = to_ort(array)
        self._views.pop(value, None)

    def release(self, keep: Callable[[str], bool], position: int | None = None) -> None:
        """Drop what neither a later step nor ``keep`` needs; ``position`` if the caller runs the steps itself."""
        here = self.position if position is None else position
        gone = [v for v in self.values if self._last_use.get(v, -1) <= here and not keep(v)]
        for value in gone:
            del self.values[value]
            self._views.pop(value, None)

    def _segment_end(self) -> int:
        end, total = self.position + 1, 0
        while end < len(self._order) and (total == 0 or total + self._sizes[end] <= self._budget):
            total += self._sizes[end]
            end += 1
        return end


def chunks(sizes: Iterable[int], budget: int) -> list[range]:
    """Consecutive index ranges whose sizes add up to about ``budget``; a single larger item stands alone."""
    result: list[range] = []
    start, total, count = 0, 0, 0
    for i, size in enumerate(sizes):
        if i > start and total + size > budget:
            result.append(range(start, i))
            start, total = i, 0
        total += size
        count = i + 1
    if count > start:
        result.append(range(start, count))
    return result


def _bytes(info: TensorInfo | None) -> int:
    shape = info.static_shape if info is not None else None
    if info is None or shape is None:
        return _UNKNOWN_BYTES
    size = 1
    for d in shape:
        size *= d
    return info.dtype.nbytes(size)


def step_bytes(engine: Engine, infos: Mapping[str, TensorInfo], step: int) -> int:
    """Bytes that a step's outputs are expected to take."""
    return sum(_bytes(infos.get(v)) for v in engine.program.steps[step].writes)


def _last_uses(engine: Engine, order: Sequence[int]) -> dict[str, int]:
    last: dict[str, int] = {}
    for position, i in enumerate(order):
        for value in engine.program.steps[i].reads:
            last[value] = position
    return last
