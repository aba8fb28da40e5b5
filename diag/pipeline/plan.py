"""Everything that a search is told, resolved once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.runtimes.places import cache_dir
from diag.types.pipeline import PipelineSpec

DEFAULT_BUDGET = 4 * 2**30


def search_folder(spec: Path) -> Path:
    """Where the searches of a pipeline's file lie: always the same folder, so that one that was stopped goes on."""
    path = spec.absolute()
    mark = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return cache_dir() / "runs" / f"pipeline-{path.parent.name}-{mark}"


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    """One search (``locate``), or one plain run.

    Attributes:
        spec: the pipeline and the request.
        out: the run folder; a search that was stopped there goes on.
        runtime: for all submodels, instead of what the spec says; "" leaves it to the spec.
        budget: bytes that loaded submodels may hold together.
        threads: threads of the targets' runtime.
        jobs: processor cores for what runs here; None: the machine's.
        layers: whether culprits are compared layer by layer.
        swapped: submodels that run as their MindIR (plain run only).
        fresh: forget what an older search left in the folder.
        told: the options as the user gave them, for the report.
    """

    spec: PipelineSpec
    out: Path
    runtime: str = ""
    budget: int = DEFAULT_BUDGET
    threads: int = 1
    jobs: int | None = None
    layers: bool = True
    swapped: tuple[str, ...] = ()
    fresh: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)
