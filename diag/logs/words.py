"""The answer in words, English or Chinese. The words are in the rules and in ``resources/logs/sentences.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from diag.logs.codes import CodeAnswer, look_up
from diag.logs.diagnosis import Cause, LogDiagnosis, Verdict
from diag.logs.rules import Words, load_rules

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]")


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _fill(text: str, values: _Lenient) -> str:
    """The text with its placeholders filled; a part in [[ ]] goes where one of its own has no value."""
    def part(match: re.Match[str]) -> str:
        return match[1] if all(name in values for name in re.findall(r"\{(\w+)\}", match[1])) else ""

    return _OPTIONAL.sub(part, text).format_map(values)


@cache
def sentences(lang: str) -> Mapping[str, str]:
    """The fixed sentences by key."""
    table = tomllib.loads(files("resources").joinpath("logs/sentences.toml").read_text("utf-8"))
    return {key: str(item[lang]) for key, item in table.items()}


def explain(cause: Cause, lang: str = "en") -> Words:
    """Title, cause and fix of a line, placeholders filled."""
    words = load_rules().by_id[cause.rule].words[lang]
    values = _Lenient({name: str(value) for name, value in cause.finding.values.items() if value})
    known = look_up(f"({values['errcode']})").entries if "," in values.get("errcode", "") else ()
    if known:
        values["meaning"] = known[0].meaning[lang]
    title, why, fix = (_fill(text, values) for text in (words.title, words.cause, words.fix))
    if not why:
        why, fix = _of_code(cause.code, lang)
    return Words(title, why, fix)


def _of_code(code: str, lang: str) -> tuple[str, str]:
    say = sentences(lang)
    entries = look_up(code).entries
    if not entries:
        return say["no-cause"], say["read-around"]
    entry = entries[0]
    fixes = " ".join(fix[lang] for fix in entry.fixes) or say["read-around"]
    return " ".join((entry.meaning[lang], *(cause[lang] for cause in entry.causes[:2]))), fixes


def three_lines(diagnosis: LogDiagnosis, lang: str = "en") -> list[str]:
    """The diagnosis as three short lines: what and where, what it means, what to do."""
    say = sentences(lang)
    match diagnosis.verdict:
        case Verdict.NO_FAILURE:
            return [say["no-failure"], say["no-failure-why"], say["no-failure-fix"]]
        case Verdict.INSUFFICIENT if not diagnosis.chain and diagnosis.outcome == "unknown":
            wanted = wanted_file("plog", diagnosis.pid, lang)
            return [say["nothing"], say["nothing-why"], say["insufficient-fix"].format(file=wanted)]
        case Verdict.INSUFFICIENT:
            wanted = say["list"].join(wanted_file(key, diagnosis.pid, lang) for key in diagnosis.wanted[:2])
            return [say["insufficient"], say["insufficient-why"], say["insufficient-fix"].format(file=wanted)]
        case Verdict.ROOT:
            cause = diagnosis.root_cause
            if cause is None:
                raise ValueError("a diagnosis with a root has a root cause")
            words = explain(cause, lang)
            first = say["latent" if diagnosis.latent else "root"].format(
                title=words.title, file=PurePath(cause.file).name, line=cause.line)
            return [first, words.cause, say["fix"].format(fix=words.fix)]


def wanted_file(key: str, pid: int | None, lang: str = "en") -> str:
    """The name of the file that would tell more, with the process id where it is known."""
    return sentences(lang)[f"wanted-{key}"].format(pid=pid if pid is not None else "<pid>")


def code_lines(answer: CodeAnswer, lang: str = "en") -> list[str]:
    """A code's answer as lines for a terminal."""
    say = sentences(lang)
    lines: list[str] = []
    if answer.twins:
        lines.append(say["twins"].format(twins=" = ".join(answer.twins)))
    if answer.fields:
        lines.append(say["fields"].format(fields=", ".join(f"{name} {value}" for name, value in answer.fields.items())))
    for entry in answer.entries:
        era = f", {entry.era}" if entry.era else ""
        lines += [f"{entry.code}  {entry.symbol or entry.component} ({entry.family}{era})", f"  {entry.meaning[lang]}"]
        lines += [f"  {say['may-be']}: {cause[lang]}" for cause in entry.causes] or [f"  {say['no-cause']}"]
        lines += [f"  {say['do']}: {fix[lang]}" for fix in entry.fixes]
    if not answer.entries:
        lines.append(say["unknown-code"].format(code=answer.query, family=answer.family or say["no-family"]))
        lines += [f"  {say['near']}: {entry.code} {entry.symbol}: {entry.meaning[lang]}" for entry in answer.near]
    return lines
