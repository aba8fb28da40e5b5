"""Real MindIR files in the reference runtime against onnxruntime on the ONNX models that they were converted from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from samples import shared

from diag.cancel import Cancel
from diag.formats.registry import open_model
from diag.runtimes.interface import RunOptions
from diag.runtimes.reference import Reference, lower

DIFFUSION = {"text_encoder": 1e-5, "unet": 3e-5, "vae_encoder": 1e-5, "vae_decoder": 2e-5, "safety_checker": 1e-5}
SMALL = {"toy": 1e-6, "multi": 1e-6, "block": 5e-6, "dyn": 1e-6}
"""Largest absolute error that a healthy conversion shows (the real runtime's errors, or float32's)."""


def feeds_of(session: ort.InferenceSession) -> dict[str, np.ndarray]:
    rng, feeds = np.random.default_rng(3), {}
    for info in session.get_inputs():
        shape = [d if isinstance(d, int) else 2 for d in info.shape]
        if "int" in info.type:
            feeds[info.name] = rng.integers(1, 50, shape).astype(np.int32 if "int32" in info.type else np.int64)
        else:
            feeds[info.name] = rng.standard_normal(shape).astype(np.float32)
    return feeds


def agree(onnx: Path, mindir: Path, limit: float) -> None:
    golden = ort.InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    feeds = feeds_of(golden)
    expected = golden.run(None, feeds)
    with Reference().open(mindir, RunOptions(), Cancel()) as session:
        wanted = {i.name: i.dtype.numpy for i in session.inputs}
        answer = session.run({n: a.astype(wanted[n]) for n, a in feeds.items()}, Cancel())
        assert [session.untappable(v) for s in session.program.steps for v in s.writes if session.untappable(v)] == []
    assert len(answer) == len(expected)
    for found, right in zip(answer.values(), expected, strict=True):
        assert found.shape == right.shape
        assert np.abs(found.astype(np.float64) - right).max() <= limit


@pytest.mark.parametrize("name", DIFFUSION)
def test_the_submodels_of_a_diffusion_pipeline(name):
    agree(shared(f"diffusion/tiny/onnx/{name}/model.onnx"), shared(f"diffusion/tiny/mindir/{name}.mindir"),
          DIFFUSION[name])


@pytest.mark.parametrize("name", SMALL)
def test_small_models(name):
    agree(shared(f"formats/mindir/{name}.onnx"), shared(f"formats/mindir/{name}_lite.mindir"), SMALL[name])


def problems(name: str) -> list[tuple[str, str]]:
    program = lower(open_model(shared(f"formats/{name}")))
    return [(program.graph.nodes[s.node].op, s.problem) for s in program.steps if s.problem]


def test_a_quantised_convolution_without_its_weight_scale_is_not_guessed():
    assert problems("mindir/qdq_lite.mindir") == [
        ("Conv2DFusion", "operator Conv2DFusion on quantised integers is not covered by the reference runtime")]


def test_control_flow_is_named_and_what_is_before_it_runs():
    ops = [op for op, _ in problems("mindir/ms210_controlflow.mindir")]
    assert ops == ["Partial", "Partial", "Switch", "CallClosure", "Call"]


def test_weights_in_a_missing_file_are_named():
    (op, problem), = problems("mindir/big_lite_graph.mindir")
    assert op == "MatMulFusion"
    assert "has no elements: its file 'big_lite_variables/data_0' is missing" in problem


def test_a_model_compiled_for_ascend_says_so():
    (_, problem), = problems("synthetic/toy_ascend_SYNTHETIC.mindir")
    assert "compiled model for a device" in problem


def run(name: str, **feeds: np.ndarray) -> list[np.ndarray]:
    with Reference().open(shared(f"formats/mindir/{name}"), RunOptions(), Cancel()) as session:
        return list(session.run(feeds, Cancel()).values())


def test_what_mindspore_exported():
    """Dense layer, split and activation of MindSpore 2.10, whose flags and axes are constant inputs, in numpy."""
    graph = open_model(shared("formats/mindir/ms210_multiout.mindir"))
    weights = {n.rsplit(":", 1)[-1]: np.frombuffer(w.data, np.float32).reshape(w.shape)
               for n, w in graph.weights.items() if n.endswith((".weight", ".bias"))}
    x = np.random.default_rng(1).standard_normal((2, 4)).astype(np.float32)
    dense = x @ weights["fc.weight"].T + weights["fc.bias"]
    found = run("ms210_multiout.mindir", **{graph.input_names[0]: x})
    for one, other in zip(found, (dense[:, :2], dense[:, 2:], np.maximum(dense, 0)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["tensor_add.mindir", "tensor_add_old_2021.mindir"])
def test_what_old_mindspore_exported(name):
    graph = open_model(shared(f"formats/mindir/{name}"))
    x, y = (np.arange(4, dtype=np.float32).reshape(2, 2) + i for i in range(2))
    feeds = dict(zip(graph.input_names, (x, y), strict=True))
    found, = run(name, **feeds)
    np.testing.assert_array_equal(found, x + y)
