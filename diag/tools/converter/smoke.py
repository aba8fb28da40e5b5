"""The first run of a converted model: does it open, does it run, does it answer as the ONNX model does."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from diag.cancel import Cancel
from diag.compare.inputs import Inputs, gather
from diag.compare.outputs import compare_outputs, overall
from diag.compare.sides import output_pairs
from diag.compare.tolerance import Preset
from diag.errors import Cancelled, DiagError, RuntimeUnavailable, ToolFailed
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR
from diag.formats.onnx import load
from diag.runtimes.discover import discover
from diag.runtimes.interface import Array, RunOptions, Runtime, RuntimeSpec
from diag.runtimes.onnxruntime import OnnxRuntime
from diag.runtimes.registry import choose, runtime
from diag.tools.converter.plan import Checks
from diag.types.conversion import Smoke
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.layer import OutputResult, Verdict


def smoke(onnx: Path, mindir: Path, checks: Checks, cancel: Cancel, *,
          shapes: Mapping[str, tuple[int, ...]] | None = None, spec: RuntimeSpec | None = None,
          key: bytes | None = None) -> Smoke:
    """Run both on the same generated inputs and judge the outputs. Never raises but Cancelled: a failure is the answer.

    ``spec``: the runtime to run it in, if it was chosen before.
    """
    began = time.monotonic()
    chosen = Smoke(False, Verdict.NOT_COMPARABLE, device=checks.device, shapes=dict(shapes or {}))
    try:
        target = _runtime(checks, spec)
        chosen = replace(chosen, runtime=target.spec.name, runtime_version=target.spec.version)
        golden_graph = load(onnx).graph
        inputs = gather(golden_graph, replace(checks.inputs, shapes={**checks.inputs.shapes, **(shapes or {})}))
        got = _run(target, mindir, inputs, checks, key, cancel)
        outputs = _judged(onnx, golden_graph, mindir, inputs, got, checks, key, cancel) if checks.compare else ()
    except Cancelled:
        raise
    except DiagError as error:
        log = error.log if isinstance(error, ToolFailed) else None
        return replace(chosen, problem=error.message, hint=error.hint, log=log, seconds=time.monotonic() - began)
    used = {u.name: u.shape for u in inputs.used}
    verdict = overall(outputs) if checks.compare else Verdict.PASS
    return replace(chosen, ran=True, verdict=verdict, outputs=tuple(outputs), shapes=used,
                   seconds=time.monotonic() - began)


def _runtime(checks: Checks, spec: RuntimeSpec | None) -> Runtime:
    if spec is not None:
        return runtime(spec)
    known = discover()
    if checks.runtime != "auto":
        return runtime(choose(known, checks.runtime, checks.device))
    try:
        return runtime(choose(known, "mindspore-lite", checks.device))
    except RuntimeUnavailable:
        if checks.device != "cpu":
            raise
        return runtime(choose(known, "reference"))


def _run(target: Runtime, mindir: Path, inputs: Inputs, checks: Checks, key: bytes | None,
         cancel: Cancel) -> dict[str, Array]:
    with target.open(mindir, RunOptions(checks.device, 1, key=key), cancel) as session:
        wanted = {info.name for info in session.inputs}
        return session.run({name: array for name, array in inputs.arrays.items() if name in wanted}, cancel)


def _judged(onnx: Path, golden: Graph, mindir: Path, inputs: Inputs, got: Mapping[str, Array], checks: Checks,
            key: bytes | None, cancel: Cancel) -> list[OutputResult]:
    with OnnxRuntime().open(onnx, RunOptions(threads=os.cpu_count() or 1), cancel) as session:
        expected = session.run(inputs.arrays, cancel)
    pairs = output_pairs(golden, MINDIR.read(mindir, ReadOptions(key)))
    dtype = None if checks.dtype == "auto" else DType(checks.dtype)
    return compare_outputs(pairs, expected, got, dtype, Preset.CALIBRATED, {})
