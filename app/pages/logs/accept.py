"""Which paths are logs, from their names and first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from app.pages.recognise import head

_NAMES = re.compile(r"\.log(?:\.(?:\d{1,4}|old|bak))?(?:\.(?:gz|xz|bz2))?$", re.IGNORECASE)
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_LINES = re.compile(
    r"^\s*\[(?:DEBUG|INFO|WARNING|ERROR|EVENT|CRITICAL)\] [A-Z]\w*\(|^Traceback \(most recent call last\):"
    r"|CONVERT\w* RESULT |^\s*[EW][A-Z0-9]\d{4}: |^(?:DEBUG|INFO|WARNING|ERROR) \[", re.MULTILINE)
_LOOKED = 200


def wanted(path: Path) -> bool:
    """Whether it is a log, an archive, or a folder with logs in it and no models."""
    if path.is_dir():
        return _folder(path)
    name = path.name.lower()
    if _NAMES.search(name) or name.endswith(_ARCHIVES):
        return True
    return path.suffix.lower() in (".txt", ".out", ".err", "") and _LINES.search(head(path)) is not None


def _folder(path: Path) -> bool:
    if (path / "run.json").is_file() or (path / "pipeline.toml").is_file():
        return False
    found = False
    for number, child in enumerate(path.rglob("*")):
        if number >= _LOOKED:
            break
        if child.suffix.lower() in (".onnx", ".mindir", ".om", ".npy"):
            return False
        found = found or _NAMES.search(child.name) is not None
    return found
