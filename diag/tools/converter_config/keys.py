"""Examines one key and its value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from diag.rules.codes import finding
from diag.tools.converter_config.known import SECTIONS, Key, Section, Version
from diag.tools.converter_config.parse import ConfigFile, Entry
from diag.tools.converter_config.remark import Remark, close, sure
from diag.tools.converter_config.values import (
    WIDE,
    Wrong,
    shapes_in,
    wrong_aoe,
    wrong_context_dims,
    wrong_dims,
    wrong_ops,
    wrong_shape,
)
from diag.types.codes import Code
from diag.types.finding import Evidence, Severity


def about_key(file: ConfigFile, entry: Entry, version: Version) -> Iterator[Remark]:
    """Whether the section has the key, this version has it, and its value is one."""
    section = SECTIONS.get(entry.section)
    if section is None:
        return
    key = section.keys.get(entry.key)
    if key is None:
        yield from _unknown(file, entry, section)
        return
    place = [Evidence(str(file.path), entry.line)]
    reason = _of_version(key, version)
    if reason:
        yield Remark(finding(Code.CONFIG_VERSION, f"line {entry.line}", section=entry.section, key=entry.key,
                             version=_text(version), reason=reason, evidence=place), entry.line)
    wrong = _wrong(file, entry, key, version)
    if wrong is not None:
        code = Code.CONFIG_SEPARATOR if wrong.what == "separator" else Code.CONFIG_BAD_VALUE
        instead = (f"{entry.key}={_quoted(wrong.instead)}",) if wrong.instead else None
        yield Remark(finding(code, f"line {entry.line}", section=entry.section, key=entry.key, value=entry.value,
                             expected=wrong.expected, evidence=place), entry.line, instead)
    elif key.kind == "path" and not _there(file.path, entry.value):
        yield Remark(finding(Code.CONFIG_NO_FILE, f"line {entry.line}", key=entry.key, path=entry.value,
                             severity=Severity.WATCH, evidence=place), entry.line)


def _unknown(file: ConfigFile, entry: Entry, section: Section) -> Iterator[Remark]:
    """Only what is near a known key where the rest goes on to CANN, which knows more keys than this table."""
    meant = close(entry.key, section.keys)
    elsewhere = next((name for name, other in SECTIONS.items() if entry.key in other.keys), "")
    if section.foreign and not meant and not elsewhere:
        return
    if elsewhere and not sure(entry.key, meant):
        told, instead = f"it belongs to [{elsewhere}]", None
    else:
        told = meant or ", ".join(section.keys)
        instead = (f"{meant}={_quoted(entry.value)}",) if sure(entry.key, meant) else None
    severity = Severity.WATCH if section.foreign and instead is None else None
    yield Remark(finding(Code.CONFIG_UNKNOWN_KEY, f"line {entry.line}", section=entry.section, key=entry.key,
                         close=told, severity=severity, evidence=[Evidence(str(file.path), entry.line)]), entry.line,
                 instead)


def _of_version(key: Key, version: Version) -> str:
    if version and key.since and version < key.since:
        return f"It is known from {_text(key.since)} on."
    if version and key.until and version >= key.until:
        return f"It is of before {_text(key.until)}" + (f"; write {key.instead}." if key.instead else ".")
    return ""


def _wrong(file: ConfigFile, entry: Entry, key: Key, version: Version) -> Wrong | None:
    value = entry.value
    if key.values:
        if value in key.values:
            return None
        meant = close(value, key.values)
        return Wrong("value", ", ".join(key.values), meant if sure(value, meant) else "")
    match key.kind:
        case "int":
            return None if value.lstrip("-").isdecimal() else Wrong("value", "a whole number")
        case "shape":
            return wrong_shape(value, brackets=True)
        case "build_shape":
            return wrong_shape(value, brackets=False)
        case "dims":
            return wrong_dims(value, _width(file, entry.section))
        case "context_dims":
            return wrong_context_dims(value)
        case "aoe":
            return wrong_aoe(value, version)
        case "ops":
            return wrong_ops(value)
    plain = value.translate(WIDE)
    return Wrong("separator", "plain signs, no full-width ones", plain) if plain != value else None


def _width(file: ConfigFile, section: str) -> int | None:
    """How many sizes vary in the section's input_shape; None where that is not known."""
    told = file.values().get(section, {})
    shapes = shapes_in(told.get("input_shape", told.get("ge.inputShape", "")))
    return sum(d == -1 for shape in shapes.values() for d in shape) if shapes is not None else None


def _there(config: Path, value: str) -> bool:
    path = Path(value).expanduser()
    try:
        return path.exists() if path.is_absolute() else (config.parent / path).exists() or path.exists()
    except (OSError, ValueError):
        return False


def _quoted(value: str) -> str:
    return f'"{value}"' if any(c in value for c in ";, ") else value


def _text(version: Version) -> str:
    return ".".join(map(str, version))
