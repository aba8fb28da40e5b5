"""A compiled model as a GeModel: the graph that the compiler built, and what the file holds beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diag.errors import FormatError
from diag.formats.cursor import Buffer, Cursor, map_file
from diag.formats.ge_dump import proto
from diag.formats.ge_dump.textproto import Message
from diag.formats.ge_dump.values import attributes
from diag.formats.om import container
from diag.formats.om.compressed import Tables, expanded
from diag.formats.om.container import Header, Partition
from diag.formats.om.wire import decode
from diag.types.ge import GeGraph, GeModel, GeValue

_WHAT = "a compiled model (OM)"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled model's file: its header, the partitions of each of its models, and the graphs."""

    header: Header
    partitions: tuple[tuple[Partition, ...], ...]
    model: GeModel


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
    found, notes = _messages(cursor, parts)
    if not container.known_version(head):
        notes.append(f"Version 0x{head.version:08x} of the format was not seen before: check what is shown")
    tables = [Tables.of(m) for m in found]
    graphs: list[GeGraph] = []
    for i, message in enumerate(found):
        expanded(message, [tables[i], *tables[:1]])
        graphs += proto.graphs(message)
    if not graphs:
        notes.append("The file holds no graph, only what runs")
    model = GeModel(path, "om", tuple(graphs), attributes=_facts(found), notes=tuple(notes))
    return Compiled(head, parts, model)


def _messages(cursor: Cursor, parts: Sequence[Sequence[Partition]]) -> tuple[list[Message], list[str]]:
    found, notes = [], []
    for i, model in enumerate(parts):
        definition = next((p for p in model if p.kind == "MODEL_DEF"), None)
        if definition is None:
            notes.append(f"Model {i} of the file has no definition")
            continue
        found.append(decode(cursor, "ModelDef", definition.start, definition.end))
    return found, notes


def _facts(found: Sequence[Message]) -> Mapping[str, GeValue]:
    """Attributes of the first model: how it was compiled, for which chip."""
    if not found:
        return {}
    return {k: v for k, v in attributes(found[0]).items() if not k.startswith("attr_") and v is not None}
