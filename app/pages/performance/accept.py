"""Which pane a path belongs to, from its name and its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from app.pages.recognise import kind_of_result
from diag.formats.clues import BENCHMARK, PROFILED, TABLE, TRACE, TUNED, TUNING, head

_PANES = ("bench", "tune", "profile")


def pane_of(path: Path) -> str:
    """bench, tune or profile; "" if no pane wants it."""
    recorded = kind_of_result(path)
    if recorded:
        return recorded if recorded in _PANES else ""
    if path.is_dir():
        if path.name.startswith("PROF_") or (path / "mindstudio_profiler_output").is_dir():
            return "profile"
        return "tune" if (path / "tune.sh").is_file() or any(path.glob("aoe_result_*.json")) else ""
    name = path.name.lower()
    if name.startswith("aoe_result_"):
        return "tune"
    if name.endswith(".csv"):
        return "profile" if re.search(TABLE, head(path)) else ""
    if name.endswith(".json"):
        return _json(head(path))
    if path.suffix.lower() in (".txt", ".log", ""):
        text = head(path)
        if re.search(PROFILED, text):
            return "profile"
        return "bench" if re.search(BENCHMARK, text) else "tune" if re.search(TUNING, text) else ""
    return ""


def _json(text: str) -> str:
    if re.search(r'"kind":\s*"bench"', text):
        return "bench"
    if re.search(TUNED, text):
        return "tune"
    return "profile" if re.search(TRACE, text) else ""


def wanted(path: Path) -> bool:
    """Whether the page of performance wants it."""
    return bool(pane_of(path))
