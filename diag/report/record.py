"""A recording's bundle and its check as the document ``diag.record/1``, as a sheet and as CSV."""

from __future__ import annotations

from typing import Any

from diag.machine import versions
from diag.recording import Bundle, Checked
from diag.report.catalogues import record_words
from diag.report.csv_ import csv_text
from diag.report.document import told
from diag.report.numbers import nbytes
from diag.report.sheet import Column, Findings, Lines, Sheet, Table
from diag.rules import Lang
from diag.types.layer import Verdict
from diag.workspace.codec import to_json

_COLUMNS = ("folder", "kind", "model", "iteration", "operators", "tensors", "damaged", "overflows", "bytes")


def written(bundle: Bundle, lang: Lang = "en") -> tuple[dict[str, Any], Sheet]:
    """Document and sheet of a bundle that was just made."""
    text = record_words(lang)
    document = {**_frame(Verdict.PASS, str(bundle.path)), "action": "write", "files": list(bundle.files),
                "inputs": to_json(bundle.inputs), "bytes": bundle.size, "dumps": [], "graphs": []}
    rows = tuple((i.name, i.dtype, "×".join(map(str, i.shape)), i.source) for i in bundle.inputs)
    steps = (f"scp -r {bundle.path} SERVER:", f"ssh SERVER 'cd {bundle.path.name} && sh record.sh'",
             f"scp -r SERVER:{bundle.path.name} .", f"diag record check {bundle.path.name}")
    parts = (Table(text["inputs"], (Column(text["name"]), Column(text["dtype"]), Column(text["shape"]),
                                    Column(text["source"], wide=True)), rows),
             Lines(text["next"], steps, code=True))
    return document, Sheet(None, text["written"].format(path=bundle.path, size=nbytes(bundle.size)), parts)


def checked(found: Checked, lang: Lang = "en") -> tuple[dict[str, Any], Sheet]:
    """Document and sheet of what came back."""
    text = record_words(lang)
    document = {**_frame(found.verdict, str(found.path)), "action": "check",
                "findings": [told(f, lang) for f in found.findings], "dumps": to_json(found.dumps),
                "graphs": list(found.graphs), "ran": to_json(found.ran), "usable": list(found.usable)}
    rows = tuple((d.folder, d.kind, f"{d.operators:,}", f"{d.tensors:,}", str(len(d.damaged)), str(d.overflows),
                  nbytes(d.size)) for d in found.dumps)
    columns = (Column(text["folder"], wide=True), Column(text["kind"]), Column(text["operators"], right=True),
               Column(text["tensors"], right=True), Column(text["damaged"], right=True),
               Column(text["overflows"], right=True), Column(text["size"], right=True))
    parts: list[Any] = [Findings(text["findings"], found.findings)] if found.findings else []
    if rows:
        parts.append(Table(text["dumps"], columns, rows))
    if found.usable:
        graph = next((g for g in reversed(found.graphs) if "Build" in g), "")
        option = f" --graph {found.path / graph}" if graph else ""
        parts.append(Lines(text["next"], tuple(f"diag compare {found.facts['onnx']} {found.path / folder}{option}"
                                               for folder in found.usable[:3]), code=True))
    key = "usable" if found.usable else "unusable"
    return document, Sheet(found.verdict, text[key].format(count=len(found.usable)), tuple(parts))


def to_csv(found: Checked | None) -> str:
    """A line a recorded run; only the headings for a bundle that was not run."""
    return csv_text(_COLUMNS, (
        (d.folder, d.kind, d.model, d.iteration, d.operators, d.tensors, len(d.damaged), d.overflows, d.size)
        for d in (found.dumps if found is not None else ())))


def _frame(verdict: Verdict, run: str) -> dict[str, Any]:
    return {"schema": "diag.record/1", "kind": "record", "verdict": verdict.value, "findings": [],
            "environment": versions(),
            "timing": {"wall_s": None}, "memory": {"peak_bytes": None}, "run": run}
