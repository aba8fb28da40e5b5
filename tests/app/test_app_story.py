"""The whole story with real comparisons in a process of their own: drop, culprit, cancel, crash, broken files."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QMessageBox

from app import commands
from app.dialogs.compare import CompareDialog
from app.problems import BugDialog
from app.session import State
from app.window import MainWindow
from diag.types.layer import Verdict

from conftest import SAMPLES, sample_job, settle  # isort: skip
from test_app_window import CULPRIT, dialog, drop  # isort: skip


def finish(window: MainWindow, qtbot, timeout: int = 60_000) -> None:
    qtbot.waitUntil(lambda: not window.desk.work.busy, timeout=timeout)


def test_from_drop_to_culprit(opened, qtbot):
    window = opened()
    drop(window, SAMPLES / "defect" / "text_encoder.onnx", SAMPLES / "defect" / "text_encoder.mindir")
    asked: CompareDialog = dialog(window, CompareDialog)
    asked.runtime.box.setCurrentIndex(1)
    qtbot.waitUntil(asked.start.isEnabled, timeout=20_000)
    asked.start.click()
    desk = window.desk
    assert desk.session.state is State.RUNNING
    assert desk.banner.stop.isVisibleTo(window)
    qtbot.waitUntil(lambda: desk.layers.model.rowCount() > 0, timeout=60_000)
    finish(window, qtbot)
    assert desk.session.state is State.DONE
    assert desk.banner.sentence.text().startswith("FAIL")
    assert "epsilon is 0 in the MindIR" in desk.banner.sentence.text()
    desk.banner.culprit.click()
    assert desk.session.selection.golden_node == CULPRIT
    assert desk.work.jobs[-1].state == "done"
    assert desk.jobs.model.records[0].cells[0] == "done"
    assert window.settings.recent[0] == (str(desk.session.folder.path),)


def test_the_sample_that_is_right(opened, qtbot):
    window = opened()
    window.do("sample_right")
    finish(window, qtbot)
    desk = window.desk
    assert desk.session.comparison.verdict is Verdict.PASS
    assert desk.banner.culprit.isHidden()
    assert desk.session.failures() == []
    window.do("next")
    assert desk.session.selection is None


def test_again_compares_the_same(opened, qtbot):
    window = opened()
    window.do("sample")
    finish(window, qtbot)
    first = window.desk.session.folder.path
    window.do("again")
    finish(window, qtbot)
    assert window.desk.session.folder.path != first
    assert len(window.desk.work.jobs) == 2


def test_cancel_takes_less_than_a_second_and_keeps_the_rows(opened, qtbot):
    window = opened()
    window.do("sample")
    qtbot.waitUntil(lambda: bool(window.desk.session.rows) or not window.desk.work.busy, timeout=60_000)
    began = time.monotonic()
    window.do("cancel")
    finish(window, qtbot)
    assert time.monotonic() - began < 1.0
    session = window.desk.session
    if session.comparison is None:  # it may have finished just before
        assert session.state is State.STOPPED
        assert window.desk.layers.model.rowCount() == len(session.rows) > 0
        assert window.desk.work.jobs[-1].state == "cancelled"
        assert window.desk.banner.again.isVisibleTo(window)
    assert not window.findChildren(QMessageBox)


def test_closing_while_it_runs_leaves_nothing(opened, qtbot):
    window = opened()
    window.do("sample")
    qtbot.wait(200)
    window.close()
    assert not window.desk.work.busy


def test_a_process_that_dies_is_told_and_the_window_lives_on(opened, qtbot):
    window = opened()
    window.do("sample")
    desk = window.desk
    qtbot.waitUntil(lambda: bool(hosts()), timeout=20_000)
    os.kill(hosts()[0], signal.SIGSEGV)
    finish(window, qtbot)
    qtbot.waitUntil(lambda: any(b.isVisible() for b in window.findChildren(QMessageBox)))
    box = dialog(window, QMessageBox)
    assert "died (SIGSEGV)" in box.text()
    box.close()
    assert desk.session.state is State.STOPPED
    assert desk.work.jobs[-1].state == "failed"
    window.do("again")
    finish(window, qtbot)
    assert desk.session.state is State.DONE


def test_a_damaged_model_is_told_with_its_place(opened, tmp_path: Path, qtbot):
    window = opened()
    damaged = tmp_path / "model.mindir"
    damaged.write_bytes((SAMPLES / "defect" / "text_encoder.mindir").read_bytes()[:5000])
    job = sample_job(tmp_path / "out")
    window.desk.work.compare(replace(job, plan=replace(job.plan, target=damaged)))
    finish(window, qtbot)
    qtbot.waitUntil(lambda: any(b.isVisible() for b in window.findChildren(QMessageBox)))
    box = dialog(window, QMessageBox)
    assert "model.mindir" in box.informativeText()
    box.close()
    assert window.desk.session.state is State.STOPPED


def test_a_missing_runtime_is_told_with_the_way_to_get_it(opened, tmp_path: Path, qtbot):
    window = opened()
    job = replace(sample_job(tmp_path / "out"), runtime="mindspore")
    window.desk.work.compare(job)
    finish(window, qtbot)
    qtbot.waitUntil(lambda: any(b.isVisible() for b in window.findChildren(QMessageBox)))
    box = dialog(window, QMessageBox)
    assert "mindspore" in box.text()
    assert box.informativeText()
    box.close()


def test_our_own_mistakes_open_a_report(application, opened, qtbot, capsys):
    window = opened()
    try:
        raise ZeroDivisionError("of ours")
    except ZeroDivisionError as error:
        application.catcher._hook(type(error), error, error.__traceback__)
    box: BugDialog = dialog(window, BugDialog)
    assert "ZeroDivisionError: of ours" in box.text.toPlainText()
    assert "PySide6" in box.text.toPlainText()
    box.close()
    assert "of ours" in capsys.readouterr().err


def test_comparisons_wait_for_each_other(opened, tmp_path: Path, qtbot):
    window = opened()
    work, jobs = window.desk.work, window.desk.jobs
    for name in ("first", "second", "third"):
        work.compare(sample_job(tmp_path / name))
    assert [j.state for j in work.jobs] == ["running", "waiting", "waiting"]
    assert "waits until" in window.statusBar().currentMessage()
    jobs.table.selectRow(0)
    jobs.cancel.click()
    assert [j.state for j in work.jobs] == ["running", "waiting", "cancelled"]
    qtbot.waitUntil(lambda: [j.state for j in work.jobs] == ["done", "done", "cancelled"], timeout=60_000)
    assert window.desk.session.folder.path == tmp_path / "second"
    jobs.table.selectRow(2)
    assert jobs.open.isVisibleTo(jobs)
    jobs.open.click()
    qtbot.waitUntil(lambda: window.desk.session.folder.path == tmp_path / "first", timeout=20_000)
    settle(window, qtbot)


def test_a_healthy_layer_is_recorded_on_demand(on_run, qtbot):
    window = on_run
    desk = window.desk
    row = next(r for r in desk.session.rows if r.role.value == "clean" and r.cumulative is not None)
    desk.session.select(row.golden_tensor)
    tensor = desk.tensor
    qtbot.waitUntil(lambda: tensor.pages.currentWidget() is tensor.recorded)
    assert tensor.recorded.one.isVisibleTo(tensor.recorded)
    before = desk.session.folder.path
    tensor.recorded.one.click()
    qtbot.waitUntil(lambda: desk.session.state is State.DONE and desk.session.folder.path != before, timeout=60_000)
    qtbot.waitUntil(lambda: desk.session.selection is not None, timeout=20_000)
    assert desk.session.selection.golden_tensor == row.golden_tensor
    qtbot.waitUntil(lambda: tensor.pages.currentWidget() is tensor.tabs, timeout=20_000)
    assert f"--record {row.golden_tensor}" in desk.work.command()
    settle(window, qtbot)


def test_recent_items_by_key(opened, recorded: Path, tmp_path: Path, qtbot):
    window = opened()
    window.settings.remember((str(recorded),), "a run")
    window.open_nth_recent(2)
    assert window.desk.session.state is State.EMPTY
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.desk.session.comparison is not None, timeout=20_000)
    settle(window, qtbot)


def test_the_event_loop_is_never_blocked_long(opened, qtbot, tmp_path: Path):
    """The longest time between two ticks of a 5 ms timer while the sample is compared and opened."""
    window = opened()
    window.desk.curve.furnish()
    window.desk.tensor.furnish()
    gaps: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

    timer = QTimer(interval=5)
    timer.timeout.connect(tick)
    timer.start()
    window.desk.work.compare(sample_job(tmp_path / "out"))
    loop = QEventLoop()
    window.desk.session.graphs_changed.connect(lambda _: QTimer.singleShot(200, loop.quit))
    QTimer.singleShot(60_000, loop.quit)
    loop.exec()
    timer.stop()
    assert window.desk.session.state is State.DONE
    # The machine of a test may be busy with others: the benchmark measures the promise of 100 ms.
    assert max(gaps) < 0.2


@pytest.mark.mslite
def test_with_the_real_runtime(opened, mslite_spec, tmp_path: Path, qtbot):
    window = opened()
    job = sample_job(tmp_path / "out")
    window.desk.work.compare(replace(job, runtime="mindspore-lite", spec=mslite_spec))
    finish(window, qtbot, 120_000)
    comparison = window.desk.session.comparison
    assert comparison.target.runtime == "mindspore-lite"
    assert comparison.culprits[0].golden_node == CULPRIT


def test_the_command_of_a_job_says_all_that_was_chosen(tmp_path: Path):
    job = sample_job(tmp_path)
    plan = replace(job.plan, dtype="float16", threads=4, own_input=False, checks=False, preset="mindstudio",
                   key="0" * 32)
    line = commands.line(replace(job, plan=plan))
    assert "0" * 32 not in line
    for words in ("--dtype float16", "--threads 4", "--no-own-input", "--no-checks", "--preset mindstudio",
                  "--runtime reference"):
        assert words in line


def hosts() -> list[int]:
    """Our children that compare."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        for pid in task.read_text().split():
            if b"diag.jobs.host" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found
