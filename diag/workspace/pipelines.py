"""The run folder of a pipeline: all that ``diag pipeline run`` or ``locate`` found out, on disk, opened anywhere.

run.json                    {"kind": "pipeline", "layout": 1}
lock                        held by the process that writes here
pipeline.json               the whole result (``PipelineDiagnosis``), written last; layer comparisons lie in layers/
runs.jsonl                  one finished run a line, {"key": …, "run": SwapRun}, written as they end. A search that is
                            started again takes runs with the same key from here
pictures/NAME.png           8 bits a channel, for people
pictures/NAME.npy           float32 [H, W, 3] in [0, 1]: small differences drown in 8 bits
pictures/source.png         what the pipeline started from, in the models' size
latents/NAME.npz            float32 [1, C, h, w] after each step: "000", "001", …
boundary/SUBMODEL-000.npz   what the golden pipeline gave the submodel's call, from 000, by input name
boundary/SUBMODEL-000.out.npz   what the golden submodel answered, by output name
times.json                  median milliseconds of a call, by "SIDE SUBMODEL": a search that goes on calls few again
layers/SUBMODEL/            run folder of a culprit's layer comparison (``diag.workspace.runs``)
models/                     ONNX copies in which random draws are their mean
memory/                     answers of the submodels by their inputs: may be deleted, and is made again
votes.jsonl                 blind votes (``diag.pipeline.votes``)

NAME is ``run_name``: golden, golden-again, only-UNET, all-but-UNET, all, pair-A-B. Every file appears whole or not at
all, so that a window may look while the search runs.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from diag.errors import DiagError, FormatError, UsageError
from diag.types.pipeline import PipelineDiagnosis, SwapKind, SwapRun
from diag.workspace.codec import from_json, to_json

Array = npt.NDArray[np.generic]

_LAYOUT = 1
_KIND = "pipeline"


def run_name(kind: SwapKind, swapped: Sequence[str], submodels: Sequence[str]) -> str:
    """Name of a run's files. ``submodels`` are all that could be swapped."""
    match kind:
        case SwapKind.GOLDEN:
            return "golden"
        case SwapKind.SINGLE:
            return f"only-{swapped[0]}"
        case SwapKind.LEAVE_ONE_OUT:
            return f"all-but-{next((s for s in submodels if s not in swapped), '')}"
        case SwapKind.ALL:
            return "all"
        case SwapKind.PAIR:
            return f"pair-{'-'.join(swapped)}"


def is_pipeline(path: Path) -> bool:
    """Whether the folder holds a pipeline's run."""
    try:
        facts = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and facts.get("kind") == _KIND


class PipelineFolder:
    """One folder. ``path`` is absolute."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[bytes] | None = None

    @classmethod
    def create(cls, path: Path) -> PipelineFolder:
        """A folder for a search; finished runs of an older search stay. It is ours until ``close``.

        Raises UsageError if it holds other files, or another search writes into it.
        """
        path = path.absolute()
        folder = cls(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not is_pipeline(path) and any(path.iterdir()):
                raise UsageError("The folder for the run holds other files", where=f"in {path}",
                                 hint="Give an empty or a new folder with --out")
            folder._take()
            for name in ("pictures", "latents", "boundary", "layers"):
                (path / name).mkdir(exist_ok=True)
            _write(path / "run.json", {"kind": _KIND, "layout": _LAYOUT})
            # What an older search found must not be taken for this one's, should it be stopped.
            (path / "pipeline.json").unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"The folder for the run cannot be made: {error.strerror}", where=f"in {path}",
                             hint="Give another folder with --out") from error
        return folder

    def close(self) -> None:
        """Let others write into it. Twice is fine."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take(self) -> None:
        lock = (self.path / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise UsageError("Another search is writing into this folder", where=f"in {self.path}",
                             hint="Wait for its end, or give another folder with --out") from None
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> PipelineFolder:
        """A recorded search. Raises FormatError if the folder is none, or from a newer program."""
        path = path.absolute()
        if not is_pipeline(path):
            raise FormatError(path, "A pipeline's run folder is wanted",
                              hint="Give the folder that diag pipeline locate --out wrote")
        layout = json.loads((path / "run.json").read_text(encoding="utf-8")).get("layout")
        if not isinstance(layout, int) or layout > _LAYOUT:
            raise FormatError(path, f"A run folder of layout {_LAYOUT} is wanted", found=f"layout {layout}",
                              hint="Open it with the version of diag that wrote it, or a newer one")
        return cls(path)

    def finished(self) -> list[tuple[str, SwapRun]]:
        """Runs of this search or an older one, with their keys, in the order in which they ended."""
        found = []
        try:
            lines = (self.path / "runs.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        for line in lines:
            try:
                facts = json.loads(line)
                found.append((str(facts["key"]), from_json(SwapRun, facts["run"])))
            except (ValueError, KeyError, TypeError, DiagError):
                continue  # a line that was being written when the machine went down
        return found

    def append(self, key: str, run: SwapRun) -> None:
        """A run ended."""
        with (self.path / "runs.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps({"key": key, "run": to_json(run)}, ensure_ascii=False) + "\n")

    def save_picture(self, name: str, png: bytes, exact: Array) -> str:
        """Keep a picture; returns the PNG's name in the folder. ``exact`` is float32 [H, W, 3] in [0, 1]."""
        _bytes(self.path / "pictures" / f"{name}.png", png)
        temporary = self.path / "pictures" / f".{name}.tmp"
        with temporary.open("wb") as out:
            np.save(out, exact, allow_pickle=False)
        temporary.replace(self.path / "pictures" / f"{name}.npy")
        return f"pictures/{name}.png"

    def picture(self, name: str) -> Array | None:
        """Float32 [H, W, 3] of a run; None if there is none."""
        return _array(self.path / "pictures" / f"{name}.npy")

    def save_latents(self, name: str, latents: Sequence[Array]) -> None:
        """Latents after each step."""
        _archive(self.path / "latents" / f"{name}.npz", {f"{i:03d}": a for i, a in enumerate(latents)})

    def latents(self, name: str) -> list[Array]:
        """Latents after each step; empty if there are none."""
        return list(_arrays(self.path / "latents" / f"{name}.npz").values())

    def boundary(self, submodel: str, call: int) -> Path:
        """File with the inputs that the golden pipeline gave a submodel's call."""
        return self.path / "boundary" / f"{submodel}-{call:03d}.npz"

    def save_boundary(self, submodel: str, call: int, feeds: Mapping[str, Array], outputs: Mapping[str, Array]) -> None:
        """What went into a call and what came out."""
        file = self.boundary(submodel, call)
        _archive(file.with_name(f"{submodel}-{call:03d}.out.npz"), outputs)
        _archive(file, feeds)

    def layers(self, submodel: str) -> Path:
        """Run folder of a submodel's layer comparison."""
        return self.path / "layers" / submodel

    def times(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Times of this search where it measured them (they are kept), of an older one where it did not."""
        try:
            held = json.loads((self.path / "times.json").read_text(encoding="utf-8"))
            known = {str(k): float(v) for k, v in held.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            known = {}
        known.update({name: ms for name, ms in measured.items() if not math.isnan(ms)})
        _write(self.path / "times.json", known)
        return known

    def save(self, diagnosis: PipelineDiagnosis) -> None:
        """Write the result."""
        _write(self.path / "pipeline.json", to_json(diagnosis))

    @property
    def concluded(self) -> bool:
        """Whether a search came to its end here."""
        return (self.path / "pipeline.json").exists()

    def diagnosis(self) -> PipelineDiagnosis:
        """The recorded result. Raises FormatError if the search did not finish or the file is damaged."""
        file = self.path / "pipeline.json"
        if not self.concluded:
            raise FormatError(self.path, "The search has no result: it was stopped before its end",
                              hint="Run it again with the same --out: it goes on where it stopped")
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FormatError(file, "A recorded search is wanted", found=str(error)[:120],
                              hint="The file is damaged: search again") from error
        return from_json(PipelineDiagnosis, facts, where=str(file))


def _write(path: Path, data: object) -> None:
    _bytes(path, json.dumps(data, ensure_ascii=False, allow_nan=False).encode())


def _bytes(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def _archive(path: Path, arrays: Mapping[str, Array]) -> None:
    """An .npz; numpy.savez takes names as keywords, and an input may be called "file"."""
    temporary = path.with_name(f".{path.name}.tmp")
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                plain = array.astype(np.float32) if array.dtype.isbuiltin != 1 else array
                np.lib.format.write_array(out, np.asarray(plain), allow_pickle=False)
    temporary.replace(path)


def _array(path: Path) -> Array | None:
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    return array


def _arrays(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile):
        return {}
