"""Words of the conversion reports by section and key, English and Chinese with equal keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from diag.rules import Lang


@lru_cache(maxsize=2)
def convert_words(lang: Lang) -> Mapping[str, Mapping[str, str]]:
    """All words of a language: ``convert_words("zh")["status"]["ok"]``."""
    text = (files("diag.report") / "texts" / f"convert-{lang}.toml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = tomllib.loads(text)
    return loaded
