"""Pipelines for tests: the shipped one with submodels replaced, faults planted in ONNX, and a search as one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from diag.cancel import Cancel
from diag.events import Finished
from diag.pipeline.locate import locate
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.spec import load
from diag.runtimes.interface import RuntimeSpec
from diag.types.pipeline import PipelineDiagnosis, PipelineSpec

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "resources" / "samples" / "pipeline"
HEALTHY, DEFECT = SHIPPED / "healthy" / "pipeline.toml", SHIPPED / "defect" / "pipeline.toml"
SUBMODELS = ("text_encoder", "vae_encoder", "unet", "vae_decoder", "safety_checker")

Change = Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]


def spec_with(targets: Mapping[str, Path], **changes: object) -> PipelineSpec:
    """The healthy pipeline with other targets; "" as ``Path()`` takes a target away."""
    spec = load(HEALTHY)
    swapped = tuple(replace(s, mindir=str(targets[s.name])) if s.name in targets else s for s in spec.submodels)
    return replace(spec, submodels=swapped, **changes)  # type: ignore[arg-type]


def onnx_of(name: str) -> Path:
    """The shipped original."""
    return SHIPPED / "healthy" / "onnx" / name / "model.onnx"


def planted(name: str, weight: str, change: Change, out: Path) -> Path:
    """The original with one weight changed."""
    model = onnx.load(str(onnx_of(name)))
    found = next(t for t in model.graph.initializer if t.name == weight)
    array = numpy_helper.to_array(found)
    found.CopyFrom(numpy_helper.from_array(change(array).astype(array.dtype), weight))
    out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(out))
    return out


def unet_for_one(source: Path, out: Path) -> Path:
    """A unet that was exported for a batch of 1 instead of the 2 that guidance wants."""
    model = onnx.load(str(source))
    shapes = {n.input[1] for n in model.graph.node if n.op_type == "Reshape"}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] in shapes:
            array = numpy_helper.to_array(node.attribute[0].t).copy()
            array[0] = 1
            node.attribute[0].t.CopyFrom(numpy_helper.from_array(array))
    for value in (*model.graph.input, *model.graph.output):
        sizes = value.type.tensor_type.shape.dim
        sizes[0].dim_value = 1
    del model.graph.value_info[:]
    onnx.save(model, str(out))
    return out


def readers(name: str, weight: str) -> list[str]:
    """Names of the nodes that read a weight."""
    return [n.name for n in onnx.load(str(onnx_of(name))).graph.node if weight in n.input]


def search(spec: PipelineSpec, out: Path, specs: Sequence[RuntimeSpec] = (), *, runtime: str = "",
           **options: Any) -> PipelineDiagnosis:
    """A whole search in this process."""
    *_, last = locate(PipelinePlan(spec, out, runtime, **options), specs, Cancel())
    assert isinstance(last, Finished)
    return last.result


def named(found: PipelineDiagnosis) -> list[str]:
    """Culprits, worst first."""
    return [c.submodel for c in found.culprits]
