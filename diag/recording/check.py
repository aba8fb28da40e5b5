"""What came back from the server: is it there, whole, of the right model, and did the run go well."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diag.errors import DiagError, FormatError
from diag.formats.tensor_dump import Recording, read, recordings
from diag.formats.tensor_dump.names import sanitised
from diag.recording.bundle import LAYOUT, MANIFEST
from diag.rules.codes import Code, finding
from diag.types.finding import Evidence, Finding
from diag.types.layer import Verdict
from diag.workspace.digest import sha256

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Dumped:
    """One recorded run of the model. ``folder`` is relative to the bundle; ``size`` in bytes of all its files."""

    folder: str
    kind: str
    model: str
    iteration: str
    operators: int
    tensors: int
    damaged: tuple[str, ...]
    overflows: int
    size: int


@dataclass(frozen=True, slots=True)
class Checked:
    """``usable``: folders that ``diag compare`` can take, relative to ``path``. ``ran``: what the runner said."""

    path: Path
    verdict: Verdict
    facts: Mapping[str, Any]
    dumps: tuple[Dumped, ...]
    graphs: tuple[str, ...]
    ran: Mapping[str, Any] | None
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> tuple[str, ...]:
        """Recordings of whole tensors."""
        return tuple(d.folder for d in self.dumps if d.tensors > len(d.damaged))


def check(path: Path) -> Checked:
    """Look at a bundle after its run. Raises FormatError if the folder is no bundle."""
    path = path.absolute()
    facts = manifest(path)
    problems: list[Finding] = []
    dumps = tuple(_dumps(path, facts, problems))
    ran = _ran(path, problems)
    graphs = tuple(sorted(str(p.relative_to(path)) for p in (path / "graphs").rglob("ge_*") if p.is_file()))
    problems += _whole(path, facts, dumps, ran)
    if facts["graph"] != "off" and not graphs and dumps:
        problems.append(finding(Code.RECORDING_NO_GRAPH, path.name, folder="graphs"))
    worst = {f.severity.value for f in problems}
    verdict = Verdict.FAIL if "fail" in worst else Verdict.WATCH if "watch" in worst else Verdict.PASS
    return Checked(path, verdict, facts, dumps, graphs, ran, tuple(problems))


def manifest(path: Path) -> dict[str, Any]:
    """The facts that were written with the bundle. Raises FormatError."""
    file = path / MANIFEST
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FormatError(path, "A recording's folder is wanted", found=f"no {MANIFEST}",
                          hint="Give the folder that diag record --out wrote and the server filled") from error
    except (OSError, ValueError) as error:
        raise FormatError(file, "The facts of a recording are wanted", found=str(error)[:120],
                          hint="Copy the folder from the server again") from error
    if not isinstance(facts, dict) or facts.get("kind") != "recording" or not isinstance(facts.get("layout"), int):
        raise FormatError(file, "The facts of a recording are wanted", hint="This is another program's file")
    if facts["layout"] > LAYOUT:
        raise FormatError(file, f"A recording of layout {LAYOUT} is wanted", found=f"layout {facts['layout']}",
                          hint="Check it with the version of diag that wrote it, or a newer one")
    return facts


def _dumps(path: Path, facts: Mapping[str, Any], problems: list[Finding]) -> Iterator[Dumped]:
    folder = path / "dump"
    if not folder.is_dir():
        return
    for place in recordings(folder):
        name = str(place.relative_to(path))
        try:
            found = read(place)
        except DiagError as error:
            problems.append(finding(Code.RECORDING_DAMAGED, name, count=1, names=error.message))
            continue
        yield _dumped(name, found)
        problems += _of_one(name, found, facts)


def _dumped(name: str, found: Recording) -> Dumped:
    files = {file for op in found.ops for file in op.files}
    tensors = [t for op in found.ops for t in op.tensors]
    damaged = tuple(f"{op.name}: {op.problem or next(t.problem for t in op.tensors if t.problem)}"
                    for op in found.damaged)
    return Dumped(name, found.kind, found.place.model, found.place.iteration, len(found.ops), len(tensors), damaged,
                  len(found.overflows), sum(f.stat().st_size for f in files))


def _of_one(name: str, found: Recording, facts: Mapping[str, Any]) -> Iterator[Finding]:
    model = found.place.model
    if model and model != sanitised(str(facts["model_name"])) and model != facts["model_name"]:
        yield finding(Code.RECORDING_OTHER_MODEL, name, found=model, expected=facts["model_name"])
    broken = [op.name for op in found.damaged]
    if broken:
        yield finding(Code.RECORDING_DAMAGED, name, count=len(broken), names=", ".join(broken[:_SHOWN]),
                      evidence=[Evidence(str(op.files[0])) for op in list(found.damaged)[:_SHOWN]])
    there = {sanitised(op.name) for op in found.ops}
    lost = [layer for layer in facts["layers"] if sanitised(layer) not in there]
    if lost:
        yield finding(Code.RECORDING_LOST_LAYERS, name, count=len(lost), names=", ".join(lost[:_SHOWN]))


def _ran(path: Path, problems: list[Finding]) -> Mapping[str, Any] | None:
    """What the runner wrote; its outputs are looked at."""
    try:
        ran = json.loads((path / "ran.json").read_text(encoding="utf-8"))
        with np.load(path / "outputs.npz", allow_pickle=False) as outputs:
            bad = [names for names, number in zip(ran["outputs"], outputs.files, strict=True)
                   if outputs[number].dtype.kind == "f" and not np.isfinite(outputs[number]).all()]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if bad:
        problems.append(finding(Code.RECORDING_NONFINITE, ", ".join(bad[:_SHOWN]), count=len(bad)))
    return ran if isinstance(ran, dict) else None


def _whole(path: Path, facts: Mapping[str, Any], dumps: tuple[Dumped, ...],
           ran: Mapping[str, Any] | None) -> Iterator[Finding]:
    log = path / "record.log"
    if not log.exists():
        yield finding(Code.RECORDING_NOT_RUN, path.name)
    elif facts["runner"] == "python" and ran is None:
        yield finding(Code.RECORDING_FAILED, path.name, log=log.name, evidence=[Evidence(str(log))])
    elif ran is not None and ran.get("target") == "cpu":
        yield finding(Code.RECORDING_REHEARSED, path.name)
    elif not dumps:
        yield finding(Code.RECORDING_EMPTY, path.name, name=str(facts["model_name"]))
    model = path / str(facts["model_file"])
    if model.is_file() and sha256(model) != facts["model_sha256"]:
        yield finding(Code.RECORDING_CHANGED, model.name)
