"""The target on a foreign runtime: tensors of the whole run, and nodes on golden input, both as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from diag.cancel import Cancel
from diag.compare.lockstep import Batch, agreeing
from diag.runtimes.interface import Array, Session
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.workspace.captures import Captures, digest, named


class Observed:
    """One session of a foreign runtime, watched.

    Attributes:
        outputs: final outputs without taps, by caller-visible name.
        effect: largest absolute difference that the taps make to a final output (0.0: none), None if unknown.
    """

    def __init__(self, session: Session, graph: Graph, feeds: Mapping[str, Array], live: set[str],
                 captures: Captures, cancel: Cancel) -> None:
        self._session, self._graph, self._live = session, graph, live
        self._captures, self._cancel = captures, cancel
        self.outputs = self._once("outputs", lambda: session.run(feeds, cancel))
        values = [v for node in graph.nodes for v in node.outputs if v in live and not session.untappable(v)]
        seen = self._once("whole", lambda: session.observe(feeds, values, cancel))
        self.effect = max((_apart(self.outputs[n], seen[n]) for n in self.outputs if n in seen), default=None)
        finals = {o.name: self.outputs[n] for o, n in zip(graph.outputs, graph.output_names, strict=True)
                  if n in self.outputs}
        self._whole = {**finals, **{v: a for v, a in seen.items() if v in live}}

    def cumulative(self, value: str) -> Array | None:
        """The value of the whole run; None if it cannot be tapped."""
        return self._whole.get(value)

    def forget(self, values: Sequence[str]) -> None:
        """These values are judged; their memory may go."""
        for value in values:
            self._whole.pop(value, None)

    def isolate(self, batch: Batch) -> dict[str, Array]:
        """What each node of the batch writes on golden input."""
        found: dict[str, Array] = {}
        for nodes in agreeing(batch.nodes, batch.feeds):
            values = [v for n in nodes for v in self._graph.nodes[n].outputs
                      if v in self._live and not self._session.untappable(v)]
            feeds = {v: a for n in nodes for v in self._graph.nodes[n].inputs
                     if (a := batch.feeds.get((n, v))) is not None}
            if values:
                name = named(("own", *values, digest(feeds)))
                found.update(self._once(name, partial(self._session.isolate, values, feeds, self._cancel)))
        return found

    def _once(self, name: str, ask: Callable[[], dict[str, Array]]) -> dict[str, Array]:
        """What was captured under this name before a crash or a stop, else the answer now."""
        kept = self._captures.get(name)
        if kept is not None:
            return kept
        answer = ask()
        self._captures.put(name, answer)
        return answer

    def why_not(self, value: str) -> str:
        """Why a value was not seen; "" if it was or nobody knows."""
        return self._session.untappable(value)


def _apart(a: Array, b: Array) -> float:
    if a.shape != b.shape:
        return float("inf")
    if DType.of(a.dtype) is DType.STRING or a.dtype.kind in "biu":
        return float(np.any(a != b))
    with np.errstate(invalid="ignore"):
        gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
    gap[np.isnan(a) & np.isnan(b)] = 0
    return float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0))
