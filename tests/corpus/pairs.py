"""A made corpus on disk: one folder per pair, and what is true about it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Site:
    """Where a fault sits, in golden names.

    Attributes:
        node: the node itself.
        nodes: every node that is a right answer: those that one fused target node may stand for, and, where something
            is missing, those next to the gap.
        explains: a word that a good explanation contains: epsilon, weight, axis, missing …
    """

    node: str
    nodes: tuple[str, ...]
    explains: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true about a pair.

    Attributes:
        family, kind, seed: how it was made; kind is "healthy", "natural_…", "two_…" or a planted fault.
        sites: one per fault; none for a healthy pair. For a natural defect, strongest first.
        reference: whether an interpreter of the MindIR shows the fault too; False: only the real runtime does.
        harmless: nodes with a real error of the runtime that does not matter here (Cos near π in a UNet).
        strength: relative L2 error of the worst final output on the real runtime; None if that is not finite.
        noise: the same between the real runtime and onnxruntime on the very model that was converted; None as above.
    """

    family: str
    kind: str
    seed: int
    sites: tuple[Site, ...]
    reference: bool
    harmless: tuple[str, ...]
    strength: float | None
    noise: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One comparison to make. ``golden`` is healthy ONNX, ``target`` what the real converter made of a faulty one."""

    name: str
    golden: Path
    target: Path
    inputs: Path
    truth: Truth

    def feeds(self) -> dict[str, npt.NDArray[Any]]:
        """The inputs by name."""
        with np.load(self.inputs) as kept:
            return {name: kept[name] for name in kept.files}


def load(folder: Path) -> list[Pair]:
    """All pairs of a made corpus, by name."""
    return [Pair(file.parent.name, file.parent / "golden.onnx", file.parent / "target.mindir",
                 file.parent / "inputs.npz", _truth(json.loads(file.read_text("utf-8"))))
            for file in sorted(folder.glob("*/truth.json"))]


def write_truth(folder: Path, truth: Truth) -> None:
    """Last of the pair's files: a folder without it is not finished."""
    (folder / "truth.json").write_text(json.dumps(dataclasses.asdict(truth), indent=1) + "\n", "utf-8")


def _truth(document: dict[str, Any]) -> Truth:
    sites = tuple(Site(site["node"], tuple(site["nodes"]), site["explains"]) for site in document.pop("sites"))
    return Truth(sites=sites, harmless=tuple(document.pop("harmless")), **document)
