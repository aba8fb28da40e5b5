"""Trace events (JSON): onnxruntime's profile and msprof's timeline, read an event at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.cancel import Cancel
from diag.errors import FormatError
from diag.events import Event, Finished, Progress
from diag.tools.profiles.columns import Builder
from diag.tools.profiles.tables import MOST_US
from diag.types.timeline import Host, Profile

_BLOCK = 4 << 20
_FLUSH = 20_000
_KERNEL = "_kernel_time"
_NOT_WORK = ("PROFILING_ENABLE", "PROFILING_DISABLE", "EVENT_RECORD", "EVENT_WAIT", "TASK_TIMEOUT_SET",
             "PLACE_HOLDER_SQE", "NOTIFY_WAIT", "NOTIFY_RECORD")
_NESTING = frozenset({"If", "Loop", "Scan"})


def read_trace(path: Path, cancel: Cancel) -> Iterator[Event]:
    """Progress, then Finished(Profile). Raises FormatError (no trace), OSError.

    A file that was cut off is read up to there, and the rest counts as one unreadable row.
    """
    reading = _Reading()
    for number, (event, done) in enumerate(events(path, reading.builder)):
        if number % 5000 == 0:
            cancel.check()
            yield Progress("Reading the profile", done, 0, "bytes")
        reading.take(event)
    yield Finished(reading.profile(path))


def events(path: Path, builder: Builder) -> Iterator[tuple[dict[str, Any], int]]:
    """The event objects of a trace, with the bytes read so far."""
    decoder, text, done, began = json.JSONDecoder(), "", 0, False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        while True:
            block = file.read(_BLOCK)
            done += len(block)
            text += block
            place = 0
            if not began:
                place = _start(path, text)
                began = True
            while True:
                place = _skip(text, place)
                if place >= len(text):
                    break
                if text[place] == "]":
                    return
                try:
                    event, end = decoder.raw_decode(text, place)
                except (ValueError, RecursionError):
                    break
                place = end
                if isinstance(event, dict):
                    yield event, done
                else:
                    builder.refuse(1, f"{str(event)[:60]} is no event")
            text = text[place:]
            if not block:
                if text.strip(", \r\n\t"):
                    builder.refuse(1, f"broken from here: {text[:60]}")
                return
            if len(text) > 64 * _BLOCK:
                raise FormatError(path, "Expected trace events", found="one event of more than 256 MiB",
                                  hint="Export the profile again")


def _start(path: Path, text: str) -> int:
    head = text.lstrip()
    if head.startswith("["):
        return text.index("[") + 1
    place = text.find('"traceEvents"')
    bracket = text.find("[", place) if place >= 0 else -1
    if bracket < 0:
        raise FormatError(path, "Expected trace events as JSON", offset=0, found=repr(head[:40]),
                          hint="Profiles come from msprof --export=on, or from onnxruntime's enable_profiling")
    return bracket + 1


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n,":
        place += 1
    return place


@dataclass(slots=True)
class _Row:
    name: str
    type: str
    core: str
    track: str
    start: float
    duration: float
    shapes: str = ""
    dtypes: str = ""


@dataclass(slots=True)
class _Reading:
    """Events in, columns out."""

    builder: Builder = field(default_factory=Builder)
    rows: list[_Row] = field(default_factory=list)
    processes: dict[Any, str] = field(default_factory=dict)
    threads: dict[tuple[Any, Any], str] = field(default_factory=dict)
    host: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    origin: int | None = None
    runs: int = 0
    nested: bool = False
    onnxruntime: bool = False

    def take(self, event: dict[str, Any]) -> None:
        """One event."""
        args = event.get("args")
        args = args if isinstance(args, dict) else {}
        phase = event.get("ph")
        if phase == "M":
            self._meta(event, args)
        elif phase == "X":
            start, duration = self._time(event.get("ts")), _float(event.get("dur"))
            if not (math.isfinite(start) and 0 <= duration < MOST_US):
                self.builder.refuse(1, f"event {str(event.get('name'))[:60]} has no time")
            else:
                self._work(event, args, start, duration)

    def _meta(self, event: dict[str, Any], args: dict[str, Any]) -> None:
        pid, tid = _key(event.get("pid")), _key(event.get("tid"))
        if event.get("name") == "process_name":
            self.processes[pid] = str(args.get("name", ""))
        elif event.get("name") == "thread_name":
            self.threads[(pid, tid)] = str(args.get("name", ""))

    def _work(self, event: dict[str, Any], args: dict[str, Any], start: float, duration: float) -> None:
        name, category = str(event.get("name", "")), event.get("cat")
        track = f"{_key(event.get('pid'))}/{_key(event.get('tid'))}"
        if category == "Session":
            self.onnxruntime = True
            self.runs += name == "model_run"
        elif category == "Node":
            self.onnxruntime = True
            if name.endswith(_KERNEL):
                kind = str(args.get("op_name", ""))
                self.nested = self.nested or kind in _NESTING
                shapes, dtypes = _typed(args.get("input_type_shape"))
                provider = str(args.get("provider", "")).replace("ExecutionProvider", "")
                self.rows.append(_Row(name[:-len(_KERNEL)], kind, provider or "CPU", track, start, duration, shapes,
                                      dtypes))
        elif "level" in args:
            found = self.host.setdefault((str(args["level"]), str(args.get("id", name))), [])
            found.append(duration)
        elif "Task Type" in args and str(args["Task Type"]) not in _NOT_WORK and name not in _NOT_WORK:
            self.rows.append(_Row(name, str(args.get("OP Type", args.get("Op Type", name))), str(args["Task Type"]),
                                  track, start, duration))

    def _time(self, value: Any) -> float:  # noqa: ANN401 - whatever stands there
        """Microseconds from the first event: absolute ones have more digits than a double keeps."""
        text = str(value).strip()
        whole, _, fraction = text.partition(".")
        if not whole.lstrip("-").isdecimal() or len(whole) > 18 or not (fraction or "0").isdecimal():
            return _float(value)
        if self.origin is None:
            self.origin = int(whole)
        return int(whole) - self.origin + float(f"0.{fraction or 0}")

    def profile(self, path: Path) -> Profile:
        """Everything that was read."""
        if self.nested:
            _exclusive(self.rows)
        for at in range(0, len(self.rows), _FLUSH):
            self._flush(self.rows[at:at + _FLUSH])
        host = [Host(level, name, len(times), sum(times), max(times)) for (level, name), times in self.host.items()]
        return self.builder.profile(str(path), "onnxruntime" if self.onnxruntime else "trace", runs=self.runs,
                                    host=sorted(host, key=lambda h: -h.total_us))

    def _flush(self, rows: Sequence[_Row]) -> None:
        self.builder.add(len(rows), {
            "names": [r.name for r in rows], "types": [r.type or r.name for r in rows],
            "cores": [r.core for r in rows], "tracks": [self._track(r.track) for r in rows],
            "shapes": [r.shapes for r in rows], "dtypes": [r.dtypes for r in rows],
            "start_us": [r.start for r in rows],
            "duration_us": [r.duration for r in rows]})

    def _track(self, track: str) -> str:
        pid, _, tid = track.partition("/")
        return self.threads.get((pid, tid), tid)


def _exclusive(rows: list[_Row]) -> None:
    """A node that runs others inside (If, Loop, Scan) keeps only the time that is its own."""
    open_: list[_Row] = []
    inner: dict[int, float] = {}
    for row in sorted(rows, key=lambda r: (r.track, r.start, -r.duration)):
        while open_ and (open_[-1].track != row.track or row.start >= open_[-1].start + open_[-1].duration):
            open_.pop()
        if open_ and open_[-1].type in _NESTING:
            inner[id(open_[-1])] = inner.get(id(open_[-1]), 0.0) + row.duration
        open_.append(row)
    for row in rows:
        row.duration = max(0.0, row.duration - inner.get(id(row), 0.0))


def _typed(value: Any) -> tuple[str, str]:  # noqa: ANN401
    """What onnxruntime writes, ``[{"float": [1, 8]}, …]`` as ``1,8;…`` and ``float;…``."""
    if not isinstance(value, list):
        return "", ""
    pairs = [pair for item in value if isinstance(item, dict) for pair in item.items()]
    shapes = [",".join(map(str, dims)) if isinstance(dims, list) else "" for _, dims in pairs]
    return ";".join(shapes), ";".join(str(kind) for kind, _ in pairs)


def _key(value: Any) -> str:  # noqa: ANN401
    return str(value)


def _float(value: Any) -> float:  # noqa: ANN401
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
