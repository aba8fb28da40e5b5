"""Names and values of attributes that a compiled model keeps in tables.

A key that begins with a zero byte is a number: digits of base 127, the lowest first, each stored one higher. It points
into the model's table of names; where the table says so, the value is a number that points into the table of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from diag.formats.ge_dump.textproto import Message, Scalar
from diag.formats.ge_dump.values import messages, number, text

_BASE = 127


@dataclass(frozen=True, slots=True)
class Tables:
    """``strings``: whether the values of an attribute are texts from ``values``."""

    names: Sequence[bytes]
    values: Sequence[bytes]
    strings: Sequence[bool]

    @classmethod
    def of(cls, model: Message) -> Tables:
        """The tables of a ModelDef; empty where it has none."""
        known = {text(e["key"][0]): next(messages(e, "value"), {}) for e in messages(model, "attr") if e.get("key")}
        return cls(tuple(_strings(known, "attr_name_enum")), tuple(_strings(known, "attr_value_enum")),
                   tuple(v in ("true", "1") for v in _words(known, "attrs_use_string_value")))

    def name(self, key: bytes) -> tuple[bytes, int]:
        """The name behind a key, and its number (-1 for a key that is a name). It may lead into another table."""
        if not key.startswith(b"\0"):
            return key, -1
        place = _index(key[1:])
        return (self.names[place], place) if 0 <= place < len(self.names) else (b"attribute %d" % place, -1)

    def value(self, found: Message, place: int) -> Message:
        """The value behind a number, where the attribute's values are texts."""
        if not 0 <= place < len(self.strings) or not self.strings[place]:
            return found
        if "i" in found:
            return {"s": [self._at(found["i"][0])]}
        inner = next(messages(found, "list"), None)
        return {"list": [{"s": [self._at(v) for v in inner["i"]]}]} if inner is not None and "i" in inner else found

    def _at(self, value: Scalar | Message) -> bytes:
        place = number(text(value), -1)
        return self.values[place] if 0 <= place < len(self.values) else b"value %d" % place


def expand(holder: Message, tables: Sequence[Tables]) -> None:
    """Put names and values into an operation or a graph, in place; names may lead on into the next table."""
    _entries(holder, tables)
    for name in ("input_desc", "output_desc"):
        for desc in messages(holder, name):
            _entries(desc, tables)


def _entries(holder: Message, tables: Sequence[Tables]) -> None:
    for entry in messages(holder, "attr"):
        key = entry.get("key", [b""])[0]
        if not isinstance(key, bytes) or not key.startswith(b"\0"):
            continue
        value = next(messages(entry, "value"), {})
        for table in tables:
            key, place = table.name(key)
            if place >= 0:
                value = table.value(value, place)
            if not key.startswith(b"\0"):
                break
        entry["key"], entry["value"] = [key.replace(b"\0", b"")], [value]


def _index(digits: bytes) -> int:
    return sum((d - 1) * _BASE**i for i, d in enumerate(digits[:8]))


def _strings(known: Mapping[str, Message], name: str) -> Iterator[bytes]:
    inner = next(messages(known.get(name, {}), "list"), {})
    return (v for v in inner.get("s", ()) if isinstance(v, bytes))


def _words(known: Mapping[str, Message], name: str) -> Iterator[str]:
    inner = next(messages(known.get(name, {}), "list"), {})
    return (text(v) for v in inner.get("b", ()) if not isinstance(v, dict))
