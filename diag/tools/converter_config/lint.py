"""Examines a configuration file: what the converter will make of it, and where that is not what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diag.rules.codes import finding
from diag.tools.converter_config.keys import about_key
from diag.tools.converter_config.known import SECTIONS, Version
from diag.tools.converter_config.parse import DEFAULT, ConfigFile, Entry, parse_config, read_config
from diag.tools.converter_config.remark import Remark, close, sure
from diag.tools.converter_config.together import about_whole
from diag.types.codes import Code
from diag.types.finding import Evidence, Finding, Severity

_COMMENT = re.compile(r'^(?P<value>.*?"?)\s+(?P<comment>(?:#|//|--\s).*)$')
_TIGHT = re.compile(r"^(?P<value>[\w.+-]+\"?)(?P<comment>#.*)$")
_PASSES = 6
_BYTES = {
    "bom": "it begins with a byte order mark, which becomes part of the first line",
    "crlf": "its lines end in carriage return and line feed, and the former becomes part of every value",
    "tabs": "it has tabs, which the converter does not trim: they become part of keys and values",
    "encoding": "it is not UTF-8",
    "lines": "it has more than 9,999 lines, and the converter stops reading there"}


@dataclass(frozen=True, slots=True)
class ConfigLint:
    """What was found, and the file as it should be (None where nothing could be corrected)."""

    file: ConfigFile
    remarks: tuple[Remark, ...]
    corrected: str | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """In the order of the lines."""
        return tuple(r.finding for r in self.remarks)


def lint_config(path: Path, version: Version = ()) -> tuple[Finding, ...]:
    """The findings alone. Raises UsageError (no such file), FormatError (no text)."""
    return examine(path, version).findings


def examine(path: Path, version: Version = ()) -> ConfigLint:
    """Everything. ``version`` of the converter; () where it is not known. Raises UsageError, FormatError."""
    return examine_file(read_config(path), version)


def examine_file(file: ConfigFile, version: Version = ()) -> ConfigLint:
    """The same for a file that was read, or that is being typed."""
    remarks = tuple(_remarks(file, version))
    text = corrected(file, version)
    original = "\n".join(file.lines) + ("\n" if file.lines else "")
    return ConfigLint(file, remarks, text if text != original or file.marks else None)


def corrected(file: ConfigFile, version: Version = ()) -> str:
    """The text with everything put right that is certain, comments kept."""
    lines = [line.replace("\t", " ").rstrip() for line in file.lines]
    for _ in range(_PASSES):
        again = parse_config(("\n".join(lines) + "\n").encode(), file.path)
        fixes: dict[int, tuple[str, ...]] = {}
        added: tuple[str, ...] = ()
        for remark in _remarks(again, version):
            if remark.instead is not None and remark.line not in fixes:
                fixes[remark.line] = remark.instead
            added = added or remark.added
        if not fixes and not added:
            break
        made = [part for number, line in enumerate(lines, 1) for part in fixes.get(number, (line,))]
        lines = [*made, *(added if not fixes else ())]
    return "\n".join(lines) + ("\n" if lines else "")


def _remarks(file: ConfigFile, version: Version) -> Iterator[Remark]:
    for mark in file.marks:
        yield Remark(finding(Code.CONFIG_BYTES, file.path.name, what=_BYTES[mark],
                             severity=Severity.WATCH if mark == "encoding" else None))
    if not any(not e.problem for e in file.entries):
        yield Remark(finding(Code.CONFIG_NOTHING, file.path.name))
    by_line: list[Remark] = []
    by_line += _headings(file, version)
    seen: dict[tuple[str, str], int] = {}
    for entry in file.entries:
        by_line += _entry(file, entry, version, seen)
    yield from sorted(by_line, key=lambda r: r.line)
    yield from about_whole(file, version)


def _headings(file: ConfigFile, version: Version) -> Iterator[Remark]:
    for name, line in file.sections:
        place = [Evidence(str(file.path), line)]
        known = SECTIONS.get(name)
        if known is None:
            meant = close(name, SECTIONS)
            yield Remark(finding(Code.CONFIG_UNKNOWN_SECTION, name, close=meant or ", ".join(SECTIONS), evidence=place),
                         line, (f"[{meant}]",) if sure(name, meant) else None)
        elif version and known.since and version < known.since:
            yield Remark(finding(Code.CONFIG_VERSION, name, section=name, key="everything", version=_text(version),
                                 reason=f"The section is known from {_text(known.since)} on.", evidence=place), line)
        elif version and known.until and version >= known.until:
            yield Remark(finding(Code.CONFIG_VERSION, name, section=name, key="everything", version=_text(version),
                                 reason=f"The section is of before {_text(known.until)}; use [ascend_context] and "
                                 "[acl_build_options].", evidence=place), line)


def _entry(file: ConfigFile, entry: Entry, version: Version, seen: dict[tuple[str, str], int]) -> Iterator[Remark]:
    place = [Evidence(str(file.path), entry.line)]
    stripped = entry.raw.strip()
    if stripped.startswith("#"):
        yield Remark(finding(Code.CONFIG_INDENTED_COMMENT, f"line {entry.line}", text=stripped[:80], evidence=place),
                     entry.line, (stripped,))
        return
    comment = _inline(entry)
    if comment is not None:
        key, value, words = comment
        yield Remark(finding(Code.CONFIG_INLINE_COMMENT, f"line {entry.line}", key=key, value=value, comment=words,
                             evidence=place), entry.line, (f"# {words.lstrip('#/- ')}".rstrip(), f"{key}={value}"))
        return
    if entry.problem:
        yield Remark(finding(Code.CONFIG_ILLEGAL_LINE, f"line {entry.line}", text=stripped[:80],
                             reason=_ILLEGAL[entry.problem], evidence=place), entry.line, (f"# {stripped}",))
        return
    if entry.section == DEFAULT:
        yield Remark(finding(Code.CONFIG_NO_SECTION, f"line {entry.line}", text=stripped[:80], evidence=place),
                     entry.line, _with_section(file, entry))
        return
    first = seen.setdefault((entry.section, entry.key), entry.line)
    if first != entry.line and entry.section != "model_param":
        yield Remark(finding(Code.CONFIG_DUPLICATE, f"line {entry.line}", section=entry.section, key=entry.key,
                             first=first, evidence=place), entry.line)
    yield from about_key(file, entry, version)


def _inline(entry: Entry) -> tuple[str, str, str] | None:
    """Key, the value that was meant, the comment; None where there is none."""
    key, equals, rest = entry.raw.partition("=")
    if not equals:
        return None
    found = _COMMENT.match(rest.strip()) or _TIGHT.match(rest.strip())
    if found is None or not found["value"].strip('" '):
        return None
    return key.strip(), found["value"].strip(), found["comment"].strip()


def _with_section(file: ConfigFile, entry: Entry) -> tuple[str, ...] | None:
    """The line under the only section that has its key, where nothing else stands there yet."""
    homes = [name for name, section in SECTIONS.items() if entry.key in section.keys]
    first = next((e for e in file.entries if e.section == DEFAULT), entry)
    if "ascend_context" in homes:
        homes = ["ascend_context"]
    taken = {name for name, _ in file.sections}
    if len(homes) != 1 or first.line != entry.line or homes[0] in taken:
        return None
    return (f"[{homes[0]}]", entry.raw.strip())


_ILLEGAL = {
    "no_equals": "There is no = in it", "two_equals": "There is more than one = in it",
    "no_value": "Nothing stands on the right of =", "no_key": "Nothing stands on the left of ="}


def _text(version: Version) -> str:
    return ".".join(map(str, version))
