"""How the beginning of a text tells which tool wrote it: for whoever has to choose a reader.

Patterns, not compiled: they are used when a file is looked at, and most programs never do.
"""

from __future__ import annotations

from pathlib import Path

TABLE = r"(?i)\A(?=[^\n]*[,;\t])[^\n]*\b(op[ _]name|op[ _]type|kernel_name|accelerator[ _]core)\b"
"""A table of a profile: its head names operators, between commas, semicolons or tabs."""

TRACE = r'\A\s*[\[{](?=[\s\S]*"ph")[\s\S]*"ts"'
"""Events of a profile in Chrome's form."""

PROFILED = r"(?m)^\s*op(Name|Type)\s+(avg\(ms\)|cycles|cache|frontend)"
"""Operators' times as MindSpore Lite's benchmark prints them."""

BENCHMARK = r"(?m)^\s*(Model = .+AvgRunTime|ModelPath =|start unified benchmark run|MarkAccuracy)"
"""What MindSpore Lite's benchmark prints."""

TUNED = r'"(OPAT|SGAT)"|"tuning_name"'
"""A result of AOE."""

TUNING = r"\[Aoe\]"
"""What AOE prints."""

SECTION = (r"(?m)^\s*\[(ascend_context|acl_\w+|aoe_\w+|ge_\w+_options|common_quant_param|full_quant_param|"
           r"graph_kernel_param|micro_param|registry)\]")
"""A configuration of the converter."""

LOG = (r"(?m)^\s*\[(?:DEBUG|INFO|WARNING|ERROR|EVENT|CRITICAL)\] [A-Z]\w*\(|^Traceback \(most recent call last\):"
       r"|CONVERT\w* RESULT |^\s*[EW][A-Z0-9]\d{4}: |^(?:DEBUG|INFO|WARNING|ERROR) \[")
"""Lines of CANN, MindSpore or Python."""

_BYTES = 65_536


def head(path: Path) -> str:
    """The beginning of a text; "" if it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.read(_BYTES)
    except OSError:
        return ""
