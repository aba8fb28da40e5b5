"""Forms that nodes of real models have, and what became of them: measured like ONNX's own test cases, kept as data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diag.lint.forms import Form, from_row, to_row
from diag.runtimes.conformance.causes import FOLDER
from diag.runtimes.conformance.table import CaseResult

PRACTICE = "practice"
"""Kind of a case that was taken from a real model."""


@dataclass(frozen=True, slots=True)
class Probed:
    """A form, and what became of the node that has it."""

    form: Form
    result: CaseResult


def practice_path(runtime: str, device: str) -> Path:
    """Where the forms of real models that were measured on a runtime ("mindspore-lite 2.0.0") are kept."""
    return FOLDER / f"{runtime.replace(' ', '-')}-{device.partition(':')[0]}.practice.json"


def save(found: Sequence[Probed], path: Path) -> None:
    """Write them, one form a line, each form once: of several results the worst."""
    order = ("convert", "build", "run", "ran")
    best: dict[str, Probed] = {}
    for one in found:
        key = json.dumps(to_row(one.form))
        held = best.get(key)
        worse = held is None or (order.index(one.result.reached), one.result.right is not False) < (
            order.index(held.result.reached), held.result.right is not False)
        if worse:
            best[key] = one
    rows = []
    for key, one in sorted(best.items()):
        r = one.result
        error = None if r.error is None else float(f"{r.error:.3g}")
        rows.append(f"[{key},{json.dumps([r.reached, r.crash, error, r.why, r.reference])}]")
    path.write_text('{"schema": "diag.practice/1", "rows": [\n' + ",\n".join(rows) + "\n]}\n", encoding="utf-8")


def load(path: Path) -> tuple[Probed, ...]:
    """What ``save`` wrote; nothing where there is no such file."""
    if not path.exists():
        return ()
    found = []
    for i, (row, told) in enumerate(json.loads(path.read_text(encoding="utf-8"))["rows"]):
        form = from_row(row)
        reached, crash, error, why, reference = told
        found.append(Probed(form, CaseResult(PRACTICE, f"{form.op}-{i}", form.op, form.since, "", reached, crash, error,
                                             why, reference)))
    return tuple(found)
