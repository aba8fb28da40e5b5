"""A search as the document ``diag.pipeline/1`` of the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from diag.report.document import told
from diag.report.pipeline.wording import headline
from diag.report.reproduce import line
from diag.rules import Lang
from diag.types.pipeline import PipelineDiagnosis
from diag.workspace.codec import to_json


def document(found: PipelineDiagnosis, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    facts: dict[str, Any] = to_json(replace(found, findings=()))
    runs = [{**run, "error": None if one.error is None else told(one.error, lang)}
            for run, one in zip(facts["runs"], found.runs, strict=True)]
    submodels = [{**facts_of, "error_finding": None if one.error_finding is None else told(one.error_finding, lang)}
                 for facts_of, one in zip(facts["submodels"], found.submodels, strict=True)]
    return {
        "schema": "diag.pipeline/1", "kind": "pipeline", "verdict": facts["verdict"],
        "headline": headline(found, lang), "findings": [told(finding, lang) for finding in found.findings],
        "environment": facts["environment"], "timing": {"wall_s": facts["wall_s"]},
        "memory": {"peak_bytes": facts["peak_bytes"]}, "run": facts["run"], "options": facts["options"],
        "command": command(found), "spec": facts["spec"], "submodels": submodels, "runs": runs,
        "culprits": facts["culprits"], "steps": facts["steps"], "masked": facts["masked"],
        "amplified": facts["amplified"], "noise": {"image": facts["noise"], "latents": facts["latent_noise"]},
        "flagged": facts["flagged"], "pictures": {"golden": facts["golden_picture"], "source": facts["source_picture"]},
    }


def command(found: PipelineDiagnosis) -> str:
    """The command line that searches again."""
    return line(["diag", "pipeline", "locate", found.spec.path or "pipeline.toml"], found.options)
