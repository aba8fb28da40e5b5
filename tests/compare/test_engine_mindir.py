"""The comparison on a MindIR that was tampered with: what cannot run is named, what was changed is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan
from diag.events import Finished
from diag.formats import weights
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR
from diag.formats.mindir.edit import patch, write_weights
from diag.rules.accuracy import examined
from diag.types.comparison import Comparison
from diag.types.layer import MappingKind, Role, Stage, Verdict

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "healthy"
GOLDEN, TARGET = SAMPLE / "text_encoder.onnx", SAMPLE / "text_encoder.mindir"


def run(target: Path, out: Path, **options: Any) -> Comparison:
    *_, last = compare(ComparePlan(GOLDEN, target, out, **options), None, Cancel())
    assert isinstance(last, Finished)
    return examined(last.result)


def test_an_operator_that_is_not_covered_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    target = tmp_path / "target.mindir"
    target.write_bytes(TARGET.read_bytes().replace(b"LayerNormFusion", b"LayerNormFusioX"))
    found = run(target, tmp_path / "run")
    assert found.checks["uncovered"] == {"LayerNormFusioX": 5}
    told = next(f for f in found.findings if f.code == "ACC050")
    assert (told.subject, told.values["count"]) == ("LayerNormFusioX", 5)
    strange = [r for r in found.layers if r.target_op == "LayerNormFusioX"]
    assert len(strange) == 5
    for r in strange:
        assert (r.verdict, r.role) == (Verdict.NOT_COMPARABLE, Role.NOT_COMPARABLE)
        assert (r.cumulative, r.own_input) == (None, None), "golden stood in for it; that proves nothing"
        assert r.reason == "operator LayerNormFusioX is not covered by the reference runtime"
    compared = [r for r in found.layers if r.own_input is not None and r.golden_op != "LayerNormalization"]
    assert len(compared) >= 55
    assert {r.verdict for r in compared} == {Verdict.PASS}
    assert found.culprits == ()
    assert found.verdict is Verdict.NOT_COMPARABLE, "a good output proves nothing where golden values stood in"
    assert "cannot run" in found.outputs[0].reason


def test_a_fault_behind_an_operator_that_is_not_covered_is_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mindir"
    node, weight = _a_weight("fc2")
    broken.write_bytes(write_weights(TARGET, {weight: _loaded(TARGET, weight) * np.float32(1.04)}))
    target = tmp_path / "target.mindir"
    target.write_bytes(broken.read_bytes().replace(b"LayerNormFusion", b"LayerNormFusioX"))
    found = run(target, tmp_path / "run")
    assert [c.target_node for c in found.culprits][:1] == [node]


@pytest.mark.parametrize("own_input", [True, False])
def test_a_changed_weight_is_named(tmp_path: Path, own_input: bool) -> None:
    target = tmp_path / "target.mindir"
    node, weight = _a_weight("fc2")
    target.write_bytes(write_weights(TARGET, {weight: _loaded(TARGET, weight) * np.float32(1.04)}))
    found = run(target, tmp_path / "run", own_input=own_input)
    assert found.verdict is Verdict.FAIL
    assert found.culprits[0].target_node == node
    assert found.culprits[0].stage is Stage.CONVERSION
    if own_input:
        assert found.culprits[0].finding == "ACC022"
        assert found.culprits[0].values["factor"] == pytest.approx(1.04)
        assert len(found.culprits) == 1


def test_a_changed_attribute_is_named(tmp_path: Path) -> None:
    graph = MINDIR.read(TARGET, ReadOptions())
    norms = [n for n in graph.nodes if n.op == "LayerNormFusion"]
    target = tmp_path / "target.mindir"
    target.write_bytes(patch(TARGET, {norms[2].outputs[0]: {"epsilon": 0.01}}))
    found = run(target, tmp_path / "run")
    assert [c.target_node for c in found.culprits] == [norms[2].name]
    assert found.culprits[0].differences[0].name == "epsilon"
    assert found.culprits[0].differences[0].explains


def test_pairings_by_hand_decide(tmp_path: Path) -> None:
    plain = run(TARGET, tmp_path / "plain")
    row = next(r for r in plain.layers if r.target_op == "LayerNormFusion")
    file = tmp_path / "map.json"
    file.write_text(json.dumps({row.target_tensor: row.golden_tensor}), encoding="utf-8")
    found = run(TARGET, tmp_path / "run", map_file=file)
    same = next(r for r in found.layers if r.golden_tensor == row.golden_tensor)
    assert (same.mapping.kind, same.mapping.confidence) == (MappingKind.MANUAL, 1.0)
    assert same.verdict is Verdict.PASS
    assert found.verdict is Verdict.PASS


def test_a_target_of_nothing_but_gaps(tmp_path: Path) -> None:
    target = tmp_path / "target.mindir"
    data = TARGET.read_bytes()
    for op in (b"LayerNormFusion", b"MatMulFusion", b"AddFusion", b"MulFusion", b"Activation", b"Softmax", b"Gather"):
        data = data.replace(op, op[:-1] + b"Q")
    target.write_bytes(data)
    found = run(target, tmp_path / "run")
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert found.culprits == ()
    assert sum(found.checks["uncovered"].values()) >= 40


def _a_weight(name: str) -> tuple[str, str]:
    """A node whose name holds ``name``, and its matrix."""
    graph = MINDIR.read(TARGET, ReadOptions())
    for node in graph.nodes:
        held = [v for v in node.inputs if v in graph.weights and len(graph.weights[v].shape) == 2]
        if name in node.name and held:
            return node.name, held[0]
    raise AssertionError(name)


def _loaded(path: Path, weight: str) -> np.ndarray:
    return np.array(weights.load(MINDIR.read(path, ReadOptions()).weights[weight]))
