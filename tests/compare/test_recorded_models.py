"""Whole models of a diffusion pipeline on the emulated device: healthy ones pass layer by layer, faults are found."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from npu_auto import folded, parts
from npu_dumps import Array, Emulator
from npu_model import run
from samples import shared

from diag.compare.inputs import gather
from diag.compare.plan import InputChoice
from diag.formats.registry import open_model
from diag.types.layer import Role, Verdict

MODELS = [("text_encoder", False), ("vae_decoder", True)]
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")


@pytest.mark.parametrize(("name", "graph"), MODELS, ids=["by names", "by the graph"])
def test_a_healthy_model_passes_and_nobody_is_suspected(tmp_path: Path, name: str, graph: bool) -> None:
    model = folded(shared(f"diffusion/tiny/onnx/{name}/model.onnx"), tmp_path / "m.onnx")
    chosen = parts(model, 5)
    emulator = Emulator(model, chosen, tmp_path / "dump", stated=graph)
    done = emulator.run(gather(open_model(model), InputChoice()).arrays)
    found = run(model, done.folder, tmp_path / "run", graph=done.graph if graph else None, checks=False)
    assert found.verdict is Verdict.PASS
    assert found.unmatched_target == ()
    compared = [r for r in found.layers if r.target_tensor is not None]
    assert len(compared) > 0.7 * len(chosen)  # what shapes alone decide is no layer
    assert {r.role for r in compared} == {Role.CLEAN}


@pytest.mark.parametrize("seed", range(3))
def test_a_fault_anywhere_is_the_first_culprit(tmp_path: Path, seed: int) -> None:
    model = folded(shared("diffusion/tiny/onnx/text_encoder/model.onnx"), tmp_path / "m.onnx")
    chosen = parts(model, seed)
    bad = random.Random(seed).choice([p for p in chosen if p.op in ("MatMul", "Add", "Softmax", "Mul", "Sigmoid")])

    def spoil(a: Array) -> Array:
        return a + np.float32(0.2) * np.abs(a).max() if a.dtype == np.float32 else a

    done = Emulator(model, chosen, tmp_path / "dump", stated=False).run(
        gather(open_model(model), InputChoice()).arrays, {bad.name: spoil})
    found = run(model, done.folder, tmp_path / "run", checks=False)
    injects = [r for r in found.layers if r.role is Role.INJECTS]
    assert injects
    assert all(set(r.mapping.golden_nodes) & set(bad.nodes) for r in injects), (bad, [r.golden_node for r in injects])
    if found.verdict is Verdict.FAIL:
        assert set(found.culprits[0].golden_nodes) & set(bad.nodes)
