"""The run folder: all that a run found out, on disk, so that it opens anywhere without the device.

run.json          kind of run and version of this layout
inputs.npz        the inputs as both models got them
layers.jsonl      one row a line, written while the comparison runs (roles come with comparison.json)
comparison.json   the whole result
tensors/          golden and target tensors of the worst layers, and tensors/index.json
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from diag.errors import FormatError, UsageError
from diag.types.comparison import Comparison, InputUsed
from diag.types.layer import LayerResult
from diag.workspace.codec import from_json, to_json

Array = npt.NDArray[np.generic]

_LAYOUT = 1


class LayerTensors(Protocol):
    """Tensors of one layer, as ``diag.compare.evidence`` keeps them."""

    @property
    def pair(self) -> Any:  # noqa: ANN401
        """Has ``value`` and ``golden``, the names of the two tensors."""

    @property
    def golden(self) -> Array:
        """Golden, in the target's order and shape."""

    @property
    def cumulative(self) -> Array | None:
        """The target's, from the whole run."""

    @property
    def own(self) -> Array | None:
        """The target's, on golden input."""


class RunFolder:
    """One folder. ``path`` is absolute."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path) -> RunFolder:
        """A folder for a new run; an older run in it is replaced. Raises UsageError if it holds other files."""
        path = path.absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"The folder for the run cannot be made: {error.strerror}", where=f"in {path}",
                             hint="Give another folder with --out") from error
        marker = path / "run.json"
        if not marker.exists() and any(path.iterdir()):
            raise UsageError("The folder for the run holds other files", where=f"in {path}",
                             hint="Give an empty or a new folder with --out")
        _write(marker, {"kind": "compare", "layout": _LAYOUT})
        # What an older run found must not be taken for this one's, should it be stopped.
        for old in (path / "layers.jsonl", path / "comparison.json", path / "tensors" / "index.json"):
            old.unlink(missing_ok=True)
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """A recorded run. Raises FormatError if the folder is none, or from a newer program."""
        path = path.absolute()
        facts = _read(path / "run.json") if (path / "run.json").exists() else None
        if not isinstance(facts, dict) or "layout" not in facts:
            raise FormatError(path, "A run folder is wanted", hint="Give the folder that diag compare --out wrote")
        if facts["layout"] > _LAYOUT:
            raise FormatError(path, f"A run folder of layout {_LAYOUT} is wanted", found=f"layout {facts['layout']}",
                              hint="Open it with the version of diag that wrote it, or a newer one")
        return cls(path)

    def save_inputs(self, arrays: Mapping[str, Array], used: Sequence[InputUsed]) -> tuple[InputUsed, ...]:
        """Write the inputs; returns them with the file named."""
        file = self.path / "inputs.npz"
        numbers = {n: a for n, a in arrays.items() if a.dtype.kind != "O"}
        temporary = file.with_suffix(".tmp")
        # numpy.savez takes names as keywords, and an input may be called "file".
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, array in numbers.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                    np.lib.format.write_array(out, np.asarray(_plain(array)), allow_pickle=False)
        temporary.replace(file)
        return tuple(replace(u, file=str(file)) if u.name in numbers else u for u in used)

    def append(self, rows: Iterable[LayerResult]) -> None:
        """Add finished rows to layers.jsonl: what is there survives a crash."""
        with (self.path / "layers.jsonl").open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(to_json(r), ensure_ascii=False) + "\n" for r in rows)

    @property
    def tensors_folder(self) -> Path:
        """Where tensors lie, the index beside them."""
        return self.path / "tensors"

    def save(self, comparison: Comparison, tensors: Sequence[LayerTensors],
             written: Sequence[Mapping[str, object]] = ()) -> None:
        """Write the result and the tensors of the worst layers; ``written`` is the index of what lies there already."""
        _write(self.path / "comparison.json", to_json(comparison))
        self._save_tensors(tensors, written)

    def comparison(self) -> Comparison:
        """The recorded result. Raises FormatError if the run did not finish or the file is damaged."""
        file = self.path / "comparison.json"
        if not file.exists():
            raise FormatError(self.path, "The run has no result: it was stopped before its end",
                              hint="Run the comparison again; layers.jsonl holds what was finished")
        try:
            return from_json(Comparison, _read(file), where=str(file))
        except (ValueError, TypeError, KeyError) as error:
            raise FormatError(file, "A recorded comparison is wanted", found=str(error)[:200],
                              hint="The file is damaged or from another version") from error

    def recorded(self) -> list[tuple[str, str]]:
        """(target value, golden tensor) of every layer whose tensors are kept."""
        file = self.path / "tensors" / "index.json"
        index = _read(file) if file.exists() else []
        return [(str(e.get("value")), str(e.get("golden"))) for e in _entries(index)]

    def kept(self, side: str) -> list[tuple[str, str, Path]]:
        """(target value, golden tensor, file) of every layer of which this side ("golden", "target", "own") is kept."""
        folder = self.path / "tensors"
        index = _read(folder / "index.json") if (folder / "index.json").exists() else []
        return [(str(e.get("value")), str(e.get("golden")), folder / name) for e in _entries(index)
                for name in (str(dict(e.get("files", {})).get(side, "")),)
                if name and Path(name).name == name and (folder / name).is_file()]

    def tensors(self, value: str, golden: str) -> dict[str, Array]:
        """What is recorded of a layer: "golden", "target" (whole run) and "own" (on golden input), if kept."""
        folder = self.path / "tensors"
        index = _read(folder / "index.json") if (folder / "index.json").exists() else []
        for entry in _entries(index):
            if entry.get("value") == value and entry.get("golden") == golden:
                found = {side: _mapped(folder, name) for side, name in dict(entry.get("files", {})).items()}
                return {side: array for side, array in found.items() if array is not None}
        return {}

    def _save_tensors(self, tensors: Sequence[LayerTensors], written: Sequence[Mapping[str, object]]) -> None:
        folder = self.tensors_folder
        folder.mkdir(exist_ok=True)
        named = {str(name) for entry in written for name in dict(cast("Mapping[str, str]", entry["files"])).values()}
        for old in folder.glob("*.npy"):
            if old.name not in named:
                old.unlink()
        index: list[Mapping[str, object]] = list(written)
        there = {(entry["value"], entry["golden"]) for entry in written}
        for i, layer in enumerate(tensors):
            if (layer.pair.value, layer.pair.golden) in there:
                continue
            files = {}
            for side, array in (("golden", layer.golden), ("target", layer.cumulative), ("own", layer.own)):
                if array is not None and array.dtype.kind != "O":
                    files[side] = f"{i:03d}-{side}.npy"
                    np.save(folder / files[side], _plain(array), allow_pickle=False)
            index.append({"value": layer.pair.value, "golden": layer.pair.golden, "files": files})
        _write(folder / "index.json", index)


def _entries(index: object) -> list[dict[str, Any]]:
    return [e for e in index if isinstance(e, dict)] if isinstance(index, list) else []


def _mapped(folder: Path, name: str) -> Array | None:
    """The array of a file in that very folder; None if it is not there or damaged."""
    if Path(name).name != name:
        return None
    try:
        array: Array = np.load(folder / name, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    return array


def _plain(array: Array) -> Array:
    """A dtype that every numpy reads: bfloat16 and float8 widen to float32 without loss."""
    return array.astype(np.float32) if array.dtype.isbuiltin != 1 else array


def _write(path: Path, data: object) -> None:
    """Whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(data, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    temporary.replace(path)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise FormatError(path, "JSON is wanted", found=str(error)[:120], hint="The file is damaged") from error
