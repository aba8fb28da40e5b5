"""A diagnosis as the document ``diag.log/1`` of the contract, words included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from diag.logs.diagnosis import Cause, Linked, LogDiagnosis, Verdict
from diag.logs.words import explain, three_lines, wanted_file
from diag.machine import versions

_VERDICTS = {Verdict.ROOT: "fail", Verdict.INSUFFICIENT: "not_comparable", Verdict.NO_FAILURE: "pass"}


def document(diagnosis: LogDiagnosis, lang: str = "en", *, wall_s: float = 0.0, peak_bytes: int = 0,
             linked: Sequence[Linked] = ()) -> dict[str, Any]:
    """The document; its keys are API. From ``answer`` on they are additive to the contract."""
    chain = [told(cause, lang) for cause in diagnosis.chain]
    root = chain[0] if diagnosis.root_cause is not None else None
    counts = diagnosis.counts
    return {
        "schema": "diag.log/1", "kind": "log", "verdict": _VERDICTS[diagnosis.verdict],
        "findings": [root["finding"]] if root is not None else [],
        "environment": versions(),
        "timing": {"wall_s": wall_s}, "memory": {"peak_bytes": peak_bytes}, "run": None,
        "files": list(diagnosis.files), "counts": {"level": dict(counts.level), "module": dict(counts.module)},
        "root_cause": root, "chain": chain,
        "codes": [{"code": seen.code, "count": seen.count, "meaning": seen.meaning.get(lang, ""), "family": seen.family}
                  for seen in diagnosis.codes],
        "answer": str(diagnosis.verdict), "headline": three_lines(diagnosis, lang), "lines": counts.lines,
        "latent": diagnosis.latent, "outcome": diagnosis.outcome,
        "wanted": [wanted_file(key, diagnosis.pid, lang) for key in diagnosis.wanted],
        "set_aside": {"wrappers": dict(counts.wrappers), "noise": dict(counts.noise), "benign": dict(counts.benign)},
        "nodes": [{"name": link.name, "node": link.node, "op": link.op, "graph": link.graph, "exact": link.exact}
                  for link in linked],
        "notes": list(diagnosis.notes)}


def told(cause: Cause, lang: str = "en") -> dict[str, Any]:
    """A line of the chain with its finding and words."""
    words = explain(cause, lang)
    finding = cause.finding
    return {
        "file": cause.file, "line": cause.line, "time": time_text(cause.time), "module": cause.module,
        "level": cause.level,
        "code": cause.code, "text": cause.text, "rule": cause.rule, "role": str(cause.role), "count": cause.count,
        "node": cause.node, "operator": cause.operator,
        "finding": {
            "code": finding.code, "severity": str(finding.severity), "subject": finding.subject, "title": words.title,
            "explanation": words.cause, "advice": [words.fix] if words.fix else [], "values": dict(finding.values),
            "evidence": [{"file": place.file, "line": place.line} for place in finding.evidence]}}


def time_text(time_us: int | None) -> str | None:
    """ISO text of a record's clock, without a zone (the writer's own); None where there is none."""
    if time_us is None:
        return None
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
