"""diag runtime: list, doctor, install; text, JSON, exit codes."""

from __future__ import annotations

import json
import os

import pytest

from diag.cli.main import main


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine on which nothing is installed."""
    for name in list(os.environ):
        if name.startswith(("CONDA", "XDG", "UV_", "PYENV", "ASCEND", "DIAG")) or name == "VIRTUAL_ENV":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_list(bare, capsys):
    assert main(["runtime", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("onnxruntime ")
    assert any(line.startswith("mindspore-lite") and "No Python on this machine" in line for line in lines)
    assert any("diag runtime install mindspore-lite" in line for line in lines)


def test_json_is_alone_on_stdout(bare, capsys):
    assert main(["runtime", "list", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "diag.runtime/1"
    assert [one["name"] for one in document["runtimes"]] == ["onnxruntime", "reference", "mindspore-lite", "mindspore"]


def test_doctor_of_a_bare_machine(bare, capsys, tmp_path):
    assert main(["runtime", "doctor", "--json", str(tmp_path / "x.json")]) == 3
    assert "[missing] mindspore-lite" in capsys.readouterr().out
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["verdict"] == "fail"
    assert document["cpus"] >= 1


def test_install_without_a_python(bare, capsys):
    assert main(["runtime", "install", "mindspore-lite"]) == 3
    error = capsys.readouterr().err.splitlines()
    assert error[0] == "mindspore-lite 2.0.0 needs a Python 3.7, and there is none"
    assert error[-1].startswith("Get one with: uv python install 3.7")


def test_install_of_something_else(bare, capsys):
    assert main(["runtime", "install", "tensorrt"]) == 2
    assert "can be installed: mindspore-lite" in capsys.readouterr().err


def test_an_action_that_does_not_exist(bare, capsys):
    assert main(["runtime", "remove"]) == 2
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.mslite
def test_doctor_finds_the_real_one(mslite_python, capsys):
    assert main(["runtime", "doctor", "--python", str(mslite_python)]) == 0
    assert f"[ok]      mindspore-lite 2.0.0  {mslite_python}" in capsys.readouterr().out
