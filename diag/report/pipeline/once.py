"""A plain run, told: a sheet, the document ``diag.pipeline-run/1``, CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diag.report.catalogues import pipeline_words
from diag.report.csv_ import csv_text
from diag.report.sheet import Column, Lines, Sheet, Table
from diag.rules import Lang
from diag.types.pipeline import PipelineRun
from diag.workspace.codec import to_json


def sheet(done: PipelineRun, lang: Lang = "en") -> Sheet:
    """A plain run."""
    said = pipeline_words(lang)["run"]
    key = "done" if done.swapped else "done_onnx"
    rows = tuple((name, "MindIR" if name in done.swapped else "ONNX", str(count), f"{1000 * done.seconds[name]:.1f}")
                 for name, count in done.calls.items())
    columns = (Column(said["submodel"]), Column(said["side"]), Column(said["calls"], right=True),
               Column(said["ms"], right=True))
    where = (str(Path(done.run) / done.picture),) if done.picture else (done.run,)
    notes = (said["flagged"],) if done.flagged else ()
    return Sheet(None, said[key].format(steps=done.steps, seconds=f"{done.wall_s:.1f}",
                                                names=", ".join(done.swapped)),
                 (Table(said["title"], columns, rows), Lines(said["where"], (*notes, *where))))


def document(done: PipelineRun, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API. A run that ended is a pass: it is compared with nothing."""
    facts: dict[str, Any] = to_json(done)
    return {"schema": "diag.pipeline-run/1", "kind": "pipeline-run", "verdict": "pass",
            "headline": sheet(done, lang).headline, "findings": [], "environment": facts["environment"],
            "timing": {"wall_s": facts["wall_s"]}, "memory": {"peak_bytes": done.peak_bytes}, "run": done.run,
            **{k: facts[k] for k in ("spec", "swapped", "picture", "steps", "flagged", "seconds", "calls")}}


def to_csv(done: PipelineRun) -> str:
    """One row a submodel."""
    return csv_text(("submodel", "mindir", "calls", "seconds_a_call"), (
        (name, int(name in done.swapped), count, done.seconds[name]) for name, count in done.calls.items()))
