"""What becomes of each node, by the measured cases most like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diag.formats.onnx import OnnxFile, infer, load
from diag.lint.forms import Form, fixed_values, form_of
from diag.lint.nearest import nearest, outcome_of
from diag.lint.practice import Probed
from diag.runtimes.conformance.table import CaseResult, Table
from diag.types.lint import OUTCOMES, MeasuredCase, NodeForecast
from diag.types.tensor import TensorInfo

_CASES = 6
_ONNX = ("", "ai.onnx")


@dataclass(frozen=True, slots=True)
class Reading:
    """A model, and the form of each node; ``fixed``: values that do not depend on the inputs."""

    file: OnnxFile
    infos: Mapping[str, TensorInfo]
    fixed: frozenset[str]
    forms: Mapping[int, Form]


def read(path: Path, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Reading:
    """Read a model. Raises FormatError."""
    file = load(path)
    infos = infer(file, dict(shapes or {}))
    fixed = fixed_values(file.graph, infos)
    opset = next((o.version for o in file.model.opset_import if o.domain in _ONNX), 0)
    forms = {i: form_of(node, file.graph, infos, fixed, opset) for i, node in enumerate(file.graph.nodes)
             if node.op != "Constant"}
    return Reading(file, infos, fixed, forms)


def forecasts(reading: Reading, table: Table, measured: Mapping[int, Probed] | None = None) -> list[NodeForecast]:
    """One for each node but constants, in running order."""
    return [forecast(reading, i, table, (measured or {}).get(i)) for i in reading.forms]


def forecast(reading: Reading, index: int, table: Table, measured: Probed | None = None) -> NodeForecast:
    """What is expected of one node."""
    node, form = reading.file.graph.nodes[index], reading.forms[index]
    fixed = all(v in reading.fixed for v in node.outputs if v)
    if measured is not None:
        outcome = outcome_of(measured.result)
        return NodeForecast(index, node.name, node.op, outcome, "measured", 1, 1, (told(measured.result),), fixed)
    if node.domain not in _ONNX:
        return NodeForecast(index, node.name, node.op, "unknown", "none", fixed=fixed,
                            note=f"an operator of the domain {node.domain}")
    like = nearest(form, table)
    if like is None:
        return NodeForecast(index, node.name, node.op, "unknown", "none", fixed=fixed)
    if fixed:
        refused = unsupported(table.by_op.get(node.op, ()))
        return NodeForecast(index, node.name, node.op, "convert" if refused else "right", "like", len(refused),
                            len(refused), tuple(map(told, refused[:_CASES])), fixed=True)
    outcome = like.outcome
    agree = [c for c in like.cases if outcome_of(c) == outcome]
    return NodeForecast(index, node.name, node.op, outcome, like.grade, len(like.cases), len(agree),
                        tuple(map(told, agree[:_CASES])))


def unsupported(cases: Sequence[CaseResult]) -> Sequence[CaseResult]:
    """The cases if all of them say that the converter does not know the operator at all."""
    known = all(c.reached == "convert" and "nsupported" in c.why for c in cases)
    return cases if cases and known else ()


def told(case: CaseResult) -> MeasuredCase:
    """A case as evidence."""
    error = case.error if case.error is not None else float("nan")
    return MeasuredCase(case.name, outcome_of(case), error, case.why, case.cause)


def overall(nodes: Iterable[NodeForecast]) -> str:
    """What becomes of the model: the earliest stage in which a node fails; unknown operators are not converted."""
    found = {"convert" if n.outcome == "unknown" else n.outcome for n in nodes}
    return next((o for o in OUTCOMES if o in found), "right")
