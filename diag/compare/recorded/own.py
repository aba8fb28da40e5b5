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
from diag.types.graph import Node
from diag.types.tensor import TensorInfo

_MOST_NODES = 96


class Reruns:
    """Runs parts of the golden model on given tensors.

    ``inputs`` are the model's own inputs; they are used where a part reaches up to them.
    """

    def __init__(self, golden: Side, near: Neighbourhood, constants: Mapping[str, ort.OrtValue],
                 inputs: Mapping[str, ort.OrtValue], infos: Mapping[str, TensorInfo]) -> None:
        self._side, self._near, self._constants = golden, near, constants
        self._inputs, self._infos = dict(inputs), infos
        program = golden.session.program
        self._step = {s.node: i for i, s in enumerate(program.steps)}

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
        values = {**self._constants, **self._inputs, **{g: to_ort(self._cast(g, a)) for g, a in feeds.items()}}
        steps = sorted(self._step[n] for n in nodes)
        try:
            found = self._side.session.engine.run(steps, values, possible)
        except (ToolFailed, KeyError):
            # Shapes that do not fit each other: the pairing is wrong, or the recording is of other inputs.
            return {}
        return {g: to_numpy(v) for g, v in found.items() if v.is_tensor()}

    def takes(self, golden: str, array: Array) -> bool:
        """Whether these can be elements of a golden tensor: quantised ones cannot be those of a float."""
        info = self._infos.get(golden)
        return info is None or not info.dtype.is_float or array.dtype.kind in "fV"

    def reach(self, feeds: Mapping[str, Array], tensor: str) -> list[int]:
        """The golden nodes between the feeds and a tensor."""
        return self._near.between(feeds, tensor)

    def _complete(self, nodes: Sequence[int], feeds: Mapping[str, Array]) -> bool:
        program = self._side.session.program
        written = {v for n in nodes for v in program.steps[self._step[n]].writes}
        known = (written, feeds, self._inputs, self._constants)
        return all(any(v in k for k in known) for n in nodes for v in program.steps[self._step[n]].reads)

    def _cast(self, golden: str, array: Array) -> Array:
        info = self._infos.get(golden)
        if info is None or not info.dtype.bits:
            return array.astype(np.float32) if array.dtype.kind in "fV" else array
        with np.errstate(over="ignore", invalid="ignore"):
            return array.astype(info.dtype.numpy, copy=False)


def constants(golden: Side, live: set[str], infos: Mapping[str, TensorInfo]) -> dict[str, ort.OrtValue]:
    """Values that do not depend on the elements of the inputs, computed once.

    Small computations on weights, and everything that is made of shapes: with the inputs' shapes given, the compiler
    folds both, and the device never computes them.
    """
    program = golden.session.program
    found: dict[str, ort.OrtValue] = {}
    chosen: list[int] = []
    known: set[str] = set()
    for i, step in enumerate(program.steps):
        node = golden.graph.nodes[step.node]
        if node.op == "Shape" and not node.domain and step.reads and step.reads[0] in live:
            shape = infos[step.reads[0]].static_shape if step.reads[0] in infos else None
            if shape is not None:
                found[step.writes[0]] = to_ort(np.array(_part(shape, node), np.int64))
                known.update(step.writes)
        elif step.writes and not step.problem and all(r not in live or r in known for r in step.reads) and (
                not any(v in live for v in step.writes) or any(r in known for r in step.reads)):
            chosen.append(i)
            known.update(step.writes)
    wanted = sorted({r for s in program.steps for r in s.reads if r in known and r not in found})
    return {**found, **_run(golden, chosen, found, wanted)}


def _run(golden: Side, steps: Sequence[int], values: Mapping[str, ort.OrtValue],
                wanted: Sequence[str]) -> dict[str, ort.OrtValue]:
    """These steps, in one run; nothing where nothing is wanted."""
    return golden.session.engine.run(steps, values, wanted) if wanted else {}


def _part(shape: tuple[int, ...], node: Node) -> tuple[int, ...]:
    """What a Shape node gives: its attributes start and end cut it."""
    start, end = node.attributes.get("start", 0), node.attributes.get("end", len(shape))
    return shape[int(start) if isinstance(start, int) else 0:int(end) if isinstance(end, int) else len(shape)]
