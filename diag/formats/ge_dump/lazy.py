"""The fast way through a large dump: where each operation lies, its name, type and inputs; the rest when asked.

It relies on how the printer writes: one field a line, two blanks a level, newlines in strings escaped. So the line
``  op {`` at two blanks can begin nothing but an operation. Anything else is left to the strict reader.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from diag.errors import FormatError
from diag.formats.ge_dump import proto
from diag.formats.ge_dump.textproto import parse, unescaped
from diag.formats.ge_dump.values import edges
from diag.types.ge import GeBody, GeGraph, GeOp, GeSketch, sketched

_HEAD = re.compile(rb'    (input|name|type|op_type|output): "((?:[^"\\\n]|\\[^\n])*)"\n')
_NAME = re.compile(rb'  name: "((?:[^"\\\n]|\\[^\n])*)"\n')
_LINE = re.compile(rb'    (?!(?:input|name|type|op_type|output)\b)[a-z_0-9]+(?:: [^\n#]*| \{)\n')
_WANTED = (b"_datadump_original_op_names", b"_datadump_original_op_types", b"pass_name")
_OUTPUT = b"\n    output_desc {\n"
_GAP = re.compile(rb'(?m)^[ \t]*(?:op|node)\s*[{<:]')


class Irregular(Exception):
    """The file is not as the printer writes it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where one operation lies; ``data`` is the whole file, mapped."""

    data: mmap.mmap | bytes
    path: Path
    start: int
    end: int
    style: ModuleType

    def body(self) -> GeBody:
        """Read it now, strictly. Raises FormatError where it is damaged."""
        found: GeBody = self.style.body(parse(bytes(self.data[self.start:self.end]), self.path, self.start))
        return found

    def sketch(self) -> GeSketch:
        """Only the blocks that matter are read: most of an operation is attributes that no diff looks at."""
        if self.style is not proto:
            return sketched(self.body())
        text = bytes(self.data[self.start:self.end])
        kept = b"".join(_blocks(text))
        return sketched(proto.body(parse(kept, self.path, self.start)))

    def text(self) -> bytes:
        """As it stands in the file."""
        return bytes(self.data[self.start:self.end])


def _blocks(text: bytes) -> Iterator[bytes]:
    """The attributes of a sketch, and of each output tensor all but its attributes."""
    for key in _WANTED:
        at = text.find(b'      key: "' + key + b'"\n')
        if at >= 0:
            yield text[text.rfind(b"\n    attr {\n", 0, at) + 1:text.find(b"\n    }\n", at) + 7]
    at = 0 if text.startswith(_OUTPUT[1:]) else text.find(_OUTPUT)
    while at >= 0:
        end = text.find(b"\n    }\n", at)
        if end < 0:
            return
        inner = text.find(b"\n      attr {\n", at, end)
        yield text[at:inner if inner >= 0 else end] + b"\n    }\n"
        at = text.find(_OUTPUT, end)


def graphs(data: mmap.mmap | bytes, path: Path, style: ModuleType) -> tuple[GeGraph, ...]:
    """All graphs. Raises Irregular."""
    whole = style.GRAPH + b" {\n"
    starts = [0] if data[:len(whole)] == whole else []
    starts += [at + 1 for at in _finds(data, b"\n" + whole)]
    if not starts:
        raise Irregular
    found = []
    for start in starts:
        end = data.find(b"\n}\n", start)
        if end < 0:
            raise Irregular
        found.append(_graph(data, path, style, start + len(whole), end + 1))
    return tuple(found)


def _graph(data: mmap.mmap | bytes, path: Path, style: ModuleType, start: int, end: int) -> GeGraph:
    opens = b"  " + style.OP + b" {\n"
    ops: list[GeOp] = []
    at = start
    while True:
        here = at if data[at:at + len(opens)] == opens else data.find(b"\n" + opens, at - 1, end) + 1
        _check_gap(data, at, here if here > 0 else end)
        if here <= 0:
            return GeGraph(_graph_name(data, start, end), tuple(ops))
        close = data.find(b"\n  }\n", here, end)
        if close < 0:
            raise Irregular
        ops.append(_op(data, path, style, here + len(opens), close + 1))
        at = close + 5


def _check_gap(data: mmap.mmap | bytes, start: int, end: int) -> None:
    """Between two operations nothing may begin one in another way."""
    if end > start and _GAP.search(data[start:end]) is not None:
        raise Irregular


def _graph_name(data: mmap.mmap | bytes, start: int, end: int) -> str:
    """GE's own graph has its name first, the ONNX-like one behind its nodes."""
    match = _NAME.match(data, start)
    if match is None:
        at = data.rfind(b"\n  name: ", start, end)
        match = _NAME.match(data, at + 1) if at >= 0 else None
    return unescaped(match[1]).decode("utf-8", "replace") if match is not None else ""


def _op(data: mmap.mmap | bytes, path: Path, style: ModuleType, start: int, end: int) -> GeOp:
    name, kind, references, at = "", "", [], start
    while at < end:
        match = _HEAD.match(data, at)
        if match is None:
            break
        word, value = match[1], unescaped(match[2]).decode("utf-8", "replace")
        if word == b"name":
            name = value
        elif word in (b"type", b"op_type"):
            kind = value.removeprefix("ge:") if word == b"op_type" else value
        elif word == b"input":
            references.append(value)
        at = match.end()
    if at < end and _LINE.match(data, at) is None:
        raise Irregular
    inputs, controls = edges(references)
    return GeOp(name, kind, inputs, controls, Part(data, path, start, end, style))


def _finds(data: mmap.mmap | bytes, what: bytes) -> Iterator[int]:
    at = data.find(what)
    while at >= 0:
        yield at
        at = data.find(what, at + len(what))


def checked(found: tuple[GeGraph, ...], path: Path) -> tuple[GeGraph, ...]:
    """The graphs, if they hold anything. Raises FormatError for a file without an operation."""
    if not any(graph.ops for graph in found):
        raise FormatError(path, "Expected a graph with operations", found="none",
                          hint="Was the file written whole? Dump the graph again.")
    return found
