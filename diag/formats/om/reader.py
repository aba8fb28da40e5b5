"""A compiled model as a GeModel: the graph that the compiler built, and what the file holds beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diag.errors import FormatError
from diag.formats.cursor import Buffer, Cursor, Field, map_file
from diag.formats.ge_dump.textproto import Message
from diag.formats.ge_dump.values import attributes
from diag.formats.om import container, lazy
from diag.formats.om.compressed import Tables
from diag.formats.om.container import Header, Partition
from diag.formats.om.tasks import Task, names_of, tasks
from diag.types.ge import GeGraph, GeModel, GeValue

_WHAT = "a compiled model (OM)"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled model's file: its header, the partitions of each of its models, the graphs, what the device does."""

    header: Header
    partitions: tuple[tuple[Partition, ...], ...]
    model: GeModel
    tasks: tuple[Task, ...] = ()


def sniff(head: bytes) -> bool:
    """Whether a file that begins so is a compiled model."""
    return head.startswith(container.MAGIC)


def read(path: Path) -> Compiled:
    """The compiled model in a file. Raises FormatError with the byte."""
    path = path.absolute()
    return parse(map_file(path), path)


def parse(data: Buffer, path: Path, base: int = 0) -> Compiled:
    """The compiled model in these bytes, which begin at byte ``base`` of the file."""
    if bytes(data[:4]) == _ZIP:
        raise FormatError(path, "Expected a compiled model that begins with IMOD", offset=base,
                          found="an archive of the newest kind (OM2)",
                          hint="Compile the model to the older kind, or dump its graph with DUMP_GE_GRAPH=2")
    cursor = Cursor(data, path, _WHAT, base)
    head = container.header(cursor)
    if head.encrypted:
        raise FormatError(path, "This compiled model is encrypted", offset=base + 80,
                          hint="Ask for the plain file, or dump the graph with DUMP_GE_GRAPH=2 where it is compiled")
    parts = tuple(container.models(cursor, head))
    notes: list[str] = []
    if not container.known_version(head):
        notes.append(f"Version 0x{head.version:08x} of the format was not seen before: check what is shown")
    models = list(_models(cursor, parts, notes))
    columns = [Tables.of(known) for known, _ in models]
    graphs = _distinct(lazy.graph(cursor, place, [columns[i], *columns[:1]]) for i, (_, places) in enumerate(models)
                       for place in places)
    if not graphs:
        notes.append("The file holds no graph, only what runs")
    found = tuple(_tasks(cursor, parts, graphs, notes))
    model = GeModel(path, "om", graphs, attributes=_facts([known for known, _ in models]), notes=tuple(notes))
    return Compiled(head, parts, model, found)


def _distinct(graphs: Iterable[GeGraph]) -> tuple[GeGraph, ...]:
    """A part that is a model of its own in the file stands in the whole model, too: what is compiled counts."""
    found: dict[str, GeGraph] = {}
    for i, graph in enumerate(graphs):
        found[graph.name or f"#{i}"] = graph
    return tuple(found.values())


def _tasks(cursor: Cursor, parts: Sequence[Sequence[Partition]], graphs: Sequence[GeGraph],
           notes: list[str]) -> Iterator[Task]:
    names: dict[int, str] = {}
    for graph in graphs:
        names = {**names_of(graph), **names}
    for partition in (p for model in parts for p in model if p.kind == "TASK_INFO"):
        try:
            yield from tasks(cursor, partition, names)
        except FormatError as error:
            notes.append(f"The tasks cannot be read from byte {error.offset or 0:,} on")


def _models(cursor: Cursor, parts: Sequence[Sequence[Partition]],
            notes: list[str]) -> Iterator[tuple[Message, list[Field]]]:
    for i, model in enumerate(parts):
        definition = next((p for p in model if p.kind == "MODEL_DEF"), None)
        if definition is None:
            notes.append(f"Model {i + 1} of the file has no definition")
            continue
        yield lazy.facts(cursor, definition.start, definition.end)


def _facts(found: Sequence[Message]) -> Mapping[str, GeValue]:
    """Attributes of the first model: how it was compiled, for which chip."""
    if not found:
        return {}
    return {k: v for k, v in attributes(found[0]).items() if not k.startswith("attr_") and v is not None}
