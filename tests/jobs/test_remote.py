"""Jobs in a process of their own: what it says arrives, however it ends is told, and nothing is left of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError, RuntimeUnavailable, UsageError, WorkerCrashed
from diag.events import Event, Finished, Message, Progress
from diag.jobs.remote import run_remote

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@pytest.fixture(autouse=True)
def strange_kinds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The child learns the strange kinds; logs land where the test can see them."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


def job(how: str, cancel: Cancel | None = None) -> Iterator[Event]:
    return run_remote("strange", {"how": how}, Cancel() if cancel is None else cancel, str)


def pid_of(event: Event) -> int:
    assert isinstance(event, Progress)
    return int(event.unit)


def gone(pid: int, within_s: float = 1.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_events_arrive_and_the_log_of_a_clean_run_is_removed(tmp_path: Path) -> None:
    events = list(job("nothing"))
    assert [type(e) for e in events] == [Progress, Finished]
    assert events[-1] == Finished("answer")
    assert gone(pid_of(events[0]))
    assert list(tmp_path.glob("diag-job-*")) == []


@pytest.mark.parametrize("how", ["read to the answer only", "closed early", "cancelled"])
def test_no_log_is_left_where_nothing_crashed(tmp_path: Path, how: str) -> None:
    cancel = Cancel()
    events = job("nothing", cancel)
    assert isinstance(next(events), Progress)
    if how == "read to the answer only":
        assert next(events) == Finished("answer")
    elif how == "cancelled":
        cancel.set()
        with contextlib.suppress(Cancelled):
            list(events)
    events.close()
    assert list(tmp_path.glob("diag-job-*")) == []


@pytest.mark.parametrize(("how", "died"), [("abort", "SIGABRT"), ("segfault", "SIGSEGV"), ("exit", "exit code 3"),
                                           ("quiet exit", "exit code 0")])
def test_a_crash_is_told_and_its_log_kept(how: str, died: str) -> None:
    with pytest.raises(WorkerCrashed, match="The comparing process died") as caught:
        list(job(how))
    assert died in caught.value.message
    assert caught.value.exit_code == 4
    assert caught.value.log is not None
    assert caught.value.log.exists()
    assert str(caught.value.log) in caught.value.where
    if how == "segfault":
        log = caught.value.log.read_text()
        assert "about to read nothing" in log
        assert "Fatal Python error: Segmentation fault" in log


def test_what_native_code_prints_stays_out_of_the_channel() -> None:
    assert list(job("noise"))[-1] == Finished("answer")


@pytest.mark.parametrize("how", ["garbage in the channel", "no object in the channel", "unknown event"])
def test_garbage_in_the_channel(how: str) -> None:
    with pytest.raises(WorkerCrashed, match="no event") as caught:
        list(job(how))
    assert len(caught.value.lines()) == 3


def test_many_events_all_arrive_in_order() -> None:
    texts = [e.text for e in job("flood") if isinstance(e, Message)]
    assert [int(t.split()[1]) for t in texts] == list(range(20_000))


def test_errors_come_as_they_were_raised() -> None:
    with pytest.raises(DiagError) as caught:
        list(job("format"))
    assert caught.value.lines() == ["Expected this; found that", "in /some/file, at byte 3 (0x3)", "Do so"]
    assert caught.value.exit_code == 2
    with pytest.raises(RuntimeUnavailable, match="It is not there") as missing:
        list(job("missing"))
    assert (missing.value.hint, missing.value.exit_code) == ("Get it", 3)


def test_what_the_system_refuses_is_no_bug() -> None:
    with pytest.raises(UsageError) as caught:
        list(job("disk full"))
    assert caught.value.lines() == ["No space left on device", "in /some/file",
                                    "Free some space, or give another folder with --out"]
    with pytest.raises(UsageError, match="not enough memory"):
        list(job("memory"))


def test_a_bug_comes_with_its_traceback() -> None:
    with pytest.raises(RuntimeError, match="one by zero"):
        list(job("bug"))


@pytest.mark.parametrize("how", ["wait", "deaf"])
def test_cancel_ends_it_within_a_second(how: str) -> None:
    cancel = Cancel()
    events = job(how, cancel)
    pid = pid_of(next(events))
    if how == "deaf":
        next(events)
    begin = time.monotonic()
    threading.Timer(0.05, cancel.set).start()
    with pytest.raises(Cancelled):
        list(events)
    assert time.monotonic() - begin < 1.05
    assert gone(pid)


def test_asking_to_stop_does_not_wait() -> None:
    """The window's own thread asks, and a signal handler may ask while the process is being waited for."""
    cancel = Cancel()
    events = job("deaf", cancel)
    pid = pid_of(next(events))
    next(events)
    begin = time.monotonic()
    cancel.set()
    assert time.monotonic() - begin < 0.2
    with pytest.raises(Cancelled):
        list(events)
    assert gone(pid)


def test_asked_to_stop_before_it_begins() -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        next(job("nothing", cancel))


@pytest.mark.parametrize("how", ["wait", "deaf"])
def test_closing_the_generator_ends_the_process(how: str) -> None:
    events = job(how)
    pid = pid_of(next(events))
    if how == "deaf":
        next(events)
    events.close()
    assert gone(pid)


def test_a_process_that_does_not_end_after_its_answer() -> None:
    cancel = Cancel()
    events = job("slow end", cancel)
    pid = pid_of(next(events))
    assert next(events) == Finished("answer")
    begin = time.monotonic()
    assert list(events) == []
    assert time.monotonic() - begin < 3, "the answer is there; its process is not waited for"
    assert gone(pid)


@pytest.mark.parametrize("how", ["wait", "deaf"])
def test_the_death_of_the_parent_ends_the_child(how: str) -> None:
    code = ("from diag.cancel import Cancel\nfrom diag.jobs.remote import run_remote\nimport time\n"
            f"events = run_remote('strange', {{'how': {how!r}}}, Cancel(), str)\n"
            "print(next(events).unit, flush=True)\ntime.sleep(60)\n")
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT,
                              env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE)))})
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(pid, 2.0 if how == "wait" else 8.0)
