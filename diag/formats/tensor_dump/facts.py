"""What a dump file or a folder of dumps holds: the facts behind ``diag inspect``, and their lines of text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diag.formats.tensor_dump import nano
from diag.formats.tensor_dump.arrays import load
from diag.formats.tensor_dump.files import MAPPING, TABLE, sites
from diag.formats.tensor_dump.names import parse
from diag.formats.tensor_dump.ranges import extremes, report_facts
from diag.formats.tensor_dump.reader import read
from diag.formats.tensor_dump.recording import RecordedTensor

_MANY = 12
_LIMIT = 65504.0
_KINDS = {"ascend": "tensor dumps of an Ascend", "ascend-statistics": "statistics of an Ascend's tensors",
          "mindspore": "tensor dumps of MindSpore", "mindspore-lite": "tensor dumps of MindSpore Lite",
          "arrays": "arrays by operation"}


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One recorded tensor; ``largest`` finite |value| and ``nonfinite`` where its elements were looked at."""

    side: str
    slot: int
    dtype: str
    layout: str
    shape: tuple[int, ...]
    original: tuple[int, ...] | None
    nbytes: int
    largest: float | None
    nonfinite: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """A dump file or a folder of them.

    ``tensors`` are given for a single operation only. ``damaged``: operation and what is wrong with it.
    ``overflows``: reports as ``diag.formats.tensor_dump.ranges`` gives them.
    """

    path: str
    kind: str
    place: Mapping[str, str]
    operations: int
    ops: Mapping[str, int]
    dtypes: Mapping[str, int]
    layouts: Mapping[str, int]
    nbytes: int
    first: str
    tensors: tuple[TensorFacts, ...]
    damaged: Mapping[str, str]
    overflows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]


def looks_recorded(path: Path) -> bool:
    """Whether ``path`` is a dump file by its name or content, or a folder with dumps in it. Raises FormatError."""
    if path.is_dir():
        return not (path / "run.json").exists() and bool(sites(path))
    if parse(path.name) is not None or path.name.lower() in (MAPPING, TABLE):
        return path.is_file()
    try:
        with path.open("rb") as file:
            return nano.is_nano(file.read(16))
    except OSError:
        return False


def recording_facts(path: Path) -> RecordingFacts:
    """The facts. Raises FormatError, UsageError."""
    found = read(path.parent if path.name.lower() in (MAPPING, TABLE) else path)
    tensors = [t for op in found.ops for t in op.tensors]
    place = {k: getattr(found.place, k) for k in ("time", "device", "model", "model_id", "iteration")
             if getattr(found.place, k)}
    return RecordingFacts(
        str(path), found.kind, place, len(found.ops), dict(Counter(o.op or "?" for o in found.ops).most_common()),
        dict(Counter(t.dtype.value for t in tensors).most_common()),
        dict(Counter(t.layout or "?" for t in tensors).most_common()), sum(_nbytes(t) for t in tensors),
        found.ops[0].name if found.ops else "", tuple(map(_tensor, tensors)) if len(found.ops) == 1 else (),
        {o.name: o.problem or next(t.problem for t in o.tensors if t.problem) for o in found.damaged},
        tuple(report_facts(found)), found.notes)


def _nbytes(t: RecordedTensor) -> int:
    return t.span.length if t.span is not None else 0


def _tensor(t: RecordedTensor) -> TensorFacts:
    largest: float | None = None
    bad: int | None = None
    if t.summary is not None:
        known = [abs(v) for v in (t.summary.max, t.summary.min) if math.isfinite(v)]
        largest, bad = max(known, default=None), t.summary.nan + t.summary.pos_inf + t.summary.neg_inf
    elif t.span is not None and t.dtype.is_float:
        largest, bad = extremes(load(t))
    return TensorFacts(t.side, t.slot, t.dtype.value, t.layout, t.shape, t.original, _nbytes(t), largest, bad,
                       t.problem)


def lines(facts: RecordingFacts) -> Iterator[str]:
    """The facts as text, a line each."""
    yield facts.path
    yield _row("format", f"{_KINDS.get(facts.kind, facts.kind)}, {facts.nbytes:,} bytes of elements")
    if facts.place:
        yield _row("run", ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in facts.place.items()))
    yield _row("recorded", f"{facts.operations:,} operation{'' if facts.operations == 1 else 's'}"
                           + (f": {facts.first}" if facts.operations == 1 else ""))
    if facts.operations:
        yield _row("", _counted(facts.ops))
        yield _row("types", _counted(facts.dtypes))
        yield _row("layouts", _counted(facts.layouts))
    for t in facts.tensors:
        yield _row(f"{t.side} {t.slot}", _tensor_line(t))
    yield from _overflows(facts.overflows)
    for name, problem in list(facts.damaged.items())[:_MANY]:
        yield _row("DAMAGED", f"{name}: {problem}")
    for note in facts.notes[:_MANY]:
        yield _row("note", note)
    if len(facts.notes) > _MANY:
        yield _row("", f"and {len(facts.notes) - _MANY:,} more")


def _tensor_line(t: TensorFacts) -> str:
    before = f" of {list(t.original)}" if t.original is not None and t.original != t.shape else ""
    text = f"{t.dtype} {t.layout} {list(t.shape)}{before}"
    if t.largest is not None:
        text += f", up to {t.largest:.6g}"
    return text + (f", {t.nonfinite:,} not finite" if t.nonfinite else "") + (f"  {t.problem}" if t.problem else "")


def _overflows(reports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for i, report in enumerate(reports[:_MANY]):
        where = f"{report['op']} {report['name']}" if report["name"] else \
            f"task {report['task']}, stream {report['stream']} (not recorded)"
        yield _row("overflow" if i == 0 else "", f"{where}  {report['unit'] or 'device'}, status {report['status']}")
        largest = report.get("largest_input")
        if i == 0 and largest is not None:
            share = largest / _LIMIT
            yield _row("", f"its inputs reach {largest:.6g}, its outputs {report.get('largest_output') or 0:.6g}; "
                           f"float16 ends at {_LIMIT:.0f} ({share:.1%} of it read)")


def _counted(counts: Mapping[str, int]) -> str:
    items = [f"{name} {count:,}" for name, count in counts.items()]
    return ", ".join(items[:_MANY]) + (f" and {len(items) - _MANY} more" if len(items) > _MANY else "")


def _row(label: str, text: str) -> str:
    return f"  {label:<10}{text}"
