"""Whose a path is: whether the page of graphs shows it. From names and first bytes."""

from __future__ import annotations

import re
from pathlib import Path

_DUMP = r"ge_(proto|onnx)_\d+.*\.(txt|pbtxt)\Z"  # compiled when a path is looked at
_OM = b"IMOD"
_MOST = 20_000


def wanted(path: Path) -> bool:
    """A dump of the compiler, a folder of them, a compiled model, the JSON of one."""
    try:
        if path.is_dir():
            names = (p.name for _, p in zip(range(_MOST), path.iterdir(), strict=False))
            return any(re.match(_DUMP, name) for name in names)
        if re.match(_DUMP, path.name):
            return True
        if path.suffix not in (".om", ".json"):
            return False
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return head.startswith(_OM) or (path.suffix == ".json" and b'"key"' in head and b'"attr"' in head)
