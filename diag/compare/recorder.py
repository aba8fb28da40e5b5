"""Tensors that the user wants to look at, written while the comparison runs: none of them is held in memory."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

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

    ``entries`` is the index of what was written, ``left_out`` the number of layers for which there was no room.
    """

    def __init__(self, folder: Path, wanted: Sequence[str], most_bytes: int = RECORD_BYTES) -> None:
        self._folder, self._names = folder, frozenset(wanted) - {WORST}
        self._every = ALL in self._names
        self._room = most_bytes
        self.entries: list[dict[str, object]] = []
        self.left_out = 0

    def wants(self, row: LayerResult) -> bool:
        """Whether the user asked for this layer, by the name of a node or tensor on either side."""
        if self._every:
            return True
        return not self._names.isdisjoint((row.golden_node, row.golden_tensor, row.target_node, row.target_tensor,
                                           *row.mapping.golden_nodes))

    def keep(self, row: LayerResult, golden: Array, target: Array | None, own: Array | None) -> None:
        """Write what there is of a wanted layer; a layer that does not fit is counted, and smaller ones go on."""
        arrays = {side: _plain(array) for side, array in zip(_FILES, (golden, target, own), strict=True)
                  if array is not None and array.dtype.kind != "O"}
        size = sum(a.nbytes for a in arrays.values())
        self._folder.mkdir(parents=True, exist_ok=True)
        if size > min(self._room, shutil.disk_usage(self._folder).free - _LEFT_FREE):
            self.left_out += 1
            return
        files = {side: f"asked-{len(self.entries):05d}-{side}.npy" for side in arrays}
        try:
            for side, array in arrays.items():
                np.save(self._folder / files[side], array, allow_pickle=False)
        except OSError:  # a full disk costs the pictures, not the comparison
            self.left_out += 1
            return
        self._room -= size
        self.entries.append({"value": row.target_tensor, "golden": row.golden_tensor, "files": files})


def check_names(wanted: Sequence[str], golden: Graph, target: Graph) -> None:
    """Raises UsageError for a name that neither model has."""
    known: dict[str, None] = {}
    for graph in (golden, target):
        for node in graph.nodes:
            known.update(dict.fromkeys((node.name, *node.outputs)))
    for name in wanted:
        if name in known or name in (WORST, ALL):
            continue
        close = difflib.get_close_matches(name, list(known)[:20_000], 3, 0.4)
        raise UsageError(f"No layer is called '{name}'", where="in --record",
                         hint=f"Did you mean {' or '.join(close)}?" if close else
                         "Give the name of a node or tensor of either model, or all")


def _plain(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.isbuiltin != 1 else array
