"""Recurrent operators.

MindSpore Lite keeps an LSTM as ONNX has it: data, weights (directions × 4·hidden × features), recurrent weights
(directions × 4·hidden × hidden), bias (directions × 8·hidden), hidden state and cell state, gates in the order input,
output, forget, cell. Of ONNX's attributes only the hidden size and whether both directions run survive; the kernel
takes the usual activations and knows no clipping, no peepholes and no lengths of sequences.
"""

from __future__ import annotations

from diag.runtimes.reference.lowering import Lower, Lowering, Names, NotCovered

_STATES = 6
"""Inputs of the form that has both initial states; the four of the form without are another operator's."""


def _lstm(n: Lowering) -> Names:
    """Sequence first: data is steps × batch × features; Y is steps × directions × batch × hidden, and two states."""
    hidden, ways = n.integer("hidden_size", 0), 2 if n.flag("bidirectional") else 1
    if not n.has(_STATES - 1):
        raise NotCovered("operator LSTM without initial states or without a bias is not covered: MindSpore Lite takes "
                         "its inputs for another form and cannot run it; give the ONNX node zero states and a bias")
    for name in ("zoneout_cell", "zoneout_hidden"):
        if n.number(name, 0.0):
            raise NotCovered(f"operator LSTM with {name} is not covered by the reference runtime")
    if n.integer("proj_size", hidden) not in (0, hidden):
        raise NotCovered("operator LSTM with a projection is not covered by the reference runtime")
    for position, what, size in ((1, "weights", 4 * hidden), (2, "recurrent weights", 4 * hidden), (3, "bias", 8 * hidden),
                                 (5, "cell state", None)):
        _fits(n, position, what, ways, size)
    inputs = [n.input(i) for i in range(4)]
    return n.emit_many("LSTM", 3, *inputs, "", n.input(4), n.input(5), hidden_size=hidden,
                       direction="bidirectional" if ways == 2 else "forward")


def _fits(n: Lowering, position: int, what: str, ways: int, size: int | None) -> None:
    """Lengths of sequences, which the converter puts before the states, shift them: the runtime refuses that."""
    shape = n.shape(n.input(position))
    if shape is None:
        return
    rank = 2 if position == 3 else 3
    if len(shape) != rank or shape[0] not in (None, ways) or (size is not None and shape[1] not in (None, size)):
        said = " × ".join("?" if d is None else str(d) for d in shape) or "a single number"
        raise NotCovered(f"operator LSTM whose {what} (input {position}) are {said} is not covered: not the form that "
                         "ONNX gives it")


OPERATORS: dict[str, Lower] = {"LSTM": _lstm}
