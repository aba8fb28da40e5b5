"""The runner of jobs: what comes over, how it ends, how it is stopped."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from conftest import sample_job

from app.assets import Look
from app.jobs import JobRunner, LatestRunner, call
from app.session import Session
from app.theme import LIGHT
from app.views.jobs import JobsView
from app.work import Work
from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError
from diag.events import Finished, Message, Partial


def test_events_come_in_order_and_the_result_last(qtbot, qapp):
    runner = JobRunner()
    seen: list[object] = []
    runner.events.connect(seen.extend)

    def job(cancel: Cancel):
        for i in range(2000):
            yield Partial(i)
        yield Finished("whole")

    with qtbot.waitSignal(runner.ended) as end:
        runner.start(job)
        assert runner.busy
    assert end.args == ["whole"]
    assert [e.item for e in seen] == list(range(2000))
    assert not runner.busy


def test_an_error_is_the_outcome(qtbot, qapp):
    runner = JobRunner()

    def job(cancel: Cancel):
        yield Message("hello")
        raise DiagError("no")

    with qtbot.waitSignal(runner.ended) as end:
        runner.start(job)
    assert isinstance(end.args[0], DiagError)


def test_cancel_never_blocks_the_caller(qtbot, qapp):
    runner = JobRunner()
    freed = threading.Event()

    def job(cancel: Cancel):
        cancel.on_set(lambda: (time.sleep(0.3), freed.set()))
        while True:
            freed.wait()
            cancel.check()
            yield Message("x")

    runner.start(job)
    before = time.monotonic()
    with qtbot.waitSignal(runner.ended, timeout=3000) as end:
        runner.cancel()
        assert time.monotonic() - before < 0.1
    assert isinstance(end.args[0], Cancelled)


def test_shut_down_waits_and_is_silent(qtbot, qapp):
    runner = JobRunner()
    runner.ended.connect(lambda _: (_ for _ in ()).throw(AssertionError("told")))

    def job(cancel: Cancel):
        while True:
            time.sleep(0.01)
            yield Message("x")

    runner.start(job)
    runner.shut_down()
    assert not runner.busy
    qtbot.wait(80)


def test_only_the_newest_request_is_told(qtbot, qapp):
    runner = LatestRunner()
    done: list[object] = []
    runner.done.connect(done.append)

    def slow(cancel: Cancel):
        while not cancel:
            time.sleep(0.01)
        return "old"

    runner.request(call(slow))
    for i in range(5):
        runner.request(call(lambda _, i=i: i))
    qtbot.waitUntil(lambda: done == [4], timeout=3000)
    qtbot.wait(80)
    assert done == [4]


def test_the_memory_of_the_working_process_is_told_while_it_runs(qtbot, qapp, tmp_path: Path):
    work = Work(Session())
    view = JobsView(work, Look(LIGHT))
    qtbot.addWidget(view)
    seen: list[str] = []
    work.progress.connect(lambda progress: seen.append(view.phase.text()) if progress.peak_bytes else None)
    work.jobs_changed.connect(lambda: seen.append(view.phase.text()))
    work.compare(sample_job(tmp_path / "run"))
    qtbot.waitUntil(lambda: not work.busy, timeout=60_000)
    running = [text for text in seen if "memory" in text and "done" not in text]
    assert running
    assert all(re.search(r"memory [\d.,]+ [MG]iB$", text) for text in running)
    assert re.fullmatch(r"done   memory [\d.,]+ [MG]iB", view.phase.text())
    work.shut_down()
    for runner in work.findChildren(JobRunner):
        runner.shut_down()
