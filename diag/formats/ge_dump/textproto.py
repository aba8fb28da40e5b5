"""Protobuf's text form without a schema: a message is a tree of fields, each with all its values in order.

Source: the text format's language definition of protobuf. Strings next to each other are one string; ``<`` and ``{``
both open a message; a list may stand in brackets; separators may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Union

from diag.errors import FormatError

Scalar = bytes | str
"""A string's bytes, or a bare word or number as it stands."""

Message = dict[str, list[Union[Scalar, "Message"]]]

MAX_DEPTH = 100

_TOKEN = re.compile(
    rb'[ \t\r\n\f\v]+|#[^\n]*'
    rb'|(?P<string>"(?:[^"\\\n]|\\[^\n])*"|\'(?:[^\'\\\n]|\\[^\n])*\')'
    rb'|(?P<word>[-+]?[A-Za-z0-9_.][A-Za-z0-9_.+-]*|\[[A-Za-z0-9_./-]+\])'
    rb'|(?P<sign>[{}<>:;,\[\]-])')
_ESCAPE = re.compile(rb'\\([abfnrtv\\\'"?]|[0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)')
_PLAIN = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_CLOSES = {b"{": b"}", b"<": b">"}
_HINT = "The file was cut short, or is no text dump. Copy it again."


def parse(data: bytes, path: Path, base: int = 0) -> Message:
    """The whole message in ``data``, which begins at byte ``base`` of the file. Raises FormatError with the byte."""
    return _Parser(data, path, base).message(b"", 0)


class _Parser:
    """One pass; ``_next`` holds the token that comes."""

    def __init__(self, data: bytes, path: Path, base: int) -> None:
        self._data, self._path, self._base = data, path, base
        self._tokens = self._scan()
        self._kind, self._text, self._at = "", b"", 0
        self._advance()

    def message(self, closes: bytes, depth: int) -> Message:
        if depth > MAX_DEPTH:
            raise self._error(f"Expected at most {MAX_DEPTH} messages inside one another")
        found: Message = {}
        while self._text != closes or self._kind != "sign":
            if self._kind == "end":
                if not closes:
                    return found
                raise self._error(f"Expected '{closes.decode()}'")
            if self._kind != "word":
                raise self._error("Expected a field's name")
            name = self._text.decode("utf-8", "replace")
            self._advance()
            found.setdefault(name, []).extend(self._values(depth))
            if self._kind == "sign" and self._text in (b";", b","):
                self._advance()
        return found

    def _values(self, depth: int) -> Iterator[Scalar | Message]:
        colon = self._kind == "sign" and self._text == b":"
        if colon:
            self._advance()
        if self._kind == "sign" and self._text == b"[":
            yield from self._list(depth)
        elif self._kind == "word" and self._text.startswith(b"[") and colon:
            # A list of one word looks like an extension's name.
            yield self._text[1:-1].decode("utf-8", "replace")
            self._advance()
        else:
            yield self._value(depth, colon=colon)

    def _list(self, depth: int) -> Iterator[Scalar | Message]:
        self._advance()
        while not (self._kind == "sign" and self._text == b"]"):
            yield self._value(depth, colon=True)
            if self._kind == "sign" and self._text == b",":
                self._advance()
            elif not (self._kind == "sign" and self._text == b"]"):
                raise self._error("Expected ',' or ']'")
        self._advance()

    def _value(self, depth: int, *, colon: bool) -> Scalar | Message:
        if self._kind == "sign" and self._text in _CLOSES:
            closes = _CLOSES[self._text]
            self._advance()
            inner = self.message(closes, depth + 1)
            self._advance()
            return inner
        if not colon:
            raise self._error("Expected ':' or '{'")
        if self._kind == "string":
            whole = b""
            while self._kind == "string":
                whole += unescaped(self._text[1:-1])
                self._advance()
            return whole
        minus = self._kind == "sign" and self._text == b"-"
        if minus:
            self._advance()
        if self._kind != "word":
            raise self._error("Expected a value")
        text = ("-" if minus else "") + self._text.decode("utf-8", "replace")
        self._advance()
        return text

    def _advance(self) -> None:
        self._kind, self._text, self._at = next(self._tokens)

    def _scan(self) -> Iterator[tuple[str, bytes, int]]:
        at, data = 0, self._data
        while at < len(data):
            match = _TOKEN.match(data, at)
            if match is None:
                self._at = at
                raise self._error("Expected a word, a number, a string or a bracket", data[at:at + 8])
            if match.lastgroup is not None:
                yield match.lastgroup, match[0], at
            at = match.end()
        while True:
            yield "end", b"", at

    def _error(self, expected: str, found: bytes | None = None) -> FormatError:
        text = found if found is not None else self._text[:40]
        shown = "the end" if self._kind == "end" and found is None else repr(text.decode("utf-8", "replace"))
        return FormatError(self._path, expected, offset=self._base + self._at, found=shown, hint=_HINT)


def unescaped(text: bytes) -> bytes:
    """A string's content with its escapes resolved."""
    return _ESCAPE.sub(_resolved, text) if b"\\" in text else text


def _resolved(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code in _PLAIN:
        return _PLAIN[code]
    if code[:1] in b"01234567":
        return bytes([int(code, 8) & 0xFF])
    if code[:1] in b"xX" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    if code[:1] in b"uU" and len(code) > 1:
        number = int(code[1:], 16)
        return chr(number).encode("utf-8", "replace") if number < 0x110000 else b"?"
    return code
