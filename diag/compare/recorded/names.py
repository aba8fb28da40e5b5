"""From a device operation's name to the golden nodes that it does the work of.

The compiler calls a fused operation by the names of its parts, one after the other; file names have '_' for some
characters. Where its own list of parts is known, that list decides and no name is taken apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from diag.compare.align.names import spellings
from diag.compare.recorded.device import plain_name
from diag.types.graph import Graph

_MOST_PARTS = 40


class Names:
    """Names of one golden graph's nodes."""

    def __init__(self, golden: Graph) -> None:
        self._graph = golden
        self._exact = {node.name: i for i, node in enumerate(golden.nodes)}
        self._plain: dict[str, list[int]] = {}
        for i, node in enumerate(golden.nodes):
            self._plain.setdefault(plain_name(node.name), []).append(i)
        self._lengths = sorted({len(n) for n in self._plain}, reverse=True)
        self._tensors = golden.producers
        self.inputs = {n: i.name for i, n in zip(golden.inputs, golden.input_names, strict=True)}

    def one(self, name: str) -> int | None:
        """The node of this name, in any spelling; None where none or several fit."""
        for spelling in spellings(name):
            if spelling in self._exact:
                return self._exact[spelling]
            found = self._plain.get(plain_name(spelling), [])
            if len(found) == 1:
                return found[0]
            if spelling in self._tensors:
                return self._tensors[spelling]
        return None

    def several(self, names: Sequence[str]) -> list[int]:
        """Nodes of these names, in running order; names that the golden graph does not have are left out."""
        found = {i for i in map(self.one, names) if i is not None}
        return sorted(found)

    def parts(self, name: str) -> list[int]:
        """The nodes whose names, one after the other, make up this name; empty where it cannot be cut that way."""
        whole = self.one(name)
        if whole is not None:
            return [whole]
        cut = self._cut(plain_name(name))
        return cut if len(cut) > 1 and self._connected(cut) else []

    def _cut(self, text: str) -> list[int]:
        """The cut with the fewest parts."""
        best: dict[int, list[int]] = {0: []}
        for at in range(len(text)):
            if at not in best or len(best[at]) >= _MOST_PARTS:
                continue
            for length in self._lengths:
                nodes = self._plain.get(text[at:at + length], []) if at + length <= len(text) else []
                for node in nodes[:1] if len(nodes) == 1 else ():
                    longer = [*best[at], node]
                    known = best.get(at + length)
                    if known is None or len(longer) < len(known):
                        best[at + length] = longer
        return sorted(best.get(len(text), []))

    def _connected(self, nodes: Sequence[int]) -> bool:
        """Whether each node but the first reads what another of them writes, or is read by one."""
        written = {v: i for i in nodes for v in self._graph.nodes[i].outputs}
        linked = {i for i in nodes for v in self._graph.nodes[i].inputs if v in written}
        linked |= {written[v] for i in nodes for v in self._graph.nodes[i].inputs if v in written}
        return all(i in linked for i in nodes)
