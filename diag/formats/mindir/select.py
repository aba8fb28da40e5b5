"""Which values a runtime can show, and which nodes a piece of a graph needs to run alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diag.errors import UsageError
from diag.formats.mindir.flow import Entry
from diag.formats.mindir.work import Work
from diag.types.graph import Graph

SHAPE_OPS = frozenset({"Shape", "DynamicShape", "TensorShape", "Rank", "Size", "DynSize"})
"""Operators that read only their input's shape: MindSpore Lite folds what follows from them before it runs."""

CALLS = frozenset({"Call", "CallClosure", "Partial", "Switch", "SwitchLayer"})


def untappable(graph: Graph) -> Mapping[str, str]:
    """Node outputs that must not become model outputs, with the reason.

    MindSpore Lite computes shapes and constants when it builds the model and shows memory garbage if such a value is
    made an output (measured with 2.0.0); integer values that depend on data are fine.
    """
    live = _depend_on_data(graph)
    reasons: dict[str, str] = {}
    taken = {v for node in graph.nodes for v in node.inputs} | {o.name for o in graph.outputs}
    for node in graph.nodes:
        for i, value in enumerate(node.outputs):
            if node.op == "MakeTuple":
                reasons[value] = "it is a tuple of tensors"
            elif node.op in ("Partial", "Switch", "SwitchLayer"):
                reasons[value] = "it is a function, not a tensor"
            elif node.op == "Constant" or (value not in live and node.op not in SHAPE_OPS and not node.inputs):
                reasons[value] = "it is a constant"
            elif value not in live:
                reasons[value] = "it depends on shapes and constants only, and is computed before the model runs"
            elif value not in taken and value.endswith(f"[{i}]"):
                reasons[value] = "nothing in the file takes this output of its node"
    return reasons


def _depend_on_data(graph: Graph) -> set[str]:
    live = {i.name for i in graph.inputs}
    for node in graph.nodes:
        if node.op not in SHAPE_OPS and any(v in live for v in node.inputs):
            live.update(node.outputs)
    return live


def refuse_untappable(work: Work, values: Sequence[str]) -> None:
    """Raise UsageError if one of the values cannot be shown."""
    reasons = untappable(work.graph)
    for value in values:
        if value in reasons:
            raise UsageError(f"The value {value!r} cannot be an output: {reasons[value]}", where=work.where,
                             hint="Leave it out: untappable() lists all such values.")


@dataclass(slots=True)
class Selection:
    """What a piece of a graph consists of: values of nodes and constants, of parameters, and those to be fed.

    ``fed`` is in the order of first use.
    """

    nodes: set[str] = field(default_factory=set)
    weights: set[str] = field(default_factory=set)
    fed: dict[str, None] = field(default_factory=dict)


def select(work: Work, chosen: Iterable[Entry], stop: Collection[str] | None = None) -> Selection:
    """The nodes, what they need of constants and shape computations, and the values to be fed.

    ``stop``: only these values (and the graph's inputs) are fed, and whatever computes from them is selected too;
    None: every value that the chosen nodes read.
    """
    flow, selection = work.flow, Selection()
    ends = None if stop is None else {flow.resolve(v) for v in stop}
    live = _depend_on_data(work.graph)
    waiting = list(chosen)
    while waiting:
        entry = waiting.pop(0)
        if entry.value in selection.nodes:
            continue
        selection.nodes.add(entry.value)
        _refuse_calls(work, entry)
        for value in map(flow.resolve, entry.inputs):
            producer = flow.entries.get(value)
            if value in work.graph.weights and value not in flow.constants:
                selection.weights.add(value)
            elif producer is not None and (value not in live or (ends is not None and value not in ends)
                                           or _inseparable(work, entry, producer)):
                waiting.append(producer)
            elif value in live:
                selection.fed[value] = None
            else:
                selection.nodes.add(value)  # a constant
    return selection


def _inseparable(work: Work, entry: Entry, producer: Entry) -> bool:
    """Whether what lies between the two is a tuple, which cannot be fed."""
    return producer.op == "MakeTuple" or (entry.op == "TupleGetItem" and producer.value in work.flow.parts)


def _refuse_calls(work: Work, entry: Entry) -> None:
    if entry.op in CALLS or any(work.flow.resolve(v) in work.flow.monads for v in entry.inputs):
        raise UsageError(f"The node of {entry.value!r} ({entry.op}) calls a function or has side effects, "
                         "and cannot run alone", where=work.where, hint="Leave it out.")
