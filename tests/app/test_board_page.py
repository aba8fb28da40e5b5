"""The board as its user meets it: the shipped pipeline is searched, the culprit found, its layers opened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QDialog, QMessageBox

from app.pages.pipeline.blind import BlindTest
from app.pages.pipeline.page import SAMPLE
from app.pages.pipeline.setup import SetupDialog
from diag.cancel import Cancel
from diag.jobs.pipeline import LocateJob, locate_here
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.spec import load
from diag.types.layer import Verdict

PATIENCE_MS = 60_000


@pytest.fixture(scope="session")
def searched(tmp_path_factory) -> Path:
    """The run folder of a search through the shipped pipeline that is wrong."""
    out = tmp_path_factory.mktemp("pipelines") / "defect"
    list(locate_here(LocateJob(PipelinePlan(load(SAMPLE), out, "reference")), Cancel()))
    return out


@pytest.fixture
def board(opened, searched, qtbot, tmp_path):
    """The page with the recorded search; a copy, because votes are written into it."""
    folder = Path(shutil.copytree(searched, tmp_path / "run"))
    window = opened(folder)
    page = window.shelf.get("pipeline")
    qtbot.waitUntil(lambda: page.board.diagnosis is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: page.looking.gallery.pictures.golden is not None, timeout=PATIENCE_MS)
    return window, page


def test_the_whole_story_from_the_sample_to_the_layer(opened, qtbot):
    window = opened()
    window.turn("pipeline")
    page = window.shelf.page
    QTest.mouseClick(page.empty.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.board.spec is not None, timeout=PATIENCE_MS)
    page.runtime.setCurrentIndex(page.runtime.findData("reference"))
    QTest.mouseClick(page.locate, Qt.MouseButton.LeftButton)
    assert page.head.stop.isVisible()
    qtbot.waitUntil(lambda: page.board.diagnosis is not None, timeout=PATIENCE_MS)
    assert page.board.submodel == "text_encoder"
    assert page.tiles.tiles["text_encoder"].property("culprit") is True
    assert [t.property("culprit") for n, t in page.tiles.tiles.items() if n != "text_encoder"] == [False] * 4
    assert "text_encoder" in page.head.sentence.text()
    QTest.mouseClick(page.tiles.tiles["text_encoder"].layers, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk.session.comparison is not None, timeout=PATIENCE_MS)
    assert window.shelf.page is None
    assert "layer_norm1" in window.desk.session.culprit()


def test_a_recorded_search_shows_every_swap(board):
    _, page = board
    model = page.matrix.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert model.rowCount() == len(page.board.diagnosis.runs)
    texts = [model.index(r, 1).data() for r in range(model.rowCount())]
    assert "text_encoder\n■ □ □ □ □" in texts
    assert "all but text_encoder\n□ ■ ■ ■ ■" in texts
    row = texts.index("text_encoder\n■ □ □ □ □")
    assert page.board.run is model.runs[row]
    assert page.matrix.table.currentIndex().row() == row
    assert not model.index(row, 0).data(Qt.ItemDataRole.DecorationRole).isNull()


def test_choosing_a_run_a_step_and_a_tile_goes_everywhere(board, qtbot):
    _, page = board
    single = next(i for i, r in enumerate(page.matrix.model.runs) if r.swapped == ("unet",))
    page.matrix.table.selectRow(single)
    assert page.board.run.swapped == ("unet",)
    qtbot.waitUntil(lambda: page.looking.gallery.pictures.names[1].endswith("unet"), timeout=PATIENCE_MS)
    page.tabs.setCurrentIndex(1)
    last = len(page.board.run.steps) - 1
    assert last > 0
    page.looking.steps.slider.setValue(last)
    assert page.board.step == last
    qtbot.waitUntil(lambda: page.looking.latents.pictures.golden is not None, timeout=PATIENCE_MS)
    assert page.looking.latents.pictures.golden.shape[2] == 3
    QTest.keyClick(page.tiles.tiles["vae_decoder"], Qt.Key.Key_Return)
    assert page.board.run.swapped == ("vae_decoder",)


def test_steps_are_told_free_and_teacher_forced(board):
    _, page = board
    page.board.select_submodel("unet")
    names, rows = page.looking.steps._rows()
    assert names[3] == "teacher_forced_rel_l2"
    assert len(rows) == len(page.board.run.steps)
    assert all(float(row[3]) < 1e-3 for row in rows)


def test_votes_are_kept_in_the_run_folder(board, qtbot):
    _, page = board
    QTest.mouseClick(page.looking.gallery.blind, Qt.MouseButton.LeftButton)
    test = next(d for d in page.findChildren(BlindTest) if d.isVisible())
    QTest.mouseClick(test.buttons[1], Qt.MouseButton.LeftButton)
    test.close()
    line = json.loads((page.board.folder / "votes.jsonl").read_text())
    assert line["choice"] == "neither"
    assert "text_encoder" in line["swap"]


def test_a_choice_by_hand_runs_once(board, qtbot):
    _, page = board
    assert not page.try_out.isEnabled()
    page.tiles.tiles["text_encoder"].mindir.click()
    assert page.try_out.isEnabled()
    page.work.runtime = "reference"
    QTest.mouseClick(page.try_out, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "by hand" in page.looking.gallery.caption.text(), timeout=PATIENCE_MS)
    pictures = page.looking.gallery.pictures
    assert abs(pictures.target - pictures.golden).max() > 0.05
    assert page.board.diagnosis is not None


@pytest.mark.parametrize("ending", ["html", "json", "csv"])
def test_the_report_is_exported(board, tmp_path, ending):
    _, page = board
    page.write_report(tmp_path / f"r.{ending}")
    text = (tmp_path / f"r.{ending}").read_text(encoding="utf-8")
    assert "text_encoder" in text
    assert ending != "json" or json.loads(text)["schema"] == "diag.pipeline/1"


def test_the_actions_are_those_of_the_board(board):
    window, page = board
    on = {a.objectName() for a in window.actions_by_name.all() if a.isEnabled()}
    assert {"again", "copy_command", "export_report", "culprit", "close"} <= on
    assert "swap" not in on
    assert page.work.command()[:3] == ["diag", "pipeline", "locate"]
    window.do("close")
    assert page.stack.currentIndex() == 0


def test_a_stopped_search_keeps_what_was_finished(opened, searched, qtbot, tmp_path):
    folder = Path(shutil.copytree(searched, tmp_path / "run"))
    (folder / "pipeline.json").unlink()
    window = opened(folder)
    page = window.shelf.get("pipeline")
    qtbot.waitUntil(lambda: page.matrix.model.rowCount() > 0, timeout=PATIENCE_MS)
    assert "stopped before its end" in page.head.sentence.text()


def test_cancel_stops_within_a_second(opened, qtbot):
    window = opened(SAMPLE)
    page = window.shelf.get("pipeline")
    qtbot.waitUntil(lambda: page.board.spec is not None, timeout=PATIENCE_MS)
    page.work.runtime = "reference"
    page.work.locate()
    qtbot.waitUntil(lambda: len(page.board.runs) > 0, timeout=PATIENCE_MS)
    window.do("cancel")
    qtbot.waitUntil(lambda: not page.board.running, timeout=1500)
    assert page.board.diagnosis is None


@pytest.mark.parametrize(("text", "said"), [("kind = 1\n[[submodels]]\n", "kind"),
                                            ("[[submodels]\n[[submodels]]\n", "TOML")])
def test_a_broken_file_is_told_in_a_dialog(opened, qtbot, tmp_path, text, said):
    file = tmp_path / "pipeline.toml"
    file.write_text(text)
    window = opened(file)
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(QMessageBox)), timeout=PATIENCE_MS)
    box = next(d for d in window.findChildren(QMessageBox) if d.isVisible())
    assert said in box.text() + box.informativeText()
    box.close()


def test_two_folders_become_a_pipeline(opened, qtbot, tmp_path):
    window = opened()
    window.turn("pipeline")
    page = window.shelf.page
    page._set_up()
    dialog = next(d for d in page.findChildren(SetupDialog) if d.isVisible())
    healthy = SAMPLE.parents[1] / "healthy"
    dialog.onnx.edit.setText(str(healthy / "onnx"))
    dialog.mindir.edit.setText(str(healthy / "mindir"))
    qtbot.waitUntil(dialog.ok.isEnabled, timeout=PATIENCE_MS)
    assert {r.cells[0] for r in dialog.model.records if r.cells[0]} == {
        "text_encoder", "vae_encoder", "unet", "vae_decoder", "safety_checker"}
    dialog.image.edit.setText(str(healthy / "picture.png"))
    dialog.out.edit.setText(str(tmp_path / "mine.toml"))
    dialog.ok.click()
    qtbot.waitUntil(lambda: page.board.spec is not None, timeout=PATIENCE_MS)
    assert page.board.spec.path == str(tmp_path / "mine.toml")
    assert all(s.mindir for s in page.board.spec.submodels)


def test_a_wrong_folder_is_said_in_the_dialog(opened, qtbot):
    window = opened()
    window.turn("pipeline")
    page = window.shelf.page
    page._set_up()
    dialog = next(d for d in page.findChildren(SetupDialog) if d.isVisible())
    dialog.onnx.edit.setText("/nowhere")
    qtbot.waitUntil(dialog.problem.isVisible, timeout=PATIENCE_MS)
    assert "not there" in dialog.problem.words.text()
    assert not dialog.ok.isEnabled()
    QDialog.reject(dialog)


def test_the_search_is_back_after_a_restart(application, opened, board, qtbot):
    _, page = board
    folder = page.board.folder
    application.shut_down()
    window = opened()
    again = window.shelf.page
    qtbot.waitUntil(lambda: again.board.diagnosis is not None, timeout=PATIENCE_MS)
    assert again.board.folder == folder
    assert again.board.diagnosis.verdict is Verdict.FAIL


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_both_languages_and_themes(opened, searched, settings, qtbot, lang, theme):
    settings.language, settings.theme = lang, theme
    window = opened(searched)
    page = window.shelf.get("pipeline")
    qtbot.waitUntil(lambda: page.looking.gallery.pictures.golden is not None, timeout=PATIENCE_MS)
    for i in range(page.tabs.count()):
        page.tabs.setCurrentIndex(i)
        qtbot.wait(30)
        assert not window.grab().isNull()
    assert ("culprit" in page.tiles.tiles["text_encoder"].judged.text()) == (lang == "en")
