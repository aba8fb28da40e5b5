"""What ``diag pipeline init`` found in a folder, told: inputs of every submodel, and how to convert them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diag.compare.result import environment
from diag.machine import peak_bytes
from diag.pipeline.init import Folder, Wanted
from diag.report.catalogues import pipeline_words
from diag.report.csv_ import csv_text
from diag.report.sheet import Column, Lines, Sheet, Table
from diag.rules import Lang
from diag.workspace.codec import to_json


def init_sheet(folder: Folder, spec: Path, lang: Lang = "en") -> Sheet:
    """Inputs by submodel; then the converter's shapes, and what to do next."""
    said = pipeline_words(lang)["init"]
    columns = (Column(said["submodel"]), Column(said["input"]), Column(said["dtype"]),
               Column(said["shape"], right=True), Column(said["source"], wide=True), Column(said["mindir"], wide=True))
    rows = [(one.name if i == 0 else "", w.name, w.dtype, _dims(w), w.source,
             "" if i else one.mindir.name if one.mindir is not None else said["none"])
            for one in folder.submodels for i, w in enumerate(one.inputs)]
    open_ = [one for one in folder.submodels if any(w.source for w in one.inputs)]
    shapes = tuple(f'{one.name}: --inputShape="{one.input_shape}"' for one in open_)
    lost = [said["unpaired"].format(file=f) for f in folder.unpaired]
    todo = (*lost, said["next"].format(file=spec), f"diag pipeline locate {spec} --html report.html")
    return Sheet(None, said["done"].format(file=spec, kind=folder.kind.value, count=len(folder.submodels)), (
        Table(said["title"], columns, tuple(rows), limit=100), Lines(said["convert"], shapes, code=True),
        Lines(said["then"], todo)) if shapes else (
        Table(said["title"], columns, tuple(rows), limit=100), Lines(said["then"], todo)))


def init_document(folder: Folder, spec: Path) -> dict[str, Any]:
    """The document; its keys are API."""
    return {"schema": "diag.pipeline-init/1", "kind": "pipeline-init", "verdict": "pass",
            "headline": init_sheet(folder, spec).headline, "findings": [],
            "environment": environment(), "timing": {"wall_s": 0.0}, "memory": {"peak_bytes": peak_bytes()},
            "run": None,
            "spec": str(spec.absolute()), "pipeline_kind": folder.kind.value,
            "submodels": [{**to_json(one), "input_shape": one.input_shape} for one in folder.submodels],
            "unpaired": [str(f) for f in folder.unpaired]}


def init_csv(folder: Folder) -> str:
    """One row an input."""
    return csv_text(("submodel", "input", "dtype", "shape", "static", "source", "onnx", "mindir"), (
        (one.name, w.name, w.dtype, _dims(w), " ".join(map(str, w.static)), w.source, str(one.onnx),
         str(one.mindir or "")) for one in folder.submodels for w in one.inputs))


def _dims(wanted: Wanted) -> str:
    parts = (str(s) if isinstance(s, int) else f"{s or '?'}={n}"
             for s, n in zip(wanted.shape, wanted.static, strict=True))
    return f"[{', '.join(parts)}]"
