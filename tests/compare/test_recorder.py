"""Tensors that were asked for: which, how many bytes, and what is said of a name that nothing has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from diag.cancel import Cancel
from diag.compare.attribute import score
from diag.compare.engine import compare
from diag.compare.metrics import compare as measure
from diag.compare.plan import ComparePlan
from diag.compare.recorder import ALL, Recorder, resolve
from diag.errors import UsageError
from diag.events import Event, Finished
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.graph import Graph, Node
from diag.types.layer import LayerResult, Mapping, MappingKind, Role, Verdict
from diag.types.tensor import TensorInfo
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


def _wrong(name: str, error: float) -> LayerResult:
    golden = np.linspace(1, 2, 64, dtype=np.float32)
    measured = measure(golden, (golden * (1 + error)).astype(np.float32), target_dtype=DType.FLOAT32)
    return replace(_row(name), cumulative=measured)


def test_the_layers_with_the_largest_errors_stay_and_the_others_give_their_room_back(tmp_path: Path):
    array = np.arange(4, dtype=np.float32)
    recorder = Recorder(tmp_path, ("named",), most_bytes=3 * 2 * array.nbytes, worst=2)
    for name, size in (("a", 0.1), ("named", 0.001), ("b", 0.3), ("c", 0.2), ("d", 0.05), ("e", 0.4)):
        row = _wrong(name, size)
        if recorder.wants(row):
            recorder.keep(row, array, array, None)
    assert recorder.left_out == 0
    assert [e["golden"] for e in recorder.entries] == ["named_out", "b_out", "e_out"]
    assert len(list(tmp_path.iterdir())) == 6


def test_a_number_of_layers_is_the_worst_ones_of_a_real_comparison(tmp_path: Path):
    _run(tmp_path / "plain")
    before = set(RunFolder.open(tmp_path / "plain").recorded())
    found = _run(tmp_path / "ten", "10")
    after = set(RunFolder.open(tmp_path / "ten").recorded())
    errors = {(r.target_tensor, r.golden_tensor): score(r) for r in found.layers if r.cumulative is not None}
    largest = sorted(errors.values(), reverse=True)
    kept = sorted((errors[key] for key in after), reverse=True)
    assert kept[:10] == pytest.approx(largest[:10])
    assert before <= after
    assert 10 <= len(after) <= 10 + len(before)


def test_a_layer_called_by_a_number_is_a_layer():
    info = (TensorInfo("x"),)
    graph = Graph("g", "onnx", None, info, info, (Node("12", "Relu", ("x",), ("13",)),))
    assert resolve(("12", "13", "all"), graph, graph) == (("12", "13", "all"), 0)
    assert resolve(("14", "12", "3"), graph, graph) == (("12",), 14)
    with pytest.raises(UsageError, match="No layer is called '-3'"):
        resolve(("-3",), graph, graph)
