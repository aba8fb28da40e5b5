"""Tensors that the user wants to look at, written while the comparison runs: none of them is held in memory."""

from __future__ import annotations

import difflib
import heapq
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from diag.compare.attribute import score
from diag.errors import UsageError
from diag.runtimes.interface import Array
from diag.types.graph import Graph
from diag.types.layer import LayerResult

WORST, ALL = "worst", "all"
"""What ``--record`` says for the layers with the largest errors of their own, and for every layer."""

RECORD_BYTES = 4 * 2**30
"""Disk that recorded tensors may take, unless told otherwise."""

_LEFT_FREE = 2**30
_FILES = ("golden", "target", "own")


class Recorder:
    """Writes both tensors of the wanted layers into ``folder``, up to a number of bytes.

    ``worst`` layers with the largest errors are wanted beside those with a name; a layer that a worse one displaces
    gives its room back. ``left_out`` is the number of layers for which there was no room.
    """

    def __init__(self, folder: Path, wanted: Sequence[str], most_bytes: int = RECORD_BYTES, *, worst: int = 0) -> None:
        self._folder, self._names = folder, frozenset(wanted) - {WORST}
        self._every = ALL in self._names
        self._room = most_bytes
        self._worst = worst
        self._ranked: list[tuple[float, int]] = []  # a heap of (error, number of the entry)
        self._kept: dict[int, tuple[int, dict[str, object]]] = {}  # bytes and entry, by number
        self._count = 0
        self.left_out = 0

    @property
    def entries(self) -> list[dict[str, object]]:
        """The index of what was written, in the order of the layers."""
        return [entry for _, entry in self._kept.values()]

    def wants(self, row: LayerResult) -> bool:
        """Whether the user asked for this layer: by the name of a node or tensor on either side, or by its error."""
        return self._named(row) or self._ranks(row)

    def _ranks(self, row: LayerResult) -> bool:
        if self._worst == 0 or row.cumulative is row.own_input is None:
            return False
        return len(self._ranked) < self._worst or score(row) > self._ranked[0][0]

    def _named(self, row: LayerResult) -> bool:
        if self._every:
            return True
        return not self._names.isdisjoint((row.golden_node, row.golden_tensor, row.target_node, row.target_tensor,
                                           *row.mapping.golden_nodes))

    def keep(self, row: LayerResult, golden: Array, target: Array | None, own: Array | None) -> None:
        """Write what there is of a wanted layer; a layer that does not fit is counted, and smaller ones go on."""
        arrays = {side: _plain(array) for side, array in zip(_FILES, (golden, target, own), strict=True)
                  if array is not None and array.dtype.kind != "O"}
        if not self._named(row) and len(self._ranked) >= self._worst:
            self._forget(heapq.heappop(self._ranked)[1])
        size = sum(a.nbytes for a in arrays.values())
        self._folder.mkdir(parents=True, exist_ok=True)
        if size > min(self._room, shutil.disk_usage(self._folder).free - _LEFT_FREE):
            self.left_out += 1
            return
        number, self._count = self._count, self._count + 1
        files = {side: f"asked-{number:05d}-{side}.npy" for side in arrays}
        try:
            for side, array in arrays.items():
                np.save(self._folder / files[side], array, allow_pickle=False)
        except OSError:  # a full disk costs the pictures, not the comparison
            self.left_out += 1
            return
        self._room -= size
        self._kept[number] = (size, {"value": row.target_tensor, "golden": row.golden_tensor, "files": files})
        if not self._named(row):
            heapq.heappush(self._ranked, (score(row), number))

    def _forget(self, number: int) -> None:
        size, _ = self._kept.pop(number)
        for side in _FILES:
            (self._folder / f"asked-{number:05d}-{side}.npy").unlink(missing_ok=True)
        self._room += size


def resolve(wanted: Sequence[str], golden: Graph, target: Graph) -> tuple[tuple[str, ...], int]:
    """Names of layers, and how many of the worst. A number is a number unless a layer is called so (exporters do that).

    Raises UsageError for a name that neither model has.
    """
    known: dict[str, None] = {}
    for graph in (golden, target):
        for node in graph.nodes:
            known.update(dict.fromkeys((node.name, *node.outputs)))
    names = [name for name in wanted if name in known or name in (WORST, ALL)]
    numbers = [name for name in wanted if name not in known and name.isascii() and name.isdecimal()]
    for name in wanted:
        if name in names or name in numbers:
            continue
        close = difflib.get_close_matches(name, list(known)[:20_000], 3, 0.4)
        raise UsageError(f"No layer is called '{name}'", where="in --record",
                         hint=f"Did you mean {' or '.join(close)}?" if close else
                         "Give the name of a node or tensor of either model, a number of layers, or all")
    return tuple(names), max(map(int, numbers), default=0)


def _plain(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.isbuiltin != 1 else array
