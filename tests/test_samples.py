"""The shipped samples are what their facts say."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from corpus.mslite import MindSporeLite

from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR

SAMPLES = Path(__file__).resolve().parents[1] / "resources" / "samples" / "text_encoder"
PAIRS = ("healthy", "defect")


def facts(name: str) -> dict[str, Any]:
    return tomllib.loads((SAMPLES / name / "sample.toml").read_text("utf-8"))


def golden(name: str) -> np.ndarray:
    file = SAMPLES / name / "text_encoder.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(None, {"input_ids": np.array([facts(name)["input_ids"]], np.int32)})[0]


@pytest.mark.parametrize("name", PAIRS)
def test_files_are_the_ones_that_were_made(name: str) -> None:
    for file, digest in facts(name)["sha256"].items():
        path = SAMPLES / name / file
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
        assert path.stat().st_size <= 250_000
        assert path.stat().st_mode & 0o777 == 0o644


def test_samples_stay_small() -> None:
    assert sum(file.stat().st_size for file in SAMPLES.rglob("*") if file.is_file()) <= 1_200_000


@pytest.mark.parametrize("name", PAIRS)
def test_onnx_is_as_exported(name: str) -> None:
    model = onnx.load(SAMPLES / name / "text_encoder.onnx")
    onnx.checker.check_model(model, full_check=True)
    norms = [node for node in model.graph.node if node.op_type == "LayerNormalization"]
    assert model.opset_import[0].version == facts(name)["opset"]
    assert len(norms) == facts(name)["layer_norm_nodes"]
    epsilons = [a.f for node in norms for a in node.attribute if a.name == "epsilon"]
    assert epsilons == pytest.approx([1e-5] * len(norms))
    assert not facts(name)["culprit"] or facts(name)["culprit"] in {node.name for node in norms}


def test_both_goldens_are_one_model() -> None:
    healthy, defect = golden("healthy"), golden("defect")
    assert healthy.shape == (1, 77, 32)
    assert np.isfinite(healthy).all()
    np.testing.assert_allclose(healthy, defect, atol=1e-5)


def test_the_converter_lost_every_epsilon() -> None:
    graph = MINDIR.read(SAMPLES / "defect" / "text_encoder.mindir", ReadOptions())
    assert [node.attributes["epsilon"] for node in graph.nodes if node.op == "LayerNormFusion"] == [0.0] * 5


def test_the_healthy_twin_kept_it() -> None:
    graph = MINDIR.read(SAMPLES / "healthy" / "text_encoder.mindir", ReadOptions())
    epsilons = [node.attributes["epsilon"] for node in graph.nodes if node.op == "LayerNormFusion"]
    assert epsilons == pytest.approx([1e-5] * 5)


@pytest.mark.mslite
@pytest.mark.parametrize("name", PAIRS)
def test_the_real_runtime_shows_it(name: str, tmp_path: Path, mslite_python: Path) -> None:
    with MindSporeLite(mslite_python, tmp_path) as lite:
        target = lite.run(SAMPLES / name / "text_encoder.mindir",
                          {"input_ids": np.array([facts(name)["input_ids"]], np.int32)})[0]
    apart = float(np.abs(target - golden(name)).max())
    assert apart <= 1e-5 if name == "healthy" else apart == pytest.approx(0.05, rel=0.05)
