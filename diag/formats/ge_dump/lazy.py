"""The fast way through a large dump: where each operation lies, its name, type and inputs; the rest when asked.

It relies on how the printer writes: one field a line, two blanks a level, newlines in strings escaped. So the line
``  op {`` at two blanks can begin nothing but an operation. Anything else is left to the strict reader.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from diag.errors import FormatError
from diag.formats.ge_dump import proto
from diag.formats.ge_dump.sketch import sketch
from diag.formats.ge_dump.textproto import Message, parse, unescaped
from diag.formats.ge_dump.values import edges
from diag.types.ge import GeBody, GeGraph, GeOp, GeSketch, sketched

_BLOCK = 1 << 17
# A map's own ``find`` goes byte by byte before Python 3.12; an expression does not.
_NEWLINE, _BLANK, _CLOSES = 10, 32, b"}\n"
_INPUT = re.compile(rb"\n    input: ")
_LONG_TAIL = 1 << 22
_DEEPER, _MOST_DEPTH = 3, 30
_GAP = re.compile(rb'(?m)^[ \t]*(?:op|node)\s*[{<:]')


class Irregular(Exception):
    """The file is not as the printer writes it."""


class _Level:
    """Lines of a graph ``depth`` levels inside the file's own: a subgraph of the ONNX-like form stands three deeper."""

    def __init__(self, word: bytes, depth: int) -> None:
        pad, text = b"  " * (depth + 1), rb'"((?:[^"\\\n]|\\[^\n])*)"\n'
        self.word, self.depth = word, depth
        self.opens = pad + word + b" {\n"
        self.further = re.compile(rb"\n" + self.opens.replace(b"{", rb"\{"))
        self.end = re.compile(rb"\n" + pad + rb"\}\n")
        self.plain = re.compile(rb"(?:" + pad + rb"[a-z_]+: [^\n#]*\n)*")
        self.name = re.compile(pad + rb"name: " + text)
        self.named = b"\n" + pad + b"name: "
        self.head = re.compile(pad + rb"  (input|name|type|op_type|output): " + text)
        self.line = re.compile(pad + rb"  (?!(?:input|name|type|op_type|output)\b)[a-z_0-9]+(?:: [^\n#]*| \{)\n")
        self.inner = re.compile(rb"\n" + pad + rb"    g \{\n")
        self.inner_end = re.compile(rb"\n" + pad + rb"    \}\n")


class Part(NamedTuple):
    """Where one operation lies; ``data`` is the whole file, mapped. A tuple: there are tens of thousands."""

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
        """Only the lines that matter are read: most of an operation is attributes that no diff looks at."""
        if self.style is not proto:
            return sketched(self.body())
        found = sketch(bytes(self.data[self.start:self.end]))
        return sketched(self.body()) if found is None else found

    def text(self) -> bytes:
        """As it stands in the file."""
        return bytes(self.data[self.start:self.end])


def graphs(data: mmap.mmap | bytes, path: Path, style: ModuleType) -> tuple[tuple[GeGraph, ...], int]:
    """All graphs, and the byte behind the last one. Raises Irregular."""
    found, last, level = [], 0, _Level(style.OP, 0)
    for start, end in _spans(data, style.GRAPH + b" {\n"):
        found.append(_graph(data, path, style, level, (start, end)))
        last = end + len(_CLOSES)
    _check_inputs(data, found)
    return (*found, *_inner(data, path, style, level, found)), last


def _spans(data: mmap.mmap | bytes, opens: bytes) -> list[tuple[int, int]]:
    """What stands between ``opens`` and the bracket that closes it, both at the margin. Raises Irregular."""
    found: list[tuple[int, int]] = []
    start = -1
    for at in _at_margin(data):
        if data[at:at + len(opens)] == opens:
            if start >= 0:
                raise Irregular
            start = at + len(opens)
        elif start >= 0 and data[at:at + len(_CLOSES)] == _CLOSES:
            found.append((start, at))
            start = -1
    if start >= 0 or not found:
        raise Irregular
    return found


def _at_margin(data: mmap.mmap | bytes) -> Iterator[int]:
    """Where lines begin that are not indented: few, so all bytes are compared at once, block by block."""
    if data[:1] not in (b"", b" "):
        yield 0
    text = np.frombuffer(data, np.uint8)
    for start in range(0, len(text), _BLOCK):
        block = text[start:start + _BLOCK + 1]
        yield from (start + 1 + np.flatnonzero((block[:-1] == _NEWLINE) & (block[1:] != _BLANK))).tolist()


def _inner(data: mmap.mmap | bytes, path: Path, style: ModuleType, level: _Level,
           around: list[GeGraph]) -> Iterator[GeGraph]:
    """Graphs that operations hold. Raises Irregular."""
    if level.depth >= _MOST_DEPTH:
        raise Irregular
    deeper = _Level(level.word, level.depth + _DEEPER)
    for op in (op for graph in around for op in graph.ops if op.type == style.HOLDER):
        part = op.source
        opens = level.inner.search(data, part.start, part.end) if isinstance(part, Part) else None
        close = level.inner_end.search(data, opens.end() - 1) if opens is not None else None
        if not isinstance(part, Part) or opens is None or close is None or close.end() > part.end:
            continue
        found = _graph(data, path, style, deeper, (opens.end(), close.start() + 1))
        yield found
        yield from _inner(data, path, style, deeper, [found])


def behind(data: mmap.mmap | bytes, path: Path, start: int) -> Message:
    """What stands behind the last graph: attributes of the model. Raises FormatError, Irregular where it is long."""
    if len(data) - start > _LONG_TAIL:
        raise Irregular
    return parse(bytes(data[start:]), path, start)


def _check_inputs(data: mmap.mmap | bytes, found: list[GeGraph]) -> None:
    """Every input in the file was seen: the printer writes them before what an operation holds."""
    seen = sum(len(op.inputs) + len(op.controls) for graph in found for op in graph.ops)
    if seen != sum(1 for _ in _INPUT.finditer(data)):
        raise Irregular


def _graph(data: mmap.mmap | bytes, path: Path, style: ModuleType, level: _Level, where: tuple[int, int]) -> GeGraph:
    ops: list[GeOp] = []
    start, end = where
    at = start
    while True:
        here = at
        if data[at:at + len(level.opens)] != level.opens:
            following = level.further.search(data, at - 1, end)
            here = following.start() + 1 if following is not None else end
            _check_gap(data[at:here], level, first=not ops, last=following is None)
            if following is None:
                return GeGraph(_graph_name(data, level, start, end), tuple(ops))
        close = level.end.search(data, here, end)
        if close is None:
            raise Irregular
        ops.append(_op(data, path, style, level, (here + len(level.opens), close.start() + 1)))
        at = close.end()


def _check_gap(gap: bytes, level: _Level, *, first: bool, last: bool) -> None:
    """Plain fields before the operations, anything but another operation behind them, nothing in between."""
    plain = level.plain.fullmatch(gap) is not None if first else not gap
    if not plain and (not last or _GAP.search(gap) is not None):
        raise Irregular


def _graph_name(data: mmap.mmap | bytes, level: _Level, start: int, end: int) -> str:
    """GE's own graph has its name first, the ONNX-like one behind its nodes."""
    match = level.name.match(data, start)
    if match is None:
        at = data.rfind(level.named, start, end)
        match = level.name.match(data, at + 1) if at >= 0 else None
    return unescaped(match[1]).decode("utf-8", "replace") if match is not None else ""


def _op(data: mmap.mmap | bytes, path: Path, style: ModuleType, level: _Level, where: tuple[int, int]) -> GeOp:
    name, kind, references, (start, end) = "", "", [], where
    at = start
    while at < end:
        match = level.head.match(data, at)
        if match is None:
            break
        word, value = match[1], unescaped(match[2]).decode("utf-8", "replace")
        if word == b"name":
            name = name or value
        elif word in (b"type", b"op_type"):
            kind = kind or (value.removeprefix("ge:") if word == b"op_type" else value)
        elif word == b"input":
            references.append(value)
        at = match.end()
    if not name or not kind or (at < end and level.line.match(data, at) is None):
        raise Irregular
    inputs, controls = edges(references)
    return GeOp(name, kind, inputs, controls, Part(data, path, start, end, style))


def checked(found: tuple[GeGraph, ...], path: Path) -> tuple[GeGraph, ...]:
    """The graphs, if they hold anything. Raises FormatError for a file without an operation."""
    if not any(graph.ops for graph in found):
        raise FormatError(path, "Expected a graph with operations", found="none",
                          hint="Was the file written whole? Dump the graph again.")
    return found
