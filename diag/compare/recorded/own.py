"""Golden nodes run again on what the device itself read: an operation's own error, without the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime as ort

from diag.compare.align.candidates import Neighbourhood
from diag.compare.sides import Side
from diag.errors import ToolFailed
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.types.tensor import TensorInfo

_MOST_NODES = 96


class Reruns:
    """Runs parts of the golden model on given tensors.

    ``inputs`` are the model's own inputs; they are used where a part reaches up to them.
    """

    def __init__(self, golden: Side, near: Neighbourhood, live: set[str], inputs: Mapping[str, ort.OrtValue],
                 infos: Mapping[str, TensorInfo]) -> None:
        self._side, self._near, self._live = golden, near, live
        self._inputs, self._infos = dict(inputs), infos
        program = golden.session.program
        self._step = {s.node: i for i, s in enumerate(program.steps)}
        self.constants = self._constants()

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """What ``wanted`` golden tensors are when ``feeds`` (golden tensor → its elements, in its shape) are given.

        Those that cannot be computed from the feeds, or only by a large part of the model, are missing.
        """
        nodes: set[int] = set()
        possible = []
        for tensor in wanted:
            between = self._near.between(feeds, tensor)
            if between and len(between) <= _MOST_NODES and self._complete(between, feeds):
                nodes.update(between)
                possible.append(tensor)
        if not possible:
            return {}
        values = {**self.constants, **self._inputs, **{g: to_ort(self._cast(g, a)) for g, a in feeds.items()}}
        steps = sorted(self._step[n] for n in nodes)
        try:
            found = self._side.session.engine.run(steps, values, possible)
        except (ToolFailed, KeyError):
            # Shapes that do not fit each other: the pairing is wrong, or the recording is of other inputs.
            return {}
        return {g: np.array(to_numpy(v)) for g, v in found.items() if v.is_tensor()}

    def reach(self, feeds: Mapping[str, Array], tensor: str) -> list[int]:
        """The golden nodes between the feeds and a tensor."""
        return self._near.between(feeds, tensor)

    def _complete(self, nodes: Sequence[int], feeds: Mapping[str, Array]) -> bool:
        program = self._side.session.program
        written = {v for n in nodes for v in program.steps[self._step[n]].writes}
        known = (written, feeds, self._inputs, self.constants)
        return all(any(v in k for k in known) for n in nodes for v in program.steps[self._step[n]].reads)

    def _cast(self, golden: str, array: Array) -> Array:
        info = self._infos.get(golden)
        if info is None or not info.dtype.bits:
            return array.astype(np.float32) if array.dtype.kind in "fV" else array
        with np.errstate(over="ignore", invalid="ignore"):
            return array.astype(info.dtype.numpy, copy=False)

    def _constants(self) -> dict[str, ort.OrtValue]:
        """Values that depend on no input and are not in the file: small computations on weights, run once."""
        program = self._side.session.program
        dead = [i for i, s in enumerate(program.steps) if s.writes and not any(v in self._live for v in s.writes)]
        wanted = {v for i in dead for v in program.steps[i].writes}
        read = {v for s in program.steps for v in s.reads if v in wanted}
        return self._side.session.engine.run(dead, {}, sorted(read)) if read else {}
