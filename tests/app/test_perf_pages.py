"""The page of performance: forms that say what is wrong, jobs of the real kind, charts, timeline, import by drop."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import small_models
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QPixmap
from samples import shared

from app.pages.performance import spots
from app.pages.performance.accept import pane_of
from app.pages.performance.lanes import AI_CPU, MOST_LANES, lanes_of, runs
from app.pages.performance.page import PerformancePage
from app.pages.performance.timeline import Timeline
from app.window import MainWindow
from diag.cancel import Cancel
from diag.events import Finished
from diag.jobs.profile import examine
from diag.tools.profiles.columns import Builder
from diag.types.timeline import Profile

KERNELS = "formats/profiler/pt_level1_kernel_details.csv"


@pytest.fixture
def page(opened, qtbot) -> PerformancePage:
    window: MainWindow = opened()
    window.turn("performance")
    found = window.shelf.page
    assert isinstance(found, PerformancePage)
    return found


def done(page: PerformancePage, qtbot, patience_ms: int = 30_000) -> None:
    qtbot.waitUntil(lambda: not page.front.busy, timeout=patience_ms)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return small_models.perceptron(tmp_path / "m.onnx")


def large(rows: int, tracks: int = 4) -> Profile:
    rng = np.random.default_rng(1)
    builder = Builder()
    start = np.sort(rng.uniform(0, 1e6, rows))
    builder.add(rows, {
        "names": [f"layer{i % 997}/MatMul" for i in range(rows)],
        "types": [("MatMul", "TransData", "Cast", "hcom_allReduce_", "Softmax")[i % 5] for i in range(rows)],
        "cores": [("AI_CORE", "AI_VECTOR_CORE", "AI_CPU")[i % 3] for i in range(rows)],
        "tracks": [f"Stream {i % tracks}" for i in range(rows)], "start_us": start,
        "duration_us": rng.exponential(8, rows)})
    return builder.profile("large", "msprof")


# which pane

@pytest.mark.parametrize(("sample", "pane"), [
    ("tools/aoe/aoe_result_opat_wholemodel.json", "tune"), ("tools/aoe/aoe_stdout_phrases.txt", "tune"),
    ("tools/benchmark/perf_mobilenetv2_full_stdout.txt", "bench"),
    ("tools/benchmark/time_profiling_table.txt", "profile"),
    (KERNELS, "profile"), ("tools/msprof/op_summary_min_real.csv", "profile"),
    ("tools/msprof/op_statistic_real.csv", "profile"), ("tools/msprof/task_time_real.csv", "profile"),
    ("formats/profiler/board_20260624", "profile"), ("tools/llm/benchmark_parallel.csv", ""),
    ("formats/profiler/board_20260624/mindstudio_profiler_output/msprof_20260624165819.json", "profile"),
    ("tools/converter/mslite200_convert_badop.onnx.log", ""), ("tools/llm/vllm_bench_serve_result.json", "")])
def test_files_find_their_pane(sample, pane):
    assert pane_of(shared(sample)) == pane


# measure

def test_the_form_says_what_it_lacks_while_it_is_filled(page, model, qtbot):
    bench = page.bench
    assert not bench.start.isEnabled()
    assert bench.start.toolTip() == "Choose a model first"
    bench.models.set_paths([model])
    qtbot.waitUntil(bench.start.isEnabled)
    for field, text, said in ((bench.shapes, "x:a", "is not a shape"), (bench.device, "npu", "is not a device"),
                              (bench.compared.edit, "/nowhere", "no such folder")):
        before = field.text()
        field.setText(text)
        qtbot.waitUntil(lambda: not bench.start.isEnabled())
        assert said in bench.problem.words.text()
        field.setText(before)
        qtbot.waitUntil(bench.start.isEnabled)
        assert bench.problem.isHidden()


def test_what_is_copied_is_what_runs(page, model):
    bench = page.bench
    bench.models.set_paths([model, model])
    bench.runs.setValue(9)
    bench.rounds.setValue(3)
    bench.threads.setValue(2)
    bench.optimise.setChecked(False)
    bench.shapes.setText("x:1,8")
    bench.copy.click()
    assert QGuiApplication.clipboard().text() == (
        f"diag bench {model} {model} --threads 2 --runs 9 --rounds 3 --shape x:1,8 --no-optimize")


def test_a_measurement_in_the_window(page, model, recorded, qtbot):
    bench = page.bench
    bench.models.set_paths([model, model])
    bench.runs.setValue(9)
    bench.rounds.setValue(3)
    bench.layers.setChecked(True)
    bench.check()
    bench.run()
    assert page.head.stop.isVisible()
    assert "cancel" in page.verbs()
    done(page, qtbot)
    assert [m.runs for m in bench.result.models] == [9, 9]
    assert bench.table_model.rowCount() == 2
    assert bench.layer_model.rowCount() > 0
    assert len(bench.samples._rows()[1]) == 18
    assert page.head.sentence.text().startswith(("No difference", "m.onnx"))
    assert "How it was measured" in bench.findings.toPlainText()
    assert "in 3 rounds" in bench.findings.toPlainText()
    assert {"again", "export_report", "export_table", "copy_command"} <= set(page.verbs())


def test_a_measurement_can_be_stopped(page, model, qtbot):
    bench = page.bench
    bench.models.set_paths([model])
    bench.runs.setValue(100_000)
    bench.check()
    bench.run()
    qtbot.waitUntil(lambda: bool(page.head.detail.text()))
    page.verbs()["cancel"]()
    done(page, qtbot, 5000)
    assert page.head.sentence.text() == "The measurement was stopped"
    assert bench.start.isEnabled()


def test_recorded_times_are_read_when_they_are_opened(page, qtbot, tmp_path):
    page.open([shared("tools/benchmark/perf_mobilenetv2_full_stdout.txt")])
    done(page, qtbot)
    assert page.front is page.bench
    assert page.bench.result.models[0].mean_ms == 7.291
    assert not page.bench.runs.isEnabled()
    for ending in (".html", ".json", ".csv"):
        page.bench.write(tmp_path / f"r{ending}")
        assert (tmp_path / f"r{ending}").stat().st_size > 100
    assert json.loads((tmp_path / "r.json").read_text())["kind"] == "bench"


def test_a_file_that_is_none_is_told_kindly(page, qtbot, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("hello")
    said = []
    page.failed.connect(said.append)
    page.bench.open([path])
    page.tabs.setCurrentWidget(page.bench)
    done(page, qtbot)
    assert "Expected output" in said[0].message
    assert page.bench.start.isEnabled()


def drop(widget, *paths: Path) -> bool:
    """Drop files onto a widget as a person would; whether they were taken."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    action = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(5, 5), action, mime, buttons, keys)
    widget.dragEnterEvent(enter)
    event = QDropEvent(QPointF(5, 5), action, mime, buttons, keys)
    widget.dropEvent(event)
    return enter.isAccepted() and event.isAccepted()


def test_dropped_models_join_and_dropped_profiles_go_to_their_pane(page, model, qtbot):
    assert drop(page.bench, model)
    assert drop(page.bench.models.list, model)
    assert page.bench.models.paths() == (model, model)
    assert drop(page.bench, shared(KERNELS))
    assert page.front is page.profile
    done(page, qtbot)
    assert page.profile.result is not None
    page.tabs.setCurrentWidget(page.tune)
    assert drop(page.tune, model)
    assert page.tune.model.text() == str(model)


# tune

def test_results_of_aoe(page, qtbot):
    page.open([shared("tools/aoe/aoe_result_opat_wholemodel.json")])
    done(page, qtbot)
    tune = page.tune
    assert page.front is tune
    assert tune.ops_model.records[0].cells[0] == "strided_slice_10"
    assert tune.chart._rows() == (("name", "before", "after"), [["strided_slice_10", "134.0", "99.0"]])
    assert "0.31 %" in page.head.sentence.text()
    assert not tune.plan.isEnabled()


def test_a_plan_where_aoe_is_not(page, model, qtbot, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("DIAG_AOE", raising=False)
    tune = page.tune
    page.tabs.setCurrentWidget(tune)
    assert tune.start.toolTip() == "Choose an ONNX model, or drop results of AOE"
    tune.model.edit.setText(str(model))
    tune.operator.setChecked(False)
    tune.shapes.setText("x:1,8")
    tune.check()
    assert tune.words() == ["tune", str(model), "--shape", "x:1,8", "--job", "subgraph"]
    tune.run()
    done(page, qtbot)
    assert tune.result.missing == "aoe (CANN)"
    assert "aoe_mode=subgraph tuning" in (Path(tune.result.folder) / "tune.ini").read_text()
    assert "converter_lite" in tune.commands.toPlainText()


def test_proofs_in_the_window(page, model, qtbot, tmp_path):
    held = small_models.weights()
    wrong = small_models.perceptron(tmp_path / "w.onnx", held={**held, "w2": held["w2"] * 1.05})
    tune = page.tune
    page.tabs.setCurrentWidget(tune)
    tune.model.edit.setText(str(model))
    tune.before.edit.setText(str(model))
    tune.check()
    assert "belong together" in tune.problem.words.text()
    tune.after.edit.setText(str(wrong))
    tune.check()
    tune.run()
    done(page, qtbot)
    assert "less accurate" in page.head.sentence.text()
    assert [r.cells[1] for r in tune.accuracy_model.records] == ["pass", "fail"]
    assert tune.charts.currentIndex() == 1


# profile

def test_a_profile(page, qtbot):
    page.open([shared(KERNELS)])
    done(page, qtbot)
    profile = page.profile
    assert page.front is profile
    assert profile.model.rowCount() == 82
    assert profile.timeline.lanes[0].name.startswith("HCCL")
    profile.filter.setText("transdata")
    assert 0 < profile.model.rowCount() < 82
    profile.filter.clear()
    profile.kind.setCurrentIndex(profile.kind.findData("calls"))
    assert profile.model.rowCount() == 191
    profile.table.selectRow(40)
    assert profile.timeline._selected == profile.model.source(40)
    for kind, rows in (("types", 34), ("cores", 5)):
        profile.kind.setCurrentIndex(profile.kind.findData(kind))
        assert profile.model.rowCount() == rows
    assert "find" in page.verbs()


def test_a_click_in_the_timeline_selects_the_operator(page, qtbot):
    page.open([shared(KERNELS)])
    done(page, qtbot)
    profile, timeline = page.profile, page.profile.timeline
    lane = timeline.lanes[0]
    middle = (lane.start[0] + lane.end[0]) / 2
    at = QPoint(int(timeline._x(middle)), int(timeline._lane_rect(0).center().y()))
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=at)
    row = profile.table.currentIndex().row()
    assert profile.model.text(profile.model.source(row), "name") == "hcom_allReduce__586_0_1"
    assert "hcom_allReduce__586_0_1" in timeline.told(int(lane.rows[0]))


def test_against_an_earlier_one_and_back_after_a_restart(page, qtbot):
    page.open([shared(KERNELS), shared(KERNELS)])
    done(page, qtbot)
    profile = page.profile
    assert profile.kind.currentData() == "changes"
    assert float(np.abs(profile.model.values("difference")).max()) == 0
    kept = page.save()
    profile.path.edit.clear()
    page.restore(kept)
    done(page, qtbot)
    assert profile.path.text().endswith("kernel_details.csv")
    assert page.front is profile


def test_calls_of_the_host(page, qtbot):
    page.open([shared("formats/profiler/board_20260624")])
    done(page, qtbot)
    kind = page.profile.kind
    kind.setCurrentIndex(kind.findData("host"))
    assert page.profile.model.text(0, "name") == "aclrtResetDevice"


def test_models_for_the_table_hold_what_qt_expects(qtmodeltester, qtbot):
    from app.models.columns import ColumnModel

    *_, last = examine(shared(KERNELS), None, None, Cancel())
    assert isinstance(last, Finished)
    for columns, values, ranks in (spots.by_operator(last.result), spots.by_type(last.result),
                                   spots.by_core(last.result), spots.host(last.result),
                                   spots.calls(last.result.profile), spots.changes(last.result)):
        model = ColumnModel(columns)
        model.replace(values)
        model.know_ranks(ranks)
        qtmodeltester.check(model)
        for place in range(len(columns)):
            model.sort(place, Qt.SortOrder.DescendingOrder)
        assert model.rowCount() == len(next(iter(values.values())))


# the timeline itself

def test_lanes_hold_every_operator_once_in_order():
    profile = large(3000)
    lanes = lanes_of(profile)
    assert sorted(int(r) for lane in lanes for r in lane.rows) == list(range(3000))
    for lane in lanes:
        assert (np.diff(lane.start) >= 0).all()
        assert (lane.reach >= lane.end).all()
    assert {int(c) for lane in lanes for c in lane.category} == {0, 1, 3, AI_CPU}
    assert len(lanes_of(large(3000, tracks=40))) <= MOST_LANES


def test_the_innermost_operator_under_a_point_is_found():
    builder = Builder()
    builder.add(3, {"names": ["outer", "inner", "later"], "tracks": ["1"] * 3, "start_us": [0.0, 10.0, 200.0],
                    "duration_us": [100.0, 20.0, 5.0]})
    (lane,) = lanes_of(builder.profile("p", "trace"))
    assert [lane.at(t, 0.0) for t in (5, 15, 50, 150, 202)] == [0, 1, 0, -1, 2]
    assert lane.at(196, 5.0) == 2


def test_pixels_that_intervals_cover():
    assert list(runs(20, np.array([1.2, 3.0, 10.9]), np.array([3.9, 4.0, 30.0]))) == [(1, 4), (10, 10)]
    assert list(runs(5, np.zeros(0), np.zeros(0))) == []


def test_zoom_move_and_show_everything(qtbot, page):
    timeline: Timeline = page.profile.timeline
    timeline.show_profile(large(500))
    low, high = timeline.view
    assert (low, high) == (0.0, timeline._end)
    timeline.zoom(0.1, 5e5)
    assert timeline.view[1] - timeline.view[0] == pytest.approx((high - low) * 0.1)
    assert timeline.view[0] < 5e5 < timeline.view[1]
    qtbot.keyClick(timeline, Qt.Key.Key_Right)
    qtbot.keyClick(timeline, Qt.Key.Key_Plus)
    timeline.zoom(1e-12)
    assert timeline.view[1] > timeline.view[0]
    qtbot.keyClick(timeline, Qt.Key.Key_Home)
    assert timeline.view == (low, high)
    assert timeline.row_at(QPointF(5, 5)) == -1


def test_a_hundred_thousand_operators_are_painted_in_time(qtbot, page):
    timeline: Timeline = page.profile.timeline
    timeline.show_profile(large(100_000))
    timeline.resize(1600, 400)
    target = QPixmap(timeline.size())
    for factor in (1.0, 0.1, 0.01, 0.001):
        timeline.show_all()
        timeline.zoom(factor)
        best = min(_painted(timeline, target) for _ in range(5))
        # A goal for a person's eye is 16 ms a picture; the limit here leaves room for a busy machine.
        assert best < 0.1, (factor, best)


def _painted(timeline: Timeline, target: QPixmap) -> float:
    began = time.process_time()
    timeline.render(target)
    return time.process_time() - began
