"""Tensors that were asked for: which, how many bytes, and what is said of a name that nothing has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan
from diag.compare.recorder import ALL, Recorder
from diag.errors import UsageError
from diag.events import Event, Finished
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import LayerResult, Mapping, MappingKind, Role, Verdict
from diag.workspace.runs import RunFolder

PAIR = Path(str(files("resources") / "samples" / "text_encoder" / "defect"))


def _row(name: str) -> LayerResult:
    return LayerResult(0, name, "Op", f"{name}_out", f"t/{name}", "Op", f"t/{name}:0", Mapping(MappingKind.NAME, 1.0),
                       (4,), DType.FLOAT32, Verdict.PASS, "", None, None, Role.CLEAN)


def _run(out: Path, *record: str) -> Comparison:
    plan = ComparePlan(PAIR / "text_encoder.onnx", PAIR / "text_encoder.mindir", out, record=record, checks=False)
    events: Iterator[Event] = compare(plan, None, Cancel())
    return next(e.result for e in events if isinstance(e, Finished))


@pytest.mark.parametrize(("wanted", "kept"), [
    ((), []), (("worst",), []), (("a",), ["a"]), (("b_out",), ["b"]), (("t/a",), ["a"]), (("t/b:0", "a"), ["a", "b"]),
    ((ALL,), ["a", "b"])])
def test_layers_are_named_by_node_or_tensor_of_either_side(tmp_path: Path, wanted, kept):
    recorder = Recorder(tmp_path, wanted)
    assert [n for n in "ab" if recorder.wants(_row(n))] == kept


def test_what_does_not_fit_is_counted_and_smaller_ones_go_on(tmp_path: Path):
    recorder = Recorder(tmp_path, (ALL,), most_bytes=64)
    recorder.keep(_row("big"), np.zeros(100, np.float32), np.zeros(100, np.float32), None)
    recorder.keep(_row("small"), np.arange(4, dtype=np.float32), None, np.ones(4, np.float32))
    assert recorder.left_out == 1
    assert [e["golden"] for e in recorder.entries] == ["small_out"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["asked-00000-golden.npy", "asked-00000-own.npy"]


def test_every_layer_of_a_comparison_can_be_looked_at(tmp_path: Path):
    found = _run(tmp_path / "run", ALL)
    folder = RunFolder.open(tmp_path / "run")
    compared = [r for r in found.layers if r.cumulative is not None and r.target_tensor is not None]
    assert len(compared) > 50
    for row in compared:
        tensors = folder.tensors(row.target_tensor or "", row.golden_tensor)
        assert tensors["golden"].shape == tensors["target"].shape
        golden = tensors["golden"].astype(np.float64)
        assert np.linalg.norm(golden) == pytest.approx(row.cumulative.golden.l2, rel=1e-5)
    index = json.loads((folder.tensors_folder / "index.json").read_text(encoding="utf-8"))
    keys = [(e["value"], e["golden"]) for e in index]
    assert len(keys) == len(set(keys))


def test_a_healthy_layer_by_name_beside_the_worst(tmp_path: Path):
    _run(tmp_path / "plain")
    before = RunFolder.open(tmp_path / "plain").recorded()
    healthy = "/model/embeddings/Add"
    found = _run(tmp_path / "asked", healthy)
    row = next(r for r in found.layers if r.golden_node == healthy)
    after = RunFolder.open(tmp_path / "asked").recorded()
    assert set(after) == {*before, (row.target_tensor, row.golden_tensor)}


def test_a_wrong_name_is_told_with_what_is_near(tmp_path: Path):
    with pytest.raises(UsageError) as told:
        _run(tmp_path / "run", "/model/embedings/Add")
    assert "'/model/embedings/Add'" in told.value.message
    assert "/model/embeddings/Add" in told.value.hint
