"""The page of conversions: forms that say what is wrong as one types, batches, rewrites, configurations."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import rewrite_models
import small_models
from fake_converter import SUCCESS, FakeConverter
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QTableWidgetItem

from app.pages.convert.accept import pane_of
from app.pages.convert.combine import Combine
from app.pages.convert.page import ConvertPage
from app.window import MainWindow
from diag.tools.converter.following import LOG
from diag.types.conversion import ConvertStatus

PAIR = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "healthy"
BAD = "[ascend_context]\nprecision_mode=enforce_fp32 #fp32\n"
GOOD = "[ascend_context]\n# fp32\nprecision_mode=enforce_fp32\n"


@pytest.fixture
def fake(tmp_path, monkeypatch) -> FakeConverter:
    made = FakeConverter(tmp_path / "bin")
    monkeypatch.setenv("FAKE_CONVERTER", str(made.plan))
    monkeypatch.setenv("PATH", f"{made.path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("LITE_HOME", raising=False)
    made.answers(stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    return made


@pytest.fixture
def page(opened) -> ConvertPage:
    window: MainWindow = opened()
    window.turn("convert")
    found = window.shelf.page
    assert isinstance(found, ConvertPage)
    return found


def form(page: ConvertPage, qtbot, tmp_path: Path, *paths: Path) -> None:
    """These models, into a folder of the test, checked in the reference runtime."""
    page.convert.open(paths)
    fields = page.convert.fields
    fields.out.edit.setText(str(tmp_path / "out"))
    fields.runtime.setCurrentIndex(fields.runtime.findData("reference"))
    page.convert.check()
    if len(paths) == 1 and paths[0].suffix == ".onnx":
        qtbot.waitUntil(lambda: fields.shapes.table.rowCount() > 0, timeout=10_000)


def done(page: ConvertPage, qtbot) -> None:
    qtbot.waitUntil(lambda: not page.convert.runner.busy and not page.rewrites.runner.busy, timeout=30_000)


def test_the_form_says_what_is_missing_and_what_is_wrong(page, qtbot, tmp_path):
    pane = page.convert
    assert not pane.start.isEnabled()
    assert pane.start.toolTip() == "Add an ONNX model or a batch plan"
    form(page, qtbot, tmp_path, small_models.perceptron(tmp_path / "m.onnx"))
    assert pane.start.isEnabled()
    fields = pane.fields
    for edit, wrong, said in ((fields.flags, "fp17=on", "Did you mean 'fp16'?"),
                              (fields.memory, "lots", "'lots' is not a size"),
                              (fields.optimize, "ascend_orientd", "Did you mean 'ascend_oriented'?"),
                              (fields.settings, "x", "'x' is no option")):
        put = edit.setPlainText if hasattr(edit, "setPlainText") else \
            edit.setCurrentText if hasattr(edit, "setCurrentText") else edit.setText
        put(wrong)
        qtbot.waitUntil(lambda said=said: said in pane.problem.words.text(), timeout=2_000)
        assert not pane.start.isEnabled()
        put("general" if edit is fields.optimize else "")
        qtbot.waitUntil(lambda: pane.start.isEnabled(), timeout=2_000)


def test_shapes_and_profiles_become_words(page, qtbot, tmp_path):
    form(page, qtbot, tmp_path, PAIR / "text_encoder.onnx")
    shapes = page.convert.fields.shapes
    assert shapes.wanted() == {}  # as in the file: nothing to say
    name = shapes.table.item(0, 0).text()
    shapes.table.setItem(0, 3, QTableWidgetItem("1,-1"))
    assert "Write -1" not in shapes.preview.text()
    shapes.profiles.setText("77; 33")
    words = page.convert.words()
    assert words[words.index("--shape") + 1] == f"{name}:1,-1"
    assert words[words.index("--profiles") + 1] == "77;33"
    assert shapes.preview.text().splitlines() == ["2 of at most 100 profiles", f"1:  {name} 1×77", f"2:  {name} 1×33"]
    shapes.profiles.setText("77,33")
    assert shapes.preview.text() == "Profile 1 has 2 sizes; 1 vary"
    page.convert.check()
    assert "do not fit" in page.convert.problem.words.text()


def test_sizes_are_combined_and_counted_before(page, qtbot, tmp_path):
    dialog = Combine({"a": (-1, 3, -1, -1), "b": (-1, 77)}, page.look, page)
    found = []
    dialog.chosen.connect(found.append)
    assert "a[0] needs sizes" in dialog.problem.words.text()
    dialog.sizes[0].setText("1, 2")
    dialog.sizes[1].setText("64, 96")
    dialog.links[2].setCurrentIndex(2)
    dialog.links[3].setCurrentIndex(1)
    assert dialog.preview.text().splitlines()[:2] == ["2 × 2 = 4 of at most 100 profiles", "a 1×3×64×64   b 1×77"]
    dialog.sizes[0].setText(",".join(map(str, range(1, 60))))
    assert "118 profiles are more than the 100" in dialog.problem.words.text()
    assert not dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled()
    dialog.sizes[0].setText("1 , 2")
    dialog.buttons.accepted.emit()
    assert found[0].dynamic_dims == "1,64,64,1;1,96,96,1;2,64,64,2;2,96,96,2"
    dialog.deleteLater()


def test_a_model_is_converted_and_proved(page, fake, qtbot, tmp_path):
    form(page, qtbot, tmp_path, PAIR / "text_encoder.onnx")
    fake.answers(stdout=SUCCESS, stderr="a line of its log\n", model=PAIR / "text_encoder.mindir")
    with qtbot.waitSignal(page.opened, timeout=30_000):
        page.convert.run()
    done(page, qtbot)
    assert page.head.sentence.text().startswith("text_encoder is converted and proved")
    record = page.convert.models_model.records[0]
    assert record.cells[:2] == ("text_encoder", "right")
    assert record.cells[3] == "reference 0.1.0: pass"
    assert page.convert.outputs_model.rowCount() == 2
    assert "converter_lite --fmk=ONNX" in page.convert.commands.toPlainText()
    log = page.convert.log.toPlainText()
    assert "\na line of its log\n" in log
    assert LOG not in log
    page.convert.write(tmp_path / "r.html")
    page.convert.write(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["verdict"] == "pass"
    assert "text_encoder" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_failure_is_explained(page, fake, qtbot, tmp_path):
    fake.answers(code=255, stderr="[ERROR] LITE(1,7f,converter_lite):2026-01-02-03:04:05.678.901 [mindspore/x.cc:12] "
                 "ConvertNodes] not support onnx data type MyOp\n")
    form(page, qtbot, tmp_path, PAIR / "text_encoder.onnx")
    page.convert.run()
    done(page, qtbot)
    text = page.convert.findings.toPlainText()
    assert "Why, from the log" in text
    assert "not support onnx data type MyOp" in text
    assert "CNV010" in text
    assert page.convert.models_model.records[0].cells[1] == "failed"
    assert page.tabs.currentWidget().tabs.currentWidget() is page.convert.findings


def test_a_batch_shows_each_model_and_stops_at_once(page, fake, qtbot, tmp_path):
    plan = tmp_path / "b.toml"
    plan.write_text("[defaults]\nruntime='reference'\nout='made'\n" + "".join(
        f"[[model]]\nname='{n}'\nonnx='{PAIR / 'text_encoder.onnx'}'\n" for n in "abc"), encoding="utf-8")
    page.open([plan])
    page.convert.check()
    assert not page.convert.fields.options.isEnabled()  # the plan says all of it
    page.convert.run()
    assert [r.cells[:2] for r in page.convert.models_model.records][1:] == [("b", "waiting"), ("c", "waiting")]
    done(page, qtbot)
    assert [m.status for m in page.convert.done] == [ConvertStatus.OK] * 3
    assert page.head.sentence.text() == "All 3 models are converted and proved"
    fake.answers(how="sleep")
    page.convert.run()
    qtbot.wait(400)
    page.convert.runner.cancel()
    qtbot.waitUntil(lambda: not page.convert.runner.busy, timeout=2_000)
    assert page.head.sentence.text() == "Stopped; what was finished is kept"
    assert page.convert.models_model.records == ()
    page.convert.fields.resume.setChecked(True)
    page.convert.check()
    page.convert.run()
    done(page, qtbot)
    assert [m.status for m in page.convert.done] == [ConvertStatus.KEPT] * 3


def test_rewrites_are_shown_proved_and_used(page, qtbot, tmp_path):
    model = rewrite_models.layer_norm(tmp_path / "m.onnx")
    pane = page.rewrites
    page.tabs.setCurrentWidget(pane)
    pane.open([model])
    pane.run()
    done(page, qtbot)
    names = [r.cells[0] for r in pane.offers_model.records]
    assert names[:1] == ["layer_norm_decomposed"]
    assert pane.offers_model.records[0].cells[3] == "yes"
    text = pane.difference.toPlainText()
    assert "- n = LayerNormalization(m, s, b)" in text
    assert "+ n = Add(" in text
    assert pane.selected() == names
    pane.offers.clearSelection()
    assert not pane.use.isEnabled()
    pane.offers.selectRow(0)
    pane.use.click()
    assert page.front is page.convert
    assert page.convert.fields.rewrite_names() == ("layer_norm_decomposed",)
    words = page.convert.words()
    assert words[words.index("--rewrite") + 1] == "layer_norm_decomposed"


def test_a_configuration_is_examined_as_it_is_typed(page, opened, qtbot, tmp_path):
    bad = tmp_path / "bad.ini"
    bad.write_text(BAD, encoding="utf-8")
    page.open([bad])
    pane = page.config
    assert page.head.sentence.text() == "bad.ini: 1 things to correct"
    assert pane.model.records[0].cells[:2] == ("2", "CNV020")
    assert pane.editor.textCursor().selectedText() == "precision_mode=enforce_fp32 #fp32"
    assert pane.fixed.toPlainText() == GOOD
    pane.take.click()
    assert page.head.sentence.text() == "Nothing is wrong with bad.ini"
    pane.editor.setPlainText("[ascend_context]\nprecision_mod=enforce_fp32\n")
    qtbot.waitUntil(lambda: pane.model.rowCount() == 1, timeout=2_000)
    assert pane.model.records[0].cells[1] == "CNV024"
    pane.correct()
    pane.write_to(tmp_path / "good.ini")
    assert (tmp_path / "good.ini").read_text(encoding="utf-8") == "[ascend_context]\nprecision_mode=enforce_fp32\n"
    pane.use.click()
    assert page.convert.fields.config.text() == str(tmp_path / "good.ini")


def test_copied_as_commands(page, qtbot, tmp_path):
    form(page, qtbot, tmp_path, small_models.perceptron(tmp_path / "m.onnx"))
    fields = page.convert.fields
    fields.precision.setCurrentIndex(fields.precision.findData("enforce_fp32"))
    fields.smoke.setChecked(False)
    fields.diagnostics.setChecked(True)
    fields.rewrites.setCurrentIndex(1)
    page.convert.check()
    page.convert.copy_command()
    assert QGuiApplication.clipboard().text() == (
        f"diag convert {tmp_path}/m.onnx --out {tmp_path}/out --precision enforce_fp32 --runtime reference "
        "--rewrite auto --no-smoke --diagnostics")
    page.tabs.setCurrentWidget(page.config)
    page.verbs()["copy_command"]()
    assert QGuiApplication.clipboard().text() == "diag convert --check-config config.ini"


def test_the_forms_are_back_after_a_restart(page, qtbot, tmp_path, opened, application):
    form(page, qtbot, tmp_path, small_models.perceptron(tmp_path / "m.onnx"))
    page.convert.fields.precision.setCurrentIndex(2)
    page.convert.use_rewrites(tmp_path / "m.onnx", ["constants_folded"])
    kept, words = page.save(), page.convert.words()
    application.shut_down()
    window = opened()
    window.turn("convert")
    again = window.shelf.page
    again.restore(kept)
    assert "--rewrite" in words
    assert again.convert.words() == [w for w in words if w not in ("--runtime", "reference")]


@pytest.mark.parametrize(("name", "text", "pane"), [
    ("b.toml", "[[model]]\nonnx='x'\n", "convert"), ("p.toml", "[[submodels]]\n", ""), ("c.ini", BAD, "config"),
    ("c.config", "[acl_build_options]\nx=1\n", "config"), ("other.ini", "[window]\nx=1\n", ""), ("m.onnx", "", "")])
def test_whose_a_path_is(tmp_path, name, text, pane):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert pane_of(tmp_path / name) == pane
    assert pane_of(tmp_path) == ""


def test_tables_are_models_as_they_should_be(page, qtmodeltester):
    for model in (page.convert.models_model, page.convert.outputs_model, page.rewrites.offers_model, page.config.model):
        qtmodeltester.check(model, force_py=True)
