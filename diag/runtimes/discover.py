"""Which runtimes this machine has, and for those that it has not: why not, and how to get them."""

from __future__ import annotations

import importlib.metadata
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diag import __version__
from diag.errors import UsageError
from diag.runtimes import ascend
from diag.runtimes.ascend import Ascend
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.interpreters import Interpreter, find
from diag.runtimes.places import config_dir

VARIABLE = "DIAG_MSLITE_PYTHON"
WORKERS = ("mindspore-lite", "mindspore")
_HINTS = {
    "mindspore-lite": f"Run: diag runtime install mindspore-lite, or name the Python that has it: {VARIABLE}=PATH",
    "mindspore": "Install the package mindspore into any Python on this machine; it is found by itself",
}


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """Where to look. ``pythons``: interpreters that were named on the command line; ``search``: look elsewhere too."""

    pythons: tuple[Path, ...] = ()
    search: bool = True


@dataclass(frozen=True, slots=True)
class Discovery:
    """The runtimes, usable ones first within each name, and what was looked at to find them."""

    specs: tuple[RuntimeSpec, ...]
    interpreters: tuple[Interpreter, ...]
    ascend: Ascend


def discover(settings: DiscoverySettings | None = None) -> list[RuntimeSpec]:
    """All runtimes, found or not; the first usable one of a name is the one to take."""
    return list(look(settings or DiscoverySettings()).specs)


def look(settings: DiscoverySettings) -> Discovery:
    """``discover``, with the evidence. Raises UsageError if the settings file cannot be read."""
    interpreters = tuple(find(tuple(_named(settings)), search=settings.search))
    npu = ascend.look()
    specs = [_inside("onnxruntime", _distribution("onnxruntime")), _inside("reference", _distribution("onnxruntime"))]
    for name in WORKERS:
        specs += _workers(name, interpreters, npu)
    return Discovery(tuple(specs), interpreters, npu)


def _named(settings: DiscoverySettings) -> Iterator[tuple[str, Path]]:
    yield from (("--python", path) for path in settings.pythons)
    if os.environ.get(VARIABLE):
        yield VARIABLE, Path(os.environ[VARIABLE]).expanduser()
    file = config_dir() / "settings.toml"
    try:
        known = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise UsageError("The settings cannot be read", where=f"in {file}: {error}",
                         hint="Mend the file, or remove it") from error
    runtimes = known.get("runtimes", {})
    pythons = runtimes.get("pythons", []) if isinstance(runtimes, dict) else None
    if not isinstance(pythons, list) or not all(isinstance(path, str) for path in pythons):
        raise UsageError("The settings make no sense", where=f"in {file}",
                         hint='Write: [runtimes] and below it pythons = ["/path/to/python"]')
    yield from ((str(file), Path(path).expanduser()) for path in pythons)


def _inside(name: str, engine: str) -> RuntimeSpec:
    if not engine:
        return RuntimeSpec(name, problem="The package onnxruntime is not installed",
                           hint="Install Ascend Diag again, with its dependencies")
    return RuntimeSpec(name, engine if name == "onnxruntime" else __version__)


def _distribution(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _workers(name: str, interpreters: tuple[Interpreter, ...], npu: Ascend) -> list[RuntimeSpec]:
    devices = ("cpu", *npu.devices)
    found = [RuntimeSpec(name, one.packages[name], one.path, devices, npu.env) for one in interpreters
             if name in one.packages]
    wrong = [_unfit(name, one) for one in interpreters if one.origin in ("--python", VARIABLE)
             and name == "mindspore-lite" and name not in one.packages]
    if not found and not wrong:
        return [RuntimeSpec(name, problem=f"No Python on this machine has the package {name}", hint=_HINTS[name])]
    return found + wrong


def _unfit(name: str, one: Interpreter) -> RuntimeSpec:
    has_not = f"{one.path} does not have the package {name}"
    problem = f"{one.path} cannot be used. {one.problem}" if one.problem else has_not
    return RuntimeSpec(name, python=one.path, problem=problem, hint=f"It was named by {one.origin}; name another one")
