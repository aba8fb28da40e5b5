"""Results in run folders, beside those of comparisons and pipelines: kept as facts, told again at any time.

``result.json`` holds the kind and the facts; what tells a kind is one module with ``document``, ``sheet`` and
``to_csv``, each of which takes the facts.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from diag import __version__
from diag.errors import FormatError
from diag.report.sheet import Sheet
from diag.report.write import save
from diag.rules import Lang
from diag.workspace.codec import from_json, to_json

FILE = "result.json"
_SCHEMA = "diag.result/1"

KINDS: dict[str, tuple[str, str, str]] = {
    # kind: (module of the facts, their class, module that tells them); imported when used
    "bench": ("diag.types.bench", "Bench", "diag.report.bench"),
    "convert": ("diag.types.conversion", "Conversions", "diag.report.convert"),
    "fix": ("diag.types.fix", "Fix", "diag.report.fix"),
    "fix_pipeline": ("diag.types.fix", "PipelineFix", "diag.report.fix_pipeline"),
    "lint": ("diag.types.lint", "Lint", "diag.report.lint"),
    "log": ("diag.logs.diagnosis", "Triage", ""),  # a triage is told as a story, by its own command
    "pipeline_run": ("diag.types.pipeline", "PipelineRun", "diag.report.pipeline.once"),
    "precision": ("diag.types.precision", "Emulation", "diag.report.precision"),
    "profile": ("diag.report.profile", "Told", "diag.report.profile"),
    "tune": ("diag.types.tuning", "Tuning", "diag.report.tune"),
}


class Teller(Protocol):
    """What a module that tells a kind of result offers."""

    document: Callable[[Any, Lang], dict[str, Any]]
    sheet: Callable[[Any, Lang], Sheet]
    to_csv: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A result of a run folder: its kind (a key of ``KINDS``) and its facts, of that kind's class."""

    kind: str
    found: Any


def teller(kind: str) -> Teller:
    """What tells results of a kind; of all but "log"."""
    return cast("Teller", importlib.import_module(KINDS[kind][2]))


def is_kept(folder: Path) -> bool:
    """Whether the folder holds a result of these kinds."""
    return (folder / FILE).is_file()


def keep(kind: str, found: object, folder: Path) -> None:
    """Write it into the folder. Raises UsageError where it cannot be written."""
    told = {"schema": _SCHEMA, "diag": __version__, "kind": kind, "result": to_json(found)}
    save(json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n", folder / FILE)


def opened(folder: Path) -> Kept:
    """The result in a folder. Raises FormatError where it is none, or one of another version."""
    path = folder / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(path, "A recorded result is wanted", found=str(error),
                          hint="Give the folder that --out named") from error
    kind = told.get("kind") if isinstance(told, dict) else None
    if not isinstance(told, dict) or told.get("schema") != _SCHEMA or kind not in KINDS:
        raise FormatError(path, f"A result of {_SCHEMA} is wanted", found=f"the kind {str(kind)[:40]}",
                          hint="Open it with the version of diag that wrote it, or a newer one")
    module, name, _ = KINDS[str(kind)]
    facts: Any = getattr(importlib.import_module(module), name)
    return Kept(str(kind), from_json(facts, told.get("result"), where=str(path)))
