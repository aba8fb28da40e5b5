"""A triage as the document ``diag.log/1``: what logs say of themselves, and the findings about the whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diag.logs.diagnosis import Linked, LogDiagnosis
from diag.logs.document import document as facts
from diag.logs.export import to_csv, to_html
from diag.report.document import dumps, told
from diag.report.write import save
from diag.rules import Lang
from diag.rules.logs import examine
from diag.types.finding import Severity


def document(found: LogDiagnosis, lang: Lang = "en", *, wall_s: float = 0.0, peak_bytes: int = 0,
             linked: Sequence[Linked] = (), run: Path | None = None) -> dict[str, Any]:
    """The document; its keys are API. The verdict is "watch" where nothing failed in what could be read."""
    doc = facts(found, lang, wall_s=wall_s, peak_bytes=peak_bytes, linked=linked)
    cause = found.root_cause
    findings = [doc["root_cause"]["finding"] if cause is not None and one is cause.finding else told(one, lang)
                for one in examine(found)]
    if doc["verdict"] == "pass" and any(one["severity"] == Severity.WATCH for one in findings):
        doc["verdict"] = "watch"
    return doc | {"findings": findings, "run": str(run) if run is not None else None}


def written(doc: dict[str, Any], path: Path, lang: Lang) -> None:
    """One file; the ending of its name decides what (.json, .csv, else HTML). Raises UsageError if it cannot write."""
    forms = {".json": lambda: dumps(doc), ".csv": lambda: to_csv(doc)}
    save(forms.get(path.suffix.lower(), lambda: to_html(doc, lang))(), path)


def in_every_form(doc: dict[str, Any], folder: Path, lang: Lang) -> None:
    """The answer in every form: ``log.json``, ``log.csv``, ``log.html``. Raises UsageError where it cannot write."""
    for name in ("log.json", "log.csv", "log.html"):
        written(doc, folder / name, lang)
