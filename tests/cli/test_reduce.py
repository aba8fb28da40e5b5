"""``diag reduce`` on the command line: what it says, where it writes, and how it ends."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from small_models import perceptron, weights

import diag.cli.reduce as diag_reduce
from diag.jobs.reduce import reduce_here

if TYPE_CHECKING:
    from conftest import Command


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two perceptrons; the second one's fc2 is 4 % too large."""
    held = weights()
    return (perceptron(tmp_path / "golden.onnx"),
            perceptron(tmp_path / "target.onnx", held={**held, "w2": held["w2"] * np.float32(1.04)}))


@pytest.fixture
def here(apart: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """``diag`` with the reduction in this process."""
    monkeypatch.setattr(diag_reduce, "run_reduce", lambda job, cancel, _host: reduce_here(job, cancel))
    return apart


def test_in_a_process_of_its_own_it_finds_the_layer_and_says_where_the_bundle_is(
        apart: Command, pair: tuple[Path, Path], tmp_path: Path):
    answer = apart("reduce", *pair, "--out", tmp_path / "b", "--zip", "--html", tmp_path / "r.html")
    assert answer.code == 1
    assert answer.err == ""
    lines = answer.out.splitlines()
    assert lines[0] == "fc2: 1 of 5 golden nodes and 1 of 5 target nodes show the error"
    assert any(line.startswith("  why: ") and "1.04" in line for line in lines)
    assert lines[-1] == f"  run it: python {tmp_path / 'b' / 'repro.py'}"
    assert len(lines) <= 8
    assert (tmp_path / "r.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        assert packed.testzip() is None
        assert set(packed.namelist()) == {f"b/{f.name}" for f in (tmp_path / "b").iterdir()}


def test_json_on_stdout_is_one_document_and_nothing_else(here: Command, pair: tuple[Path, Path], tmp_path: Path):
    answer = here("reduce", *pair, "--out", tmp_path / "b", "--json", "-")
    assert answer.code == 1
    found = json.loads(answer.out)
    assert (found["schema"], found["kind"], found["verdict"]) == ("diag.bundle/1", "bundle", "fail")
    assert set(found) >= {"findings", "environment", "timing", "memory", "run", "golden", "target"}
    assert found["bundle"] == str(tmp_path / "b")
    assert found["culprit"]["golden_node"] == "fc2"
    assert found["findings"][0]["code"] == found["culprit"]["finding"]
    kept = json.loads((tmp_path / "b" / "bundle.json").read_text("utf-8"))
    assert found["errors"] == kept["errors"]
    assert not {"run", "bundle", "archive"} & set(kept)


def test_without_out_the_bundle_goes_into_the_cache(here: Command, pair: tuple[Path, Path], tmp_path: Path):
    found = json.loads(here("reduce", *pair, "--json", "-").out)
    assert Path(found["bundle"]).parent == tmp_path / "home" / "cache" / "bundles"
    assert Path(found["run"]).parent == tmp_path / "home" / "cache" / "runs"


def test_nothing_to_reduce_ends_with_0_and_writes_nothing(here: Command, pair: tuple[Path, Path], tmp_path: Path):
    answer = here("reduce", pair[0], pair[0], "--out", tmp_path / "b")
    assert (answer.code, answer.out) == (0, "Nothing fails: there is nothing to reduce.\n")
    assert not (tmp_path / "b").exists()


def test_a_recorded_run_needs_no_models_on_the_line(here: Command, pair: tuple[Path, Path], tmp_path: Path):
    assert here("compare", *pair, "--out", tmp_path / "run", "-q").code == 1
    answer = here("reduce", "--run", tmp_path / "run", "--out", tmp_path / "b", "-q")
    assert (answer.code, answer.out, answer.err) == (1, "", "")
    assert (tmp_path / "b" / "golden.onnx").is_file()
    pair[1].unlink()
    gone = here("reduce", "--run", tmp_path / "run", "--out", tmp_path / "b2")
    assert (gone.code, len(gone.lines)) == (2, 3)
    assert "not there any more" in gone.err


@pytest.mark.parametrize(("words", "says"), [
    ((), "Two models are wanted"),
    (("GOLDEN",), "Two models are wanted"),
    (("GOLDEN", "TARGET", "--layer", "fc9"), "There is no layer 'fc9'"),
    (("GOLDEN", "TARGET", "--context", "-1"), "is not a whole number from 0 up"),
    (("GOLDEN", "TARGET", "--out", "/proc/nowhere"), "The bundle cannot be written"),
    (("GOLDEN", "TARGET", "--out", "GOLDEN"), "The bundle cannot be written"),
    (("GOLDEN", "TARGET", "--run", "/nowhere"), "A run folder is wanted"),
    (("GOLDEN", "missing.onnx"), "There is no such file"),
])
def test_bad_use_ends_with_2_and_at_most_three_lines(words: tuple[str, ...], says: str, here: Command,
                                                     pair: tuple[Path, Path]):
    named = {"GOLDEN": str(pair[0]), "TARGET": str(pair[1])}
    answer = here("reduce", *(named.get(w, w) for w in words))
    assert answer.code == 2, answer.err
    assert says in answer.err
    assert answer.out == ""
    assert 1 <= len(answer.lines) <= 3
    assert "Traceback" not in answer.err


def test_a_full_disk_is_said_and_leaves_no_draft(here: Command, pair: tuple[Path, Path], tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "b"))
    monkeypatch.setattr("diag.compare.reduce.bundle.save_arrays", full)
    answer = here("reduce", *pair, "--out", tmp_path / "b")
    assert answer.code == 2
    assert "No space left on device" in answer.err
    assert not (tmp_path / "b").exists()
    assert not list(tmp_path.glob(".reduce-*"))
