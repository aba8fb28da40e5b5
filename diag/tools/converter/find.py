"""Which converter there is: ``converter_lite`` of a release, or the Python package of MindSpore Lite."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diag.errors import RuntimeUnavailable, UsageError
from diag.runtimes import ascend
from diag.runtimes.discover import DiscoverySettings, discover
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.registry import choose
from diag.tools.converter.plan import ConverterPlan

VARIABLE = "DIAG_CONVERTER"
TOOLS = ("auto", "converter_lite", "python")
_IN_RELEASE = Path("tools") / "converter" / "converter" / "converter_lite"
_RELEASE = re.compile(r"mindspore-lite-(\d+\.\d+(?:\.\d+)?)")
_LIBRARIES = ("runtime/lib", "runtime/third_party/dnnl", "tools/converter/lib")


@dataclass(frozen=True, slots=True)
class Converter:
    """A converter that can be started.

    Attributes:
        kind: "converter_lite" or "python".
        path: the program, or the interpreter that has the package.
        version: "" where it cannot be told without running it.
        env: variables that it needs: libraries of its release, CANN's.
        spec: of the Python package; None for the program.
    """

    kind: str
    path: Path
    version: str
    env: Mapping[str, str] = field(default_factory=dict)
    spec: RuntimeSpec | None = None


def find_converter(plan: ConverterPlan) -> Converter:
    """The converter that the plan asks for. Raises UsageError (no such tool), RuntimeUnavailable (none here)."""
    if plan.tool not in TOOLS:
        raise UsageError(f"There is no converter '{plan.tool}'", where=f"converters: {', '.join(TOOLS)}")
    named = plan.converter
    if named is not None and not named.is_file():
        raise UsageError("There is no such converter", where=f"in {named}", hint="Give converter_lite, or a Python")
    if named is not None and (plan.tool == "converter_lite" or "converter_lite" in named.name):
        return _program(named, plan.version)
    if plan.tool != "python" and named is None and (program := find_program()) is not None:
        return _program(program, plan.version)
    if plan.tool == "converter_lite":
        raise RuntimeUnavailable("converter_lite is not on this machine",
                                 where=f"looked at {VARIABLE}, LITE_HOME and PATH",
                                 hint="Unpack MindSpore Lite's release and set LITE_HOME, or use --tool python")
    try:
        where = DiscoverySettings((named,), search=False) if named is not None else DiscoverySettings()
        spec = choose(discover(where), "mindspore-lite")
    except RuntimeUnavailable as error:
        raise RuntimeUnavailable("There is no MindSpore Lite converter on this machine",
                                 where=f"no converter_lite in LITE_HOME or PATH; {error.message}",
                                 hint=error.hint) from error
    if spec.python is None:
        raise AssertionError("a worker runtime has an interpreter")
    return Converter("python", spec.python, plan.version or spec.version, spec.env, spec)


def find_program() -> Path | None:
    """``converter_lite``: DIAG_CONVERTER, LITE_HOME, PATH; None if it is nowhere."""
    named = os.environ.get(VARIABLE)
    if named and Path(named).is_file():
        return Path(named)
    home = os.environ.get("LITE_HOME")
    if home and (Path(home) / _IN_RELEASE).is_file():
        return Path(home) / _IN_RELEASE
    found = shutil.which("converter_lite")
    return Path(found) if found else None


def _program(path: Path, version: str) -> Converter:
    path = path.absolute()
    root = next((p for p in path.resolve().parents if (p / "runtime" / "lib").is_dir()), None)
    env = dict(ascend.look().env)
    if root is not None:
        inherited = env.get("LD_LIBRARY_PATH", os.environ.get("LD_LIBRARY_PATH", ""))
        folders = [str(root / part) for part in _LIBRARIES]
        env["LD_LIBRARY_PATH"] = os.pathsep.join([*folders, *([inherited] if inherited else [])])
    return Converter("converter_lite", path, version or _version(path, root), env)


def _version(path: Path, root: Path | None) -> str:
    """From the release's version.txt where it has one, else from the folder's name."""
    for place in ([root / "version.txt"] if root is not None else []):
        try:
            found = re.search(r"\d+\.\d+(?:\.\d+)?", place.read_text(errors="replace")[:200])
        except OSError:
            continue
        if found:
            return found[0]
    match = _RELEASE.search(str(path.resolve()))
    return match[1] if match else ""
