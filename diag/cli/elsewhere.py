"""What is no model, but read by another command: told by name and first bytes, for ``diag inspect``."""

from __future__ import annotations

import re
from pathlib import Path

from diag.formats.clues import BENCHMARK, LOG, PROFILED, SECTION, TABLE, TRACE, TUNED, TUNING, head

_DEEP = 4

_TEXTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    # what its beginning holds one of, what it is, and the command
    ((TABLE, TRACE, PROFILED), "a profile", "diag profile"),
    ((TUNED, TUNING), "a result of AOE", "diag tune --import"),
    ((BENCHMARK,), "output of MindSpore Lite's benchmark", "diag bench --import"),
    ((SECTION,), "a configuration of the converter", "diag convert --check-config"),
    ((LOG,), "a log", "diag log triage"),
)
_FOLDERS: tuple[tuple[str, str, str], ...] = (
    (r"(op_summary|op_statistic|task_time|kernel_details).*\.csv|msprof.*\.json", "a profile", "diag profile"),
    (r"ge_(proto|onnx)_\d+.*\.(txt|pbtxt)", "dumps of the Ascend compiler", "diag graph show"),
    (r"aoe_result_.*\.json", "a result of AOE", "diag tune --import"),
    (r".*\.log(\.\d+)?(\.gz)?", "a log", "diag log triage"),
)


def reader_of(path: Path) -> tuple[str, str] | None:
    """What ``path`` is, and the command that reads it; None if nothing tells."""
    if path.is_dir():
        names = [p.name for p in path.rglob("*") if len(p.relative_to(path).parts) <= _DEEP]
        return next(((what, command) for pattern, what, command in _FOLDERS
                     if any(re.fullmatch(pattern, name, re.IGNORECASE) for name in names)), None)
    text = head(path)
    return next(((what, command) for patterns, what, command in _TEXTS
                 if any(re.search(pattern, text) for pattern in patterns)), None)
