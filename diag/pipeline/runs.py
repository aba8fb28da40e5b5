"""Whole runs of a pipeline: one with some submodels swapped, recorded and compared with the golden one."""

from __future__ import annotations

import io
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diag.compare.metrics import compare
from diag.compare.rows import dtype_of
from diag.compare.tolerance import judge, shapes_differ
from diag.errors import UsageError
from diag.events import Event, Progress
from diag.pipeline import images
from diag.pipeline.calls import Application, Caller, Outcome, Step
from diag.pipeline.chain import Chain
from diag.pipeline.diffusion import Diffusion
from diag.pipeline.judge import absolute
from diag.pipeline.swap import Recorded
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.layer import Verdict
from diag.types.metrics import Metrics
from diag.types.pipeline import ImageMetrics, PipelineKind, PipelineSpec, StepDivergence
from diag.types.tensor import TensorInfo
from diag.workspace.pipelines import PipelineFolder

_FORCED = ("unet", "text_encoder")
"""Submodels that a step depends on when the latents that go into it are golden."""


def application(spec: PipelineSpec, caller: Caller) -> Application:
    """The pipeline's own logic. Raises UsageError, FormatError, RuntimeUnavailable (diffusers)."""
    if spec.kind is PipelineKind.CHAIN:
        return Chain(spec, caller)
    if spec.kind is PipelineKind.DIFFUSERS:
        from diag.pipeline.diffusers_loop import DiffusersLoop

        return DiffusersLoop(spec, caller)
    return Diffusion(spec, caller)


def driven(steps: Generator[Step, None, Outcome], stage: str) -> Generator[Event, None, Outcome]:
    """Progress of a run, step by step; returns its outcome."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        yield Progress(stage, step.number + 1, step.total, "steps")


def seen(outcome: Outcome) -> Array | None:
    """The picture that counts, [H, W, 3]: where the safety checker blacked it out, the one before. None for a chain."""
    if outcome.picture is None:
        return None
    picture = outcome.picture.decoded if outcome.picture.flagged else outcome.picture.final
    first: Array = picture[0]
    return first


def keep(folder: PipelineFolder, name: str, outcome: Outcome) -> str:
    """Write picture and latents of a run; returns the picture's name in the folder, "" for a chain."""
    if outcome.steps:
        folder.save_latents(name, [s.latents for s in outcome.steps])
    picture = seen(outcome)
    if picture is None:
        return ""
    return folder.save_picture(name, png(picture), np.ascontiguousarray(picture, np.float32))


def png(picture: Array) -> bytes:
    """H×W×3 in [0, 1] as a PNG file."""
    out = io.BytesIO()
    images.to_image(picture).save(out, "PNG", compress_level=1)  # many are written, few are looked at
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a run is from the golden one."""

    verdict: Verdict
    reason: str
    image: ImageMetrics | None
    latents: Metrics | None
    outputs: Mapping[str, Metrics]
    submodels: Mapping[str, Metrics]
    steps: tuple[StepDivergence, ...]


def gap(golden: Outcome, golden_calls: Mapping[tuple[str, int], Recorded], run: Outcome, calls: Sequence[Recorded],
        forced: Sequence[Metrics] = ()) -> Gap:
    """Compare a run with the golden one. ``forced``: of each step that was fed with golden latents."""
    image = _image(golden, run)
    judged = {name: _output(name, array, run.outputs.get(name)) for name, array in golden.outputs.items()}
    steps = tuple(StepDivergence(g.number, g.timestep, _metrics(g.latents, r.latents),
                                 forced[g.number] if g.number < len(forced) else None)
                  for g, r in zip(golden.steps, run.steps, strict=False))
    latents = steps[-1].latents if steps else None
    verdict, reason = absolute(image, {n: (v, r) for n, (v, r, _) in judged.items()}, latents)
    if _flag(golden) != _flag(run):
        verdict, reason = Verdict.FAIL, f"the safety checker says {_flag(run)}, in the golden run {_flag(golden)}"
    return Gap(verdict, reason, image, latents, {n: m for n, (_, _, m) in judged.items() if m is not None},
               _travelled(golden_calls, calls), steps)


def forced_steps(app: Application, golden: Outcome, golden_caller: Caller, caller: Caller,
                 swapped: str) -> list[Metrics]:
    """Latents after each step that a swap makes of golden latents; empty where a step does not depend on it."""
    if not isinstance(app, Diffusion) or swapped not in _FORCED:
        return []
    embeds = app.encode(caller if swapped == "text_encoder" else golden_caller)
    taker = caller if swapped == "unet" else golden_caller
    return [_metrics(s.latents, app.step(taker, embeds, s.number, s.before, s.state)[0]) for s in golden.steps]


def _metrics(golden: Array, target: Array) -> Metrics:
    if golden.shape != target.shape:
        raise UsageError(f"The latents have shape {list(target.shape)}, in the golden run {list(golden.shape)}",
                         hint="Both runs must make the same picture")
    return compare(golden, target, target_dtype=DType.FLOAT32)


def _image(golden: Outcome, run: Outcome) -> ImageMetrics | None:
    if golden.picture is None or run.picture is None:
        return None
    before = bool(golden.picture.flagged)  # both black says nothing
    return images.compare(golden.picture.decoded if before else golden.picture.final,
                          run.picture.decoded if before else run.picture.final)


def _flag(outcome: Outcome) -> str:
    return {None: "nothing", True: "unsafe", False: "safe"}[outcome.picture.flagged if outcome.picture else None]


def _output(name: str, golden: Array, target: Array | None) -> tuple[Verdict, str, Metrics | None]:
    if target is None or target.shape != golden.shape:
        return (*shapes_differ(golden.shape, () if target is None else target.shape), None)
    dtype = dtype_of(target, None)
    metrics = compare(golden, target, target_dtype=dtype)
    return (*judge(metrics, TensorInfo(name, dtype, golden.shape), dtype, own_input=False), metrics)


def _travelled(golden: Mapping[tuple[str, int], Recorded], calls: Sequence[Recorded]) -> dict[str, Metrics]:
    """How far each submodel's worst output is from what the golden run's same call gave: the way of the error."""
    worst: dict[str, Metrics] = {}
    for one in calls:
        known = golden.get((one.name, one.number))
        for g, t in zip(known.outputs if known else (), one.outputs, strict=False):
            if g.shape != t.shape:
                continue
            found = compare(g, t.astype(g.dtype) if t.dtype.kind in "biu" else t, target_dtype=DType.of(g.dtype))
            if one.name not in worst or _size(found) > _size(worst[one.name]):
                worst[one.name] = found
    return worst


def _size(metrics: Metrics) -> tuple[int, float]:
    error = metrics.rel_l2 if math.isnan(metrics.mismatch) else metrics.mismatch
    return metrics.nonfinite, -1.0 if math.isnan(error) else error


def by_call(calls: Sequence[Recorded]) -> dict[tuple[str, int], Recorded]:
    """Recorded calls by submodel and number."""
    return {(c.name, c.number): c for c in calls}
