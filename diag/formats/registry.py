"""Which reader a model file needs; and when none fits, what the file really is."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import cast

from diag.errors import FormatError
from diag.formats.interface import Format, ReadOptions
from diag.formats.strangers import recognise
from diag.types.graph import Graph

FORMATS: tuple[tuple[str, str], ...] = (
    # (module, name of the Format in it); the first whose ``sniff`` says yes reads the file
    ("diag.formats.mindir", "MINDIR"),
    ("diag.formats.onnx", "ONNX"),
)

HEAD = 4096
"""Bytes at the start of a file that ``sniff`` gets to see."""


def open_model(path: Path | str, options: ReadOptions = ReadOptions()) -> Graph:  # noqa: B008 - frozen, no state
    """The model's graph, whatever its format. Raises FormatError that says what the file is if it is no model."""
    path = Path(path).absolute()
    return find_format(path).read(path, options)


def identify(path: Path | str) -> str:
    """Short name of the file's format ("onnx", "mindir"). Raises FormatError as ``open_model`` does."""
    return find_format(Path(path).absolute()).name


def find_format(path: Path) -> Format:
    """The reader that the file needs. Raises FormatError with what it is instead and what to do about it."""
    head = read_head(path)
    stranger = recognise(head, path)
    if stranger is not None:
        raise FormatError(path, f"Expected an ONNX or MindIR model; this is {stranger.what}", offset=0,
                          hint=stranger.hint)
    for module, name in FORMATS:
        reader = cast("Format", getattr(importlib.import_module(module), name))
        if reader.sniff(head, path):
            return reader
    raise FormatError(path, "Expected an ONNX or MindIR model", offset=0, found=f"bytes {head[:8].hex(' ')}",
                      hint="Is it the right file, and was it copied whole?")


def read_head(path: Path) -> bytes:
    """The first bytes of the file. Raises FormatError if it is missing, a folder, empty or not readable."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        raise _missing(path) from None
    except IsADirectoryError:
        raise _folder(path) from None
    except (OSError, ValueError) as problem:
        raise FormatError(path, f"The file cannot be read: {problem}", hint="Check its permissions.") from None
    if not head:
        raise FormatError(path, "The file is empty", hint="Copy or export it again.")
    return head


def _missing(path: Path) -> FormatError:
    near = _models_in(path.parent)
    hint = f"There is {_listing(near)} in that folder." if near else "Check the path."
    return FormatError(path, "There is no such file", hint=hint)


def _folder(path: Path) -> FormatError:
    inside = _models_in(path)
    hint = f"Name the file inside it: {_listing(inside)}." if inside else "Name the model file."
    return FormatError(path, "Expected a model file; found a folder", hint=hint)


def _models_in(folder: Path) -> list[str]:
    try:
        return sorted(p.name for p in folder.iterdir() if p.suffix in (".onnx", ".mindir") and p.is_file())
    except OSError:
        return []


def _listing(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
