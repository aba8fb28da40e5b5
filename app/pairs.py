"""Files that belong together: what a user drops, as run folders and pairs of models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diag.errors import DiagError, UsageError

MODELS = (".onnx", ".mindir")
PACKED = (".tar.gz", ".tgz")


@dataclass(frozen=True, slots=True)
class Pair:
    """A golden ONNX model and what it became; ``graph``: the compiler's, beside a recording."""

    golden: Path
    target: Path
    graph: Path | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was found: run folders, pairs, and model files that nothing answers to."""

    runs: tuple[Path, ...] = ()
    pairs: tuple[Pair, ...] = ()
    alone: tuple[Path, ...] = ()


def sort_out(paths: Sequence[Path]) -> Dropped:
    """Look at files and folders (one level deep). Raises UsageError if there is nothing to open in them."""
    runs, models = [], []
    paths, graph = _without_graph(paths)
    for path in paths:
        if not path.exists():
            raise UsageError("There is no such file or folder", where=f"in {path}", hint="Check the path")
        if path.is_dir() and (path / "run.json").exists():
            runs.append(path)
        elif path.is_dir() and _is_recording(path):
            models.append(path)
        elif path.is_dir():
            below = sorted(p for p in path.iterdir() if p.suffix in MODELS or (p / "run.json").exists())
            runs += [p for p in below if p.is_dir()]
            models += [p for p in below if p.is_file()]
            models += [] if runs else [p for p in sorted(path.iterdir()) if p.is_dir() and _is_recording(p)]
        elif path.name in ("run.json", "comparison.json"):
            runs.append(path.parent)
        else:
            models.append(path)
    if not runs and not models:
        raise UsageError("There is nothing here to compare", where=f"in {paths[0]}" if paths else "",
                         hint="Give an .onnx and a .mindir file, a folder that holds both, a folder of NPU dumps, or a "
                              "run folder")
    pairs = tuple(replace(p, graph=graph) if p.target.is_dir() else p for p in _pairs(models))
    taken = {p for pair in pairs for p in (pair.golden, pair.target)}
    return Dropped(tuple(runs), pairs, tuple(m for m in models if m not in taken))


def _without_graph(paths: Sequence[Path]) -> tuple[list[Path], Path | None]:
    """The paths, and the compiler's graph that lay among them."""
    graphs = [p for p in paths if p.suffix in (".txt", ".om") and (p.suffix == ".om" or p.name.startswith("ge_proto"))]
    return ([p for p in paths if p not in graphs], graphs[0]) if len(graphs) < len(paths) and graphs else \
        (list(paths), None)


def _is_recording(folder: Path) -> bool:
    """Whether a folder holds what an NPU recorded."""
    from diag.formats.tensor_dump.facts import looks_recorded

    try:
        with_models = any(p.suffix in MODELS for p in folder.iterdir())
        return (folder / "record.json").is_file() or (not with_models and looks_recorded(folder))
    except (DiagError, OSError):
        return False


def _pairs(models: Sequence[Path]) -> Iterator[Pair]:
    goldens = [m for m in models if m.suffix == ".onnx"]
    targets = [m for m in models if m.suffix != ".onnx"]
    if len(models) == 2 and len(goldens) == 2:
        yield Pair(*goldens)
        return
    if len(goldens) == 1 and len(targets) == 1:
        yield Pair(goldens[0], targets[0])
        return
    for golden in goldens:
        answer = _answer(golden, targets)
        if answer is not None:
            yield Pair(golden, answer)


def _answer(golden: Path, targets: Iterable[Path]) -> Path | None:
    """unet.onnx ↔ unet.mindir, or the one target whose name starts with it (unet_fp16.mindir, unet_graph.mindir)."""
    targets = list(targets)
    same = [t for t in targets if t.stem == golden.stem]
    near = same or [t for t in targets if t.stem.startswith(golden.stem)]
    return near[0] if len(near) == 1 else None
