"""A dump file as a GeModel, and the dumps of a folder in the order in which the compiler wrote them."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from diag.errors import FormatError, UsageError
from diag.formats.cursor import map_file
from diag.formats.ge_dump import lazy, onnx_style, proto, stages
from diag.formats.ge_dump.stages import StageName
from diag.formats.ge_dump.textproto import parse
from diag.formats.ge_dump.values import attributes
from diag.types.ge import GeGraph, GeModel, GeValue

_HEAD = 4096
_SHOWN = 5
_STRICT_LIMIT = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump file of a folder and what its name says."""

    path: Path
    name: StageName


def sniff(head: bytes, path: Path) -> bool:
    """Whether a file that begins so is a graph of GE in text form."""
    if stages.parse(path.name) is not None and path.suffix in (".txt", ".pbtxt"):
        return not path.name.startswith("ge_readable")
    return _style(head) is not None


def read(path: Path) -> GeModel:
    """The graphs in the file; operations are looked into when asked. Raises FormatError with the byte."""
    path = path.absolute()
    data = map_file(path)
    style = _style(bytes(data[:_HEAD])) or (onnx_style if path.suffix == ".pbtxt" else proto)
    known = stages.parse(path.name)
    known_of: dict[str, GeValue] = {}
    try:
        (found, end), strict = lazy.graphs(data, path, style), False
        if style is proto:
            known_of = attributes(lazy.behind(data, path, end))
    except lazy.Irregular:
        found, strict = _strictly(data, path, style), True
    found = lazy.checked(found, path)
    return GeModel(path, "ge_onnx" if style is onnx_style else "ge_proto", found,
                   known.stage if known else "", known.number if known else -1, known.graph if known else -1,
                   known_of, strict)


def read_strictly(path: Path) -> GeModel:
    """The same by the strict reader: every byte is looked at."""
    path = path.absolute()
    data = map_file(path)
    style = _style(bytes(data[:_HEAD])) or proto
    return GeModel(path, "ge_onnx" if style is onnx_style else "ge_proto",
                   lazy.checked(_strictly(data, path, style), path), strict=True)


def dumps_in(folder: Path, kind: str = "") -> list[Dump]:
    """The dump files of a folder in the order in which they were written (their own counter); of one ``kind`` if given.

    DUMP_GRAPH_PATH itself will do where one folder below it (pid_…_deviceid_…) holds them all. Raises FormatError if it
    is no folder or holds none, UsageError if several folders below hold some.
    """
    if not folder.is_dir():
        raise FormatError(folder, "Expected a folder of graph dumps", hint="Check the path")
    found = _named(folder, kind)
    if not found:
        below = [dumps for inner in _below(folder) for dumps in [_named(inner, kind)] if dumps]
        if len(below) > 1:
            names = ", ".join(str(dumps[0].path.parent.relative_to(folder)) for dumps in below[:_SHOWN])
            raise UsageError(f"{len(below)} folders below hold graph dumps", where=f"in {folder}: {names}",
                             hint="Choose one of them")
        found = below[0] if below else []
    if not found:
        raise FormatError(folder, "Expected graph dumps (ge_proto_*.txt, ge_onnx_*.pbtxt) in this folder",
                          hint="Dump them with DUMP_GE_GRAPH=2 and DUMP_GRAPH_PATH=FOLDER")
    return sorted(found, key=lambda d: (d.name.kind != "ge_proto", d.name.number, d.name.rank, d.path.name))


def _named(folder: Path, kind: str) -> list[Dump]:
    named = [(path, stages.parse(path.name)) for path in folder.iterdir() if path.is_file()]
    return [Dump(path, name) for path, name in named if name is not None and name.kind != "ge_readable"
            and kind in ("", name.kind)]


def _below(folder: Path) -> list[Path]:
    """Folders below, as deep as the compiler nests them."""
    inner = sorted(p for p in folder.iterdir() if p.is_dir() and not p.is_symlink())
    return [*inner, *(p for one in inner for p in sorted(one.iterdir()) if p.is_dir() and not p.is_symlink())]


def _strictly(data: mmap.mmap, path: Path, style: ModuleType) -> tuple[GeGraph, ...]:
    if len(data) > _STRICT_LIMIT:
        raise FormatError(path, "Expected a dump as GE prints it: one field a line, two blanks a level",
                          found=f"another layout in a file of {len(data):,} bytes",
                          hint="Dump the graph again without changing the file")
    message = parse(bytes(data), path)
    return onnx_style.graphs(message) if style is onnx_style else proto.graphs(message)


def _style(head: bytes) -> ModuleType | None:
    """Which of both forms begins so."""
    onnx_like = (b"node {", b"op_type:") if b"ge:" in head else (b"ir_version:",)
    if any(word in head for word in onnx_like):
        return onnx_style
    return proto if b"op {" in head and (b"graph {" in head or head.startswith((b"op {", b"name:"))) else None
