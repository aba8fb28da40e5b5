"""The run folder: what was written comes back, what is damaged says so, what is old is not taken for new."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from report.factory import comparison, layer

from diag.compare.inputs import InputChoice, gather
from diag.errors import FormatError, UsageError
from diag.types.comparison import InputUsed
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo
from diag.workspace.codec import to_json
from diag.workspace.runs import RunFolder


@dataclass
class Kept:
    pair: Any
    golden: np.ndarray
    cumulative: np.ndarray | None
    own: np.ndarray | None


def kept(value: str, golden: str, own: np.ndarray | None = None) -> Kept:
    return Kept(SimpleNamespace(value=value, golden=golden), np.arange(4.0), np.arange(4.0) + 1, own)


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "a" / "run")
    found = comparison(40)
    folder.save(found, [kept("v", "g", np.full(3, 7, ml_dtypes.bfloat16)), kept("w", "h")])
    again = RunFolder.open(tmp_path / "a" / "run")
    assert to_json(again.comparison()) == to_json(found)
    assert again.recorded() == [("v", "g"), ("w", "h")]
    tensors = again.tensors("v", "g")
    assert set(tensors) == {"golden", "target", "own"}
    np.testing.assert_array_equal(tensors["target"], [1, 2, 3, 4])
    assert (tensors["own"].dtype, tensors["own"].tolist()) == (np.float32, [7, 7, 7])
    assert set(again.tensors("w", "h")) == {"golden", "target"}
    assert again.tensors("v", "h") == {}


def test_rows_are_kept_one_a_line(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path)
    folder.append([layer(0, 99, 0)])
    folder.append([layer(1, 99, 0), layer(2, 99, 0)])
    lines = (tmp_path / "layers.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [to_json(layer(i, 99, 0)) for i in range(3)]


def test_a_new_run_in_an_old_folder_forgets_the_old_one(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path)
    folder.append([layer(0, 99, 0)])
    folder.save(comparison(20), [kept("v", "g")])
    again = RunFolder.create(tmp_path)
    with pytest.raises(FormatError, match="stopped before its end"):
        again.comparison()
    assert not (tmp_path / "layers.jsonl").exists()
    assert again.tensors("v", "g") == {}


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"x")
    with pytest.raises(UsageError, match="holds other files"):
        RunFolder.create(tmp_path)
    with pytest.raises(FormatError, match="A run folder is wanted"):
        RunFolder.open(tmp_path)
    assert (tmp_path / "photo.png").read_bytes() == b"x"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "compare"}', '{"layout": 99}', "\x00\xff"])
def test_a_damaged_or_newer_marker(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError) as caught:
        RunFolder.open(tmp_path)
    assert len(caught.value.lines()) == 3


@pytest.mark.parametrize("change", [
    lambda text: "", lambda text: text[:-40], lambda text: "[]", lambda text: text.replace('"verdict"', '"verdikt"', 1),
    lambda text: text.replace('"index": ', '"index": "x', 1).replace('"x', '"x"', 1)], ids=range(5))
def test_a_damaged_result(tmp_path: Path, change: Any) -> None:
    folder = RunFolder.create(tmp_path)
    folder.save(comparison(20), [])
    file = tmp_path / "comparison.json"
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(Exception, match=r"wanted|not a Comparison") as caught:
        folder.comparison()
    assert caught.value.exit_code == 2
    assert str(file) in caught.value.where


def test_unknown_keys_of_a_newer_program_are_passed_over(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path)
    folder.save(comparison(20), [])
    file = tmp_path / "comparison.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**data, "colour": "blue"}), encoding="utf-8")
    assert folder.comparison() == replace(folder.comparison())


@pytest.mark.parametrize("index", [
    "{}", "[]", "[1, null]", '[{"value": "v"}]', '[{"value": "v", "golden": "g", "files": {"golden": "no.npy"}}]',
    '[{"value": "v", "golden": "g", "files": {"golden": "../run.json"}}]',
    '[{"value": "v", "golden": "g", "files": {"golden": "000-golden.npy"}}]'], ids=range(7))
def test_damaged_tensors_are_left_out(tmp_path: Path, index: str) -> None:
    folder = RunFolder.create(tmp_path)
    folder.save(comparison(20), [kept("v", "g")])
    (tmp_path / "tensors" / "000-golden.npy").write_bytes(b"\x93NUMPY broken")
    (tmp_path / "tensors" / "index.json").write_text(index, encoding="utf-8")
    assert folder.tensors("v", "g") == {}


def graph(*infos: TensorInfo) -> Graph:
    return Graph("g", "onnx", None, infos, (), (), input_names=tuple(i.name for i in infos), output_names=())


def test_inputs_of_any_name_and_type_come_back_as_they_were(tmp_path: Path) -> None:
    """As --inputs takes them."""
    arrays = {
        "file": np.arange(3, dtype=np.int64), "args": np.ones((2, 2), bool), "a/b:0": np.float32(3).reshape(()),
        "half": np.array([1.5, np.nan, np.inf], ml_dtypes.bfloat16), "h": np.array([65504, 1e-7], np.float16),
        "allow_pickle": np.zeros((0, 3), np.float64)}
    used = [InputUsed(n, DType.of(a.dtype).value, a.shape, "made") for n, a in arrays.items()]
    saved = RunFolder.create(tmp_path).save_inputs(arrays, used)
    assert {u.file for u in saved} == {str(tmp_path / "inputs.npz")}
    wanted = graph(*(TensorInfo(n, DType.of(a.dtype), a.shape) for n, a in arrays.items()))
    again = gather(wanted, InputChoice(archive=tmp_path / "inputs.npz")).arrays
    for name, array in arrays.items():
        assert (again[name].dtype, again[name].shape) == (array.dtype, array.shape)
        assert again[name].tobytes() == array.tobytes()


def test_inputs_of_the_old_run_survive_until_the_new_ones_are_written(tmp_path: Path) -> None:
    RunFolder.create(tmp_path).save_inputs({"x": np.arange(3)}, [InputUsed("x", "int64", (3,), "made")])
    RunFolder.create(tmp_path)
    with np.load(tmp_path / "inputs.npz") as archive:
        assert archive["x"].tolist() == [0, 1, 2]


def test_strings_are_not_saved_and_say_no_file(tmp_path: Path) -> None:
    saved = RunFolder.create(tmp_path).save_inputs({"s": np.array(["a"], object)},
                                                   [InputUsed("s", "string", (1,), "given")])
    assert saved[0].file == ""
