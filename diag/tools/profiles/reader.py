"""Finds out what a path holds and reads it: a file of any profiler, or a folder that msprof wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import FormatError, UsageError
from diag.events import Event, Finished
from diag.tools.profiles.columns import Builder
from diag.tools.profiles.printed import read_printed
from diag.tools.profiles.tables import kind_of, read_fusions, read_host, read_operators
from diag.tools.profiles.trace import read_trace
from diag.types.timeline import Host

_HINT = "Give op_summary*.csv, a folder PROF_… of msprof, a trace as JSON, or output of benchmark --timeProfiling"
_ORDER = ("op_summary", "task_time", "op_statistic")
_DEEP, _SHOWN = 6, 5


def read_profile(path: Path, cancel: Cancel) -> Iterator[Event]:
    """Progress, then Finished(Profile). Raises UsageError (no such path), FormatError, Cancelled."""
    try:
        if not path.exists():
            raise UsageError("There is no such file", where=f"in {path}", hint="Check the path")
        for event in _folder(path, cancel) if path.is_dir() else _file(path, cancel):
            if isinstance(event, Finished) and not len(event.result.duration_us) and not event.result.host:
                raise FormatError(path, "No operator was recorded in this profile",
                                  found=f"{event.result.unreadable:,} rows that cannot be read"
                                  if event.result.unreadable else "", hint=_HINT)
            yield event
    except OSError as error:
        raise UsageError(f"The profile cannot be read: {error.strerror or error}", where=f"in {path}",
                         hint="Check the path and its permissions") from error


def _file(path: Path, cancel: Cancel) -> Iterator[Event]:
    with path.open("rb") as file:
        head = file.read(4096)
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        raise FormatError(path, "Expected a profile", offset=0, found="an archive", hint="Unpack it")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(path, "Expected a profile", offset=0, found="UTF-16 text", hint="Save it as UTF-8")
    if b"\0" in head:
        raise FormatError(path, "Expected a profile", offset=head.index(b"\0"), found="binary data", hint=_HINT)
    if plain[:1] in (b"{", b"["):
        yield from read_trace(path, cancel)
        return
    kind = kind_of(path) if re.search(rb"[,\t;]", plain.partition(b"\n")[0]) else ""
    if kind in _ORDER:
        yield from _tables({kind: [path]}, path, cancel)
    elif kind == "api":
        yield Finished(Builder().profile(str(path), "msprof", host=read_host(path)))
    elif kind:
        raise FormatError(path, "Expected operators with their times", found=f"a table of kind {kind}", hint=_HINT)
    else:
        yield Finished(read_printed(path))


def _folder(path: Path, cancel: Cancel) -> Iterator[Event]:
    """All slices of the best table that the folder has, anywhere inside; the trace where there is no table."""
    recordings: dict[Path, dict[str, list[Path]]] = {}
    for file in sorted(p for p in path.rglob("*.csv") if len(p.relative_to(path).parts) <= _DEEP):
        kind = kind_of(file)
        if kind:
            recordings.setdefault(_recording(file, path), {}).setdefault(kind, []).append(file)
    if len(recordings) > 1:
        names = ", ".join(str(one.relative_to(path)) for one in list(recordings)[:_SHOWN])
        raise UsageError(f"The folder holds {len(recordings)} profiles", where=f"in {path}: {names}",
                         hint="Choose one of them")
    found = next(iter(recordings.values()), {})
    if any(kind in found for kind in _ORDER):
        yield from _tables(found, path, cancel)
        return
    traces = sorted((p for p in path.rglob("*.json") if p.name.startswith(("msprof", "trace_view", "onnxruntime"))),
                    key=lambda p: -p.stat().st_size)
    if traces:
        yield from read_trace(traces[0], cancel)
        return
    raise FormatError(path, "Expected a folder with a profile", found="no table and no trace of a profiler",
                      hint="Export it first: msprof --export=on --output=PROF_FOLDER")


def _recording(file: Path, top: Path) -> Path:
    """The folder of the recording that a table belongs to: PROF_…, or where the table lies."""
    for folder in file.parents:
        if folder == top:
            break
        if folder.name.startswith("PROF_"):
            return folder
    if any(part.startswith("device_") for part in file.relative_to(top).parts[:-1]):
        return top
    return file.parent


def _tables(found: dict[str, list[Path]], path: Path, cancel: Cancel) -> Iterator[Event]:
    kind = next(one for one in _ORDER if one in found)
    builder = Builder()
    runs: set[str] = set()
    for file in found[kind]:
        runs |= yield from read_operators(file, builder, cancel, kind)
    host = [call for file in found.get("api", ()) for call in read_host(file)]
    originals = [pair for file in found.get("fusion", ()) for pair in read_fusions(file)]
    source = {"op_summary": "msprof"}.get(kind, kind)
    if kind == "op_summary" and any("kernel_details" in p.name for p in found[kind]):
        source = "kernel_details"
    yield Finished(builder.profile(str(path), source, runs=len(runs), host=_merged(host), originals=originals))


def _merged(host: Sequence[Host]) -> list[Host]:
    return sorted(host, key=lambda call: -call.total_us)
