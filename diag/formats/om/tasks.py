"""What the device is told to do, task after task. Field numbers: the open schema task.proto.

A task names its operation by number (the operation's ``id``); only the fields that later versions have kept are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from diag.formats.cursor import LEN, VARINT, Cursor, Field
from diag.formats.om.container import Partition
from diag.formats.om.lazy import Part
from diag.types.ge import GeGraph

_TASK = 10
_TYPE, _STREAM, _CONTEXT = 2, 10, 1
_ID = 21


@dataclass(frozen=True, slots=True)
class _Form:
    """Where a kind of task keeps the operation's number; ``deep``: in its context message; kernel's name, blocks."""

    name: str
    op: int
    deep: bool = False
    kernel: int = 0
    blocks: int = 0


_FORMS = {
    20: _Form("kernel", 4, deep=True, kernel=17, blocks=11), 21: _Form("AI CPU kernel", 4), 25: _Form("HCCL", 8),
    26: _Form("event", 1), 31: _Form("copy", 6), 32: _Form("stream switch", 1), 33: _Form("stream active", 1),
    36: _Form("stream switch", 1), 37: _Form("label", 1), 38: _Form("label goto", 1), 39: _Form("label switch", 1),
    40: _Form("kernel", 4, deep=True, kernel=16, blocks=12), 41: _Form("FFTS", 1), 42: _Form("FFTS+", 1),
    43: _Form("DSA", 1),
}
_OF_CONTEXT = 4


@dataclass(frozen=True, slots=True)
class Task:
    """One task. ``op``: the operation's name, "" where the task names none that the graph has. ``type``: its number.

    ``kernel`` and ``blocks`` (cores that it is cut for) are "" and 0 where the file is silent.
    """

    kind: str
    type: int
    stream: int
    op: str
    kernel: str = ""
    blocks: int = 0


def tasks(cursor: Cursor, partition: Partition, names: Mapping[int, str]) -> Iterator[Task]:
    """The tasks of a model; ``names``: operations by their number. Raises FormatError where it makes no sense."""
    for field in cursor.fields(partition.start, partition.end):
        if field.number == _TASK and field.wire == LEN:
            yield _task(cursor, field, names)


def names_of(graph: GeGraph) -> dict[int, str]:
    """Operations by their number; 0 is not written."""
    found: dict[int, str] = {}
    for op in graph.ops:
        if isinstance(op.source, Part):
            number = _number(op.source.cursor, op.source.start, op.source.end, _ID)
            found.setdefault(number, op.name)
    return found


def _task(cursor: Cursor, place: Field, names: Mapping[int, str]) -> Task:
    kind, number, stream = "task", 0, 0
    op, kernel, blocks = "", "", 0
    for field in cursor.fields(place.start, place.end, 1):
        if field.wire == VARINT and field.number == _TYPE:
            number = field.value
        elif field.wire == VARINT and field.number == _STREAM:
            stream = field.value
        form = _FORMS.get(field.number)
        if form is None or field.wire != LEN:
            continue
        kind = form.name
        inner = _inner(cursor, field) if form.deep else field
        op = names.get(_number(cursor, inner.start, inner.end, _OF_CONTEXT if form.deep else form.op), "")
        kernel, blocks = _kernel(cursor, field, form)
    return Task(kind, number, stream, op, kernel, blocks)


def _inner(cursor: Cursor, place: Field) -> Field:
    found = (f for f in cursor.fields(place.start, place.end, 2) if f.number == _CONTEXT and f.wire == LEN)
    return next(found, Field(_CONTEXT, LEN, place.end, place.end))


def _kernel(cursor: Cursor, place: Field, form: _Form) -> tuple[str, int]:
    name, blocks = "", 0
    for field in cursor.fields(place.start, place.end, 2) if form.kernel else ():
        if field.number == form.kernel and field.wire == LEN:
            name = cursor.text(field)
        elif field.number == form.blocks and field.wire == VARINT:
            blocks = field.value
    return name, blocks


def _number(cursor: Cursor, start: int, end: int, which: int) -> int:
    return next((f.value for f in cursor.fields(start, end, 2) if f.number == which and f.wire == VARINT), 0)
