"""Errors told in the user's language: sentences of the source are matched against a catalogue of both languages.

Errors are worded in English where they are raised. What the catalogue does not know stays English: a sentence that
nobody translated is better than none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from diag.errors import DiagError

Lang = Literal["en", "zh"]

_FIELD = re.compile(r"\{(\w+)\}")
_INNER = frozenset({"problem", "expected", "what", "meaning", "message"})
"""Fields that may hold a sentence of their own."""

_DEEPEST = 3


def lines(error: DiagError, lang: str = "en") -> list[str]:
    """The error as at most three short lines: what, where, what now."""
    return [tell(line, lang) for line in error.lines()]


def tell(text: str, lang: str = "en") -> str:
    """A sentence of an error in ``lang``; one that the catalogue does not know as it is."""
    if lang != "zh" or not text:
        return text
    return "\n".join(_line(line, 0) for line in text.split("\n"))


def _line(text: str, depth: int) -> str:
    known = _match(text, depth)
    if known is not None:
        return known
    parts = re.split(r"(?<=\.) (?=[A-Z])", text)
    told = [_match(part, depth) or _match(part.rstrip("."), depth) for part in parts]
    if any(part is None for part in told):
        return text
    return "".join(str(part).rstrip("。") + "。" for part in told)


def _match(text: str, depth: int) -> str | None:
    """The other language's sentence with the same values; the most specific one that fits."""
    for english, pieces, sentence in _catalogue():
        # An expression is made only for what may fit: of hundreds of sentences, few are ever told.
        found = _pattern(english).fullmatch(text) if all(piece in text for piece in pieces) else None
        if found is not None:
            values = {name: _line(value, depth + 1) if name in _INNER and depth < _DEEPEST else value
                      for name, value in found.groupdict().items()}
            return _filled(sentence, values)
    return None


def _filled(sentence: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda field: values[field[1]], sentence)


@lru_cache(maxsize=1)
def _catalogue() -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """English sentences, what they hold beside their fields, the Chinese ones; those with the most words first."""
    english, chinese = texts("en"), texts("zh")
    pairs = [(english[part][key], chinese[part][key]) for part in english for key in english[part]]
    pairs.sort(key=lambda pair: (-len(_FIELD.sub("", pair[0])), pair[0]))
    return tuple((sentence, tuple(_FIELD.split(sentence)[::2]), other) for sentence, other in pairs)


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = _FIELD.split(sentence)
    made = [re.escape(piece) if i % 2 == 0 else f"(?P<{piece}>.+?)" for i, piece in enumerate(pieces)]
    return re.compile("".join(made), re.DOTALL)


def texts(lang: Lang) -> dict[str, dict[str, str]]:
    """The catalogue of a language: sentences by key, in parts; one file for the rooms that raise them."""
    read: dict[str, dict[str, str]] = {}
    for file in sorted((files("diag.telling") / "texts" / lang).iterdir(), key=lambda f: f.name):
        for part, sentences in tomllib.loads(file.read_text(encoding="utf-8")).items():
            read.setdefault(part, {}).update(sentences)
    return read
