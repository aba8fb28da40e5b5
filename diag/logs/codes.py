"""One error code in any spelling: what it is, in every family and era that knows it; the nearest where none does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache

from diag.logs.catalogue import CodeEntry, load_catalogue
from diag.logs.decode import Number, hccl_result, parse_number, take_apart

_PREFIXED = ("TS ", "HCCL ", "DRV ", "SDMA CQE ", "STARS SDMA ", "ATC exit ")
_RANGES: tuple[tuple[int, int, str], ...] = (
    (0x7010000, 0x71FFFFF, "runtime InnerCode"),
    (107000, 107999, "aclError (runtime)"), (207000, 207999, "aclError (runtime)"),
    (507000, 507999, "aclError (runtime)"),
    (145000, 145999, "aclError (GE)"), (245000, 245999, "aclError (GE)"), (545000, 545999, "aclError (GE)"),
    (100000, 100999, "aclError"), (200000, 200999, "aclError"), (300000, 300999, "aclError"),
    (500000, 500999, "aclError"),
    (161000, 161999, "aclnnStatus"), (361000, 361999, "aclnnStatus"), (561000, 561999, "aclnnStatus"),
    (0x50100000, 0x501FFFFF, "GE status (ErrorNo)"), (0x90100000, 0x901FFFFF, "GE status (ErrorNo)"),
    (0x3000000, 0x30FFFFF, "FMK status (domi)"), (0x5000000, 0x50FFFFF, "HcclResult"),
    (21000, 22999, "AICPU scheduler"),
    (0x80000000, 0x8FFFFFFF, "hardware event"), (0xA0000000, 0xA0FFFFFF, "DVPP error"),
    (0xFFFFF000, 0xFFFFFFFF, "MindSpore Lite status"), (0x10000000, 0x30FFFFFF, "MindSpore StatusCode"))
_OWNERS: Mapping[str, str] = {
    "E1": "graph engine, ATC and parsers", "E2": "fusion engine", "E3": "AI CPU and device start",
    "E4": "operator compilation (TEFusion)", "E5": "operator checks (cube)", "E6": "operator checks",
    "E7": "operator checks (vector, plug-ins)", "E8": "operator prototypes", "E9": "operator compilation (DSL)",
    "EA": "operator compilation (TVM)", "EB": "operator compilation (TVM)", "EE": "runtime", "EF": "graph parallel",
    "EH": "AscendCL", "EI": "collective communication", "EJ": "collective communication on the device",
    "EK": "profiling",
    "EL": "driver", "EM": "queue scheduling", "EO": "model compression (AMCT)", "EP": "dump", "EU": "user",
    "EZ": "operators and operator selection", "W1": "graph engine", "W4": "operator compilation (TEFusion)",
    "WE": "runtime"}
_Found = dict[str, list[CodeEntry]]
_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9_./-])(?P<cann>[EW](?:[A-Z]\d{4}|\d{5}))(?![0-9A-Za-z_])|\b(?P<torch>ERR\d{5})\b"
    r"|(?<![\d.x])(?P<acl>(?:1(?:00|07|45|48|61)|2(?:00|07|45|48)|3(?:00|07|61)|5(?:00|07|45|61))\d{3})(?![\d.:])"
    r"|\b(?P<inner>0x0?7[0-9a-fA-F]{6}|0x7[bB][cCdD][0-9a-fA-F]{2})\b|\b(?P<ge>13432\d{5}|2417\d{6}|4294967\d{3})\b"
    r"|\b(?P<hccl>0x0{8}0?50[0-9a-fA-F]{6})\b|\bret[cC]ode ?= ?(?P<ts>0x[0-9a-fA-F]{1,3})\b"
    r"|errcode:? ?(?P<core>\((?:0x[0-9a-fA-F]+|\d+)(?:, ?(?:0x[0-9a-fA-F]+|\d+)){2}\))|\bdrvRet(?:Code)?=(?P<drv>\d+)\b"
    r"|\bevent_id ?= ?(?P<event>0x[0-9a-fA-F]{8})\b|\b(?P<lite>0xF{2}[0-9A-F]{6})\b|\bret is (?P<dcmi>-80\d\d)\b")


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What a spelling means.

    Attributes:
        entries: what the catalogue says, likeliest first; several where families or eras share the number.
        twins: the same number as it is printed elsewhere.
        fields: a composed number taken apart.
        family: where an unknown code belongs by its range, "" where nothing is known.
        near: the nearest known codes, of an unknown one.
    """

    query: str
    entries: tuple[CodeEntry, ...]
    twins: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    family: str = ""
    near: tuple[CodeEntry, ...] = ()


def look_up(spelling: str, *, old: bool = False) -> CodeAnswer:
    """The answer for a code in any spelling. ``old``: entries of CANN 5.1 and earlier first. Never raises."""
    query = " ".join(spelling.split()).strip(".,;:'\"")
    entries = _entries(query)
    number = parse_number(query)
    fields = take_apart(number) if number is not None else {}
    ordered = tuple(sorted(entries, key=lambda entry: bool(entry.era) is not old))
    twins = number.twins if number is not None else ()
    if ordered:
        return CodeAnswer(query, ordered, twins, fields)
    family = _family(query, number)
    return CodeAnswer(query, (), twins, fields, family, tuple(_nearest(query, number, family)))


def codes_in(text: str) -> Iterator[str]:
    """Spellings of the codes that a log line holds, in the catalogue's form (``TS 0x26``, ``DRV 6``)."""
    for match in _IN_TEXT.finditer(text):
        kind, value = str(match.lastgroup), match[str(match.lastgroup)]
        yield {"ts": "TS 0x" + value[2:].upper() if kind == "ts" else "", "drv": f"DRV {value}"}.get(kind, value)


def _entries(query: str) -> list[CodeEntry]:
    exact, numeric, words = _tables()
    upper = query.upper()
    number = parse_number(query)
    found = list(exact.get(upper, ()))
    match = re.fullmatch(r"(?:retCode|errorCode|TS)\s*=?\s*(0x[0-9a-fA-F]+|\d+)", query)
    if match is not None:
        found += numeric.get(("TS ", int(match[1], 0)), ())
    if re.fullmatch(r"\(?\s*(?:0x[0-9a-fA-F]+|\d+)\s*(?:,\s*(?:0x[0-9a-fA-F]+|\d+)\s*){2}\)?", query):
        found += exact.get(_tuple_key(query), ())
    if number is not None:
        found += numeric.get(("", number.unsigned), ())
        result = hccl_result(number)
        found += numeric.get(("HCCL ", result), ()) if result is not None else ()
        if 0 <= number.value < 0x400:
            for prefix in _PREFIXED[:5]:
                found += numeric.get((prefix, number.value), ())
    for prefix in _PREFIXED:
        if upper.startswith(prefix.upper()):
            inside = parse_number(query[len(prefix):])
            found += numeric.get((prefix, inside.value), ()) if inside is not None else ()
    found += words.get(upper.rstrip("."), ())
    return list({id(entry): entry for entry in found}.values())


@cache
def _tables() -> tuple[_Found, dict[tuple[str, int | None], list[CodeEntry]], _Found]:
    exact: dict[str, list[CodeEntry]] = {}
    numeric: dict[tuple[str, int | None], list[CodeEntry]] = {}
    words: dict[str, list[CodeEntry]] = {}
    for entry in load_catalogue():
        exact.setdefault(_tuple_key(entry.code) if entry.code.startswith("(") else entry.code.upper(), []).append(entry)
        prefix = next((p for p in _PREFIXED if entry.code.startswith(p)), "")
        number = parse_number(entry.code[len(prefix):])
        if number is not None:
            numeric.setdefault((prefix, number.value if prefix else number.unsigned), []).append(entry)
        for word in (entry.symbol, entry.text):
            if word:
                words.setdefault(word.upper().rstrip("."), []).append(entry)
    return exact, numeric, words


def _tuple_key(text: str) -> str:
    return "(" + ",".join(str(int(part, 0)) for part in re.findall(r"0x[0-9a-fA-F]+|\d+", text)) + ")"


def _family(query: str, number: Number | None) -> str:
    if number is not None:
        value = number.unsigned
        return next((family for low, high, family in _RANGES if low <= value <= high), "")
    if re.fullmatch(r"[EW][A-Z0-9]\d{4}", query.upper()):
        owner = _OWNERS.get(query[:2].upper())
        return f"CANN {query[0].upper()}-code of {owner}" if owner else "CANN code of an unknown component"
    return "torch_npu" if re.fullmatch(r"ERR\d{5}", query.upper()) else ""


def _nearest(query: str, number: Number | None, family: str) -> list[CodeEntry]:
    exact, numeric, _ = _tables()
    if number is not None:
        mine = [(abs(int(value or 0) - number.unsigned), entries[0]) for (prefix, value), entries in numeric.items()
                if not prefix and (not family or entries[0].family == family)]
        return [entry for _, entry in sorted(mine, key=lambda pair: pair[0])[:3]] if family else []
    wanted = query.upper()
    if re.fullmatch(r"[EW][A-Z0-9]\d{4}", wanted):
        same = [code for code in exact if code[:2] == wanted[:2] and len(code) == 6]
        return [exact[code][0] for code in sorted(same, key=lambda code: abs(int(code[2:]) - int(wanted[2:])))[:3]]
    return [exact[code][0] for code in get_close_matches(wanted, list(exact), 3, 0.7)]
