"""What a ``pipeline.toml`` says, looked at without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diag.errors import DiagError
from diag.formats.registry import open_model
from diag.pipeline.spec import load
from diag.types.pipeline import PipelineSpec


@dataclass(frozen=True, slots=True)
class SubmodelFacts:
    """One submodel. Formats are as ``diag inspect`` names them, or what is wrong with the file."""

    name: str
    onnx: str
    onnx_format: str
    mindir: str
    mindir_format: str
    runtime: str
    device: str
    dtype: str


@dataclass(frozen=True, slots=True)
class PipelineFacts:
    """The file ``path``, what it says, and what the files are that it names."""

    path: str
    format: str
    spec: PipelineSpec
    submodels: tuple[SubmodelFacts, ...]


def pipeline_facts(path: Path) -> PipelineFacts:
    """Read the file and look at each model's format. Raises FormatError, UsageError as ``load`` does."""
    spec = load(path)
    return PipelineFacts(str(path), "pipeline", spec, tuple(
        SubmodelFacts(s.name, s.onnx, _format(s.onnx), s.mindir, _format(s.mindir), s.runtime, s.device, s.dtype)
        for s in spec.submodels))


def lines(facts: PipelineFacts) -> Iterator[str]:
    """The facts for a terminal."""
    spec = facts.spec
    yield facts.path
    yield f"  format    pipeline, {spec.kind.value}, {len(spec.submodels)} submodels"
    for label, text in (("prompt", spec.prompt), ("image", spec.image),
                        ("scheduler", str(spec.scheduler.get("_class_name", "")))):
        if text:
            yield f"  {label:<10}{text}"
    if spec.kind.value.startswith("sd-"):
        yield f"  request   {spec.steps} steps, strength {spec.strength}, guidance {spec.guidance}, seed {spec.seed}"
    width = max((len(s.name) for s in facts.submodels), default=0)
    label = "submodels"
    for one in facts.submodels:
        target = f"{one.mindir_format}: {one.mindir}" if one.mindir else "no MindIR"
        yield f"  {label:<10}{one.name:<{width}}  {one.onnx_format}: {one.onnx}"
        yield f"  {'':<10}{'':<{width}}  {target}  ({one.runtime}, {one.device}, {one.dtype})"
        label = ""


def _format(path: str) -> str:
    if not path:
        return ""
    try:
        return open_model(Path(path)).format
    except DiagError as error:
        return error.message
