"""Where a recording lies: a folder of dumps, what ``diag record`` brought back (also packed), or a run folder."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diag.errors import FormatError
from diag.formats import ge_dump
from diag.formats.tensor_dump import RecordedOp, Recording, read
from diag.formats.tensor_dump.arrays import npy
from diag.formats.tensor_dump.facts import looks_recorded
from diag.formats.tensor_dump.names import FileName
from diag.workspace.runs import RunFolder

BUNDLE = "record.json"
PACKED = (".tar.gz", ".tgz", ".tar")


@dataclass(frozen=True, slots=True)
class Source:
    """A recording, and what lay beside it: the compiler's graph, and the inputs that were given to the device."""

    recording: Recording
    graph: Path | None = None
    inputs: Path | None = None


def is_recording(target: Path) -> bool:
    """Whether a target is what a device recorded, and not a model. Raises FormatError for an unreadable folder."""
    if target.is_dir():
        marked = (target / BUNDLE).is_file() or (target / "run.json").is_file()
        models = any(p.suffix in (".onnx", ".mindir") for p in target.iterdir())
        return marked or not models or looks_recorded(target)
    return target.name.endswith(PACKED) or (target.is_file() and looks_recorded(target))


def open_source(target: Path, work: Path) -> Source:
    """The recording behind a target; an archive is unpacked in ``work``. Raises FormatError, UsageError."""
    if target.is_file() and target.name.endswith(PACKED):
        target = _unpacked(target, work)
    if (target / BUNDLE).is_file():
        return Source(read(_dumps(target)), _graph(target / "graphs"), _existing(target / "inputs.npz"))
    if (target / "run.json").is_file():
        return Source(_of_run(RunFolder.open(target)), None, _existing(target / "inputs.npz"))
    return Source(read(target))


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _dumps(bundle: Path) -> Path:
    folder = bundle / "dump"
    if not folder.is_dir():
        raise FormatError(bundle, "The recording holds no dumps: it has not run on the server yet",
                          hint="diag record check shows what is missing")
    return folder


def _graph(folder: Path) -> Path | None:
    """The graph of the finished build, wherever it lies in the folder."""
    places = sorted({p.parent for p in folder.rglob("ge_proto_*.txt")}) if folder.is_dir() else []
    built = [d for place in places for d in ge_dump.dumps_in(place, "ge_proto") if d.name.stage == "Build"]
    return max(built, key=lambda d: (d.path.stat().st_size, d.name.number)).path if built else None


def _unpacked(archive: Path, work: Path) -> Path:
    """The folder in an archive; nothing is written outside of ``work``."""
    place = work / "recording"
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                _write(packed, member, place)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise FormatError(archive, "Expected an archive that diag record wrote",
                          found=" ".join(str(error).splitlines()[:1])[:120],
                          hint="Copy it again, or unpack it and give the folder") from None
    inside = sorted(place.iterdir()) if place.is_dir() else []
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else place


def _write(packed: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """One plain file; by ourselves, because the tarfile of older Pythons follows links and climbs out.

    Raises ValueError for a path that leads out; links and devices are left out.
    """
    path = (place / member.name).resolve()
    if path != place.resolve() and place.resolve() not in path.parents:
        raise ValueError(f"a path that leads out of it: {member.name[:80]}")
    content = packed.extractfile(member) if member.isfile() else None
    if content is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with content, path.open("wb") as out:
        shutil.copyfileobj(content, out)


def _of_run(run: RunFolder) -> Recording:
    """The target's tensors that a comparison kept, as a recording."""
    ops = tuple(_kept(run))
    if not ops:
        raise FormatError(run.path, "The run keeps no tensors of its target",
                          hint="A run keeps the tensors of layers that fail. Give the dumps or the model instead")
    return Recording(run.path, "arrays", ops)


def _kept(run: RunFolder) -> Iterator[RecordedOp]:
    for k, (value, golden, file) in enumerate(run.kept("target")):
        name = FileName("array", "", value, slot=0, side="output", ending=".npy", time=k)
        yield RecordedOp(value, "", (replace(npy(file, name), origin=(golden, 0)),), (file,), time=k)
