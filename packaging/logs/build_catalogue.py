"""Makes resources/logs/codes.json from facts about error codes and our wording (the .txt files beside this script).

python packaging/logs/build_catalogue.py FACTS.json
FACTS.json is a list of {code, family, component, symbol, title, meaning, meaning_zh, causes, fixes, severity, …}.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "resources" / "logs" / "codes.json"
GROUPS = {
    "runtime InnerCode": ("Runtime, {group}", "Runtime（{group}）"),
    "task scheduler retCode": ("Task scheduler of the device", "设备任务调度器"),
    "drvError_t": ("Driver", "驱动"),
    "AICPU scheduler": ("Scheduler of the AI CPU", "AI CPU 调度"),
    "GE status (ErrorNo)": ("Graph engine, {group}", "图引擎（{group}）"),
    "FMK status (domi)": ("Model parser", "模型解析"),
}
JOINED = (("out of memory", "oom"), ("out of range", "overrange"), ("task scheduler", "ts"), ("vector core", "aiv"),
          ("ai core", "aicore"))
LABELS = {"GE status (ErrorNo)", "FMK status (domi)"}
GENERIC = {"100000", "500000", "500001", "500002", "507011", "-1", "4294967295", "1343225860", "ERR00100", "545000"}
SHORT = (("\\binvld\\b", "invalid"), ("\\boccup(?:apy|y)ed\\b", "occupied"), ("\\brepeart\\b", "repeat"),
         ("\\baddr\\b", "address"),
         ("\\bmem\\b", "memory"), ("\\bdrv\\b", "driver"), ("\\bprof\\b", "profiling"), ("\\b(?:cpy|copy)\\b", "copy"),
         ("\\bptr\\b", "pointer"), ("\\bparam?\\b", "parameter"), ("\\berr\\b", "error"), ("\\bbuff\\b", "buffer"),
         ("\\bgrp\\b", "group"), ("\\bexec?\\b", "execution"), ("\\bnum\\b", "number"), ("\\bcmd\\b", "command"),
         ("\\bge\\b ?", ""), ("\\brti call\\b", "runtime call"), ("\\bdeamon\\b", "daemon"), ("\\bunknow\\b",
                                                                                              "unknown"),
         (" (?:null|is ?null)$", " is null"), (" invalid$", " is invalid"), (" full$", " is full"), (" empty$",
                                                                                                     " is empty"),
         (" fail$", " failed"), ("^(\\w+) not exist$", "\\1 does not exist"), (" not exist$", " does not exist"))


def table(name: str) -> list[tuple[re.Pattern[str], str, str]]:
    """Lines ``pattern|English|Chinese``; the pattern may itself hold bars."""
    rows = []
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            *pattern, english, chinese = line.split("|")
            rows.append((re.compile("|".join(pattern)), english, chinese))
    return rows


def choose(facts: list[str], rows: list[tuple[re.Pattern[str], str, str]]) -> list[int]:
    """Numbers of the sentences that say these facts; the last row stands for facts that no pattern knows."""
    chosen: list[int] = []
    for fact in facts:
        if fact in ("any", "n/a", "none"):
            continue
        number = next((i for i, row in enumerate(rows) if row[0].search(fact)), None)
        if number is not None and number not in chosen:
            chosen.append(number)
    return chosen[:3]


def phrase(title: str) -> str:
    """An English phrase from the words of a symbol."""
    for pattern, better in SHORT:
        title = re.sub(pattern, better, title)
    return title.strip()


def phrase_zh(title: str, words: dict[str, str]) -> str:
    """A Chinese phrase from the words of a symbol; words unknown stay as they are."""
    for english, one in JOINED:
        title = title.replace(english, one)
    parts = [words.get(token, f" {token.upper()} ") for token in re.split(r"[^a-z0-9+]+", title.lower()) if token]
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def sentence(text: str, stop: str) -> str:
    """Capital first letter, one full stop."""
    text = text.strip().rstrip(".。")
    return text[:1].upper() + text[1:] + stop


def meaning(item: dict[str, Any], words: dict[str, str], overrides: dict[tuple[str, str], tuple[str,
                                                                                                str]]) -> tuple[str,
                                                                                                                str]:
    """What the code says, English and Chinese."""
    family, title = item["family"], str(item["title"])
    override = overrides.get((item["code"], family)) or overrides.get((item["code"], ""))
    if override:
        return override
    if family not in GROUPS:
        return sentence(item["meaning"], "."), sentence(item["meaning_zh"], "。")
    english, chinese = GROUPS[family]
    group = str(item["component"]).rpartition("/")[2]
    first = f"{english.format(group=group)}: {phrase(title)}."
    second = f"{chinese.format(group=words.get(group.lower(), group))}：{phrase_zh(title, words)}。"
    if item.get("maps_to"):
        first += f" The caller sees {item['maps_to']}."
        second += f"调用方看到 {item['maps_to']}。"
    return first, second


def main(facts: Path) -> None:
    """Write the catalogue, entries in the order of families and codes."""
    words = dict(line.split(" ", 1) for line in (HERE / "words_zh.txt").read_text("utf-8").splitlines() if " " in line)
    overrides = {(code, family): (english, chinese) for code, family, english, chinese in
                 (line.split("|") for line in (HERE / "overrides.txt").read_text("utf-8").splitlines()[1:] if line)}
    causes, fixes = table("causes.txt"), table("fixes.txt")
    entries = []
    for item in json.loads(facts.read_text("utf-8")):
        english, chinese = meaning(item, words, overrides)
        label = item["family"] in LABELS or item["code"] in GENERIC or re.search(r"^E[A-Z0-9](?:9999|8888)$",
                                                                                 item["code"])
        entry = {
            "code": item["code"], "family": item["family"], "component": item["component"],
            "symbol": item.get("symbol") or "",
            "en": english, "zh": chinese, "causes": choose(item.get("causes", []), causes),
            "fixes": choose(item.get("fixes", []), fixes),
            "severity": item["severity"], "era": item.get("era", ""), "maps_to": item.get("maps_to") or "",
            "text": item.get("printed_text", ""), "label": bool(label)}
        entries.append({key: value for key, value in entry.items() if value not in ("", [], False)})
    document = {"causes": [{"en": row[1], "zh": row[2]} for row in causes], "fixes": [{"en": row[1],
                                                                                       "zh": row[2]} for row in fixes],
                "entries": entries}
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    document.pop("entries")
    TARGET.write_text(json.dumps(document, ensure_ascii=False)[:-1] + ', "entries": [\n' + lines + "\n]}\n", "utf-8")
    print(f"{len(entries)} entries, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
