"""Installs MindSpore Lite into a Python environment of our own, made from a Python 3.7 that is already here."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from diag.cancel import Cancel
from diag.errors import DiagError, RuntimeUnavailable, ToolFailed, UsageError
from diag.events import Event, Finished, Message, Progress
from diag.runtimes.child_log import last_lines
from diag.runtimes.child_process import Child
from diag.runtimes.discover import DiscoverySettings, look
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.interpreters import Interpreter, probe
from diag.runtimes.launcher import Worker
from diag.runtimes.places import environments_dir

NAME, VERSION, PYTHON = "mindspore-lite", "2.0.0", (3, 7)
_TIMEOUT_S = 1800.0
_LOG_BYTES = 8 << 20
_STAGES = 4
_NO_PYTHON = "Get one with: uv python install 3.7, or pyenv install 3.7.17, or conda create -n py37 python=3.7"
_CAUSES = (
    (re.compile(r"no space left|errno 28|disk quota", re.IGNORECASE), "The disk is full", "Free about 1 GB"),
    (re.compile(r"failed to fetch|could not connect|connection ?error|name resolution|dns error|unreachable|timed out|"
                r"max retries|error sending request|network|proxy", re.IGNORECASE), "The package index was not reached",
     "Check the network and proxy settings (HTTPS_PROXY, PIP_INDEX_URL, UV_INDEX_URL), then run it again"),
    (re.compile(r"no matching distribution|no solution found|not found in the package registry", re.IGNORECASE),
     f"The package index has no {NAME} {VERSION} for this machine",
     "Install the wheel from the MindSpore Lite download page into any Python; it is then found by itself"),
    (re.compile(r"ensurepip|No module named venv", re.IGNORECASE), "That Python cannot make environments",
     "Install its venv package, or install uv"),
)


def install(name: str, cancel: Cancel, pythons: Sequence[Path] = ()) -> Iterator[Event]:
    """Progress and messages, then Finished(RuntimeSpec). Run again after a failure or a stop, it goes on.

    Does nothing if our environment is there and works. ``pythons``: interpreters to look at first.
    Raises UsageError (no such runtime), RuntimeUnavailable (no Python 3.7, another machine), ToolFailed, Cancelled.
    """
    if name != NAME:
        raise UsageError(f"'{name}' cannot be installed from here", where=f"can be installed: {NAME}",
                         hint="See: diag runtime doctor")
    target = environments_dir() / f"{NAME}-{VERSION}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.parent, cancel):
        yield Progress("look", 0, _STAGES)
        if not _works(target, cancel):
            yield from _make(target, pythons, cancel)
        else:
            yield Message(f"{NAME} {VERSION} is already installed in {target}")
    yield Finished(RuntimeSpec(NAME, VERSION, target / "bin" / "python"))


def _make(target: Path, pythons: Sequence[Path], cancel: Cancel) -> Iterator[Event]:
    base = _base(pythons)
    yield Message(f"Using Python {'.'.join(map(str, base.version))} from {base.path}")
    _clear(target.parent)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    log = target.with_name(f"{target.name}.log")
    uv = shutil.which("uv")
    commands = _with_uv(uv, base.path, fresh) if uv else _with_pip(base.path, fresh)
    try:
        for number, (stage, command) in enumerate(commands, 1):
            yield Progress(stage, number, _STAGES)
            _run(command, log, cancel)
        yield Progress("try", _STAGES - 1, _STAGES)
        version = _version(fresh, cancel)
        yield Message(f"{NAME} {version} imports in {target}")
        # A virtual environment may be renamed as long as only its interpreter is used, not its scripts.
        shutil.rmtree(target, ignore_errors=True)
        fresh.replace(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _with_uv(uv: str, base: Path, fresh: Path) -> list[tuple[str, list[str]]]:
    python = str(fresh / "bin" / "python")
    return [("make the environment", [uv, "venv", "--no-project", "--python", str(base), str(fresh)]),
            ("install", [uv, "pip", "install", "--python", python, f"{NAME}=={VERSION}"])]


def _with_pip(base: Path, fresh: Path) -> list[tuple[str, list[str]]]:
    python = str(fresh / "bin" / "python")
    return [("make the environment", [str(base), "-m", "venv", str(fresh)]),
            ("install", [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
                         f"{NAME}=={VERSION}"])]


def _base(pythons: Sequence[Path]) -> Interpreter:
    """The Python to build on: the first 3.7 that is named or found."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeUnavailable(f"There is no {NAME} {VERSION} package for {sys.platform} on {platform.machine()}",
                                 hint="Install the wheel from the MindSpore Lite download page into any Python")
    found = look(DiscoverySettings(tuple(pythons))).interpreters
    usable = [one for one in found if one.version[:2] == PYTHON and not one.problem]
    if not usable:
        named = ", ".join(sorted({".".join(map(str, one.version[:2])) for one in found if one.version}))
        raise RuntimeUnavailable(f"{NAME} {VERSION} needs a Python 3.7, and there is none", hint=_NO_PYTHON,
                                 where=f"found: Python {named}" if named else "")
    return usable[0]


def _works(target: Path, cancel: Cancel) -> bool:
    if VERSION not in probe(target / "bin" / "python", "private").packages.values():
        return False
    try:
        return bool(_version(target, cancel))
    except (ToolFailed, RuntimeUnavailable):
        return False


def _version(environment: Path, cancel: Cancel) -> str:
    """Import it for real, in a worker. Raises RuntimeUnavailable, WorkerCrashed."""
    with _scratch(environment.parent) as folder:
        worker = Worker(NAME, environment / "bin" / "python", folder)
        try:
            return str(worker.call("version", {}, cancel, wall_s=120.0)["version"])
        finally:
            worker.close()


def _run(command: Sequence[str], log: Path, cancel: Cancel) -> None:
    """Run a tool to its end, everything it prints into the log."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")}
    try:
        child = Child(["/bin/sh", "-c", 'exec "$@" >&2', "sh", *command], env, log.parent, log, _LOG_BYTES)
    except OSError as error:
        raise ToolFailed(f"{command[0]} cannot be started: {error.strerror}") from error
    end = time.monotonic() + _TIMEOUT_S
    try:
        while not child.wait(0.1):
            cancel.check()
            if time.monotonic() > end:
                raise _failure(log, f"did not end within {_TIMEOUT_S:g} s")
    finally:
        code = child.stop(1.0)
    if code:
        raise _failure(log, f"ended with exit code {code}")


def _failure(log: Path, how: str) -> DiagError:
    lines = last_lines(log, 200)
    text = "\n".join(lines)
    for pattern, what, hint in _CAUSES:
        if pattern.search(text):
            return ToolFailed(what, where=f"Log: {log}", hint=hint, log=log)
    return ToolFailed(f"The installation {how}", where=f"Log: {log}",
                      hint=f"Last line: {lines[-1][:300]}" if lines else "", log=log)


def _clear(folder: Path) -> None:
    """Remove what an installation left that was killed."""
    for rest in folder.glob(f".{NAME}-*"):
        shutil.rmtree(rest, ignore_errors=True)


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    path = folder / f".{NAME}-try.{os.getpid()}"
    path.mkdir(exist_ok=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _alone(folder: Path, cancel: Cancel) -> Iterator[None]:
    """Only one installation at a time; another one waits."""
    with (folder / ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                cancel.check()
                time.sleep(0.1)
        yield
