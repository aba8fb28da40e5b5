"""The page of precision: forms that say what is wrong, jobs of the real kind, tables and charts, commands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import precision_models
import pytest
from PySide6.QtGui import QGuiApplication
from small_models import perceptron

from app.pages.precision.page import PrecisionPage
from app.window import MainWindow

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "defect"
SHOTS = os.environ.get("DIAG_SHOTS")


@pytest.fixture
def page(opened, qtbot) -> PrecisionPage:
    window: MainWindow = opened()
    window.turn("precision")
    found = window.shelf.page
    assert isinstance(found, PrecisionPage)
    return found


def done(page: PrecisionPage, qtbot, patience_ms: int = 60_000) -> None:
    qtbot.waitUntil(lambda: not page.front.busy, timeout=patience_ms)


def shot(page: PrecisionPage, name: str) -> None:
    if SHOTS:
        page.window().resize(1280, 800)
        QGuiApplication.processEvents()
        page.window().grab().save(str(Path(SHOTS) / f"{name}.png"))


def test_an_emulation_shows_its_plan(page, qtbot, tmp_path):
    shot(page, "empty")
    path = precision_models.sensitive(tmp_path / "m.onnx")
    page.open([path])
    pane = page.precision
    assert pane.start.isEnabled()
    pane.start.click()
    assert page.head.stop.isVisibleTo(page)
    done(page, qtbot)
    assert pane.result is not None
    assert "sine" in pane.result.plan.kept
    assert page.head.sentence.text().startswith("float16 alone is not enough")
    assert pane.layer_model.rowCount() == len(pane.result.layers)
    assert "sine" in {r.cells[0] for r in pane.kept_model.records}
    assert any("fp16.onnx" in r.cells[0] for r in pane.file_model.records)
    assert "sine" in pane.findings.toPlainText()
    for i in range(3):
        pane.charts.setCurrentIndex(i)
        shot(page, f"precision-{i}")
    pane.tabs.setCurrentWidget(pane.layer_table)
    shot(page, "precision-layers")
    pane.tabs.setCurrentWidget(pane.kept_table)
    shot(page, "precision-kept")


def test_what_is_shown_is_also_a_command_and_a_report(page, tmp_path):
    pane = page.precision
    pane.open([perceptron(tmp_path / "m.onnx")])
    pane.dtype.setCurrentIndex(1)
    pane.accumulate.setCurrentIndex(2)
    pane.saturate.setChecked(True)
    pane.search.setChecked(False)
    pane.copy_command()
    assert QGuiApplication.clipboard().text() == (
        f"diag precision {tmp_path / 'm.onnx'} --dtype bf16 --accumulate narrow --overflow saturate --no-plan")
    assert pane.report(".json") is None


@pytest.mark.parametrize(("field", "text", "said"), [
    ("model", "/no/such.onnx", "no such file"), ("error", "much", "positive number"), ("shapes", "x", "not a shape")])
def test_a_wrong_field_is_told_and_stops_the_run(page, qtbot, tmp_path, field, text, said):
    pane = page.precision
    pane.open([perceptron(tmp_path / "m.onnx")])
    box = getattr(pane, field)
    getattr(box, "edit", box).setText(text)
    pane.check()
    assert not pane.start.isEnabled()
    assert said in pane.start.toolTip()


def test_before_a_conversion(page, qtbot):
    page.tabs.setCurrentWidget(page.lint)
    page.open([SAMPLE / "text_encoder.onnx"])
    page.lint.start.click()
    done(page, qtbot)
    assert page.lint.result is not None
    first = page.lint.node_model.records[0].cells
    assert first[0].endswith("layer_norm1/LayerNormalization")
    assert (first[2], first[4]) == ("wrong", "layer_norm_decomposed")
    assert page.head.sentence.text().startswith("It will convert and run, and be wrong")
    shot(page, "lint")
    kept = json.loads(page.save())
    page.lint.model.edit.clear()
    page.restore(json.dumps(kept))
    assert page.lint.model.text() == str(SAMPLE / "text_encoder.onnx")


def test_a_pair_goes_to_the_repair(page, tmp_path):
    page.open([SAMPLE / "text_encoder.onnx", SAMPLE / "text_encoder.mindir"])
    assert page.front is page.fix
    page.fix.tries.setValue(3)
    assert page.fix.words() == ["fix", str(SAMPLE / "text_encoder.onnx"), str(SAMPLE / "text_encoder.mindir"),
                                "--tries", "3"]


@pytest.mark.mslite
def test_a_repair_shows_its_tries(page, qtbot, tmp_path, mslite_spec):
    page.open([SAMPLE / "text_encoder.onnx", SAMPLE / "text_encoder.mindir"])
    page.fix.output.setText(str(tmp_path / "right.mindir"))
    page.fix.check()
    page.fix.start.click()
    done(page, qtbot)
    assert page.fix.result is not None
    assert [r.cells[2] for r in page.fix.try_model.records] == ["no change", "proved"]
    assert (tmp_path / "right.mindir").is_file()
    shot(page, "fix")
