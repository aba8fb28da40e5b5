"""The golden cache: found again, never stale, never in the way."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
import small_models

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan, InputChoice
from diag.events import Finished
from diag.types.comparison import Comparison
from diag.workspace import golden as module
from diag.workspace.golden import GoldenCache

KEY = {"model": "a", "inputs": "b"}


def filled(home: Path, key: dict[str, str] | None = None, **tensors: np.ndarray) -> Path:
    cache = GoldenCache(home, key or KEY)
    cache.put(tensors or {"x": np.arange(3.0)})
    cache.finish()
    return next(f for f in home.iterdir())


def test_found_again_under_its_key_only(tmp_path: Path) -> None:
    cache = GoldenCache(tmp_path, KEY)
    assert not cache.complete
    cache.put({"x": np.arange(3.0), "scalar": np.array(2)})
    cache.put({"y": np.ones((2, 0), np.float16)})
    assert not GoldenCache(tmp_path, KEY).complete, "half a run is none"
    cache.finish()
    again = GoldenCache(tmp_path, dict(reversed(KEY.items())))
    assert again.complete
    assert again.get("x").tolist() == [0, 1, 2]
    assert again.get("scalar").shape == ()
    assert (again.get("y").shape, again.get("y").dtype) == ((2, 0), np.float16)
    assert again.get("z") is None
    assert not GoldenCache(tmp_path, {**KEY, "inputs": "c"}).complete


def test_a_run_that_was_not_finished_is_not_found(tmp_path: Path) -> None:
    GoldenCache(tmp_path, KEY).put({"x": np.arange(3)})
    assert not GoldenCache(tmp_path, KEY).complete


@pytest.mark.parametrize("array", [np.zeros(2, ml_dtypes.bfloat16), np.array(["s"], object), np.zeros(1000)])
def test_what_does_not_fit_is_not_kept_at_all(tmp_path: Path, array: np.ndarray) -> None:
    cache = GoldenCache(tmp_path, KEY, limit_bytes=1000)
    cache.put({"x": np.arange(3.0)})
    cache.put({"y": array})
    cache.put({"z": np.arange(3.0)})
    cache.finish()
    assert not GoldenCache(tmp_path, KEY).complete
    assert [f for f in tmp_path.iterdir() if any(f.iterdir())] == []


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", '{"x": "gone.npy"}'])
def test_a_damaged_index_is_computed_and_kept_anew(tmp_path: Path, text: str) -> None:
    folder = filled(tmp_path)
    (folder / "index.json").write_text(text)
    cache = GoldenCache(tmp_path, KEY)
    assert cache.get("x") is None
    if not cache.complete:
        cache.put({"x": np.arange(3.0)})
        cache.finish()
        assert GoldenCache(tmp_path, KEY).get("x").tolist() == [0, 1, 2]


def test_a_damaged_tensor_is_not_there(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    os.truncate(folder / "000000.npy", 130)
    assert GoldenCache(tmp_path, KEY).get("x") is None


def test_a_place_that_cannot_be_written_costs_the_cache_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = GoldenCache(tmp_path / "file" / "cache", KEY)
    cache.put({"x": np.arange(3.0)})
    cache.finish()
    assert cache.get("x") is None


def test_two_runs_of_the_same_at_once(tmp_path: Path) -> None:
    late = GoldenCache(tmp_path, KEY)
    late.put({"x": np.arange(3.0)})
    (tmp_path / late._folder.name).mkdir()
    (tmp_path / late._folder.name / "index.json").write_text(json.dumps({"x": "000000.npy"}))
    np.save(tmp_path / late._folder.name / "000000.npy", np.arange(3.0))
    late.finish()
    assert GoldenCache(tmp_path, KEY).get("x").tolist() == [0, 1, 2]
    assert len(list(tmp_path.iterdir())) == 1


def test_the_ones_not_used_for_longest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LIMIT_BYTES", 3000)
    for i in range(5):
        filled(tmp_path, {"model": str(i)}, x=np.zeros(100))
        for j, folder in enumerate(sorted(tmp_path.iterdir(), key=lambda f: f.stat().st_mtime)):
            os.utime(folder, (1000 + j, 1000 + j))
        GoldenCache(tmp_path, {"model": "0"})  # is used, and so stays
    left = {i for i in range(5) if GoldenCache(tmp_path, {"model": str(i)}).complete}
    assert {0, 4} <= left
    assert len(left) == 3


def run(path: Path, target: Path, out: Path, cache: Path, **options: Any) -> Comparison:
    *_, last = compare(ComparePlan(path, target, out, cache=cache, **options), None, Cancel())
    assert isinstance(last, Finished)
    found: Comparison = last.result
    return found


def test_a_second_comparison_reads_what_the_first_computed_and_finds_the_same(tmp_path: Path) -> None:
    held = small_models.weights()
    golden = small_models.perceptron(tmp_path / "golden.onnx", held=held)
    target = small_models.perceptron(tmp_path / "target.onnx", held={**held, "w2": held["w2"] * np.float32(1.04)})
    cache = tmp_path / "cache"
    first = run(golden, target, tmp_path / "1", cache)
    assert len(list(cache.iterdir())) == 1
    second = run(golden, target, tmp_path / "2", cache)
    assert second.layers == first.layers
    assert second.culprits == first.culprits
    run(golden, target, tmp_path / "3", cache, inputs=InputChoice(seed=1))
    assert len(list(cache.iterdir())) == 2


def test_never_stale_though_only_a_file_of_weights_changed(tmp_path: Path) -> None:
    whole = small_models.perceptron(tmp_path / "whole.onnx")
    golden = tmp_path / "golden.onnx"
    onnx.save(onnx.load(whole), golden, save_as_external_data=True, location="w.bin", size_threshold=0)
    cache = tmp_path / "cache"
    assert run(golden, whole, tmp_path / "1", cache).culprits == ()
    stamp = (tmp_path / "w.bin").stat()
    values = np.fromfile(tmp_path / "w.bin", np.float32)
    (values * np.float32(1.5)).tofile(tmp_path / "w.bin")
    os.utime(tmp_path / "w.bin", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    found = run(golden, whole, tmp_path / "2", cache)
    assert found.verdict.value == "fail"
    assert len(list(cache.iterdir())) == 2
