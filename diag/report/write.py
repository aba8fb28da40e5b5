"""One way to write a comparison, whatever the format: a table of formats, one file each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from diag.errors import UsageError
from diag.report import console, csv_, html
from diag.report.document import document, dumps
from diag.report.html import Histogram
from diag.rules import Lang
from diag.types.comparison import Comparison

Format = Literal["console", "json", "csv", "html"]


@dataclass(frozen=True, slots=True)
class Style:
    """What a writer may want to know: language, colours and columns of a terminal, histograms by golden tensor."""

    lang: Lang = "en"
    color: bool = False
    columns: int = 100
    histograms: Mapping[str, Histogram] = field(default_factory=dict)


def render(comparison: Comparison, fmt: Format, style: Style | None = None) -> str:
    """The whole report as text."""
    return _FORMATS[fmt](comparison, style or Style())


def write(comparison: Comparison, fmt: Format, path: Path, style: Style | None = None) -> None:
    """Write the report as UTF-8; the file appears whole or not at all. UsageError where it cannot be written."""
    save(render(comparison, fmt, style), path)


def save(text: str, path: Path) -> None:
    """Write any report as UTF-8; the file appears whole or not at all. UsageError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            # A device, a pipe or a link is written through, never replaced by a file.
            path.write_text(text, encoding="utf-8", newline="")
        else:
            _replace(path, text)
    except OSError as problem:
        raise UsageError(f"The report cannot be written: {problem.strerror or problem}", where=f"in {path}",
                         hint="Choose a folder that you may write to and that has room") from problem


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _console(comparison: Comparison, style: Style) -> str:
    return console.render(comparison, style.lang, color=style.color, columns=style.columns)


def _json(comparison: Comparison, style: Style) -> str:
    return dumps(document(comparison, style.lang))


def _csv(comparison: Comparison, _style: Style) -> str:
    return csv_.render(comparison)


def _html(comparison: Comparison, style: Style) -> str:
    return html.render(comparison, style.lang, histograms=style.histograms)


_FORMATS: Mapping[str, Callable[[Comparison, Style], str]] = {
    "console": _console, "json": _json, "csv": _csv, "html": _html,
}
