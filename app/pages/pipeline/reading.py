"""What the board reads from a run folder, beside the event loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diag.pipeline.images import latent_pictures
from diag.pipeline.spec import load
from diag.runtimes.interface import Array
from diag.types.pipeline import PipelineDiagnosis, PipelineSpec, SwapRun
from diag.workspace.pipelines import PipelineFolder, is_pipeline, run_name


@dataclass(frozen=True, slots=True)
class Opened:
    """A pipeline's file, or a run folder with its result or what was finished before it was stopped."""

    spec: PipelineSpec | None = None
    folder: Path | None = None
    diagnosis: PipelineDiagnosis | None = None
    runs: tuple[SwapRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """Golden and swap: the pictures H×W×3, and the latents after a step as pictures."""

    golden: Array | None
    target: Array | None


def open_path(path: Path) -> Opened:
    """A ``pipeline.toml`` or a run folder. Raises FormatError, UsageError."""
    if not path.is_dir() or not is_pipeline(path):
        return Opened(spec=load(path / "pipeline.toml" if path.is_dir() else path))
    folder = PipelineFolder.open(path)
    if (path / "pipeline.json").exists():
        found = folder.diagnosis()
        return Opened(found.spec, path, found, found.runs)
    return Opened(folder=path, runs=tuple(run for _, run in folder.finished()))


def pictures(folder: Path, run: SwapRun) -> Seen:
    """The golden picture and that of a swap."""
    place = PipelineFolder(folder)
    return Seen(place.picture("golden"), place.picture(Path(run.picture).stem) if run.picture else None)


def by_hand(golden: Path | None, folder: Path, name: str) -> Seen:
    """The picture of a run by hand, beside the golden one of a search (or none)."""
    return Seen(PipelineFolder(golden).picture("golden") if golden is not None else None,
                PipelineFolder(folder).picture(name))


def latents(folder: Path, run: SwapRun, step: int, submodels: Sequence[str]) -> Seen:
    """Latents after a step (from 0) as pictures of the same colours. ``submodels``: all of the pipeline."""
    place = PipelineFolder(folder)
    name = run_name(run.kind, run.swapped, submodels)
    golden, target = place.latents("golden"), place.latents(name)
    if step >= len(golden) or step >= len(target) or golden[step].shape != target[step].shape:
        return Seen(None, None)
    return Seen(*latent_pictures(golden[step], target[step]))
