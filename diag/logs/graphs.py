"""Names in logs to nodes of a model, or of what the compiler made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from diag.graphs import View, ViewNode
from diag.logs.diagnosis import Linked, LogDiagnosis

_SUFFIX = re.compile(r"(?:_ascend_mbatch_batch_\d+|_(?:pre|post|trans)_?\w*\d+|_\d+|\.\d+)$")
_WRAPPED = re.compile(r"^(?:Default/|-?\d+_\d+_(?:\d+_)?|te_|graph_\d+_)+|(?:-op\d+|__kernel\d+)$")


def link(diagnosis: LogDiagnosis, graphs: Sequence[View]) -> tuple[Linked, ...]:
    """Nodes of the graphs that the diagnosis names, the cause's first."""
    names = dict.fromkeys(name for cause in diagnosis.chain for name in _names(cause.finding.values))
    found = (_find(name, graph) for name in names for graph in graphs)
    return tuple(linked for linked in found if linked is not None)


def _names(values: Mapping[str, object]) -> Iterable[str]:
    return (str(values[key]) for key in ("node", "path", "kernel", "op") if values.get(key))


def _find(name: str, graph: View) -> Linked | None:
    bare = name
    for step in range(6):
        node = graph.by_name.get(bare) or _fused(bare, graph) or _by_tail(bare, graph.nodes)
        if node is not None:
            return Linked(name, node.name, node.op, graph.name, step == 0 and bare == node.name)
        shorter = _WRAPPED.sub("", bare) if step == 0 else _SUFFIX.sub("", bare)
        if shorter == bare and step > 0:
            break
        bare = shorter
    only = [node for node in graph.nodes if node.op == name]
    return Linked(name, only[0].name, only[0].op, graph.name, False) if len(only) == 1 else None


def _fused(name: str, graph: View) -> ViewNode | None:
    """The one compiled operation that does an original node's work."""
    found = graph.holders.get(name, ())
    return found[0] if len(found) == 1 else None


def _by_tail(name: str, nodes: Sequence[ViewNode]) -> ViewNode | None:
    if len(name) < 4:
        return None
    ends = [node for node in nodes if node.name.endswith("/" + name) or name.endswith("/" + node.name)]
    return ends[0] if len(ends) == 1 else None
