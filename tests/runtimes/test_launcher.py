"""Workers that crash, hang, lie and flood: each becomes one clear error, its log is kept, no process is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from diag.cancel import Cancel
from diag.errors import Cancelled, RuntimeUnavailable, ToolFailed, UsageError, WorkerCrashed
from diag.events import Finished, Message, Progress
from diag.runtimes import launcher
from diag.runtimes.launcher import Limits, Worker
from diag.runtimes.tensor_pack import read_pack, write_pack

FAKE = Path(__file__).with_name("fake_worker.py")
PYTHON = Path(sys.executable)


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(**limits) -> Worker:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        worker = Worker("fake", PYTHON, folder, script=FAKE, limits=Limits(**limits))
        started.append(worker)
        return worker

    yield begin
    for worker in started:
        worker.close()
        assert gone(worker.pid)


def alive(pid: int) -> bool:
    """Whether it runs; ended orphans may wait for a while for the system to collect them."""
    return state(pid)[0] not in ("", "Z")


def ends(pid: int) -> None:
    """It ends now; a kill is a signal, so it may take a moment."""
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


def gone(group: int) -> bool:
    """Whether no process of the group runs."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return not any(state(pid)[1] == str(group) and alive(pid) for pid in pids)


def state(pid: int) -> tuple[str, str]:
    """State letter and process group."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[2]


def test_two_requests_of_one_process(start):
    worker = start()
    *told, last = worker.stream("steps", {"steps": 2, "pause": 0}, Cancel())
    assert told == [Progress("steps", 1, 2), Progress("steps", 2, 2)]
    assert last == Finished({"steps": 2})
    assert worker.call("steps", {"steps": 0, "pause": 0}, Cancel()) == {"steps": 0}
    worker.close()
    worker.close()
    log = worker.log.read_text()
    assert log.count("native noise on fd 1\n") == 2
    assert log.count("python noise\n") == 2
    with pytest.raises(WorkerCrashed, match="has already ended"):
        worker.call("steps", {"steps": 0, "pause": 0}, Cancel())


def test_tensors_come_back_bit_for_bit(start):
    worker = start()
    tensors = {
        "f": np.array([1.5, -0.0, np.nan, np.inf], np.float32), "scalar": np.array(7, np.int64),
        "empty": np.zeros((0, 3), np.float16), "bf16": np.arange(6).reshape(2, 3).astype(ml_dtypes.bfloat16),
        "fp8": np.arange(4).astype(ml_dtypes.float8_e4m3fn), "flag": np.array([True, False]),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "a/b ../c": np.arange(3, dtype=np.uint8)}
    index = write_pack(worker.job_dir / "in", tensors)
    answer = worker.call("echo", {"feeds": {"file": str(worker.job_dir / "in"), "tensors": index},
                                  "into": str(worker.job_dir / "out")}, Cancel())
    back = read_pack(worker.job_dir / "out", answer["tensors"])
    (worker.job_dir / "out").unlink()
    assert list(back) == list(tensors)
    for name, tensor in tensors.items():
        assert back[name].dtype == tensor.dtype
        assert back[name].shape == tensor.shape
        assert back[name].tobytes() == tensor.tobytes("C")
        assert not back[name].flags.writeable or not back[name].size


@pytest.mark.parametrize("tensor", [np.array(["a"]), np.array([b"a"]), np.array([None], object),
                                    np.zeros(1, [("a", "f4")])])
def test_no_strings_and_no_objects(tmp_path, tensor):
    with pytest.raises(UsageError, match="'x' holds"):
        write_pack(tmp_path / "in", {"x": tensor})


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGFPE"])
def test_crash_names_the_signal_and_keeps_the_log(start, name):
    worker = start()
    with pytest.raises(WorkerCrashed, match=f"crashed \\({name}\\)") as caught:
        worker.call("crash", {"signal": name}, Cancel())
    assert caught.value.log == worker.log
    assert "the last words" in worker.log.read_text()
    assert "fake_worker.py" in worker.log.read_text(), "faulthandler tells where"
    assert not worker.alive


def test_killed_from_outside(start):
    with pytest.raises(WorkerCrashed, match="SIGKILL") as caught:
        start().call("crash", {"signal": "SIGKILL"}, Cancel())
    assert "memory" in caught.value.hint


def test_exit_without_answer(start):
    with pytest.raises(WorkerCrashed, match=r"without an answer \(exit code 3\)"):
        start().call("leave", {"code": 3}, Cancel())


def test_reported_error_keeps_the_process(start):
    worker = start()
    with pytest.raises(ToolFailed, match="fake failed: unsupported operator GridSample") as caught:
        worker.call("fail", {}, Cancel())
    assert not isinstance(caught.value, WorkerCrashed)
    assert "Traceback" in worker.log.read_text()
    assert worker.call("steps", {"steps": 0, "pause": 0}, Cancel()) == {"steps": 0}


def test_missing_runtime(start):
    with pytest.raises(RuntimeUnavailable, match="no_such_runtime") as caught:
        start().call("missing", {}, Cancel())
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("deaf", [False, True])
def test_cancel_within_a_second(start, deaf):
    worker, cancel, asked = start(), Cancel(), []

    def stop():
        time.sleep(0.3)
        asked.append(time.monotonic())
        cancel.set()

    thread = threading.Thread(target=stop)
    events = worker.stream("hang", {"busy": False, "deaf": deaf}, cancel)
    assert next(events) == Progress("hanging", 0, 0)
    thread.start()
    with pytest.raises(Cancelled):
        next(events)
    assert time.monotonic() - asked[0] < 1
    thread.join()
    assert gone(worker.pid)


def test_after_a_cancel_nobody_waits_for_a_worker_to_end_by_itself(start):
    worker, cancel = start(grace_s=5), Cancel()
    assert worker.call("leave_slowly", {"seconds": 4}, cancel) == {}
    cancel.set()
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < 1
    assert gone(worker.pid)


def test_cancelled_before_it_begins(start):
    cancel = Cancel()
    cancel.set()
    worker = start()
    with pytest.raises(Cancelled):
        worker.call("hang", {"busy": False}, cancel)
    assert worker.alive


def test_closing_the_iterator_ends_the_process(start):
    worker = start()
    events = worker.stream("hang", {"busy": False}, Cancel())
    next(events)
    events.close()
    assert gone(worker.pid)


def test_one_request_at_a_time(start):
    worker = start()
    events = worker.stream("steps", {"steps": 2, "pause": 0}, Cancel())
    next(events)
    with pytest.raises(RuntimeError, match="one request"):
        worker.call("steps", {"steps": 1, "pause": 0}, Cancel())
    assert list(events)[-1] == Finished({"steps": 2})


def test_children_of_the_worker_end_too(start):
    worker = start()
    events = worker.stream("family", {"pause": 600}, Cancel())
    told = next(events)
    assert isinstance(told, Message)
    assert Path(f"/proc/{told.text}").exists()
    events.close()
    ends(int(told.text))


def test_children_left_behind_by_a_good_answer_end_at_close(start):
    worker = start()
    child = worker.call("family", {"pause": 0}, Cancel())["child"]
    worker.close()
    ends(child)


def test_a_hang_is_told_from_work(start):
    with pytest.raises(WorkerCrashed, match=r"hangs: no answer and no CPU time used for 1 s"):
        start(stall_s=1).call("hang", {"busy": False}, Cancel())
    with pytest.raises(WorkerCrashed, match=r"did not answer within 2\.5 s"):
        start(stall_s=1).call("hang", {"busy": True}, Cancel(), wall_s=2.5)


def test_a_flood_of_events_meets_the_limit(start):
    with pytest.raises(WorkerCrashed, match=r"did not answer within 0\.5 s"):
        start().call("flood_events", {}, Cancel(), wall_s=0.5)
    cancel = Cancel()
    events = start().stream("flood_events", {}, cancel)
    assert [next(events) for _ in range(100)] == [Progress("flood", 1, 2)] * 100
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)


@pytest.mark.parametrize("die", [False, True])
def test_a_flood_of_log_keeps_head_and_tail(start, die):
    worker = start(log_bytes=100_000)
    worker_says = {"bytes": 20_000_000, "die": die}
    if die:
        with pytest.raises(WorkerCrashed, match="exit code 3") as caught:
            worker.call("flood_log", worker_says, Cancel())
        assert "the very end" in caught.value.hint
    else:
        worker.call("flood_log", worker_says, Cancel())
        worker.close()
    text = worker.log.read_bytes()
    assert len(text) < 100_000 + (1 << 20) + 200
    assert b"bytes of log left out" in text
    assert text.endswith(b"the very end\n")


@pytest.mark.parametrize(("text", "sentence"), [
    ("hello?\n", "not an event: hello"), ("[1]\n", "not an event"), ("\n", "not an event"),
    ('{"event": 3, "id": 1}\n', "not an event"), ("[" * 100_000 + "\n", "not an event"),
    ('{"event": "answer", "id": 1, "answer": {"x": NaN}}\n', "not an event"),
    ('{"event": "answer", "id": 7, "answer": {}}\n', "another request than number 1"),
    ('{"event": "answer", "answer": {}}\n', "another request"),
    ('{"event": "answer", "id": 1, "answer": [1]}\n', "an answer that is no object"),
    ('{"event": "party", "id": 1}\n', "an unknown event"),
    ('{"event": "progress", "id": 1, "stage": "x", "done": "1", "total": 2}\n', "an unknown event"),
    ("x" * 300_000, "an event of more than 200,000 bytes"),
])
def test_lies_on_the_wire(start, text, sentence):
    worker = start(line_bytes=200_000)
    with pytest.raises(WorkerCrashed, match=sentence):
        worker.call("raw", {"text": text}, Cancel(), wall_s=20)
    assert gone(worker.pid)


def other_protocol(tmp_path: Path, text: str) -> Worker:
    script = tmp_path / "other.py"
    script.write_text(f"import time\nprint({text!r}, flush=True)\ntime.sleep(600)\n")
    return Worker("fake", PYTHON, tmp_path, script=script)


@pytest.mark.parametrize("text", ['{"event": "hello", "id": 0, "protocol": 99}', '{"event": "hello", "id": 0}'])
def test_another_protocol(tmp_path, text):
    worker = other_protocol(tmp_path, text)
    with pytest.raises(WorkerCrashed, match="speaks another protocol") as caught:
        worker.call("steps", {}, Cancel())
    assert "different versions" in caught.value.hint
    assert gone(worker.pid)


def test_protocol_number_is_the_same_on_both_sides():
    wire = launcher.SCRIPT.with_name("wire.py").read_text()
    assert f"\nPROTOCOL = {launcher.PROTOCOL}\n" in wire


@pytest.mark.parametrize("python", ["/no/such/python", "."])
def test_no_interpreter(tmp_path, python):
    with pytest.raises(RuntimeUnavailable, match="fake cannot be started") as caught:
        Worker("fake", Path(python), tmp_path, script=FAKE)
    assert "diag runtime doctor" in caught.value.hint


def test_no_descriptor_leaks(tmp_path):
    def cycle(number: int) -> None:
        (folder := tmp_path / str(number)).mkdir()
        worker = Worker("fake", PYTHON, folder, script=FAKE)
        worker.call("steps", {"steps": 1, "pause": 0}, Cancel())
        worker.close()
        with pytest.raises(RuntimeUnavailable):
            Worker("fake", Path("/no/such/python"), folder, script=FAKE)

    cycle(0)
    before = len(list(Path("/proc/self/fd").iterdir()))
    cycle(1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("busy", [False, True])
def test_the_worker_ends_when_we_are_killed(tmp_path, busy):
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(f"""
        import signal
        from pathlib import Path
        from diag.cancel import Cancel
        from diag.runtimes.launcher import Worker
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
        worker = Worker("fake", Path({sys.executable!r}), Path({str(tmp_path)!r}), script=Path({str(FAKE)!r}))
        for event in worker.stream("hang", {{"busy": {busy}, "deaf": True}}, Cancel()):
            print(worker.pid, flush=True)
        """)], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    assert not gone(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    ends(pid)


def test_ctrl_c_ends_the_worker(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(f"""
        import signal
        from pathlib import Path
        from diag.cancel import Cancel
        from diag.runtimes.launcher import Worker
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
        worker = Worker("fake", Path({sys.executable!r}), Path({str(tmp_path)!r}), script=Path({str(FAKE)!r}))
        for event in worker.stream("hang", {{"busy": False}}, Cancel()):
            print(worker.pid, flush=True)
        """)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGINT)
    parent.wait()
    parent.stdout.close()
    assert gone(pid)
