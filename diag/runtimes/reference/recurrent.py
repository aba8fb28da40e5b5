"""Recurrent operators.

MindSpore Lite keeps an LSTM as ONNX has it: data, weights (directions × 4·hidden × features), recurrent weights
(directions × 4·hidden × hidden), bias (directions × 8·hidden), hidden state and cell state, gates in the order input,
output, forget, cell. Of ONNX's attributes only the hidden size and whether both directions run survive; the kernel
takes the usual activations and knows no clipping, no peepholes and no lengths of sequences.
"""

from __future__ import annotations

from diag.runtimes.reference.lowering import Lower, Lowering, Names, NotCovered

_STATES = 6
"""Inputs of the form that has both initial states; the runtime reads four inputs as MindSpore's own form."""


def _lstm(n: Lowering) -> Names:
    """Sequence first: data is steps × batch × features; Y is steps × directions × batch × hidden, and two states."""
    if not n.has(_STATES - 1):
        raise NotCovered(_other_form(n))
    hidden, ways = _hidden(n), 2 if n.flag("bidirectional") else 1
    for name in ("zoneout_cell", "zoneout_hidden"):
        if n.number(name, 0.0):
            raise NotCovered(f"operator LSTM with {name} is not covered by the reference runtime")
    if n.integer("proj_size", hidden) not in (0, hidden):
        raise NotCovered("operator LSTM with a projection is not covered by the reference runtime")
    _fits(n, 1, "weights", ways, 4 * hidden, None)
    _fits(n, 2, "recurrent weights", ways, 4 * hidden, hidden)
    _fits(n, 3, "bias", ways, 8 * hidden)
    _fits(n, 4, "hidden state", ways, None, hidden)
    _fits(n, 5, "cell state", ways, None, hidden)
    inputs = [n.input(i) for i in range(4)]
    return n.emit_many("LSTM", 3, *inputs, "", n.input(4), n.input(5), hidden_size=hidden,
                       direction="bidirectional" if ways == 2 else "forward")


def _hidden(n: Lowering) -> int:
    """As the runtime takes it: from the recurrent weights; ONNX may leave the attribute out."""
    shape = n.shape(n.input(2))
    return (shape[-1] if shape else None) or n.integer("hidden_size", 0)


def _other_form(n: Lowering) -> str:
    bias = n.shape(n.input(3)) if n.has(3) else None
    if len(n.node.inputs) == 4 and bias is not None and len(bias) != 2:
        return "operator LSTM with all weights in one (MindSpore's own form) is not covered by the reference runtime"
    return ("operator LSTM without a bias and both initial states is not covered: MindSpore Lite takes its inputs for "
            "another form and cannot run it; give the ONNX node a bias and states of zeros")


def _fits(n: Lowering, position: int, what: str, *wanted: int | None) -> None:
    """Whether an input is what ONNX puts there; lengths of sequences shift the states, and the runtime refuses that."""
    shape = n.shape(n.input(position))
    if shape is None or (len(shape) == len(wanted) and all(None in pair or pair[0] == pair[1]
                                                           for pair in zip(shape, wanted, strict=True))):
        return
    said = " × ".join("?" if d is None else str(d) for d in shape) or "a single number"
    raise NotCovered(f"operator LSTM whose {what} (input {position}) has shape {said} is not covered: ONNX's form has "
                     f"another one; lengths of sequences before the states are one cause")


OPERATORS: dict[str, Lower] = {"LSTM": _lstm}
