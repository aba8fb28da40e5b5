"""What became of a conversion, kept beside its model: so that a batch that was stopped goes on where it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from diag.errors import DiagError
from diag.types.conversion import Conversion, ConvertStatus
from diag.workspace.codec import from_json, to_json
from diag.workspace.digest import sha256

_GOOD = (ConvertStatus.OK, ConvertStatus.UNCHECKED)


@dataclass(frozen=True, slots=True)
class _Record:
    """``sha256`` of the model as it was written."""

    conversion: Conversion
    sha256: str


def record_of(output: Path) -> Path:
    """Where the record of a model is."""
    return output.with_name(output.name + ".json")


def keep(found: Conversion, output: Path) -> None:
    """Write the record, whole or not at all. Raises OSError."""
    made = sha256(found.output) if found.output is not None and found.output.is_file() else ""
    path = record_of(output)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(to_json(_Record(found, made)), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def kept(output: Path, digest: str) -> Conversion | None:
    """The good conversion that was recorded for the same model and options, if its file is still what it was."""
    try:
        record = from_json(_Record, json.loads(record_of(output).read_text(encoding="utf-8")))
    except (OSError, ValueError, DiagError):
        return None
    found = record.conversion
    if found.digest != digest or found.status not in _GOOD or found.output is None or not found.output.is_file():
        return None
    return found if sha256(found.output) == record.sha256 else None
