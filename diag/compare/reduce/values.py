"""Tensors of one side's whole run, by name: the model runs in pieces, and nothing but what was asked for is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from diag.cancel import Cancel
from diag.compare.sides import Side
from diag.compare.tape import Tape
from diag.errors import UsageError
from diag.formats import weights as weight_files
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.values import dtype_of, to_numpy
from diag.types.tensor import TensorInfo

_SEGMENT_BYTES = 64 * 2**20


class Values:
    """The values of a side that runs on ``feeds`` (by caller-visible name).

    ``infos``: element type and shape of every value that was computed so far.
    """

    def __init__(self, side: Side, feeds: Mapping[str, Array]) -> None:
        self._side, self._program = side, side.session.program
        self._given = side.session.bind(feeds)
        self._known = side.infos({n: a.shape for n, a in feeds.items()})
        self._writer = {v: i for i, step in enumerate(self._program.steps) for v in step.writes}
        self.infos: dict[str, TensorInfo] = {}

    def survey(self, cancel: Cancel) -> None:
        """Run everything that can run, for ``infos``."""
        self._play(range(len(self._program.steps)), frozenset(), cancel)

    def take(self, wanted: Iterable[str], cancel: Cancel) -> dict[str, Array]:
        """Copies of the wanted values; what they are computed from runs, and no more.

        Raises UsageError for a value that is no tensor or that nothing computes.
        """
        wanted = frozenset(wanted)
        held = {v: weight_files.load(self._program.weights[v]) for v in wanted if v in self._program.weights}
        found = {**self._play(sorted(self._needed(wanted)), wanted, cancel), **held}
        lost = next((v for v in sorted(wanted) if v not in found), None)
        if lost is not None:
            raise UsageError(f"The value '{lost}' cannot be recorded", where=f"in {self._side.path}",
                             hint="It is no plain tensor, or the runtime here cannot compute it: take another --layer")
        return found

    def _needed(self, wanted: Iterable[str]) -> set[int]:
        needed: set[int] = set()
        queue = list(wanted)
        while queue:
            step = self._writer.get(queue.pop())
            if step is not None and step not in needed:
                needed.add(step)
                queue += self._program.steps[step].reads
        return needed

    def _play(self, steps: Iterable[int], wanted: frozenset[str], cancel: Cancel) -> dict[str, Array]:
        tape = Tape(self._side.session.engine, list(steps), self._given, self._known, _SEGMENT_BYTES)
        found = self._keep(tape, wanted)
        while tape.position < len(tape) - 1:
            tape.advance(tape.position + 1, cancel)
            found.update(self._keep(tape, wanted))
            tape.release(lambda _: False)
        return found

    def _keep(self, tape: Tape, wanted: frozenset[str]) -> dict[str, Array]:
        for name, value in tape.values.items():
            if name not in self.infos and value.is_tensor():
                self.infos[name] = TensorInfo(name, dtype_of(value.element_type()), tuple(value.shape()))
        return {v: np.array(to_numpy(tape.values[v])) for v in wanted & tape.values.keys()
                if v in self.infos and not 0 < self.infos[v].dtype.bits < 8}
