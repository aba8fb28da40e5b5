"""What a foreign runtime gave, kept while a comparison runs: after a crash or a stop it is not asked again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]


class Captures:
    """Sets of tensors by name, in a folder that belongs to one key.

    The key says all that the tensors depend on (model, inputs, runtime, device, threads): another key empties the
    folder, so that nothing stale is ever used.
    """

    def __init__(self, folder: Path, key: Mapping[str, str]) -> None:
        self._folder = folder
        mark = folder / "key.json"
        wanted = json.dumps(dict(key), sort_keys=True)
        if not (mark.is_file() and mark.read_bytes() == wanted.encode()):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            mark.write_text(wanted, encoding="utf-8")

    def get(self, name: str) -> dict[str, Array] | None:
        """The tensors kept under a name (mapped from disk); None if there are none, or they are not whole."""
        folder = self._folder / name
        try:
            index: dict[str, str] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
            return {v: np.load(folder / f, mmap_mode="r", allow_pickle=False) for v, f in index.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return None

    def put(self, name: str, tensors: Mapping[str, Array]) -> None:
        """Keep a set; types that .npy does not know (bfloat16) are left out together with the whole set."""
        if any(a.dtype.isbuiltin != 1 or a.dtype.kind == "O" for a in tensors.values()):
            return
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        index = {value: f"{i:05d}.npy" for i, value in enumerate(tensors)}
        try:
            folder.mkdir(parents=True)
            for value, file in index.items():
                np.save(folder / file, tensors[value], allow_pickle=False)
            # Written last: a set without an index is not whole.
            (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)  # a full disk costs the capture, not the comparison

    def discard(self) -> None:
        """The comparison is done; nobody will ask again."""
        shutil.rmtree(self._folder, ignore_errors=True)


def digest(arrays: Mapping[str, Array]) -> str:
    """Hex SHA-256 over names, types, shapes and elements."""
    state = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        state.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        state.update(array.tobytes() if array.dtype.kind != "O" else repr(array.tolist()).encode())
    return state.hexdigest()


def named(parts: Sequence[str]) -> str:
    """A short folder name for a set that is determined by these strings."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
