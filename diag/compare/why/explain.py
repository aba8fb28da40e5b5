"""The differences of one suspect, and which of them explains its error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from diag.compare.sides import Side
from diag.compare.why import facts as said
from diag.compare.why.recurrent import lost
from diag.compare.why.trial import Change, Trial
from diag.compare.why.weights import WeightDifference, difference, pair_up
from diag.runtimes.interface import Array
from diag.types.graph import Node
from diag.types.layer import Difference

_MOVES = frozenset({"Reshape", "Transpose", "Cast", "Identity", "Squeeze", "Unsqueeze", "Flatten", "Dropout"})
_HEALED = 0.1
"""A cause is proved when less than this share of the error is left without it."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A target node that injects error, with copies of all that a trial needs.

    ``group``: golden nodes that it stands for, in order. ``missing``: golden nodes that nothing in the target stands
    for, so that its reader gets the wrong tensor. ``extra``: the target node has no counterpart at all.
    """

    node: int
    value: str
    golden_tensor: str
    golden: Array
    feeds: Mapping[str, Array]
    fed_golden: tuple[str, ...]
    group: tuple[int, ...]
    missing: tuple[int, ...] = ()
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """What differs, the explaining difference first; ``weights`` tells more of weight differences, by their name."""

    differences: tuple[Difference, ...]
    weights: Mapping[str, WeightDifference]
    blamed: str | None


def explain(suspect: Suspect, golden: Side, target: Side, golden_constant: said.Constant,
            target_constant: said.Constant) -> Explanation:
    """Compare the two nodes; try each difference. ``blamed`` is the golden node in which the difference sits."""
    node = target.graph.nodes[suspect.node]
    if suspect.missing:
        return _missing(suspect, golden, node)
    if suspect.extra:
        constants = [f"{v:.6g}" for v in _numbers(node, target_constant)]
        detail = f"{node.op}({', '.join(constants)})" if constants else node.op
        return Explanation((Difference("extra", node.name, "nothing", detail, explains=True),), {}, None)
    members = [golden.graph.nodes[i] for i in suspect.group]
    trial = Trial(target, suspect.node, suspect.feeds, suspect.value, suspect.golden)
    before = trial.error(Change({}, {}))
    found: list[tuple[Difference, Change | None]] = []
    rank = suspect.golden.ndim
    mine, theirs = said.golden_facts(members, golden_constant), said.target_facts(node, target_constant)
    for name, a, b in said.differing(mine, theirs, rank):
        found.append((Difference("attribute", name, _text(a), _text(b)), trial.change(name, a)))
    found += [(Difference("attribute", n, _text(a), "not stated"), None) for n, a in said.unstated(mine, theirs)]
    if target.file is None:
        found += [(d, Change({}, {}, (restore,))) for d, restore in lost(members, node)]
    weights = _weight_differences(members, node, golden_constant, target_constant)
    for w, change in weights.values():
        found.append((Difference("weight", w.golden, _story(w)[0], _story(w)[1], w.kind), change))
    if not found:
        weights = _transposed(members, node, golden_constant, target_constant, trial, before)
        found += [(Difference("weight", w.golden, *_story(w), w.kind), c) for w, c in weights.values()]
    found += [(d, None) for d in _unpaired(members, node, golden_constant, target_constant)]
    if not found and len(members) == 1 and _family(members[0].op) != _family(node.op):
        found.append((Difference("layout" if members[0].op in _MOVES else "attribute", "operator", members[0].op,
                                 node.op), None))
    order = _input_order(suspect, members)
    if order is not None:
        found.append((order, None))
    judged = _judge(found, trial, before)
    blamed = _blame(judged, members)
    return Explanation(judged, {w.golden: w for w, _ in weights.values()}, blamed)


def _unpaired(members: Sequence[Node], node: Node, golden_constant: said.Constant,
              target_constant: said.Constant) -> list[Difference]:
    """A bias of the golden node for which the target node has no input at all."""
    for member in members:
        if member.op in ("Conv", "ConvTranspose", "Gemm") and len(member.inputs) > 2 and member.inputs[2]:
            bias = golden_constant(member.inputs[2])
            held = [a for v in node.inputs if v for a in (target_constant(v),) if a is not None]
            if bias is not None and np.any(bias) and not any(a.size == bias.size and a.ndim == 1 for a in held):
                return [Difference("missing", member.inputs[2], f"bias of {bias.size} elements", "nothing",
                                   explains=True)]
    return []


def _judge(found: Sequence[tuple[Difference, Change | None]], trial: Trial, before: float) -> tuple[Difference, ...]:
    def heals(change: Change | None) -> bool:
        return change is not None and trial.error(change) <= max(_HEALED * before, 1e-6)

    judged = [replace(d, explains=heals(c)) for d, c in found]
    if not any(d.explains for d in judged) and len(found) > 1:
        changes = [c for _, c in found if c is not None]
        both = Change({k: v for c in changes for k, v in c.attributes.items()},
                      {k: v for c in changes for k, v in c.weights.items()},
                      tuple(r for c in changes for r in c.restore))
        if changes and heals(both):
            judged = [replace(d, explains=c is not None) for d, c in found]
    return tuple(sorted(judged, key=lambda d: not d.explains))


def _missing(suspect: Suspect, golden: Side, node: Node) -> Explanation:
    nodes = [golden.graph.nodes[i] for i in suspect.missing]
    # A reshape or transposition without the computing node beside it would not be missed.
    computing = [n for n in nodes if n.op not in _MOVES] or nodes
    found = tuple(Difference("missing", n.name, n.op, f"nothing: {node.name} is used instead", explains=True)
                  for n in computing)
    return Explanation(found, {}, computing[-1].name)


def _weight_differences(members: Sequence[Node], node: Node, golden_constant: said.Constant,
                        target_constant: said.Constant) -> dict[str, tuple[WeightDifference, Change]]:
    """Each golden constant that the target holds otherwise, and the change that puts the golden one in."""
    mine = _numeric((v for n in members for v in n.inputs), golden_constant)
    theirs = _numeric(node.inputs, target_constant)
    if any(n.op == "BatchNormalization" for n in members) and len(members) > 1:
        mine = folded(members, golden_constant) or mine
    found = {}
    for g, t, a, b in pair_up(mine, theirs):
        differs = difference((g, t), a, b)
        if differs is not None:
            with np.errstate(over="ignore"):  # too large for a 16-bit type: that is the difference
                found[t] = (differs, Change({}, {t: np.ascontiguousarray(a.astype(b.dtype))}))
    return found


def _transposed(members: Sequence[Node], node: Node, golden_constant: said.Constant,
                target_constant: said.Constant, trial: Trial,
                before: float) -> dict[str, tuple[WeightDifference, Change]]:
    """Square weights that lie the other way round, where that is wrong: a node may well read them so."""
    mine = _numeric((v for n in members for v in n.inputs), golden_constant)
    theirs = _numeric(node.inputs, target_constant)
    found = {}
    for g, a in mine.items():
        for t, b in theirs.items():
            differs = difference((g, t), a, b) if a.ndim == 2 and a.shape == b.shape else None
            if differs is not None and differs.kind == "transposed":
                change = Change({}, {t: np.ascontiguousarray(a.astype(b.dtype))})
                if trial.error(change) <= max(_HEALED * before, 1e-6):
                    found[t] = (differs, change)
    return found


def folded(members: Sequence[Node], constant: said.Constant) -> dict[str, Array]:
    """Convolution weights and bias with the batch normalisation after it folded in, under the convolution's names."""
    conv = next((n for n in members if n.op == "Conv"), None)
    norm = next((n for n in members if n.op == "BatchNormalization"), None)
    if conv is None or norm is None:
        return {}
    arrays = [constant(v) for v in (conv.inputs[1], *norm.inputs[1:5])]
    if any(a is None for a in arrays):
        return {}
    weight, scale, shift, mean, variance = (np.asarray(a, np.float64) for a in arrays)
    bias = constant(conv.inputs[2]) if len(conv.inputs) > 2 and conv.inputs[2] else None
    epsilon = norm.attributes.get("epsilon", 1e-5)
    gain = scale / np.sqrt(variance + float(epsilon if isinstance(epsilon, (int, float)) else 1e-5))
    start = np.zeros_like(mean) if bias is None else np.asarray(bias, np.float64)
    return {conv.inputs[1]: weight * gain.reshape(-1, *[1] * (weight.ndim - 1)),
            norm.inputs[2]: (start - mean) * gain + shift}


_FAMILIES = {"Activation": "", "ScaleFusion": "", "StridedSlice": "Slice", "BroadcastTo": "Expand", "RealDiv": "Div",
             "InstanceNorm": "InstanceNormalization", "LayerNorm": "LayerNormalization", "AvgPool": "AveragePool",
             "Conv2D": "Conv", "Conv2DTranspose": "ConvTranspose", "Gemm": "MatMul", "GatherV2": "Gather",
             "ReduceSum": "Reduce", "ReduceMean": "Reduce", "ReduceMax": "Reduce", "ReduceMin": "Reduce",
             "ReduceProd": "Reduce", "ReduceL2": "Reduce", "GlobalAveragePool": "AveragePool"}


def _family(op: str) -> str:
    """An operator's name without the differences in spelling between ONNX and MindIR."""
    bare = op.removesuffix("Fusion")
    return _FAMILIES.get(op, _FAMILIES.get(bare, bare))


def _input_order(suspect: Suspect, members: Sequence[Node]) -> Difference | None:
    if len(members) != 1:
        return None
    wanted = [v for v in members[0].inputs if v in suspect.fed_golden]
    if sorted(wanted) == sorted(suspect.fed_golden) and list(suspect.fed_golden) != wanted:
        return Difference("layout", "order of inputs", ", ".join(wanted), ", ".join(suspect.fed_golden), explains=True)
    return None


def _blame(differences: Sequence[Difference], members: Sequence[Node]) -> str | None:
    first = next((d for d in differences if d.explains), None)
    if first is None:
        return None
    if first.kind == "weight":
        return next((n.name for n in members if first.name in n.inputs), None)
    holders = {"epsilon": ("Norm", "Add"), "pads": ("Conv", "Pool"), "axis": ("Softmax", "Concat", "Gather", "Arg")}
    wanted = holders.get(first.name, ())
    return next((n.name for w in wanted for n in members if w in n.op), None)


_STORIES: dict[str, Callable[[WeightDifference], tuple[str, str]]] = {
    "scaled": lambda w: ("as in the file", f"× {w.factor:.6g}"),
    "channel": lambda w: ("as in the file", f"channel {', '.join(map(str, w.channels[:8]))} of axis {w.axis}"
                          + (f" × {w.factor:.6g}" if np.isfinite(w.factor) else f" off by {w.error:.1e}")),
    "transposed": lambda _: ("as in the file", "transposed"),
    "fp16": lambda _: ("float32", "rounded to float16"),
    "saturated": lambda w: ("beyond the limit of float16", w.detail or "at the limit of float16"),
    "quantised": lambda w: ("float32", f"on a grid of few levels, off by {w.error:.1e}"),
    "nonfinite": lambda w: ("finite", w.detail),
    "value": lambda w: (w.detail.split(" became ")[0], w.detail.split(" became ")[-1]),
    "noise": lambda w: ("as in the file", f"off by {w.error:.1e}"),
}


def _story(w: WeightDifference) -> tuple[str, str]:
    return _STORIES[w.kind](w)


def _numeric(values: Iterable[str], constant: said.Constant) -> dict[str, Array]:
    found = {v: constant(v) for v in values if v}
    return {v: a for v, a in found.items() if a is not None and a.size > 0 and a.dtype.kind in "fV"}


def _numbers(node: Node, constant: said.Constant) -> list[float]:
    return [float(a.reshape(-1)[0]) for v in node.inputs if v for a in (constant(v),) if a is not None and a.size == 1]


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(v) for v in value) + "]"
    return str(value)
