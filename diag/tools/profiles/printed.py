"""Tables that MindSpore Lite's benchmark printed, as a profile without a time axis."""

from __future__ import annotations

from pathlib import Path

from diag.errors import FormatError
from diag.tools.benchmark import parse
from diag.tools.profiles.columns import Builder
from diag.types.timeline import Profile


def read_printed(path: Path) -> Profile:
    """The profile. Raises FormatError where the text holds no table of operators, OSError."""
    output = parse(path.read_text(encoding="utf-8", errors="replace"))
    builder = Builder()
    if output.ops or output.types:
        rows = output.ops or output.types
        loops = max((row.calls for row in rows), default=1) or 1
        names = [row.name for row in rows]
        builder.add(len(rows), {"names": names, "types": [""] * len(rows) if output.ops else names,
                                "cores": [output.header.get("DeviceType", "CPU")] * len(rows),
                                "duration_us": [1e3 * r.total_ms for r in rows],
                                "calls": [max(1, r.calls) for r in rows]})
        return builder.profile(str(path), "benchmark", runs=loops,
                               type_totals=[(r.name, r.calls, 1e3 * r.total_ms) for r in output.types])
    if output.counters or output.counter_types:
        rows_ = output.counters or output.counter_types
        builder.add(len(rows_), {"names": [r.name for r in rows_], "types": [""] * len(rows_) if output.counters
                                 else [r.name for r in rows_], "cores": ["CPU"] * len(rows_),
                                 "duration_us": [r.first for r in rows_]})
        return builder.profile(str(path), "cycles",
                               type_totals=[(r.name, 1, r.first) for r in output.counter_types])
    raise FormatError(path, "Expected a profile", found="output of benchmark without a table of operators"
                      if not output.empty else "text",
                      hint="Run benchmark with --timeProfiling=true, or give a folder PROF_… of msprof")
