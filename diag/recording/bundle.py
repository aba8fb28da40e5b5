"""The folder that goes to the server: model, inputs, configuration, commands, and what is expected back.

record.json     the plan, hashes, inputs; what ``check`` compares with
MODEL           the MindIR, and its folder of weights if it has one
inputs.npz      by input name, for the comparison; inputs/NNN.npy and NNN.bin in the model's order, for the runners
acl.json.in     CANN's dump configuration; record.sh puts the folder in, because CANN wants it absolute
runtime.ini.in  MindSpore Lite's runtime configuration that names it
record.sh       sets the environment, runs, keeps the log
run.py          the runner (python)
dump/ graphs/ outputs.npz ran.json record.log     come into being on the server
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from diag import __version__
from diag.compare.inputs import gather
from diag.compare.plan import InputChoice
from diag.errors import UsageError
from diag.formats.registry import open_model
from diag.recording.plan import RecordPlan
from diag.recording.shell import acl_json, record_sh, runtime_ini
from diag.runtimes.interface import Array
from diag.types.comparison import InputUsed
from diag.workspace.digest import sha256

MANIFEST = "record.json"
LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """A written bundle. ``path`` is absolute; ``files`` are names in it; ``size`` in bytes."""

    path: Path
    plan: RecordPlan
    inputs: tuple[InputUsed, ...]
    files: tuple[str, ...]
    size: int


def write(plan: RecordPlan, out: Path) -> Bundle:
    """Make the bundle. Raises UsageError (folder not empty, inputs do not fit), FormatError (golden unreadable)."""
    golden = open_model(plan.onnx)
    chosen = gather(golden, InputChoice(plan.inputs, {}, dict(plan.shapes or {}), plan.seed))
    place = _prepare(out)
    model = _copy_model(plan.model, place)
    _write_inputs(place, chosen.arrays)
    for name, text in (("acl.json.in", acl_json(plan)), ("runtime.ini.in", runtime_ini(plan)),
                       ("record.sh", record_sh(plan, model, list(chosen.arrays)))):
        (place / name).write_text(text, encoding="utf-8")
    (place / "record.sh").chmod(0o755)
    if plan.runner == "python":
        (place / "run.py").write_bytes((files("diag.recording") / "scripts" / "run.py").read_bytes())
    _write_manifest(place, plan, model, chosen.arrays)
    kept = sorted(str(p.relative_to(place)) for p in place.rglob("*") if p.is_file())
    return Bundle(place, plan, chosen.used, tuple(kept), sum((place / k).stat().st_size for k in kept))


def _prepare(out: Path) -> Path:
    out = out.absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The bundle cannot be made: {error.strerror}", where=f"in {out}",
                         hint="Give another folder with --out") from error
    if any(out.iterdir()):
        raise UsageError("The folder for the bundle is not empty", where=f"in {out}",
                         hint="Give an empty or a new folder with --out: a recording must not be mixed with another")
    return out


def _copy_model(model: Path, place: Path) -> str:
    """The model's name in the bundle. A large MindIR keeps its weights in a folder beside it (``NAME_variables``)."""
    _take(model, place / model.name)
    weights = model.with_name(f"{model.stem}_variables")
    if weights.is_dir():
        (place / weights.name).mkdir()
        for file in sorted(weights.iterdir()):
            _take(file, place / weights.name / file.name)
    return model.name


def _take(source: Path, target: Path) -> None:
    """A second name for the same bytes where the disk allows it: models are large."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_inputs(place: Path, arrays: Mapping[str, Array]) -> None:
    (place / "inputs").mkdir()
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # savez takes names as keywords, and an input may be called "file".
    np.savez(place / "inputs.npz", **{f"{i:03d}": a for i, a in enumerate(plain.values())})  # type: ignore[arg-type]
    for i, array in enumerate(plain.values()):
        np.save(place / "inputs" / f"{i:03d}.npy", array, allow_pickle=False)
        array.tofile(place / "inputs" / f"{i:03d}.bin")


def _write_manifest(place: Path, plan: RecordPlan, model: str, arrays: Mapping[str, Array]) -> None:
    facts: dict[str, Any] = {
        "kind": "recording", "layout": LAYOUT, "diag": __version__, "model_file": model, "model_name": plan.name,
        "model_sha256": sha256(plan.model), "onnx": str(plan.onnx), "onnx_sha256": sha256(plan.onnx),
        "device": plan.device, "runs": plan.runs, "mode": plan.mode, "data": plan.data, "layers": list(plan.layers),
        "steps": plan.steps, "overflow": plan.overflow, "graph": plan.graph, "runner": plan.runner,
        "inputs": [{"name": name, "file": f"{i:03d}.npy", "dtype": str(a.dtype), "shape": list(a.shape)}
                   for i, (name, a) in enumerate(arrays.items())],
    }
    (place / MANIFEST).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
