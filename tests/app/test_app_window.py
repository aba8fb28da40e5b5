"""The window as its user meets it: open, look, select, filter, export, close, open again."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QDialog, QLabel, QMessageBox, QPushButton, QWidget

from app.dialogs.compare import CompareDialog
from app.dialogs.palette import CommandPalette, fits
from app.dialogs.shortcuts import ShortcutSheet
from app.session import State
from app.window import MainWindow
from diag.types.layer import Role, Verdict

from conftest import SAMPLES, settle  # isort: skip

CULPRIT = "/model/encoder/layers.0/layer_norm1/LayerNormalization"


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                                Qt.KeyboardModifier.NoModifier))


def dialog(window: MainWindow, kind: type) -> QWidget:
    return next(d for d in window.findChildren(kind) if d.isVisible())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_view_in_both_languages_and_themes(application, opened, recorded, settings, qtbot, lang, theme):
    settings.language, settings.theme = lang, theme
    window = opened(recorded)
    settle(window, qtbot)
    window.do("culprit")
    desk = window.desk
    qtbot.waitUntil(lambda: desk.why.model.rowCount() > 0)
    story = desk.why.story.toPlainText()
    assert "ACC011" in story
    assert ("epsilon is 0" in story) == (lang == "en")
    assert desk.why.model.records[0].cells == ("epsilon", "1e-05", "0")
    for name in desk.docks:
        desk.show_dock(name)
        qtbot.wait(30)
        assert not window.grab().isNull()
    qtbot.waitUntil(lambda: desk.tensor.pages.currentWidget() is desk.tensor.tabs)
    assert desk.tensor.tabs.worst.rowCount() == 20
    assert desk.findings.model.rowCount() == len(desk.session.comparison.findings)
    for i in range(desk.tensor.tabs.count()):
        desk.tensor.tabs.setCurrentIndex(i)
        assert not desk.tensor.grab().isNull()


def test_no_english_word_is_left_in_the_chinese_window(application, opened, recorded, settings, qtbot):
    settings.language = "zh"
    window = opened(recorded)
    settle(window, qtbot)
    titles = [a.text() for a in window.actions_by_name.all()]
    titles += [b.text() for b in window.findChildren(QPushButton)]
    titles += [d.windowTitle() for d in window.desk.docks.values()]
    titles += [c.title for c in window.desk.layers.model.columns]
    plain = re.compile(r"[A-Za-z]{3,}")
    assert [t for t in titles if plain.search(t) and not re.search("[\u4e00-\u9fff]", t)] == []


def test_selecting_anywhere_selects_everywhere(on_run: MainWindow, qtbot):
    desk = on_run.desk
    row = next(r for r in desk.session.rows if r.role is Role.INHERITS)
    desk.session.select(row.golden_tensor)
    index = desk.layers.table.currentIndex()
    model = desk.layers.model
    assert model.values("tensor")[model.source(index.row())] == row.golden_tensor
    assert row.golden_node in desk.why.story.toPlainText()
    assert row.golden_tensor in desk.tensor.title.text()
    assert f"#{row.index}" in desk.curve.name.text()
    desk.layers.table.selectRow(0)
    assert desk.session.selection is desk.session.rows[0]


def test_keys_go_from_failure_to_failure(on_run: MainWindow, qtbot):
    session = on_run.desk.session
    failing = session.failures()
    for key in ("next", "next", "previous"):
        on_run.actions_by_name[key].trigger()
    assert session.selection is failing[0]
    on_run.actions_by_name["previous"].trigger()
    assert session.selection is failing[-1]
    on_run.actions_by_name["culprit"].trigger()
    assert session.selection.golden_node == CULPRIT
    qtbot.keyClick(on_run.desk.curve, Qt.Key.Key_Right)
    assert session.selection.index > failing[0].index


def test_filters_search_and_presets(on_run: MainWindow, qtbot):
    layers = on_run.desk.layers
    rows = on_run.desk.session.rows
    layers.filter.verdicts[Verdict.FAIL].click()
    assert layers.model.rowCount() == sum(r.verdict is Verdict.FAIL for r in rows)
    layers.filter.roles[Role.INJECTS].click()
    assert layers.model.rowCount() == 1
    layers.clear_filters()
    assert layers.model.rowCount() == len(rows)
    layers.search.setText("layernorm fusion")
    layers._apply()
    assert 0 < layers.model.rowCount() < len(rows)
    layers.search.setText("there is no such layer")
    layers._apply()
    assert layers.model.rowCount() == 0
    assert layers._empty.isVisibleTo(layers)
    on_run.do("clear_filters")
    layers.filter.choose_op("LayerNormalization")
    assert layers.model.rowCount() == 5
    layers.set_preset("mapping")
    assert not layers.table.isColumnHidden([c.key for c in layers.model.columns].index("confidence"))
    layers.set_preset("all")
    assert not any(layers.table.isColumnHidden(i) for i in range(layers.model.columnCount()))


def test_the_brush_filters_the_table(on_run: MainWindow, qtbot):
    desk = on_run.desk
    desk.curve.brush.click()
    low, high = desk.layers._span
    assert desk.layers.model.rowCount() == sum(low <= r.index <= high for r in desk.session.rows)
    desk.curve.brush.click()
    assert desk.layers.model.rowCount() == len(desk.session.rows)


def test_copy_and_export(on_run: MainWindow, tmp_path: Path, qtbot):
    desk = on_run.desk
    desk.layers.table.selectRow(2)
    desk.layers.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2
    assert lines[1].split("\t")[0] == str(desk.session.rows[2].index)
    on_run.flow.write_table(tmp_path / "layers.csv")
    assert len((tmp_path / "layers.csv").read_text("utf-8-sig").splitlines()) == len(desk.session.rows) + 1
    for name, start in (("r.html", "<!"), ("r.json", "{"), ("r.csv", ""), ("r.txt", "")):
        on_run.flow.write_report(tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").lower().startswith(start)
    assert json.loads((tmp_path / "r.json").read_text())["schema"] == "diag.compare/1"
    on_run.do("copy_command")
    assert QGuiApplication.clipboard().text().startswith("diag compare ")
    for name in ("c.png", "c.svg", "c.csv"):
        desk.curve.plot.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 200
    assert (tmp_path / "c.csv").read_text("utf-8-sig").startswith("index,layer,cumulative,own_input")


def test_own_input_and_swap(on_run: MainWindow, qtbot):
    desk = on_run.desk
    on_run.do("culprit")
    before = desk.tensor.distances.records
    on_run.actions_by_name["own_input"].trigger()
    assert desk.session.own_input
    assert desk.tensor.side.currentIndex() == 1
    assert desk.tensor.distances.records is not before
    qtbot.waitUntil(lambda: desk.why.model.rowCount() > 0)
    on_run.actions_by_name["swap"].trigger()
    assert desk.why.model.records[0].cells == ("epsilon", "0", "1e-05")


def test_a_layer_without_recorded_tensors_says_so_and_offers_those_that_have(on_run: MainWindow, qtbot):
    desk = on_run.desk
    row = next(r for r in desk.session.rows if r.role is Role.INHERITS)
    desk.session.select(row.golden_tensor)
    qtbot.wait(150)
    assert desk.tensor.pages.currentWidget() is desk.tensor.recorded
    assert "recorded" in desk.tensor.recorded.words.text()
    assert [desk.tensor.recorded.list.item(i).text() for i in range(desk.tensor.recorded.list.count())] == [CULPRIT]
    desk.tensor.recorded._choose(desk.tensor.recorded.list.item(0))
    assert desk.session.selection.golden_node == CULPRIT


def test_run_selection_and_layout_come_back(application, opened, recorded, qtbot):
    window = opened(recorded)
    settle(window, qtbot)
    window.do("culprit")
    window.desk.docks["findings"].setVisible(False)
    window.desk.layers.set_preset("errors")
    window.close()
    window.deleteLater()
    again = opened()
    settle(again, qtbot)
    qtbot.waitUntil(lambda: again.desk.session.selection is not None)
    assert again.desk.session.selection.golden_node == CULPRIT
    assert again.desk.docks["findings"].isHidden()
    assert again.desk.layers.preset == "errors"
    again.do("close")
    assert again.desk.session.state is State.EMPTY


def test_another_theme_keeps_what_is_open(application, on_run: MainWindow, qtbot):
    on_run.do("culprit")
    with qtbot.waitSignal(application.restyled):
        on_run.do("theme")
    window = application.window
    assert window is not on_run
    qtbot.waitUntil(lambda: window.desk is not None)
    settle(window, qtbot)
    qtbot.waitUntil(lambda: window.desk.session.selection is not None)
    assert window.look.theme.dark
    assert window.desk.session.selection.golden_node == CULPRIT


def test_a_wrong_file_is_told_kindly(opened, tmp_path: Path, qtbot):
    window = opened()
    drop(window, tmp_path / "no.onnx")
    box = dialog(window, QMessageBox)
    assert "no such file" in box.text()
    box.close()
    (tmp_path / "empty").mkdir()
    drop(window, tmp_path / "empty")
    box = dialog(window, QMessageBox)
    assert "nothing here to compare" in box.text()
    box.close()


def test_a_broken_run_is_told_kindly(opened, recorded, tmp_path: Path, qtbot):
    broken = tmp_path / "broken"
    shutil.copytree(recorded, broken)
    (broken / "comparison.json").write_text("{")
    window = opened(broken)
    qtbot.waitUntil(lambda: any(b.isVisible() for b in window.findChildren(QMessageBox)))
    box = dialog(window, QMessageBox)
    assert "JSON is wanted" in box.text()
    box.close()
    assert window.desk.session.state is State.EMPTY


def test_a_stopped_run_shows_what_it_has(opened, recorded, tmp_path: Path, qtbot):
    stopped = tmp_path / "stopped"
    shutil.copytree(recorded, stopped)
    (stopped / "comparison.json").unlink()
    window = opened(stopped)
    qtbot.waitUntil(lambda: window.desk.session.state is State.STOPPED)
    assert window.desk.session.rows
    assert "kept" in window.desk.banner.sentence.text()


def test_dropped_pairs_fill_the_dialog_and_problems_stand_at_their_fields(opened, qtbot, tmp_path: Path):
    window = opened()
    drop(window, SAMPLES / "defect")
    asked: CompareDialog = dialog(window, CompareDialog)
    assert asked.golden.text() == str(SAMPLES / "defect" / "text_encoder.onnx")
    assert asked.target.text() == str(SAMPLES / "defect" / "text_encoder.mindir")
    qtbot.waitUntil(lambda: asked.start.isEnabled() and asked.inputs.rowCount() > 0, timeout=20_000)
    assert asked.inputs.records[0].cells[:3] == ("input_ids", "int64", "1×77") or asked.inputs.rowCount()
    (tmp_path / "text.mindir").write_text("hello, I am a text")
    asked.target.edit.setText(str(tmp_path / "text.mindir"))
    qtbot.waitUntil(lambda: asked.problems["target"].isVisible(), timeout=20_000)
    assert not asked.start.isEnabled()
    assert asked.problems["golden"].isHidden()
    asked.target.edit.setText(str(SAMPLES / "defect" / "text_encoder.mindir"))
    asked.budget.setText("two gigs")
    qtbot.waitUntil(lambda: asked.problems["budget"].isVisible(), timeout=20_000)
    asked.budget.setText("")
    asked.shapes.setText("nobody:1,2")
    qtbot.waitUntil(lambda: "nobody" in asked.problems["shapes"].words.text(), timeout=20_000)
    asked.shapes.setText("")
    qtbot.waitUntil(lambda: asked.start.isEnabled(), timeout=20_000)
    np.save(tmp_path / "ids.npy", np.full((1, 77), 7, np.int64))
    name = asked.inputs.records[0].cells[0]
    asked.set_files({name: str(tmp_path / "ids.npy")})
    qtbot.waitUntil(lambda: asked.inputs.records[0].cells[3].startswith("7, 7, 7"), timeout=20_000)
    assert asked.no_files.isEnabled()
    asked.set_files({name: str(tmp_path / "nothing.npy")})
    qtbot.waitUntil(lambda: "nothing.npy" in asked.problems["archive"].words.text(), timeout=20_000)
    assert not asked.start.isEnabled()
    asked.no_files.click()
    qtbot.waitUntil(lambda: asked.start.isEnabled(), timeout=20_000)
    asked.copy.click()
    assert QGuiApplication.clipboard().text().startswith("diag compare ")
    asked.reject()


def test_palette_and_shortcut_sheet(on_run: MainWindow, qtbot):
    on_run.do("palette")
    palette: CommandPalette = dialog(on_run, CommandPalette)
    qtbot.keyClicks(palette.edit, "culp")
    assert palette.list.count() == 1
    qtbot.keyClick(palette.edit, Qt.Key.Key_Return)
    assert on_run.desk.session.selection.golden_node == CULPRIT
    on_run.do("shortcuts")
    sheet: ShortcutSheet = dialog(on_run, ShortcutSheet)
    assert "Ctrl+K" in sheet.text.toPlainText()
    sheet.close()
    assert fits("nx fl", "Next failure")
    assert not fits("xn", "Next failure")


def test_preferences_and_about(application, on_run: MainWindow, own_home: Path, qtbot):
    on_run.do("preferences")
    wanted = next(d for d in on_run.findChildren(QDialog) if d.isVisible())
    wanted.pythons.setPlainText("/somewhere/python")
    wanted._save()
    assert (own_home / "config" / "settings.toml").read_text() == '[runtimes]\npythons = ["/somewhere/python"]\n'
    on_run.do("about")
    about = next(d for d in on_run.findChildren(QDialog) if d.isVisible())
    qtbot.waitUntil(lambda: "onnxruntime" in about.text.toPlainText(), timeout=60_000)
    about.close()


def test_everything_has_a_name_for_a_screen_reader(on_run: MainWindow, qtbot):
    from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLineEdit, QToolButton

    nameless = [w for kind in (QAbstractItemView, QComboBox, QLineEdit, QToolButton)
                for w in on_run.desk.findChildren(kind)
                if not (w.accessibleName() or (w.text() if hasattr(w, "text") else ""))
                and not w.objectName().startswith("qt_") and type(w.parent()).__name__ in
                ("LayersView", "WhyView", "TensorView", "FindingsView", "JobsView", "LayerFilter", "CurveView",
                 "HeatMap", "QSplitter")]
    assert nameless == []


def test_nothing_is_cut_at_the_smallest_size(on_run: MainWindow, qtbot):
    on_run.resize(1280, 800)
    qtbot.wait(50)
    for button in on_run.desk.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
    assert on_run.desk.banner.sentence.heightForWidth(on_run.desk.banner.sentence.width()) <= \
        on_run.desk.banner.sentence.height()
    assert isinstance(on_run.desk.banner.detail, QLabel)
