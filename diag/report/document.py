"""A comparison as the document ``diag.compare/1`` of the contract: everything, words included."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from diag.report.headline import headline
from diag.report.reproduce import command
from diag.rules import Lang, words
from diag.types.comparison import Comparison
from diag.types.finding import Finding
from diag.workspace.codec import to_json


def document(comparison: Comparison, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API. ``headline``, ``inputs``, ``preset``, ``options``, ``command`` are additive."""
    facts: dict[str, Any] = to_json(replace(comparison, findings=()))
    divergence = comparison.first_divergence
    return {
        "schema": "diag.compare/1",
        "kind": "compare",
        "verdict": facts["verdict"],
        "headline": headline(comparison, lang),
        "findings": [told(finding, lang) for finding in comparison.findings],
        "environment": facts["environment"],
        "timing": {"wall_s": facts["wall_s"]},
        "memory": {"peak_bytes": facts["peak_bytes"]},
        "run": facts["run"],
        "golden": facts["golden"],
        "target": facts["target"],
        "preset": facts["preset"],
        "options": facts["options"],
        "command": command(comparison),
        "inputs": facts["inputs"],
        "outputs": facts["outputs"],
        "culprits": facts["culprits"],
        "first_divergence": divergence and {"golden_node": divergence[0], "target_node": divergence[1]},
        "layers": facts["layers"],
        "unmatched": {"golden": facts["unmatched_golden"], "target": facts["unmatched_target"]},
        "checks": facts["checks"],
    }


def told(finding: Finding, lang: Lang = "en") -> dict[str, Any]:
    """A finding with its words, as every document of the contract holds it."""
    said = words(finding, lang)
    facts: dict[str, Any] = to_json(finding)
    return {"code": facts["code"], "severity": facts["severity"], "subject": facts["subject"], "title": said.title,
            "explanation": said.explanation, "advice": list(said.advice), "values": facts["values"],
            "evidence": facts["evidence"]}


def dumps(doc: dict[str, Any]) -> str:
    """The document as text: one line a key, UTF-8 as it is, a newline at the end, never NaN."""
    return json.dumps(doc, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
