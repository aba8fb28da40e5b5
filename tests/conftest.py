"""Fixtures of the whole session: the real MindSpore Lite, and a check that no test leaves anything running."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings

from diag.cancel import Cancel
from diag.errors import DiagError
from diag.events import Finished
from diag.runtimes.discover import VARIABLE, discover
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.provision import install

_PATIENCE_S = 3.0

# The same examples on every run, so that a build says the same twice; `pytest --hypothesis-profile=search` draws new.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("search", derandomize=False)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def mslite_spec() -> RuntimeSpec:
    """The real MindSpore Lite: found on this machine, else installed from a Python 3.7 that is; else skipped.

    DIAG_REQUIRE_MSLITE=1 makes a failure of the skip, so that a build machine cannot lose these tests unseen.
    """
    found = next((spec for spec in discover() if spec.name == "mindspore-lite" and spec.usable), None)
    if found is not None:
        return found
    try:
        *_, last = install("mindspore-lite", Cancel())
    except DiagError as error:
        reason = "; ".join(error.lines())
        if os.environ.get("DIAG_REQUIRE_MSLITE") == "1":
            pytest.fail(f"MindSpore Lite is required here: {reason}")
        pytest.skip(reason)
    assert isinstance(last, Finished)
    return last.result


@pytest.fixture(scope="session")
def mslite_python(mslite_spec: RuntimeSpec) -> Path:
    """The interpreter that has MindSpore Lite."""
    assert mslite_spec.python is not None
    return mslite_spec.python


@pytest.fixture(autouse=True)
def _mslite_is_found(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of the real runtime finds it also where it has a home of its own."""
    if request.node.get_closest_marker("mslite") is not None:
        monkeypatch.setenv(VARIABLE, str(request.getfixturevalue("mslite_python")))


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Fails a test after which a child process or a thread of its own is still running."""
    processes, threads = _children(), set(threading.enumerate())
    yield
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        left = [t for t in threading.enumerate() if t not in threads and not t.daemon and t.is_alive()]
        rest = _children() - processes
        if not left and not rest:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: threads {left}, processes {sorted(rest)}")
        time.sleep(0.02)


def _children() -> set[tuple[int, str]]:
    """Our living child processes: id and command."""
    found = set()
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            pids = task.read_text().split()
        except OSError:
            continue
        for pid in pids:
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
                command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
            except OSError:
                continue
            if state != "Z":
                found.add((int(pid), command[:200]))
    return found
