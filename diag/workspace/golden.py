"""Golden tensors by content: the same model on the same inputs is computed once, and what is read is never stale."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

_LIMIT_BYTES = 2 * 2**30
CACHED_BYTES = 64 * 2**20
"""Tensors of a model up to which they are kept: larger ones take longer to write than to compute."""


class GoldenCache:
    """Tensors of one golden run, by value name. A model whose tensors are larger than the limit is not cached.

    ``home`` holds one folder per key; the ones not used for longest are removed when all take more than 2 GiB.
    """

    def __init__(self, home: Path, key: Mapping[str, str], limit_bytes: int = CACHED_BYTES) -> None:
        name = hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:32]
        self._home, self._folder = home, home / name
        self._room = limit_bytes
        self._index: dict[str, str] = self._read()
        self.complete = bool(self._index)

    def get(self, value: str) -> Array | None:
        """A tensor, mapped from disk; None if it is not there."""
        file = self._index.get(value)
        if file is None:
            return None
        try:
            array: Array = np.load(self._folder / file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            return None
        return array

    def put(self, tensors: Mapping[str, Array]) -> None:
        """Add tensors of a run that is going on; more than the limit, or types that .npy does not know, end it."""
        size = sum(a.nbytes for a in tensors.values())
        if self.complete or self._room < 0:
            return
        self._room -= size
        if self._room < 0 or any(a.dtype.isbuiltin != 1 or a.dtype.kind == "O" for a in tensors.values()):
            self._give_up()
            return
        part = self._part()
        try:
            part.mkdir(parents=True, exist_ok=True)
            for value, array in tensors.items():
                file = f"{len(self._index):06d}.npy"
                np.save(part / file, array, allow_pickle=False)
                self._index[value] = file
        except OSError:
            self._give_up()  # a full disk costs the cache, not the comparison

    def finish(self) -> None:
        """The run is whole: from now on it is found."""
        part = self._part()
        if self.complete or self._room < 0 or not part.is_dir():
            return
        try:
            (part / "index.json").write_text(json.dumps(self._index), encoding="utf-8")
            # Another run may have finished the same one; what cannot be read (then it was not found) makes room.
            if self._folder.exists() and not self._read():
                shutil.rmtree(self._folder, ignore_errors=True)
            part.rename(self._folder)
        except OSError:
            self._give_up()
        self._prune()

    def _give_up(self) -> None:
        self._room = -1
        shutil.rmtree(self._part(), ignore_errors=True)

    def _part(self) -> Path:
        return self._home / f"{self._folder.name}.{os.getpid()}.part"

    def _read(self) -> dict[str, str]:
        try:
            index: dict[str, str] = json.loads((self._folder / "index.json").read_text(encoding="utf-8"))
            os.utime(self._folder)
        except (OSError, ValueError):
            return {}
        return index if isinstance(index, dict) else {}

    def _prune(self) -> None:
        folders = sorted((f for f in self._home.iterdir() if f.is_dir()), key=lambda f: -f.stat().st_mtime)
        total = 0
        for folder in folders:
            with contextlib.suppress(OSError):  # another process prunes as well
                total += sum(f.stat().st_size for f in folder.iterdir())
            if total > _LIMIT_BYTES and folder != self._folder:
                shutil.rmtree(folder, ignore_errors=True)
