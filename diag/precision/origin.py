"""Where NaN comes from: the nearest value before it that the narrow type cannot hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from diag.formats import weights as weight_files
from diag.runtimes.program import Program
from diag.types.metrics import NAN
from diag.types.precision import LayerRow, Origin


def first_nan(program: Program, rows: Sequence[LayerRow], inputs: Mapping[str, int]) -> Origin | None:
    """The first layer with NaN that float32 has not, and its source. ``inputs``: elements that overflow, by input."""
    bad = next((r for r in rows if r.lost.nan), None)
    if bad is None:
        return None
    by_tensor = {r.tensor: r for r in rows}
    before: dict[str, str] = {}
    queue = deque([bad.tensor])
    while queue:
        tensor = queue.popleft()
        found = _source(program, by_tensor.get(tensor), tensor, inputs)
        if found is not None:
            return Origin(bad.node, bad.op, bad.tensor, bad.lost.nan, found[0], found[1],
                          _path(program, tensor, before))
        node = program.graph.producers.get(tensor)
        for value in program.graph.nodes[node].inputs if node is not None else ():
            if value and value not in before and value != bad.tensor and value not in program.weights:
                before[value] = tensor
                queue.append(value)
    return Origin(bad.node, bad.op, bad.tensor, bad.lost.nan, "", NAN, (bad.node,))


def _source(program: Program, row: LayerRow | None, tensor: str,
            inputs: Mapping[str, int]) -> tuple[str, float] | None:
    if inputs.get(tensor):
        return tensor, NAN
    if row is None:
        return None
    for lost in row.weights:
        if lost.lost.overflow:
            return lost.name, constant(program, lost.name)
    return (row.node, NAN) if row.lost.overflow else None


def constant(program: Program, name: str) -> float:
    """The element of largest magnitude of a weight."""
    array = weight_files.load(program.weights[name]).reshape(-1)
    finite = array[np.isfinite(array)]
    return float(finite[np.argmax(np.abs(finite))]) if finite.size else NAN


def _path(program: Program, tensor: str, before: Mapping[str, str]) -> tuple[str, ...]:
    names = []
    current: str | None = tensor
    while current is not None:
        node = program.graph.producers.get(current)
        names.append(program.graph.nodes[node].name if node is not None else current)
        current = before.get(current)
    return tuple(dict.fromkeys(names))
