"""Whose a path is: from its name and its first bytes, nothing more. One function a page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from diag.formats.clues import head

_RESULT_FILE = "result.json"  # of diag.report.kept, which is not loaded only to look at a name
_RESULT = r'\{"schema": "diag\.result/\d+", "diag": "[^"]*", "kind": "(\w+)"'  # compiled when a path is looked at


def pipeline(path: Path) -> bool:
    """A pipeline's description, or the run folder of one."""
    if path.is_dir():
        return kind_of_run(path) == "pipeline" or (path / "pipeline.toml").is_file()
    return path.suffix == ".toml" and re.search(r"^\s*\[\[submodels\]\]", head(path), re.MULTILINE) is not None


def model_and_recording(paths: Sequence[Path]) -> bool:
    """An ONNX model and a folder of what an NPU recorded, perhaps with the compiler's graph: they are compared."""
    models = [p for p in paths if p.suffix == ".onnx"]
    folders = [p for p in paths if p.is_dir() and kind_of_run(p) == "" and not pipeline(p)]
    rest = [p for p in paths if p not in models and p not in folders]
    return len(models) == 1 and len(folders) == 1 and all(p.suffix in (".txt", ".pbtxt", ".om", ".json") for p in rest)


def kind_of_run(path: Path) -> str:
    """What the run folder's own file says it holds; "" for any other folder."""
    try:
        facts = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(facts.get("kind", "")) if isinstance(facts, dict) else ""


def kind_of_result(path: Path) -> str:
    """The kind of result that a folder of ours holds (or that a result's own file is); "" for anything else."""
    file = path / _RESULT_FILE if path.is_dir() else path
    found = re.match(_RESULT, head(file)) if file.name == _RESULT_FILE else None
    return found[1] if found is not None else ""
