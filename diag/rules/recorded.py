"""Findings on what an NPU recorded: gaps and damage of the recording, its inputs, overflows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diag.rules.codes import Code, finding
from diag.types.comparison import Comparison
from diag.types.finding import Evidence, Finding, Severity
from diag.types.layer import Verdict

FP16_MAX = 65504.0


def recorded(comparison: Comparison) -> Iterator[Finding]:
    """Findings of a comparison with a recording; none for any other comparison."""
    facts = comparison.checks.get("recording")
    if not isinstance(facts, Mapping):
        return
    yield from _overflows(facts)
    for name, error in dict(facts.get("input_differences", {})).items():
        yield finding(Code.DUMP_INPUTS, name, error=error)
    for key, code in (("damaged", Code.DUMP_DAMAGED), ("strange", Code.DUMP_STRANGE), ("lost", Code.DUMP_GAPS)):
        names = list(facts.get(key, ()))
        if names:
            yield finding(code, str(facts.get("path", "")), count=len(names), first=names[0])
    if facts.get("statistics"):
        failing = (r for r in comparison.layers if r.verdict is Verdict.FAIL and r.cumulative is None)
        off = next((r.golden_node for r in failing), "–")
        yield finding(Code.DUMP_STATISTICS, str(facts.get("path", "")), count=facts["statistics"], first=off)
    if not facts.get("graph"):
        yield finding(Code.DUMP_NO_GRAPH, str(facts.get("path", "")), count=facts.get("recognised", 0),
                      total=facts.get("operations", 0))


def _overflows(facts: Mapping[str, Any]) -> Iterator[Finding]:
    reports = list(facts.get("overflows", ()))
    if not reports:
        return
    first = reports[0]
    largest = [v for v in (first.get("largest_input"), first.get("largest_golden"), first.get("largest_output"))
               if v is not None]
    seen = bool(first.get("nonfinite")) or any(v >= FP16_MAX for v in largest) or not largest
    code = Code.DEVICE_OVERFLOW if seen else Code.OVERFLOW_UNSEEN
    subject = first.get("golden_node") or first.get("name") or f"task {first.get('task')}"
    yield finding(code, subject, severity=Severity.FAIL if seen else Severity.WATCH, device_op=first.get("op") or "?",
                  unit=first.get("unit") or "device", status=first.get("status"),
                  largest_input=first.get("largest_input"), largest_golden=first.get("largest_golden"),
                  count=len(reports), evidence=[Evidence(str(first.get("file", "")))])
