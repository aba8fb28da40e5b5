"""Times that were measured elsewhere: output of ``benchmark``, JSON of ``diag bench``, plain numbers."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diag.errors import DiagError, FormatError, UsageError
from diag.formats.text import read_text
from diag.perf.measure import summary
from diag.perf.stats import NO_INTERVAL
from diag.rules.codes import finding
from diag.tools.benchmark.output import BenchmarkOutput, parse
from diag.types.bench import Series
from diag.types.codes import Code
from diag.types.finding import Evidence, Finding
from diag.workspace.codec import from_json

MOST_BYTES = 256 << 20
_RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a file holds: series of times, and what it says of success and accuracy."""

    series: tuple[Series, ...]
    findings: tuple[Finding, ...] = ()


def read_recorded(path: Path) -> Recorded:
    """The series of one file. Raises UsageError (no such file), FormatError (nothing of a benchmark in it)."""
    text = _text(path)
    stripped = text.lstrip("\ufeff \t\r\n")
    # What programs log begins with a word in brackets, too.
    if re.match(r"[{\[]\s*(?:[^\sA-Z]|\Z)", stripped):
        return Recorded(_from_json(path, stripped))
    output = parse(text)
    if not output.empty:
        return _from_output(path, output)
    rows = _of_table(path, stripped)
    if rows:
        return Recorded(rows)
    numbers = _numbers(stripped)
    if numbers:
        return Recorded((_series(path, numbers),))
    raise FormatError(path, "Expected output of MindSpore Lite's benchmark, JSON of diag bench, or numbers (ms)",
                      hint="Profiles are read by diag profile, AOE results by diag tune --import")


def merged(recorded: Sequence[Series]) -> tuple[Series, ...]:
    """Averages of the same model from several files as the samples of one series; all others as they are."""
    groups: dict[str, list[Series]] = {}
    for one in recorded:
        key = one.path if not one.samples_ms else f"{one.source}#{len(groups)}"
        groups.setdefault(key, []).append(one)
    return tuple(group[0] if len(group) == 1 else _joined(group) for group in groups.values())


def _joined(group: Sequence[Series]) -> Series:
    first = group[0]
    made = summary([one.mean_ms for one in group], path=first.path, runtime=first.runtime, device=first.device,
                   threads=first.threads, source=f"{len(group)} files", clock=_RECORDED, warmup=first.warmup,
                   batch=max(one.runs for one in group))
    return replace(made, min_ms=min(one.min_ms for one in group), max_ms=max(one.max_ms for one in group))


def _from_output(path: Path, output: BenchmarkOutput) -> Recorded:
    found: list[Finding] = []
    name = output.model or path.name
    evidence = (Evidence(str(path)),)
    if output.failures or output.succeeded is False:
        reason = output.failures[0] if output.failures else f"exit status {output.status}"
        found.append(finding(Code.BENCHMARK_FAILED, name, reason=reason, evidence=evidence))
    limit = _number(output.header.get("AccuracyThreshold", ""))
    if output.accuracy is not None and output.accuracy.bias_percent > (0.5 if math.isnan(limit) else limit):
        found.append(finding(Code.BENCHMARK_BIAS, name, bias=output.accuracy.bias_percent,
                             limit=0.5 if math.isnan(limit) else limit, evidence=evidence))
    series = tuple(_of_timing(path, output, i) for i, timing in enumerate(output.timings) if _time(timing.avg_ms))
    if output.parallel_ms:
        series += (replace(_series(path, list(output.parallel_ms)), path=name, runtime="benchmark"),)
    if not series and not found and (output.accuracy is None or output.timings):
        raise FormatError(path, "This output of benchmark holds no times",
                          hint="Tables of operators are shown by diag profile")
    return Recorded(series, tuple(found))


def _of_timing(path: Path, output: BenchmarkOutput, index: int) -> Series:
    timing, header = output.timings[index], output.header
    return Series(path=timing.model, label="", runtime="benchmark", runtime_version="",
                  device=header.get("DeviceType", ""), threads=timing.threads, source=str(path), clock=_RECORDED,
                  warmup=_whole(header.get("WarmUpLoopCount", "")), runs=_whole(header.get("LoopCount", "")), batch=1,
                  samples_ms=(), rounds=(), median_ms=math.nan, median=NO_INTERVAL, p90_ms=math.nan,
                  min_ms=timing.min_ms, max_ms=timing.max_ms, mean_ms=timing.avg_ms, mad_ms=math.nan,
                  build_ms=output.prepare_ms)


def _of_table(path: Path, text: str) -> tuple[Series, ...]:
    """The CSV of ``diag bench``, whole or stopped early: one series a model and runtime."""
    rows = csv.DictReader(io.StringIO(text))
    if not {"model", "ms", "round"} <= set(rows.fieldnames or ()):
        return ()
    groups: dict[tuple[str, ...], list[tuple[float, int]]] = {}
    for row in rows:
        ms = _number(str(row["ms"]))
        if _time(ms):
            key = tuple(str(row.get(name) or "") for name in ("model", "runtime", "device"))
            groups.setdefault(key, []).append((ms, _whole(str(row["round"]))))
    least = min((len(group) for group in groups.values()), default=0)
    return tuple(summary([ms for ms, _ in group[:least]], path=model, runtime=runtime, device=device, source=str(path),
                         clock=_RECORDED, rounds=tuple(number for _, number in group[:least]))
                 for (model, runtime, device), group in groups.items())


def _from_json(path: Path, text: str) -> tuple[Series, ...]:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(path, f"This is broken JSON: {error}", hint="Write it again") from error
    if isinstance(data, dict) and data.get("kind") == "bench" and isinstance(data.get("models"), list):
        try:
            models = [from_json(Series, one, where=str(path)) for one in data["models"]]
        except DiagError as error:
            raise FormatError(path, error.message, hint=error.hint) from error
        return tuple(replace(one, source=str(path)) for one in models)
    numbers = data if isinstance(data, list) else data.get("samples_ms") if isinstance(data, dict) else None
    if isinstance(numbers, list) and numbers and all(_time(n) for n in numbers):
        return (_series(path, [float(n) for n in numbers]),)
    raise FormatError(path, "Expected a document of diag bench or a list of times in ms",
                      hint="AOE results are read by diag tune --import, profiles by diag profile")


def _series(path: Path, numbers: Sequence[float]) -> Series:
    return summary(numbers, path=path.name, source=str(path), clock=_RECORDED)


def _numbers(text: str) -> list[float]:
    """Positive numbers of a text that holds nothing else (a heading line is allowed)."""
    lines = text.splitlines()
    if lines and not any(_time(_number(word)) for word in re.split(r"[,;\s]+", lines[0]) if word):
        lines = lines[1:]
    words = [word for line in lines for word in re.split(r"[,;\s]+", line) if word]
    numbers = [_number(word) for word in words]
    return numbers if numbers and all(map(_time, numbers)) else []


def _time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 0


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FormatError(path, "This is too large for the output of a benchmark",
                              found=f"{path.stat().st_size:,} bytes", hint="Profiles are read by diag profile")
        return read_text(path)
    except OSError as error:
        raise UsageError(f"The file cannot be read: {error.strerror}", where=f"in {path}",
                         hint="Check the path and its permissions") from error
