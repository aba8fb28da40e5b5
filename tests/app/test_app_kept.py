"""Recorded results that are dropped on the window: each opens in its pane as if it had been measured now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from small_models import perceptron

from app.pages.logs.page import LogsPage
from app.pages.recognise import kind_of_result
from app.pages.table import COMPARE, page_of
from diag.cli.main import main
from diag.report.kept import FILE, KINDS, keep

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "healthy"
LOG = "[ERROR] GE(7,python):2024-05-06-10:00:01.000.000 [a.cc:1]9 Run: AOE failed, ret=507011\n"
PROFILE = ("Op Name,OP Type,Task Duration(us),Accelerator Core\n"
           "conv1,Conv2D,120.5,AI_CORE\nadd1,Add,3.5,AI_VECTOR_CORE\n")


def recorded(kind: str, folder: Path) -> Path:
    """The folder that the command of that kind wrote."""
    (folder / "times").write_text(json.dumps([1 + 0.001 * (i % 5) for i in range(20)]))
    (folder / "a.log").write_text(LOG)
    (folder / "op_summary.csv").write_text(PROFILE)
    model = str(perceptron(folder / "m.onnx"))
    words = {"bench": ["bench", "--import", str(folder / "times")], "log": ["log", "triage", str(folder / "a.log")],
             "profile": ["profile", str(folder / "op_summary.csv")], "precision": ["precision", model],
             "lint": ["lint", model],
             "fix": ["fix", *(str(SAMPLE / f"text_encoder.{e}") for e in ("onnx", "mindir")), "--runtime",
                     "reference"]}
    assert main([*words[kind], "--out", str(folder / "run"), "-q"]) in (0, 1)
    return folder / "run"


@pytest.mark.parametrize(("kind", "place"), [
    ("bench", "performance"), ("profile", "performance"), ("precision", "precision"), ("lint", "precision"),
    pytest.param("fix", "precision", marks=pytest.mark.mslite)])
def test_a_recorded_result_opens_in_its_pane(opened, qtbot, tmp_path, monkeypatch, kind, place):
    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))
    folder = recorded(kind, tmp_path)
    for path in (folder, folder / FILE):
        assert (kind_of_result(path), page_of([path])) == (kind, place)
    window = opened()
    window.open_in("", [folder])
    page = window.shelf.page
    pane = page.panes[kind]
    assert page.front is pane
    qtbot.waitUntil(lambda: pane.result is not None, timeout=20_000)
    assert pane.tabs.isVisibleTo(pane)
    assert pane.report(".json") == (folder / f"{kind}.json").read_text(encoding="utf-8")
    assert page.head.sentence.text()
    pane.copy_command()
    assert QGuiApplication.clipboard().text() == f"diag report {folder}"
    pane.touched()
    pane.copy_command()
    assert QGuiApplication.clipboard().text().startswith(f"diag {kind}")


def test_a_recorded_triage_opens_its_logs(opened, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))
    folder = recorded("log", tmp_path)
    assert page_of([folder]) == "logs"
    window = opened()
    window.open_in("", [folder])
    page = window.shelf.page
    assert isinstance(page, LogsPage)
    qtbot.waitUntil(lambda: page.found is not None, timeout=20_000)
    assert page.work.paths == (tmp_path / "a.log",)
    (tmp_path / "a.log").unlink()
    problems = []
    page.failed.connect(problems.append)
    page.open([folder / FILE])
    assert "are not here" in problems[0].message


def test_a_damaged_result_is_told(opened, qtbot, tmp_path):
    (tmp_path / FILE).write_text('{"schema": "diag.result/1", "diag": "0", "kind": "lint", "result": {}}')
    window = opened()
    problems = []
    window.turn("precision")
    window.shelf.page.lint.failed.connect(problems.append)
    window.open_in("", [tmp_path])
    qtbot.waitUntil(lambda: bool(problems), timeout=10_000)
    assert "This is not a Lint" in problems[0].message


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "diag.bench/1", "kind": "bench"}'])
def test_other_json_is_no_result(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert kind_of_result(tmp_path) == kind_of_result(tmp_path / FILE) == ""
    assert kind_of_result(tmp_path / "no") == ""
    assert page_of([tmp_path]) == COMPARE


def test_every_kind_is_known_by_its_file(tmp_path):
    for kind in KINDS:
        keep(kind, {"a": 1}, tmp_path)
        assert kind_of_result(tmp_path) == kind
