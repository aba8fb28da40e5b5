"""Interpreters that are shell scripts: they answer the probe as told, or misbehave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def executable(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return path


def python(path: Path, version: tuple[int, int, int] = (3, 7, 16), packages: Mapping[str, str] | None = None,
           then: str = "") -> Path:
    """An interpreter at ``path``; its sys.path is one folder beside it, so that packages can come and go.

    Every probe adds a line to ``<path>.asked``.
    """
    site = path.parent.parent / "site"
    site.mkdir(parents=True, exist_ok=True)
    answer = {"version": list(version), "prefix": str(path.parent.parent), "bits": 64, "packages": dict(packages or {}),
              "folders": {str(site): site.stat().st_mtime}}
    return executable(path, f"echo asked >> '{path}.asked'\necho some noise\n"
                            f"/bin/cat <<'END'\ndiag-probe:{json.dumps(answer)}\nEND\n{then}\n")


def asked(path: Path) -> int:
    log = Path(f"{path}.asked")
    return len(log.read_text().splitlines()) if log.exists() else 0
