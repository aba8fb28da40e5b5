"""Where Python interpreters may be on this machine, and what each says of itself. Nothing of theirs is imported."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.runtimes.places import cache_dir, environments_dir

PROBE_TIMEOUT_S = 20.0
_PROBES_AT_ONCE = 4
_NAME = re.compile(r"python(3(\.\d+)?)?")
_MARK = "diag-probe:"

# Runs on any Python from 2.7: importlib.metadata came with 3.8. Anything may print before it, so the answer is marked.
_SCRIPT = r"""
import json, os, re, sys
pattern = re.compile(r"^(mindspore[-_]lite|mindspore)-([0-9][^-]*)(-[^/]*)?\.(dist|egg)-info$", re.I)
packages, folders = {}, {}
for folder in sys.path:
    try:
        names = os.listdir(folder or ".")
        folders[os.path.abspath(folder)] = os.stat(folder or ".").st_mtime
    except OSError:
        continue
    for name in names:
        found = pattern.match(name)
        if found:
            packages.setdefault(found.group(1).lower().replace("_", "-"), found.group(2))
print("%s%s" % ("diag-probe:", json.dumps({"version": list(sys.version_info[:3]), "prefix": sys.prefix,
      "bits": 64 if sys.maxsize > 2**32 else 32, "packages": packages, "folders": folders})))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One Python.

    Attributes:
        path: the executable.
        origin: where it was found: a variable, "PATH", "pyenv", "uv", "conda", "private" …
        version: (3, 7, 16); () if it does not run.
        prefix: its environment's folder.
        packages: versions of what we look for, by distribution name.
        problem: why it cannot be used; "" if it can.
    """

    path: Path
    origin: str
    version: tuple[int, ...] = ()
    prefix: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def find(explicit: Sequence[tuple[str, Path]] = (), *, search: bool = True) -> list[Interpreter]:
    """All interpreters, the explicit ones first, each environment once. ``explicit``: (where it was said, path).

    Each is asked once, several at a time, and not again until it or its packages change.
    """
    places = [*explicit, *(_everywhere() if search else ())]
    seen: set[tuple[Path, Path]] = set()
    wanted: list[tuple[str, Path]] = []
    for origin, path in places:
        key = (path.parent.absolute(), path.resolve())
        if key not in seen:
            seen.add(key)
            wanted.append((origin, path))
    cache = _Cache(cache_dir() / "interpreters.json")
    with ThreadPoolExecutor(_PROBES_AT_ONCE, thread_name_prefix="probe") as pool:
        found = list(pool.map(lambda item: probe(item[1], item[0], cache), wanted))
    cache.save()
    return list(_once(found))


def probe(path: Path, origin: str, cache: _Cache | None = None) -> Interpreter:
    """Ask one interpreter; never raises."""
    known = cache.get(path) if cache else None
    if known is None:
        try:
            known = _ask(path)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            return Interpreter(path, origin, problem=_why(error))
        if cache:
            cache.put(path, known)
    try:
        return Interpreter(path, origin, tuple(map(int, known["version"])), str(known["prefix"]),
                           {str(k): str(v) for k, v in known["packages"].items()})
    except (KeyError, TypeError, ValueError, AttributeError):
        return Interpreter(path, origin, problem="It answered something that makes no sense")


def _ask(path: Path) -> dict[str, Any]:
    done = subprocess.run([str(path), "-c", _SCRIPT], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=PROBE_TIMEOUT_S, start_new_session=True)
    line = next((text for text in done.stdout.decode("utf-8", "replace").splitlines() if text.startswith(_MARK)), "")
    if not line:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ValueError(words[-1][:200] if words else f"it ended with exit code {done.returncode}")
    answer: dict[str, Any] = json.loads(line[len(_MARK):])
    return answer


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"It did not answer within {PROBE_TIMEOUT_S:g} s"
    if isinstance(error, OSError):
        return f"It cannot be started: {error.strerror}"
    return f"It is no working Python: {error}"


def _once(found: Iterable[Interpreter]) -> Iterator[Interpreter]:
    seen: set[tuple[str, tuple[int, ...]]] = set()
    for one in found:
        key = (os.path.realpath(one.prefix), one.version)
        if one.problem or key not in seen:
            seen.add(key)
            yield one


def _everywhere() -> Iterator[tuple[str, Path]]:
    home = Path.home()
    yield from (("private", path) for path in sorted(environments_dir().glob("*/bin/python")))
    yield "this program", Path(sys.executable)
    environment = os.environ.get("VIRTUAL_ENV")
    if environment:
        yield from _existing("virtual environment", [Path(environment) / "bin" / "python"])
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        # pyenv's shims are scripts that ask pyenv again; its versions are looked at below.
        if folder and Path(folder) != pyenv / "shims":
            yield from (("PATH", path) for path in _pythons(Path(folder)))
    yield from (("pyenv", path) for path in sorted((pyenv / "versions").glob("*/bin/python")))
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or Path(
        os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "uv" / "python"
    yield from (("uv", path) for path in sorted(Path(uv).glob("*/bin/python3")))
    yield from _existing("conda", (root / "bin" / "python" for root in _conda(home)))


def _pythons(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and os.access(path, os.X_OK))
    return []


def _conda(home: Path) -> Iterator[Path]:
    roots = [Path(os.environ[name]) for name in ("CONDA_PREFIX", "CONDA_ROOT") if os.environ.get(name)]
    if os.environ.get("CONDA_EXE"):
        roots.append(Path(os.environ["CONDA_EXE"]).parent.parent)
    roots += [home / name for name in ("miniconda3", "anaconda3", "miniforge3", "mambaforge")] + [Path("/opt/conda")]
    for root in roots:
        yield root
        with contextlib.suppress(OSError):
            yield from sorted((root / "envs").iterdir())
    with contextlib.suppress(OSError):
        yield from map(Path, (home / ".conda" / "environments.txt").read_text().split("\n"))


def _existing(origin: str, paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    yield from ((origin, path) for path in paths if path.is_absolute() and os.access(path, os.X_OK))


class _Cache:
    """Answers by executable, good while it and every folder of its sys.path are as old as they were."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, Any] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(path.read_text(encoding="utf-8"))
            self._entries = known if isinstance(known, dict) else {}

    def get(self, path: Path) -> dict[str, Any] | None:
        try:
            entry = self._entries[_key(path)]
            same = all(Path(folder).stat().st_mtime == time for folder, time in entry["folders"].items())
        except (KeyError, OSError, TypeError, AttributeError):
            return None
        return dict(entry) if same else None

    def put(self, path: Path, answer: dict[str, Any]) -> None:
        self._entries[_key(path)] = answer
        self._changed = True

    def save(self) -> None:
        """Best effort: a read-only home only costs time."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            fresh.write_text(json.dumps(self._entries), encoding="utf-8")
            fresh.replace(self._path)


def _key(path: Path) -> str:
    # PYTHONPATH changes what an interpreter finds.
    return f"{path.absolute()}|{path.stat().st_mtime_ns}|{os.environ.get('PYTHONPATH', '')}"
