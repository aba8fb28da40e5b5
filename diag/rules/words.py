"""The words of findings: catalogues in ``texts/LANGUAGE/``, a file per family, with equal keys and placeholders."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from diag.compare.reasons import metric_in
from diag.types.finding import Finding

Lang = Literal["en", "zh"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_UNKNOWN = {"en": "unknown", "zh": "未知"}
_COMMA = {"en": ", ", "zh": "、"}


@dataclass(frozen=True, slots=True)
class Words:
    """A finding told to a person; ``advice`` are steps, the best first."""

    title: str
    explanation: str
    advice: tuple[str, ...]


def words(finding: Finding, lang: Lang = "en") -> Words:
    """The finding in ``lang``. A code that this version does not know still gets a title that shows it."""
    texts = catalogue(lang)
    entry = texts.get(finding.code, texts["unknown"])
    values = {"code": finding.code, **finding.values, "subject": finding.subject}
    if isinstance(values.get("metric"), str):
        values["metric"] = metric_in(values["metric"], lang)
    return Words(_fill(entry.title, values, lang), _fill(entry.explanation, values, lang),
                 tuple(_fill(step, values, lang) for step in entry.advice))


@lru_cache(maxsize=2)
def catalogue(lang: Lang) -> Mapping[str, Words]:
    """All words of a language by code, placeholders not filled; ``unknown`` is for codes that are not in it."""
    folder = files("diag.rules") / "texts" / lang
    return {code: Words(entry["title"], entry["explanation"], tuple(entry["advice"]))
            for file in sorted(folder.iterdir(), key=lambda f: f.name) if file.name.endswith(".toml")
            for code, entry in tomllib.loads(file.read_text(encoding="utf-8")).items()}


def placeholders(entry: Words) -> frozenset[str]:
    """Names of the values that an entry wants."""
    return frozenset(_PLACEHOLDER.findall("\n".join((entry.title, entry.explanation, *entry.advice))))


def _fill(text: str, values: Mapping[str, Any], lang: Lang) -> str:
    return _PLACEHOLDER.sub(lambda match: _say(values.get(match[1]), lang), text)


def _say(value: object, lang: Lang) -> str:
    if value is None:
        return _UNKNOWN[lang]
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple | set | frozenset):
        return _COMMA[lang].join(_say(item, lang) for item in value)
    return str(value)
