"""What an ONNX LSTM asks for that its MindIR node has no place for, and how to give it back for a trial.

The weights need no such care: MindSpore Lite keeps them in ONNX's shapes and order of gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from onnx import NodeProto, helper

from diag.runtimes.program import Step
from diag.types.graph import AttrValue, Node
from diag.types.layer import Difference

Restore = Callable[[Step], Step]
"""Gives what was lost back to the lowered step."""

_USUAL = ("Sigmoid", "Tanh", "Tanh")
_PEEPHOLES = 7
"""Position among ONNX's inputs; MindIR leaves out the lengths of sequences before the states."""


def lost(members: Sequence[Node], node: Node) -> Iterator[tuple[Difference, Restore]]:
    """What a golden LSTM among ``members`` asks for and the MindIR ``node`` does not do."""
    golden = next((m for m in members if m.op == "LSTM"), None)
    if golden is None or node.op != "LSTM":
        return
    said = golden.attributes
    if _text(said.get("direction")) == "reverse":
        yield _difference("direction", "reverse", "forward"), _attributes({"direction": "reverse"})
    names = said.get("activations")
    if isinstance(names, tuple) and any(_text(v) != _USUAL[i % 3] for i, v in enumerate(names)):
        wanted = ", ".join(map(_text, names))
        yield _difference("activations", wanted, ", ".join(_USUAL[i % 3] for i in range(len(names)))), \
            _attributes({k: v for k, v in said.items() if k.startswith("activation")})
    for name in ("clip", "input_forget"):
        value = said.get(name)
        if isinstance(value, (int, float)) and value:
            yield _difference(name, f"{value:.7g}", "not stated"), _attributes({name: value})
    if len(golden.inputs) > _PEEPHOLES and golden.inputs[_PEEPHOLES]:
        yield _difference("peephole weights", golden.inputs[_PEEPHOLES], "not used"), _peepholes(node.inputs[-1])


def _difference(name: str, golden: str, target: str) -> Difference:
    return Difference("attribute", name, golden, target)


def _attributes(values: Mapping[str, AttrValue]) -> Restore:
    def change(proto: NodeProto) -> None:
        kept = [a for a in proto.attribute if a.name not in values]
        del proto.attribute[:]
        proto.attribute.extend([*kept, *(helper.make_attribute(k, v) for k, v in values.items())])
    return lambda step: _changed(step, change)


def _peepholes(value: str) -> Restore:
    def change(proto: NodeProto) -> None:
        proto.input.extend([""] * (_PEEPHOLES - len(proto.input)))
        proto.input.append(value)

    return lambda step: replace(_changed(step, change), weights=(*step.weights, value))


def _changed(step: Step, change: Callable[[NodeProto], None]) -> Step:
    protos = []
    for proto in step.protos:
        copy = NodeProto()
        copy.CopyFrom(proto)
        if copy.op_type == "LSTM":
            change(copy)
        protos.append(copy)
    return replace(step, protos=tuple(protos))


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
