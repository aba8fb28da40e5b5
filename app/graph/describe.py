"""What is told of a node or a scope: in tool tips, and in the line below the graphs."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QObject

from app.graph.model import GraphModel
from app.graph.overlay import DIFFERENCES, Links, State
from diag.compare.reasons import reason
from diag.report.catalogues import labels
from diag.report.numbers import error, gate
from diag.rules import Lang
from diag.types.graph import Node
from diag.types.layer import LayerResult, MappingKind
from diag.types.tensor import TensorInfo

_MOST_NAMES = 4


class Describer(QObject):
    """Sentences in the user's language."""

    def __init__(self, lang: Lang, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lang, self._labels = lang, labels(lang)
        self._differences = False

    def set_differences(self, differences: bool) -> None:
        """Whether states are what a pass did, not verdicts."""
        self._differences = differences

    def legend(self) -> list[tuple[State, str]]:
        """The states of the present kind, the most alarming first."""
        words = self.states()
        if self._differences:
            return [(state, words[state]) for state in (*DIFFERENCES, State.NONE)]
        return [(state, words[state]) for state in sorted(words, reverse=True) if state not in DIFFERENCES]

    def states(self) -> dict[State, str]:
        """The states in words."""
        verdict = self._labels["verdict"]
        if self._differences:
            return {State.REMOVED: self.tr("removed"), State.ADDED: self.tr("added"),
                    State.FUSED: self.tr("fused or split"), State.CHANGED: self.tr("changed"),
                    **dict.fromkeys(set(State) - set(DIFFERENCES), self.tr("unchanged"))}
        return {State.FAIL: verdict["fail"], State.WATCH: verdict["watch"], State.PASS: verdict["pass"],
                State.UNMAPPED: self.tr("no counterpart"), State.INCOMPARABLE: verdict["not_comparable"],
                State.INSIDE: self.tr("inside a fused node"), State.NONE: self.tr("not compared"),
                **dict.fromkeys(DIFFERENCES, "")}

    def tip(self, model: GraphModel, item: int) -> str:
        """All that is known of an item, as rich text."""
        head = f"<b>{escape(self._kind(model, item))}</b><br>{escape(model.name(item))}"
        lines = [head, *map(escape, self._facts(model, item))]
        return "<p style='white-space:pre'>" + "<br>".join(lines) + "</p>"

    def counterpart(self, model: GraphModel, item: int, other: GraphModel | None, links: Links) -> str:
        """Who answers an item on the other side; said plainly where nobody does."""
        if other is None or item < 0:
            return ""
        if not model.is_scope(item) and not model.is_node(item):
            return ""
        nodes = model.nodes_in(item).tolist()
        if model.is_node(item) and item >= model.first_body:
            holder = model.name(model.outer([item])[0])
            return self.tr("Runs inside {name}, which is compared as a whole").format(name=holder)
        answer = links.across(model.side, nodes)
        if model.is_scope(item):
            linked = sum(bool(links.across(model.side, [n])) for n in nodes)
            return self.tr("{linked} of {count} nodes have a counterpart").format(linked=linked, count=len(nodes))
        if not answer:
            missing = model.overlay.reasons.get(item)
            if model.overlay.state[item] == State.NONE and not self._differences:
                return self.tr("No counterpart: not compared (folded away, or without a tensor)")
            why = reason(missing, self._lang) if missing else model.overlay.notes.get(item, "")
            return self.tr("No counterpart") + (f": {why}" if why else "")
        names = ", ".join(other.name(n) for n in answer[:_MOST_NAMES])
        more = len(answer) - _MOST_NAMES
        names += self.tr(" and {count} more").format(count=more) if more > 0 else ""
        group = len(links.group(model.side, [item]))
        if model.overlay.state[item] == State.INSIDE:
            return self.tr("Computed inside {names}; that gives no tensor for it").format(names=names)
        if group > 1:
            return self.tr("{names}, which does the work of {count} nodes").format(names=names, count=group)
        return names

    def short(self, model: GraphModel, item: int) -> str:
        """One line: what it is, its name and its state."""
        state = self.states()[State(int(model.worst[item]))]
        rows = self._rows(model, item)
        text = f"{self._kind(model, item)} · {model.name(item)}"
        if model.is_node(item):
            text += f" · {state}"
        told = self._errors(rows[-1]) if rows else ""
        return text + (f" · {told}" if told else "")

    def _kind(self, model: GraphModel, item: int) -> str:
        if model.is_node(item):
            return model.graph.nodes[item].op
        if model.is_scope(item):
            return self.tr("Scope with {count} nodes").format(count=f"{int(model.leaves[item]):,}")
        return self.tr("Input") if item < model.first_output else self.tr("Output")

    def _facts(self, model: GraphModel, item: int) -> list[str]:
        states = self.states()
        if model.is_scope(item):
            held = model.states[item]
            return [f"{states[s]}: {int(held[s]):,}" for s in reversed(State) if held[s] and s != State.NONE]
        if not model.is_node(item):
            at = item - model.first_input
            every = (*model.graph.inputs, *model.graph.outputs)
            return [_tensor(every[at])]
        node, found = model.graph.nodes[item], []
        found += [f"{self.tr('gives')} {_tensor(model.graph.info(value))}" for value in node.outputs[:3] if value]
        found.append(states[State(int(model.overlay.state[item]))])
        for row in self._rows(model, item)[:2]:
            found += [self._errors(row)] if row.cumulative or row.own_input else []
            found += [reason(row, self._lang)] if row.reason else []
        if model.overlay.own[item]:
            found.append(self.tr("Makes an error of its own"))
        held = sum(len(graph.nodes) for graph in node.subgraphs)
        found += [self.tr("Runs graphs of {count} nodes, drawn beside it").format(count=held)] if held else []
        return found + self._weights(model, node)

    def _weights(self, model: GraphModel, node: Node) -> list[str]:
        known = [v for v in node.inputs if v in model.graph.weights]
        return [f"{self.tr('weight')} {_tensor(model.graph.info(v))}" for v in known[:3]]

    def _rows(self, model: GraphModel, item: int) -> tuple[LayerResult, ...]:
        return model.overlay.rows[item] if model.is_node(item) else ()

    def _errors(self, row: LayerResult) -> str:
        parts = []
        for name, metrics in ((self.tr("cumulative"), row.cumulative), (self.tr("own input"), row.own_input)):
            if metrics is not None:
                told = "NaN/∞" if metrics.nonfinite else error(gate(metrics, row.dtype)[1])
                parts.append(f"{name} {told}")
        if row.mapping.kind is not MappingKind.NONE:
            parts.append(self.tr("mapped by {kind}, {share} %").format(kind=self._labels["mapping"][row.mapping.kind],
                                                                       share=round(row.mapping.confidence * 100)))
        return " · ".join(parts)


def _tensor(info: TensorInfo) -> str:
    shape = "?" if info.shape is None else "×".join("?" if d is None else str(d) for d in info.shape) or "1"
    return f"{shape} {info.dtype.value}" if info.dtype.value != "undefined" else shape
