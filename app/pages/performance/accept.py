"""Which pane a path belongs to, from its name and its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from app.pages.recognise import head, kind_of_result

_PANES = ("bench", "tune", "profile")
_TABLES = re.compile(r"(op name|op type|kernel_name),|accelerator core|,op type,", re.IGNORECASE)
_BENCHMARK = re.compile(r"^\s*(Model = .+AvgRunTime|ModelPath =|start unified benchmark run|MarkAccuracy)",
                        re.MULTILINE)
_PROFILED = re.compile(r"^\s*op(Name|Type)\s+(avg\(ms\)|cycles|cache|frontend)", re.MULTILINE)


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
        return "profile" if _TABLES.search(head(path).partition("\n")[0]) else ""
    if name.endswith(".json"):
        return _json(head(path))
    if path.suffix.lower() in (".txt", ".log", ""):
        text = head(path)
        if _PROFILED.search(text):
            return "profile"
        return "bench" if _BENCHMARK.search(text) else "tune" if "[Aoe]" in text else ""
    return ""


def _json(text: str) -> str:
    if re.search(r'"kind":\s*"bench"', text):
        return "bench"
    if re.search(r'"(OPAT|SGAT)"|"tuning_name"', text):
        return "tune"
    return "profile" if '"ph"' in text and '"ts"' in text else ""


def wanted(path: Path) -> bool:
    """Whether the page of performance wants it."""
    return bool(pane_of(path))
