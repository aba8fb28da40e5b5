"""The swap proxy: a pipeline's calls, each to the golden or the target side, remembered so that none is made twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError, ToolFailed
from diag.pipeline.calls import fitted
from diag.pipeline.models import Model, Pool, Side
from diag.pipeline.runners import widened
from diag.runtimes.interface import Array
from diag.types.tensor import TensorInfo
from diag.workspace.captures import Captures, digest


class SubmodelFailed(ToolFailed):
    """The target of one submodel cannot be loaded or run: its swaps have no result, the others go on."""

    def __init__(self, submodel: str, error: DiagError) -> None:
        super().__init__(error.message, where=error.where, hint=error.hint, log=getattr(error, "log", None))
        self.submodel = submodel
        self.exit_code = error.exit_code


@dataclass(frozen=True, slots=True)
class Recorded:
    """One call of the golden run: the submodel, which of its calls (from 0), what went in, what came out."""

    name: str
    number: int
    feeds: Mapping[str, Array]
    outputs: tuple[Array, ...]


class Memory:
    """Answers by submodel, side and the exact bits of the feeds, on disk: they survive a crash and save time.

    Only deterministic sides may be remembered; see ``distrust``.
    """

    def __init__(self, home: Path, keys: Mapping[tuple[str, Side], Mapping[str, str]]) -> None:
        """``keys`` say what the answers of each depend on; a changed key forgets that one's answers, and no others."""
        self._kept = {(name, side): Captures(home / f"{side.value}-{name}", key) for (name, side), key in keys.items()}
        self._trusted = {Side.GOLDEN: True, Side.TARGET: True}

    def distrust(self, side: Side) -> None:
        """Answers of this side differ from run to run: from now on it is asked each time."""
        self._trusted[side] = False

    def get(self, name: str, side: Side, key: str) -> list[Array] | None:
        """The remembered outputs."""
        if not self._trusted[side]:
            return None
        found = self._kept[name, side].get(key)
        return None if found is None else [np.array(found[str(i)]) for i in range(len(found))]

    def put(self, name: str, side: Side, key: str, outputs: Iterable[Array]) -> None:
        """Remember outputs."""
        if self._trusted[side]:
            self._kept[name, side].put(key, {str(i): a for i, a in enumerate(outputs)})


class Swapped:
    """A Caller whose submodels ``swapped`` run as their targets. Keeps no state but the calls it was told to record.

    ``fresh``: remembered golden answers are not used (the second golden run).
    """

    def __init__(self, models: Mapping[str, Model], pool: Pool, memory: Memory, swapped: Iterable[str],
                 cancel: Cancel, *, record: list[Recorded] | None = None, fresh: bool = False) -> None:
        self._models, self._pool, self._memory, self._cancel = models, pool, memory, cancel
        self._swapped = frozenset(swapped)
        self._record, self._fresh = record, fresh
        self.calls: dict[str, int] = {}

    def inputs(self, name: str) -> tuple[TensorInfo, ...]:
        """What the golden side wants: a pipeline is written for it."""
        return self._models[name].inputs

    def outputs(self, name: str) -> tuple[TensorInfo, ...]:
        """What the golden side gives."""
        return self._models[name].outputs

    def has(self, name: str) -> bool:
        """Whether the pipeline has it."""
        return name in self._models

    def __call__(self, name: str, feeds: Mapping[str, Array]) -> list[Array]:
        """Its outputs, computed or remembered."""
        self._cancel.check()
        given = fitted(name, feeds, self._models[name].inputs, halve=True)
        side = Side.TARGET if name in self._swapped else Side.GOLDEN
        outputs = widened(self.ask(name, side, given))
        number = self.calls.get(name, 0)
        self.calls[name] = number + 1
        if self._record is not None:
            self._record.append(Recorded(name, number, given, tuple(outputs)))
        return outputs

    def ask(self, name: str, side: Side, given: Mapping[str, Array]) -> list[Array]:
        """One side's answer to feeds that fit the golden side, in the types that it computed them in.

        Raises SubmodelFailed for a target that cannot.
        """
        key = digest(given)[:32]
        known = None if self._fresh else self._memory.get(name, side, key)
        if known is not None:
            return known
        outputs = self._pool.call(name, side, given) if side is Side.GOLDEN else self._asked(name, given)
        if not self._fresh:
            self._memory.put(name, side, key, outputs)
        return outputs

    def _asked(self, name: str, given: Mapping[str, Array]) -> list[Array]:
        try:
            return _arranged(name, self._pool.call(name, Side.TARGET, given), len(self._models[name].outputs))
        except Cancelled:
            raise
        except DiagError as error:
            self._pool.drop(name, Side.TARGET)
            raise SubmodelFailed(name, error) from error


def _arranged(name: str, found: list[Array], wanted: int) -> list[Array]:
    if len(found) != wanted:
        raise ToolFailed(f"The MindIR of {name} gave {len(found)} outputs, the ONNX has {wanted}",
                         hint="Convert the model again")
    return found
