"""What ONNX's own tests say of a culprit's operator on the runtime that made or ran the target."""

from __future__ import annotations

from dataclasses import replace

from diag.compare.why.blame import Reason
from diag.types.codes import Code
from diag.types.graph import Graph, Node

_UNEXPLAINED = (Code.CONVERSION_WRONG, Code.RUNTIME_WRONG, Code.ARITHMETIC, Code.REASON_UNKNOWN)
_LITE = "mindspore-lite"


def with_evidence(reason: Reason, node: Node, golden: Graph, target: Graph, runtime: str, version: str,
                  device: str) -> Reason:
    """The reason with the measured evidence behind it; one that has no better explanation becomes a known defect.

    A MindIR that the reference runtime runs was still made by a converter: its table is asked.
    """
    if target.format == "mindir" and runtime != _LITE:
        runtime, version, device = _LITE, target.metadata.get("model_version", ""), "cpu"
    # Imported here: it loads onnx's operator schemas, which only a culprit is worth.
    from diag.runtimes.conformance import table

    known = table(runtime, version, device)
    opset = golden.metadata.get("opset", golden.metadata.get("opsets", ""))
    found = known.evidence(node.op, _number(opset), dict(node.attributes)) if known is not None else None
    if found is None or not found.wrong:
        return reason
    told = {**reason.values, "tests_say": found.sentence}
    if reason.code in _UNEXPLAINED:
        values = {**told, "op": node.op, "runtime": f"{runtime} {version}", "wrong": found.wrong, "tests": found.ran}
        return Reason(Code.KNOWN_OPERATOR_DEFECT, values, found.sentence)
    return replace(reason, values=told)


def _number(text: str) -> int | None:
    """The version of ONNX's own operator set in a reader's text ("17", "ai.onnx 17, com.x 1")."""
    digits = "".join(c if c.isdigit() else " " for c in text.split(",")[0]).split()
    return int(digits[-1]) if digits else None
