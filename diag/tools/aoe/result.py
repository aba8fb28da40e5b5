"""AOE's result files in all their forms: list or dict at the top, operators as object or list, nested or not.

Nothing is taken for granted but the names of values: a search finds them wherever they stand, and ignores the rest.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.errors import FormatError, UsageError
from diag.formats.text import read_text
from diag.types.tuning import Bank, TunedOperator, TunedTask, TuneStatus

MOST_BYTES = 256 << 20
_JOBS = {"opat": "operator", "sgat": "subgraph", "gdat": "gradient"}
_BANK = {"total": "total_num", "hit": "repo_hit_num", "added": "repo_add_num", "updated": "repo_update_num",
         "reserved": "repo_reserved_num", "unsatisfied": "repo_unsatisfied_num"}
_DEEP = 40


def read_result(path: Path) -> tuple[TunedTask, ...]:
    """All tasks of one file. Raises UsageError (no such file), FormatError (no result of AOE)."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FormatError(path, "This is too large for a result of AOE", found=f"{path.stat().st_size:,} bytes")
        text = read_text(path)
    except OSError as error:
        raise UsageError(f"The file cannot be read: {error.strerror}", where=f"in {path}",
                         hint="Check the path and its permissions") from error
    tasks = tuple(parse_result(text, str(path)))
    if not tasks:
        raise FormatError(path, "Expected a result of AOE (aoe_result_opat_….json, aoe_result_sgat_….json)",
                          hint="AOE writes it into its working folder or ASCEND_WORK_PATH")
    return tasks


def parse_result(text: str, source: str = "") -> list[TunedTask]:
    """The tasks in the text; none where it is no JSON of that kind. A file that AOE is still writing may be cut off."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return []
    try:
        return [task for report in _reports(data) for task in [_task(report, source)] if _says(task)]
    except RecursionError:
        return []


@dataclass(slots=True)
class _Report:
    """One envelope: its ``basic`` part and its job's part."""

    basic: dict[str, Any] = field(default_factory=dict)
    job: str = ""
    body: dict[str, Any] = field(default_factory=dict)


def _reports(data: Any, depth: int = 0) -> Iterator[_Report]:  # noqa: ANN401 - any JSON
    """Lists of one-key objects ``[{"basic": …}, {"OPAT": …}]``, wherever they lie."""
    if depth > _DEEP:
        return
    if isinstance(data, list):
        basic: dict[str, Any] = {}
        for item in data:
            if not isinstance(item, dict):
                continue
            if isinstance(item.get("basic"), dict):
                basic = item["basic"]
            found = [(_JOBS[key.lower()], value) for key, value in item.items()
                     if key.lower() in _JOBS and isinstance(value, dict)]
            yield from (_Report(basic, job, body) for job, body in found)
            if not found and "basic" not in item:
                yield from _reports(item, depth + 1)
    elif isinstance(data, dict):
        found = [(_JOBS[key.lower()], value) for key, value in data.items()
                 if key.lower() in _JOBS and isinstance(value, dict)]
        basic = data["basic"] if isinstance(data.get("basic"), dict) else {}
        yield from (_Report(basic, job, body) for job, body in found)
        if not found:
            for value in data.values():
                yield from _reports(value, depth + 1)


def _task(report: _Report, source: str) -> TunedTask:
    body = report.body
    before, after = _starting(body, "model_baseline_performance"), _starting(body, "model_result_performance")
    improvement = percent(_value(body, "model_performance_improvement"))
    if math.isnan(improvement) and before > 0 and after > 0:
        improvement = before / after - 1
    name = str(_value(report.basic, "tuning_name") or "")
    return TunedTask(name, report.job, _status(body), before, after, improvement,
                     _starting(report.basic, "tuning_time"), tuple(_operators(body)), tuple(_failed(body)),
                     _bank(body), source)


def _says(task: TunedTask) -> bool:
    """Whether it tells anything of a tuning: an envelope without known values is no result."""
    numbers = (task.before_ms, task.after_ms, task.improvement)
    return task.status is not TuneStatus.UNKNOWN or any(map(math.isfinite, numbers)) or bool(
        task.operators or task.failed or task.bank)


def _status(body: Mapping[str, Any]) -> TuneStatus:
    said = " ".join(str(value).lower() for key, value in body.items() if re.fullmatch(r"\w+_tun(e|ing)_result", key))
    if "success" in said:
        return TuneStatus.SUCCESS
    return TuneStatus.FAILURE if "fail" in said else TuneStatus.UNKNOWN


def _operators(body: Any, name: str = "", kind: str = "", change: str = "", depth: int = 0  # noqa: ANN401
               ) -> Iterator[TunedOperator]:
    """Whatever has a performance before tuning; its name may stand further out."""
    if depth > _DEEP:
        return
    if isinstance(body, list):
        for item in body:
            yield from _operators(item, name, kind, change, depth + 1)
        return
    if not isinstance(body, dict):
        return
    name = str(_value(body, "op_name") or _value(body, "subgraph_name") or _value(body, "repo_key") or name)
    kind = str(_value(body, "op_type") or kind)
    before = _starting(body, "performance_before_tune")
    if math.isfinite(before):
        yield TunedOperator(name, kind, before, _starting(body, "performance_after_tune"),
                            percent(_value(body, "performance_improvement")), change or "single")
        return
    for key, value in body.items():
        inner = "add" if key.startswith("add_") else "update" if key.startswith("update_") else change
        yield from _operators(value, name, kind, inner, depth + 1)


def _failed(body: Mapping[str, Any]) -> Iterator[str]:
    for key, value in body.items():
        if key.startswith("tune_failed") and isinstance(value, list):
            yield from (str(item.get("op_name", item)) if isinstance(item, dict) else str(item) for item in value)


def _bank(body: Mapping[str, Any]) -> Bank | None:
    summary = body.get("repo_summary")
    if not isinstance(summary, dict):
        return None
    return Bank(**{ours: _whole(summary.get(theirs)) for ours, theirs in _BANK.items()})


def percent(value: object) -> float:
    """A share from ``"0.31%"`` or ``0.31``; NaN from anything else."""
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    try:
        number = float(text.rstrip("% ")) / 100
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _value(body: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401
    return body.get(key)


def _starting(body: Mapping[str, Any], start: str) -> float:
    """The number whose key begins like this (a unit follows in brackets)."""
    for key, value in body.items():
        if key.startswith(start) and isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                number = float(str(value).strip().split()[0] if str(value).strip() else "nan")
            except ValueError:
                continue
            if math.isfinite(number):
                return number
    return math.nan


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return 0
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return 0
