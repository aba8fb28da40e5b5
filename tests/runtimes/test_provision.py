"""Installing: from nothing, again, after a failure, after a kill; every failure says what to do."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from fake_python import executable, python

from diag.cancel import Cancel
from diag.errors import Cancelled, RuntimeUnavailable, ToolFailed, UsageError
from diag.events import Finished, Message, Progress
from diag.runtimes import provision
from diag.runtimes.interpreters import find
from diag.runtimes.provision import install

ENVIRONMENT = Path("data/environments/mindspore-lite-2.0.0")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A machine with one Python 3.7 on PATH, and tools that are scripts."""
    for name in list(os.environ):
        if name.startswith(("CONDA", "XDG", "UV_", "PYENV", "DIAG")) or name == "VIRTUAL_ENV":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DIAG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    python(tmp_path / "bin/python3.7")
    return tmp_path


def uv(home: Path, install_body: str) -> Path:
    """A uv whose ``venv`` makes an empty folder and whose ``pip install`` does ``install_body``."""
    make = 'if [ "$1" = venv ]; then for last; do :; done; mkdir -p "$last/bin"; exit 0; fi\n'
    return executable(home / "bin/uv", make + install_body + "\n")


def leftovers(home: Path) -> list[str]:
    return sorted(path.name for path in (home / ENVIRONMENT).parent.iterdir())


def test_only_what_we_can(home):
    with pytest.raises(UsageError, match="'mindspore' cannot be installed"):
        list(install("mindspore", Cancel()))


def test_no_python_37(home):
    shutil.rmtree(home / "bin")
    python(home / "bin/python3.12", (3, 12, 1))
    os.environ["PATH"] = str(home / "bin")
    with pytest.raises(RuntimeUnavailable, match=r"needs a Python 3\.7, and there is none") as caught:
        list(install("mindspore-lite", Cancel()))
    assert "3.12" in caught.value.where
    assert "uv python install 3.7" in caught.value.hint


def test_another_machine(home, monkeypatch):
    monkeypatch.setattr(provision.platform, "machine", lambda: "aarch64")
    with pytest.raises(RuntimeUnavailable, match="for linux on aarch64") as caught:
        list(install("mindspore-lite", Cancel()))
    assert "wheel" in caught.value.hint


@pytest.mark.parametrize(("words", "message", "hint"), [
    ("error: Failed to fetch: `https://…`", "The package index was not reached", "HTTPS_PROXY"),
    ("OSError: [Errno 28] No space left on device", "The disk is full", "Free"),
    ("No solution found when resolving dependencies", "has no mindspore-lite 2.0.0 for this machine", "wheel"),
    ("Error: ensurepip is not available", "That Python cannot make environments", "uv"),
    ("something new", "ended with exit code 9", "something new")])
def test_failures_of_the_installer(home, words, message, hint):
    uv(home, f"echo '{words}' >&2; exit 9")
    with pytest.raises(ToolFailed, match=message) as caught:
        list(install("mindspore-lite", Cancel()))
    assert hint in caught.value.hint
    assert caught.value.log is not None
    assert words in caught.value.log.read_text()
    assert leftovers(home) == [".lock", "mindspore-lite-2.0.0.log"]


def test_an_installation_that_does_not_import(home):
    # $4 is the interpreter to install for; this one answers the probe, and is no Python.
    uv(home, f"cp '{home}/bin/python3.7' \"$4\"")
    with pytest.raises(ToolFailed, match="mindspore-lite process"):
        list(install("mindspore-lite", Cancel()))
    assert leftovers(home) == [".lock", "mindspore-lite-2.0.0.log"]


def test_stopped_while_it_installs(home):
    uv(home, "sleep 600 & sleep 600")
    cancel = Cancel()
    timer = threading.Timer(0.5, cancel.set)
    events = install("mindspore-lite", cancel)
    while next(events) != Progress("install", 2, 4):
        pass
    timer.start()
    with pytest.raises(Cancelled):
        next(events)
    assert leftovers(home) == [".lock", "mindspore-lite-2.0.0.log"]
    timer.join()


def test_what_a_killed_installation_left_is_removed(home):
    (home / ENVIRONMENT).parent.mkdir(parents=True)
    (home / ENVIRONMENT).with_name(".mindspore-lite-2.0.0.99999").mkdir()
    uv(home, "exit 9")
    with pytest.raises(ToolFailed):
        list(install("mindspore-lite", Cancel()))
    assert leftovers(home) == [".lock", "mindspore-lite-2.0.0.log"]


def test_two_at_once_wait_for_each_other(home):
    uv(home, f"echo in >> '{home}/order'; sleep 0.3; echo out >> '{home}/order'; exit 9")

    def one():
        with pytest.raises(ToolFailed):
            list(install("mindspore-lite", Cancel()))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (home / "order").read_text().split() == ["in", "out"] * 2


@pytest.mark.mslite
def test_from_nothing_and_again(tmp_path, monkeypatch):
    base = next((one for one in find() if one.version[:2] == (3, 7) and not one.problem), None)
    if base is None:
        pytest.skip("no Python 3.7 on this machine")
    monkeypatch.setenv("DIAG_HOME", str(tmp_path))
    try:
        *told, last = install("mindspore-lite", Cancel())
    except ToolFailed as error:
        if error.message == "The package index was not reached" and os.environ.get("DIAG_REQUIRE_MSLITE") != "1":
            pytest.skip(error.message)
        raise
    assert isinstance(last, Finished)
    assert last.result.python == tmp_path / ENVIRONMENT / "bin/python"
    assert [e for e in told if isinstance(e, Progress)] == [
        Progress("look", 0, 4), Progress("make the environment", 1, 4), Progress("install", 2, 4),
        Progress("try", 3, 4)]
    begin = time.monotonic()
    *told, again = install("mindspore-lite", Cancel())
    assert again == last
    assert told[-1] == Message(f"mindspore-lite 2.0.0 is already installed in {tmp_path / ENVIRONMENT}")
    assert time.monotonic() - begin < 20
    assert leftovers(tmp_path) == [".lock", "mindspore-lite-2.0.0", "mindspore-lite-2.0.0.log"]
    shutil.rmtree(next((tmp_path / ENVIRONMENT).glob("lib/*/site-packages/mindspore_lite")))
    *told, mended = install("mindspore-lite", Cancel())
    assert mended == last
    assert Progress("install", 2, 4) in told
