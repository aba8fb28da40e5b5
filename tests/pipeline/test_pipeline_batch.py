"""Unets that take one sample at a time, where guidance wants two: what exports for small devices look like."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import helper
from pipeline_samples import HEALTHY, named, onnx_of, planted, search, unet_for_one
from small_models import save, value

from diag.cancel import Cancel
from diag.pipeline.calls import Outcome, Step
from diag.pipeline.diffusion import Diffusion
from diag.pipeline.models import Pool, look
from diag.pipeline.spec import load
from diag.pipeline.swap import Memory, Swapped
from diag.types.layer import Verdict
from diag.types.pipeline import PipelineSpec, Submodel

FAULT = "down_blocks.0.resnets.0.conv1.weight"


def outcome(spec: PipelineSpec, folder: Path) -> tuple[Outcome, dict[str, int]]:
    """The golden run, and how often each submodel was called."""
    models = look(spec, [], folder)
    with Pool(models, 2**32, 2, 1, Cancel()) as pool:
        caller = Swapped(models, pool, Memory(folder / "memory", {}), (), Cancel(), fresh=True)
        return end(Diffusion(spec, caller).run(caller)), caller.calls


def end(steps: Generator[Step, None, Outcome]) -> Outcome:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Outcome = stop.value
            return found


def with_unet(golden: Path, target: str) -> PipelineSpec:
    """The shipped pipeline with another unet."""
    spec = load(HEALTHY)
    return replace(spec, submodels=tuple(replace(s, onnx=str(golden), mindir=target) if s.name == "unet" else s
                                         for s in spec.submodels))


def test_one_by_one_gives_what_both_at_once_give(tmp_path: Path) -> None:
    both, calls = outcome(load(HEALTHY), tmp_path / "a")
    alone, twice = outcome(with_unet(unet_for_one(onnx_of("unet"), tmp_path / "u.onnx"), ""), tmp_path / "b")
    assert twice["unet"] == 2 * calls["unet"]
    for one, other in zip(both.steps, alone.steps, strict=True):
        np.testing.assert_allclose(one.latents, other.latents, rtol=0, atol=1e-4)
    assert both.picture is not None
    assert alone.picture is not None
    np.testing.assert_allclose(both.picture.final, alone.picture.final, rtol=0, atol=1e-4)


def test_a_fault_in_such_a_unet_is_located_in_its_layer(tmp_path: Path) -> None:
    golden = unet_for_one(onnx_of("unet"), tmp_path / "u.onnx")
    bad = planted("unet", FAULT, lambda w: w * np.float32(1.1), tmp_path / "planted.onnx")
    spec = with_unet(golden, str(unet_for_one(bad, tmp_path / "bad.onnx")))
    found = search(spec, tmp_path / "run", runtime="")
    assert (found.verdict, named(found)) == (Verdict.FAIL, ["unet"])
    assert found.culprits[0].layer is not None
    readers = [n.name for n in onnx.load(str(golden)).graph.node if FAULT in n.input]
    assert found.culprits[0].layer.golden_node in readers


def test_a_target_for_one_sample_is_fed_so_where_golden_takes_any(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], "relu")]
    golden = save(tmp_path / "g.onnx", nodes, [value("x", ("batch", 3))], [value("y", ("batch", 3))])
    target = save(tmp_path / "t.onnx", nodes, [value("x", (1, 3))], [value("y", (1, 3))])
    spec = replace(load(HEALTHY), submodels=(Submodel("relu", str(golden), str(target)),
                                             Submodel("free", str(golden), str(golden))))
    models = look(spec, [], tmp_path)
    assert models["relu"].inputs[0].shape == (1, 3)
    assert models["free"].inputs[0].shape == ("batch", 3)
