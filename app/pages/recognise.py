"""Whose a path is: from its name and its first bytes, nothing more. One function a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

_HEAD = 65_536


def pipeline(path: Path) -> bool:
    """A pipeline's description, or the run folder of one."""
    if path.is_dir():
        return kind_of_run(path) == "pipeline" or (path / "pipeline.toml").is_file()
    return path.suffix == ".toml" and re.search(r"^\s*\[\[submodels\]\]", head(path), re.MULTILINE) is not None


def kind_of_run(path: Path) -> str:
    """What the run folder's own file says it holds; "" for any other folder."""
    try:
        facts = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(facts.get("kind", "")) if isinstance(facts, dict) else ""


def head(path: Path) -> str:
    """The beginning of a text file; "" if it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_HEAD)
    except OSError:
        return ""
