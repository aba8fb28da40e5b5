"""Words of the reports, English and Chinese with equal keys: one catalogue for each family of reports."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from diag.rules import Lang
from diag.types.comparison import RECORDING, Comparison

Sections = Mapping[str, Mapping[str, str]]


def labels(lang: Lang) -> Sections:
    """What all reports say: ``labels("zh")["verdict"]["pass"]``."""
    return _read(lang)


def stage_words(comparison: Comparison, lang: Lang) -> Mapping[str, str]:
    """Who made an error, by stage: of a recording, the device takes the place of the runtime."""
    return labels(lang)["stage_recorded" if comparison.target.runtime == RECORDING else "stage"]


def convert_words(lang: Lang) -> Sections:
    """Of conversions: ``convert_words("zh")["status"]["ok"]``."""
    return _read(f"convert-{lang}")


def performance_words(lang: Lang) -> Sections:
    """Of performance: ``performance_words("zh")["bench"]["median"]``."""
    return _read(f"performance-{lang}")


def remedy_words(lang: Lang) -> Sections:
    """Of precision, preflight and repair: ``remedy_words("zh")["precision"]["layers"]``."""
    return _read(f"remedy-{lang}")


def pipeline_words(lang: Lang) -> Sections:
    """Of pipelines: ``pipeline_words("zh")["runs"]["title"]``."""
    return _read(f"pipeline-{lang}")


def graph_words(lang: Lang) -> Mapping[str, str]:
    """Of graphs, by key."""
    return _read(f"graph-{lang}")


def record_words(lang: Lang) -> Mapping[str, str]:
    """Of recordings, by key."""
    return _read(f"record-{lang}")


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files("diag.report") / "texts" / f"{name}.toml").read_text(encoding="utf-8"))
