"""Ctrl-C while the real MindSpore Lite works: two processes deep, and none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAIR = ROOT / "resources" / "samples" / "text_encoder" / "healthy"


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def worker_of(pid: int) -> bool:
    return any(b"worker/main.py" in Path(f"/proc/{p}/cmdline").read_bytes() for p in descendants(pid))


@pytest.mark.mslite
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left(mslite_python: Path, tmp_path: Path, number: signal.Signals) -> None:
    """However the command ends: stopped by its user, by a supervisor, or killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "diag.cli.main", "compare", str(PAIR / "text_encoder.onnx"),
         str(PAIR / "text_encoder.mindir"), "--runtime", "mindspore-lite", "--out", str(tmp_path / "run")],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "DIAG_HOME": str(tmp_path / "home"), "DIAG_MSLITE_PYTHON": str(mslite_python)})
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if worker_of(process.pid):
                break
        except OSError:
            continue  # a process went away while it was looked at
        time.sleep(0.005)
    assert process.poll() is None
    family = descendants(process.pid)
    assert len(family) >= 2
    begin = time.monotonic()
    os.kill(process.pid, number)
    _, error = process.communicate(timeout=20)
    took = time.monotonic() - begin
    if number is signal.SIGINT:
        assert (process.returncode, took < 1.0) == (130, True), (error, took)
    limit = time.monotonic() + 8
    while any(map(alive, family)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not [pid for pid in family if alive(pid)]
