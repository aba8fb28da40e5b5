"""A reduction as the document ``diag.bundle/1``: on stdout, and as bundle.json, which the bundle's scripts read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from diag.compare.reduce.again import OPTIMIZE
from diag.compare.reduce.result import Reduction
from diag.workspace.codec import to_json


def document(result: Reduction, *, shared: bool = False) -> dict[str, Any]:
    """The document; its keys are API. ``shared``: for others to read, without the paths of this machine."""
    facts: dict[str, Any] = to_json(result)
    known = dict(facts["facts"])
    found = {
        "schema": "diag.bundle/1", "kind": "bundle", "verdict": facts["verdict"], "note": facts["note"],
        "findings": known.pop("findings", []), "environment": facts["environment"],
        "timing": {"wall_s": facts["wall_s"]}, "memory": {"peak_bytes": facts["peak_bytes"]}, "run": facts["run"],
        "bundle": facts["bundle"], "archive": facts["archive"], "golden": facts["golden"], "target": facts["target"],
        "culprit": facts["focus"], "context": facts["context"], "golden_nodes": facts["golden_nodes"],
        "target_nodes": facts["target_nodes"], "golden_total": facts["golden_total"],
        "target_total": facts["target_total"], "weights_bytes": facts["weights_bytes"], "inputs": facts["inputs"],
        "outputs": facts["outputs"], "errors": facts["errors"], "attempts": facts["attempts"],
        "convert": {"optimize": OPTIMIZE, "again": facts["again"]}, "files": facts["files"],
        "golden_file": "golden.onnx",
        "target_file": next((f["name"] for f in facts["files"] if f["name"].startswith("target.")), None),
        "threads": known.pop("threads", 1), "opset": known.pop("opset", {}), "decrypted": known.pop("decrypted", False),
        "target_says": known.pop("target_says", {}),
    }
    if shared:
        for side in ("golden", "target"):
            found[side]["path"] = Path(found[side]["path"]).name
        for key in ("run", "bundle", "archive", "timing", "memory"):
            del found[key]
    return found


def dumps(found: dict[str, Any]) -> str:
    """The document as text, UTF-8 as it is, a newline at the end, never NaN."""
    return json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
