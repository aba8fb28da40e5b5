"""The catalogue of error codes: ``resources/logs/codes.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code of one family.

    Attributes:
        code: as the family writes it; ``TS 0x26``, ``HCCL 9``, ``DRV 6`` where the bare number would be ambiguous.
        meaning: a sentence by language ("en", "zh").
        causes, fixes: sentences by language; empty where the facts give none.
        era: releases in which the code had this meaning, "" for today's.
        maps_to: the code that the caller sees for this inner one.
        text: what programs print for it ("Common error code.").
        label: says only which part failed; never a cause by itself.
    """

    code: str
    family: str
    component: str
    symbol: str
    meaning: Mapping[str, str]
    causes: tuple[Mapping[str, str], ...]
    fixes: tuple[Mapping[str, str], ...]
    severity: str
    era: str = ""
    maps_to: str = ""
    text: str = ""
    label: bool = False


@cache
def load_catalogue() -> tuple[CodeEntry, ...]:
    """All entries, in the order of the file."""
    document = json.loads(files("resources").joinpath("logs/codes.json").read_text("utf-8"))
    causes, fixes = document["causes"], document["fixes"]
    return tuple(
        CodeEntry(item["code"], item["family"], item["component"], item.get("symbol", ""),
                  {"en": item["en"], "zh": item["zh"]}, tuple(causes[i] for i in item.get("causes", ())),
                  tuple(fixes[i] for i in item.get("fixes", ())), item["severity"], item.get("era", ""),
                  item.get("maps_to", ""), item.get("text", ""), item.get("label", False))
        for item in document["entries"])
