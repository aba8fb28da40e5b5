"""Bytes to lines, a piece at a time: bounded memory whatever the file is."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

_NEWLINE = 10
PIECE = 1 << 18
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x08\x1b"))
LONGEST = 1 << 18
"""Bytes kept of one line; what is longer is cut, and said to be."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a file.

    Attributes:
        data: the bytes, newline after each line but perhaps the last.
        first_line: number of the first line, from 1.
        offset: where ``data`` begins in the (decompressed, UTF-8) stream.
        cut: how many lines were cut because they were longer than ``LONGEST``.
    """

    data: bytes
    first_line: int
    offset: int
    cut: int = 0


def pieces(stream: BinaryIO, size: int = PIECE) -> Iterator[Piece]:
    """The stream's lines in pieces of about ``size`` bytes. UTF-16 is recognised and turned into UTF-8."""
    head = stream.read(4096)
    decoder = _utf16(head)
    rest, line, offset = b"", 1, 0
    block = head
    skipping = False
    while block:
        data = decoder.decode(block).encode("utf-8", "replace") if decoder is not None else block
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\n" not in data else data
        block = stream.read(size)
        if skipping:
            end = data.find(b"\n")
            if end < 0:
                offset += len(data)
                continue
            offset, data, skipping = offset + end, data[end:], False
        data = rest + data
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        whole, cut = data[:end], 0
        if len(rest) > LONGEST:
            whole, rest, skipping, cut = whole + rest[:LONGEST], b"", True, 1
        if whole:
            yield Piece(whole, line, offset, cut)
            line += int(np.count_nonzero(np.frombuffer(whole, np.uint8) == _NEWLINE))
            offset += len(whole)
    if rest:
        yield Piece(rest, line, offset)


def decode(raw: bytes) -> str:
    """Text of one line: UTF-8, else GB18030 (old Chinese systems), else with replacement marks."""
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030").rstrip("\r\n")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace").rstrip("\r\n")


def is_binary(head: bytes) -> bool:
    """Whether the first bytes of a file are not text (control characters that no log holds, and no UTF-16)."""
    if _utf16(head) is not None:
        return False
    return len(head) - len(head.translate(None, _CONTROL)) > len(head) // 50


def is_wide(head: bytes) -> bool:
    """Whether the first bytes of a file are UTF-16."""
    return _utf16(head) is not None


def _utf16(head: bytes) -> codecs.IncrementalDecoder | None:
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return codecs.getincrementaldecoder("utf-16")("replace")
    if len(head) >= 64 and head[1::2].count(0) > len(head) * 0.4:
        return codecs.getincrementaldecoder("utf-16-le")("replace")
    if len(head) >= 64 and head[::2].count(0) > len(head) * 0.4:
        return codecs.getincrementaldecoder("utf-16-be")("replace")
    return None
