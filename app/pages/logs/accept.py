"""Which paths are logs, from their names and first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from app.pages.recognise import kind_of_result
from diag.errors import UsageError
from diag.formats.clues import LOG, head

# Compiled when a path is looked at: the first window does not wait for them.
_NAMES = r"(?i)\.log(?:\.(?:\d{1,4}|old|bak))?(?:\.(?:gz|xz|bz2))?$"
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_LOOKED = 200


def wanted(path: Path) -> bool:
    """Whether it is a log, an archive, or a folder with logs in it and no models."""
    if kind_of_result(path):
        return kind_of_result(path) == "log"
    if path.is_dir():
        return _folder(path)
    name = path.name.lower()
    if re.search(_NAMES, name) or name.endswith(_ARCHIVES):
        return True
    return path.suffix.lower() in (".txt", ".out", ".err", "") and re.search(LOG, head(path)) is not None


def logs_of(recorded: Path) -> list[Path]:
    """The logs that a recorded triage was made from. Raises DiagError where they are not on this machine."""
    from diag.report.kept import opened  # not for every look at a path

    folder = recorded if recorded.is_dir() else recorded.parent
    paths = [Path(name) for name in opened(folder).found.diagnosis.files]
    missing = next((p for p in paths if not p.is_file()), None)
    if missing is not None or not paths:
        raise UsageError("The logs of this triage are not here", where=f"in {missing or folder}",
                         hint="Copy them too; diag report tells the recorded answer without them")
    return paths


def _folder(path: Path) -> bool:
    if (path / "run.json").is_file() or (path / "pipeline.toml").is_file():
        return False
    found = False
    for number, child in enumerate(path.rglob("*")):
        if number >= _LOOKED:
            break
        if child.suffix.lower() in (".onnx", ".mindir", ".om", ".npy"):
            return False
        found = found or re.search(_NAMES, child.name) is not None
    return found
