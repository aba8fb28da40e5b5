"""Which files of a folder belong to a recording, under the names that they should have. Nothing leaves the folder."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diag.errors import FormatError, UsageError
from diag.formats.tensor_dump.names import FileName, parse
from diag.formats.tensor_dump.recording import Place

MAPPING = "mapping.csv"
TABLE = "statistic.csv"

_HASH = re.compile(r"\d{5,20}(?P<ending>(?:\.(?:input|output)\.\d+.*)?(?i:\.npy|\.csv|\.bin)?)\Z")
_TIME = re.compile(r"\d{8,20}\Z")
_NUMBER = re.compile(r"\d{1,10}\Z")
_MOST = 200_000
_MOST_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Named:
    """A file and what its name (or mapping.csv) says. ``mapped``: the name is from mapping.csv; it may lie."""

    path: Path
    name: FileName
    mapped: bool = False


@dataclass(slots=True)
class Site:
    """One folder with dump files. ``notes``: what was left out, and why."""

    folder: Path
    files: list[Named] = field(default_factory=list)
    tables: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def only_overflow(self) -> bool:
        """Whether nothing but reports of overflows lies here."""
        return not self.tables and all(f.name.kind in ("overflow", "exception") for f in self.files)


def sites(root: Path) -> list[Site]:
    """All folders at or below ``root`` that hold dump files. Raises FormatError, UsageError."""
    if not root.is_dir():
        raise FormatError(root, "Expected a folder of tensor dumps", hint="Check the path")
    found, seen = [], 0
    for folder, below, names in os.walk(root, followlinks=False):
        below.sort()
        if len(Path(folder).relative_to(root).parts) >= _MOST_DEPTH:
            below.clear()
        seen += len(names)
        if seen > _MOST:
            raise UsageError(f"The folder holds more than {_MOST:,} files", where=f"in {root}",
                             hint="Name the folder of one iteration: time/device/model/model_id/iteration")
        site = _site(Path(folder), sorted(names), root.resolve())
        if site.files or site.tables:
            found.append(site)
    return found


def place_of(folder: Path) -> Place:
    """The parts of the usual path time/device/model/model_id/iteration that end in ``folder``, as far as they fit."""
    parts = folder.absolute().parts[-5:]
    full = len(parts) == 5 and _TIME.match(parts[0]) and all(_NUMBER.match(parts[i]) for i in (1, 3, 4))
    if full:
        return Place(parts[0], parts[1], parts[2], parts[3], parts[4])
    if len(parts) >= 3 and all(_NUMBER.match(p) for p in parts[-2:]) and not _NUMBER.match(parts[-3]):
        return Place(model=parts[-3], model_id=parts[-2], iteration=parts[-1])
    if len(parts) >= 2 and _TIME.match(parts[-2]) and _NUMBER.match(parts[-1]):
        return Place(time=parts[-2], device=parts[-1])  # single operators: no model
    return Place()


def _site(folder: Path, names: list[str], root: Path) -> Site:
    site = Site(folder)
    mapping = next((name for name in names if name.lower() == MAPPING), None)
    if mapping is not None:
        known = _mapping(folder / mapping, site.notes)
        _missing(known, set(names), site.notes)
    else:
        known = {}
    for name in names:
        path = folder / name
        if name.lower() == TABLE:
            site.tables.append(path)
            continue
        found = _named(path, known, site.notes)
        if found is None:
            continue
        if path.is_symlink() and root not in path.resolve().parents:
            site.notes.append(f"{name} is a link that leads out of the folder: left out")
        elif path.is_file():
            site.files.append(found)
    return site


def _named(path: Path, known: Mapping[str, str], notes: list[str]) -> Named | None:
    direct = parse(path.name)
    if direct is not None:
        return Named(path, direct)
    match = _HASH.match(path.name)
    if match is None:
        return None
    ending = match["ending"]
    number = path.name[:len(path.name) - len(ending)] if ending else path.name
    said = known.get(path.name) or known.get(number)
    if said is not None:
        name = parse(said if said.endswith(ending) else said + ending)
        if name is not None:
            return Named(path, name, mapped=True)
        notes.append(f"{MAPPING} gives {path.name} the name '{said[:80]}', which is none of a dump")
    return Named(path, FileName("hash", "", "", ending=Path(ending).suffix.lower() if ending else ""))


def _mapping(path: Path, notes: list[str]) -> dict[str, str]:
    """Original name by hash; lines that cannot be right are noted."""
    known: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                _take(row, number, known, notes)
    except (OSError, csv.Error) as error:
        notes.append(f"{MAPPING} cannot be read: {str(error)[:80]}")
    return known


def _take(row: list[str], number: int, known: dict[str, str], notes: list[str]) -> None:
    cells = [cell.strip() for cell in row]
    if not any(cells):
        return
    if len(cells) < 2 or not cells[0] or not cells[1]:
        notes.append(f"line {number} of {MAPPING} is not 'hash,name'")
    elif "/" in cells[1] or "\\" in cells[1] or cells[1] in (".", "..") or "\0" in cells[1]:
        notes.append(f"line {number} of {MAPPING} names a path, not a file: left out")
    elif known.setdefault(cells[0], cells[1]) != cells[1]:
        notes.append(f"{MAPPING} gives {cells[0]} two names: the first counts")


def _missing(known: Mapping[str, str], names: set[str], notes: list[str]) -> None:
    stems = {re.sub(r"\..*", "", n) for n in names}
    absent = [h for h in known if h not in names and h not in stems and h.isdecimal()]
    if absent:
        more = f" and {len(absent) - 1:,} more" if len(absent) > 1 else ""
        notes.append(f"{MAPPING} names {absent[0]}{more}, which is not there")
