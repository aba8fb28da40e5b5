"""Which golden tensor each target value answers, as a comparison found it; and the layer to reduce around."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from diag.compare.attribute import score
from diag.compare.reduce.result import Focus
from diag.compare.rows import error_of
from diag.compare.sides import output_pairs
from diag.errors import UsageError
from diag.types.comparison import Comparison
from diag.types.graph import Graph
from diag.types.layer import Culprit, LayerResult, Role, Verdict
from diag.types.tensor import TensorInfo


@dataclass(frozen=True, slots=True)
class Answer:
    """A target value and the golden tensor behind it. ``layout``: see ``diag.types.layer.Mapping``.

    ``row`` is the layer's row; None for a graph input or a final output without one.
    """

    value: str
    golden: str
    layout: tuple[int, ...] | None = None
    row: LayerResult | None = None


def answers_of(found: Comparison, golden: Graph, target: Graph) -> dict[str, Answer]:
    """The answer of each target value that has one; final outputs and graph inputs by their names."""
    answers = {t.name: Answer(t.name, g.name) for g, t in _inputs(golden, target)}
    mine = dict(zip(golden.output_names, golden.outputs, strict=True))
    theirs = dict(zip(target.output_names, target.outputs, strict=True))
    for g, t in output_pairs(golden, target):
        answers[theirs[t].name] = Answer(theirs[t].name, mine[g].name)
    # Where a value stands in for a later golden tensor, its readers take it for that one: the last row counts.
    for row in sorted(found.layers, key=lambda r: r.index):
        if row.target_tensor is not None:
            answers[row.target_tensor] = Answer(row.target_tensor, row.golden_tensor, row.mapping.layout, row)
    return answers


def _inputs(golden: Graph, target: Graph) -> list[tuple[TensorInfo, TensorInfo]]:
    mine = dict(zip(golden.input_names, golden.inputs, strict=True))
    return [(mine[n], t) for n, t in zip(target.input_names, target.inputs, strict=True) if n in mine]


def focus_of(found: Comparison, layer: str) -> tuple[Focus, Answer] | None:
    """The layer to reduce around: the named one, else the first culprit; None where no single layer is to blame.

    Raises UsageError, with close matches, for a name that no layer has or that the target does not answer.
    """
    if layer:
        row = _named(found, layer)
        return _focus("layer", row), _answer(row)
    for culprit in found.culprits:
        mine = [r for r in found.layers if r.target_node == culprit.target_node and r.target_tensor is not None]
        exact = [r for r in mine if r.role is Role.INJECTS and score(r) == culprit.score]
        if mine:
            row = (exact or mine)[0]
            focus = blaming(_focus("culprit", row), culprit)
            return replace(focus, golden_node=culprit.golden_node), _answer(row)
    return None


def blaming(focus: Focus, culprit: Culprit) -> Focus:
    """The focus with what is known of the culprit in it."""
    return replace(focus, stage=culprit.stage.value, blames=culprit.golden_node, why=culprit.why,
                   finding=culprit.finding)


def failing_output(found: Comparison) -> str | None:
    """Caller-visible golden name of the output that fails worst; None if none fails."""
    failing = [o for o in found.outputs if o.verdict is Verdict.FAIL and o.cumulative is not None]
    worst = max(failing, key=lambda o: error_of(o.cumulative), default=None)
    return None if worst is None else worst.golden_tensor


def _answer(row: LayerResult) -> Answer:
    return Answer(row.target_tensor or "", row.golden_tensor, row.mapping.layout, row)


def _focus(kind: str, row: LayerResult) -> Focus:
    return Focus(kind, row.golden_node, row.golden_tensor, row.target_node or "", row.target_tensor or "",
                 recorded=row.own_input)


def _named(found: Comparison, layer: str) -> LayerResult:
    rows = [r for r in found.layers if layer in (r.golden_node, r.golden_tensor, r.target_node, r.target_tensor)]
    rows = rows or [r for r in found.layers if layer in r.mapping.golden_nodes]
    answered = [r for r in rows if r.target_tensor is not None]
    if answered:
        return max(answered, key=lambda r: (r.role is Role.INJECTS, score(r)))
    if rows:
        raise UsageError(f"No tensor of the target answers the layer '{layer}'", where=rows[0].reason,
                         hint="Name a layer that was compared: diag compare lists them")
    known = {n for r in found.layers for n in (r.golden_node, r.golden_tensor, r.target_node, *r.mapping.golden_nodes)}
    names = sorted(n for n in known if n)
    close = [n for n in names if layer.lower() in n.lower()][:3] or difflib.get_close_matches(layer, names, 3)
    raise UsageError(f"There is no layer '{layer}'", where="in --layer",
                     hint=f"Perhaps: {', '.join(close)}" if close else "Name a node or a tensor of one of the models")
