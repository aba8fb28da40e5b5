"""A comparison as it is typed into the dialog, and what is wrong with it, field by field. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from diag.cli.options import parse_shapes, parse_size
from diag.compare.inputs import gather
from diag.compare.plan import DEFAULT_BUDGET, ComparePlan, InputChoice
from diag.compare.recorded.compiled import open_compiled
from diag.compare.recorded.engine import device_of
from diag.compare.recorded.inputs import inputs_of
from diag.compare.recorded.source import open_source
from diag.errors import DiagError, UsageError
from diag.formats.registry import identify, open_model
from diag.jobs.compare import CompareJob
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.places import cache_dir, new_folder
from diag.telling import tell
from diag.types.comparison import InputUsed

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of the dialog as text. ``spec``: the installation that was chosen, None lets the name decide.

    ``files``: (input, .npy) of inputs that have a file of their own.
    """

    golden: str = ""
    target: str = ""
    runtime: str = "auto"
    spec: RuntimeSpec | None = None
    device: str = "cpu"
    dtype: str = "auto"
    archive: str = ""
    shapes: str = ""
    seed: int = 0
    budget: str = ""
    preset: str = "calibrated"
    threads: int = 1
    own_input: bool = True
    checks: bool | None = None
    map_file: str = ""
    graph: str = ""
    key: str = ""
    out: str = ""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """One input as both models will get it: its facts and its first values."""

    used: InputUsed
    values: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a draft: the job if nothing is wrong, problems by field, the inputs if they are known."""

    job: CompareJob | None
    problems: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Preview, ...] = ()


def check(draft: Draft, lang: str = "en") -> Checked:
    """Look at the files and make the inputs; problems in ``lang``. Slow for large models: not for the event loop."""
    problems: dict[str, str] = {}
    noting = partial(_noting, problems, lang)
    recorded = _recorded(draft.target)
    with noting("golden"):
        _must_be(draft.golden, ("onnx",), "Name the ONNX model that is right by definition")
    with noting("target"):
        if recorded:
            open_source(Path(draft.target), Path())
        else:
            _must_be(draft.target, ("onnx", "mindir"), "Name what it became: a .mindir, another .onnx, or a recording")
    with noting("graph"):
        if draft.graph.strip():
            open_compiled(Path(draft.graph))
    if draft.map_file and not Path(draft.map_file).is_file():
        problems["map_file"] = tell("There is no such file", lang)
    budget = DEFAULT_BUDGET
    with noting("budget"):
        budget = parse_size(draft.budget) if draft.budget.strip() else DEFAULT_BUDGET
    choice = InputChoice()
    previews: tuple[Preview, ...] = ()
    with noting("shapes"):
        choice = InputChoice(Path(draft.archive) if draft.archive else None, {n: Path(f) for n, f in draft.files},
                             parse_shapes(draft.shapes), draft.seed)
    if "golden" not in problems and "shapes" not in problems and not recorded:
        with noting("archive" if draft.archive or draft.files else "shapes"):
            previews = _inputs(Path(draft.golden), choice)
    if recorded and not problems:
        with noting("archive"):
            previews = _recorded_inputs(draft, choice)
    target = Path(draft.target)
    plan = ComparePlan(
        Path(draft.golden), target, Path(draft.out) if draft.out else new_folder("runs", target.stem), choice,
        device=draft.device, dtype=draft.dtype, own_input=draft.own_input, preset=draft.preset,
        map_file=Path(draft.map_file) if draft.map_file else None,
        graph=Path(draft.graph) if recorded and draft.graph.strip() else None, budget=budget, threads=draft.threads,
        key=draft.key or None, checks=draft.checks, cache=cache_dir() / "golden")
    with noting("key"):
        _ = plan.key_bytes
    return Checked(None if problems else CompareJob(plan, draft.runtime, draft.spec), problems, previews)


class _noting:  # noqa: N801 - used as a statement
    """Writes a DiagError down under a field instead of raising it."""

    def __init__(self, problems: dict[str, str], lang: str, name: str) -> None:
        self._problems, self._lang, self._name = problems, lang, name

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        if not isinstance(error, DiagError):
            return False
        # Under "archive" stand the problems of several files: which one it is must be said.
        place = error.where if self._name == "archive" else ""
        self._problems[self._name] = ("。" if self._lang == "zh" else ". ").join(
            tell(s, self._lang).rstrip(".。") for s in (error.message, place, error.hint) if s)
        return True


def _recorded(text: str) -> bool:
    """Whether this is a folder of what a device recorded; its inputs are in it, nothing is generated."""
    return bool(text.strip()) and Path(text).is_dir()


def _must_be(text: str, formats: tuple[str, ...], words: str) -> None:
    if not text.strip():
        raise UsageError(words)
    found = identify(text)
    if found not in formats:
        raise UsageError(f"This is {'a MindIR' if found == 'mindir' else found}, not an ONNX model")


def _inputs(golden: Path, choice: InputChoice) -> tuple[Preview, ...]:
    gathered = gather(open_model(golden), choice)
    return tuple(Preview(used, _values(gathered.arrays[used.name])) for used in gathered.used)


def _recorded_inputs(draft: Draft, choice: InputChoice) -> tuple[Preview, ...]:
    graph = open_model(draft.golden)
    source = open_source(Path(draft.target), Path())
    compiled = Path(draft.graph) if draft.graph.strip() else source.graph
    found = inputs_of(device_of(source.recording, compiled, graph), graph, choice, source.inputs).inputs
    return tuple(Preview(used, _values(found.arrays[used.name])) for used in found.used)


def _values(array: np.ndarray) -> str:
    first = array.reshape(-1)[:_SHOWN]
    text = ", ".join(f"{v:.4g}" if array.dtype.kind in "fV" else str(v) for v in first.tolist())
    return text + (" …" if array.size > _SHOWN else "")
