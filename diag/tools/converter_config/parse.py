"""Reads a configuration file as the converter does, and remembers what stood where.

The converter's rules: ``#`` is a comment only in the first column; there are no comments behind a value; every double
quote is deleted; blanks around key and value are dropped, tabs are not; a line has exactly one ``=`` and something on
its right; what stands before the first section belongs to DEFAULT; at most 9,999 lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diag.errors import FormatError, UsageError

MOST_LINES = 9999
MOST_BYTES = 16 << 20
DEFAULT = "DEFAULT"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that is no comment and not blank.

    Attributes:
        line: its number, from 1.
        raw: the line without its end.
        section: where it stands; DEFAULT before the first one.
        key, value: as the converter understands them; both "" for a line that it refuses.
        problem: why it refuses the line; "" if it does not.
    """

    line: int
    raw: str
    section: str
    key: str = ""
    value: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration as it stands in its file.

    Attributes:
        path: the file.
        lines: all lines without their ends.
        sections: name and line of each heading, in order.
        entries: every line that says something.
        marks: what is wrong with the bytes: "bom", "crlf", "tabs", "encoding", "nul", "lines".
    """

    path: Path
    lines: tuple[str, ...]
    sections: tuple[tuple[str, int], ...]
    entries: tuple[Entry, ...]
    marks: tuple[str, ...]

    def values(self) -> dict[str, dict[str, str]]:
        """Section, key, value of what the converter accepts; of a key that stands twice the last one."""
        found: dict[str, dict[str, str]] = {}
        for entry in self.entries:
            if not entry.problem:
                found.setdefault(entry.section, {})[entry.key] = entry.value
        return found


def read_config(path: Path) -> ConfigFile:
    """Raises UsageError (no such file), FormatError (no text at all)."""
    try:
        if path.is_dir():
            raise UsageError("Expected a configuration file; this is a folder", where=f"in {path}",
                             hint="Name the file in it")
        if not path.is_file():
            raise UsageError("There is no such file", where=f"in {path}", hint="Check the path")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"The file cannot be read: {error.strerror}", where=f"in {path}",
                         hint="Check its permissions") from error
    if len(data) > MOST_BYTES:
        raise FormatError(path, f"Expected a configuration file; it is larger than {MOST_BYTES >> 20} MiB")
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(path, "Expected a configuration file", offset=data.index(b"\0"), found="a zero byte",
                          hint="Give the text file with the [sections]")
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        raise FormatError(path, "Expected a configuration file with [sections]", offset=0, found="JSON",
                          hint="An acl.json is named in one: [ascend_context] dump_config_file or "
                          "profiling_config_file")
    return parse_config(data, path)


def parse_config(data: bytes, path: Path) -> ConfigFile:
    """The file's contents. Never raises: what the converter refuses is an entry with a problem."""
    text, marks = _decoded(data)
    if "\r\n" in text:
        marks.append("crlf")
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if any("\t" in line and not line.startswith("#") for line in lines):
        marks.append("tabs")
    if len(lines) > MOST_LINES:
        marks.append("lines")
    sections: list[tuple[str, int]] = []
    entries = []
    current = DEFAULT
    for number, line in enumerate(lines, 1):
        stripped = line.strip(" ")
        if not stripped or line.startswith("#"):
            continue
        heading = _heading(stripped)
        if heading is not None:
            current = heading
            sections.append((heading, number))
        else:
            entries.append(_entry(number, line, current))
    return ConfigFile(path, tuple(lines), tuple(sections), tuple(entries), tuple(marks))


def _decoded(data: bytes) -> tuple[str, list[str]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), ["encoding"]
    marks = []
    if data.startswith(b"\xef\xbb\xbf"):
        data, marks = data[3:], ["bom"]
    try:
        return data.decode("utf-8"), marks
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace"), [*marks, "encoding"]


def _heading(line: str) -> str | None:
    return line[1:-1].strip(" ") if line.startswith("[") and line.endswith("]") and len(line) > 2 else None


def _entry(number: int, raw: str, section: str) -> Entry:
    clean = raw.replace('"', "")
    parts = [part.strip(" ") for part in clean.split("=")]
    if len(parts) == 1:
        return Entry(number, raw, section, problem="no_equals")
    if len(parts) > 2 and parts[-1]:
        return Entry(number, raw, section, problem="two_equals")
    if len(parts) > 2 or not parts[1]:
        return Entry(number, raw, section, parts[0], problem="no_value")
    if not parts[0]:
        return Entry(number, raw, section, problem="no_key")
    return Entry(number, raw, section, parts[0], parts[1])
