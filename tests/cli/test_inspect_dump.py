"""diag inspect on what an NPU recorded: one file, a folder, reports of overflows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from npu_dumps import TIME, Dumped, dump, overflow

from diag.cli.main import main

A = np.array([1, -300, np.inf, 2], np.float16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    leaf = tmp_path / "20260101000000" / "3" / "net" / "1" / "0"
    leaf.mkdir(parents=True)
    (leaf / f"Mul.scale.7.2.{TIME}").write_bytes(dump("/head/scale", [Dumped(A)], [Dumped(A * 2)]))
    (leaf / f"Add.plus.8.2.{TIME + 1}").write_bytes(dump("/head/plus", [Dumped(A)], [Dumped(A)]))
    (leaf / f"Opdebug.Node_OpDebug.0.2.{TIME}").write_bytes(overflow(7, 2))
    return tmp_path


def test_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "tensor dumps of an Ascend" in said
    assert "time 20260101000000, device 3, model net, model id 1, iteration 0" in said
    assert "2 operations" in said
    assert "overflow  Mul /head/scale  AIC, status 32" in said
    assert "its inputs reach 300, its outputs 600; float16 ends at 65504" in said


def test_one_file_shows_its_tensors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(next(folder.rglob("Mul.*")))]) == 0
    said = capsys.readouterr().out
    assert "1 operation: /head/scale" in said
    assert "input 0   float16 ND [4], up to 300, 1 not finite" in said


def test_the_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(folder), "--json", "-"]) == 0
    facts = json.loads(capsys.readouterr().out)["files"][0]
    assert facts["ops"] == {"Mul": 1, "Add": 1}
    assert facts["overflows"][0]["name"] == "/head/scale"
    assert facts["overflows"][0]["nonfinite_input"] == 1


def test_a_damaged_file_is_shown_and_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = next(folder.rglob("Add.*"))
    path.write_bytes(path.read_bytes()[:-3])
    assert main(["inspect", str(path)]) == 2
    assert "DAMAGED   /head/plus: the file is cut short: 3 of its 8 bytes are missing" in capsys.readouterr().out
