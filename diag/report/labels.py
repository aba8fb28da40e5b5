"""Words of the reports themselves (headings, verdicts, columns), by section and key, English and Chinese."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from diag.rules import Lang
from diag.types.comparison import RECORDING, Comparison


@lru_cache(maxsize=2)
def labels(lang: Lang) -> Mapping[str, Mapping[str, str]]:
    """All words of a language: ``labels("zh")["verdict"]["pass"]``."""
    text = (files("diag.report") / "texts" / f"{lang}.toml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = tomllib.loads(text)
    return loaded


def stage_words(comparison: Comparison, lang: Lang) -> Mapping[str, str]:
    """Who made an error, by stage: of a recording, the device takes the place of the runtime."""
    return labels(lang)["stage_recorded" if comparison.target.runtime == RECORDING else "stage"]
