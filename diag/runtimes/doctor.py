"""What is here, what is missing, and how to get it: the facts behind ``diag runtime doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from diag import __version__
from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError
from diag.runtimes.discover import Discovery
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.launcher import Worker

_PACKAGES = ("numpy", "onnx", "onnxruntime", "ml-dtypes", "pandas", "cattrs", "cryptography", "pyside6-essentials",
             "pyqtgraph", "torch", "diffusers", "transformers")
_VARIABLES = ("ASCEND_HOME_PATH", "ASCEND_OPP_PATH", "ASCEND_RT_VISIBLE_DEVICES", "ASCEND_CUSTOM_OPP_PATH",
              "LITE_HOME", "LD_LIBRARY_PATH", "PYTHONPATH", "GLOG_v", "DIAG_MSLITE_PYTHON", "DIAG_HOME")
_IMPORT_S = 120.0


@dataclass(frozen=True, slots=True)
class Examined:
    """One runtime and whether it could really be imported: ``says`` is its own version, ``problem`` why not."""

    spec: RuntimeSpec
    says: str
    problem: str
    hint: str


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that the doctor found. ``memory_bytes`` is the machine's, 0 if unknown."""

    system: str
    cpu: str
    cpus: int
    memory_bytes: int
    python: str
    packages: dict[str, str]
    variables: dict[str, str]
    runtimes: tuple[Examined, ...]
    discovery: Discovery

    @property
    def missing(self) -> tuple[Examined, ...]:
        """Runtimes of which no installation works."""
        working = {one.spec.name for one in self.runtimes if not one.problem}
        return tuple(one for one in self.runtimes if one.problem and one.spec.name not in working)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        npu = self.discovery.ascend
        return {
            "system": self.system, "cpu": self.cpu, "cpus": self.cpus, "memory_bytes": self.memory_bytes,
            "python": self.python, "version": __version__, "packages": self.packages, "variables": self.variables,
            "runtimes": [{**as_dict(one.spec), "says": one.says, "problem": one.problem, "hint": one.hint}
                         for one in self.runtimes],
            "interpreters": [{**asdict(one), "path": str(one.path)} for one in self.discovery.interpreters],
            "ascend": {**asdict(npu), "env": sorted(npu.env)}}


def as_dict(spec: RuntimeSpec) -> dict[str, Any]:
    """A spec for JSON."""
    return {"name": spec.name, "version": spec.version, "python": str(spec.python) if spec.python else None,
            "devices": list(spec.devices), "usable": spec.usable, "problem": spec.problem, "hint": spec.hint}


def doctor(discovery: Discovery, cancel: Cancel) -> Health:
    """Import every worker runtime that was found, each in its own process, and gather the facts around them."""
    system = f"{platform.system()} {platform.release()} ({_distribution()})"
    return Health(system, _cpu(), os.cpu_count() or 0, _memory(),
                  f"{platform.python_version()} ({platform.machine()})", _versions(_PACKAGES),
                  {name: os.environ[name] for name in _VARIABLES if name in os.environ},
                  tuple(examine(spec, cancel) for spec in discovery.specs), discovery)


def examine(spec: RuntimeSpec, cancel: Cancel) -> Examined:
    """Try the import. Only Cancelled is raised."""
    if not spec.usable or spec.python is None:
        return Examined(spec, spec.version, spec.problem, spec.hint)
    with tempfile.TemporaryDirectory(prefix="diag-doctor-") as folder:
        try:
            worker = Worker(spec.name, spec.python, Path(folder), env=spec.env)
            try:
                says = str(worker.call("version", {}, cancel, wall_s=_IMPORT_S).get("version", ""))
            finally:
                worker.close()
        except Cancelled:
            raise
        except DiagError as error:
            return Examined(spec, "", error.message, _advice(error.message) or spec.hint)
    return Examined(spec, says, "", "")


def text(health: Health) -> Iterator[str]:
    """Lines for people."""
    yield f"Ascend Diag {__version__} on Python {health.python}, {health.system}"
    memory = f", {health.memory_bytes / 2**30:.1f} GiB memory" if health.memory_bytes else ""
    yield f"{health.cpus} CPUs: {health.cpu}{memory}"
    yield ""
    yield "Runtimes"
    for one in health.runtimes:
        yield from _runtime(one)
    yield ""
    yield "Ascend"
    yield from _ascend(health.discovery)
    yield ""
    yield "Python interpreters looked at"
    for python in health.discovery.interpreters:
        version = ".".join(map(str, python.version)) or "does not run"
        has = ", ".join(f"{name} {number}" for name, number in python.packages.items())
        note = f"  {python.problem}" if python.problem else f"  {has}" if has else ""
        yield f"  {version:<13}{python.path}  ({python.origin}){note}"
    yield ""
    yield "Packages: " + ", ".join(f"{name} {number or 'not installed'}" for name, number in health.packages.items())
    for name, value in health.variables.items():
        yield f"{name}={value}"


def _runtime(one: Examined) -> Iterator[str]:
    where = f"  {one.spec.python}" if one.spec.python else ""
    if one.problem:
        yield f"  [missing] {one.spec.name}{where}: {one.problem}"
        if one.hint:
            yield f"            {one.hint}"
        return
    yield f"  [ok]      {one.spec.name} {one.says}{where}  on {', '.join(one.spec.devices)}"


def _ascend(discovery: Discovery) -> Iterator[str]:
    npu = discovery.ascend
    if not (npu.devices or npu.cann or npu.npu_smi):
        yield "  no NPU and no CANN on this machine: models run on the CPU"
        return
    yield f"  NPUs: {', '.join(npu.devices) or 'none (no /dev/davinci*: is the driver loaded, the container allowed?)'}"
    if npu.cann:
        how = "its set_env.sh is sourced" if npu.sourced else "not sourced; workers get its variables from us"
        yield f"  CANN: {npu.cann_version or 'version unknown'} in {npu.cann} ({how})"
    else:
        yield "  CANN: not found; install the toolkit, and source its set_env.sh"
    yield f"  npu-smi: {npu.npu_smi or 'not on PATH'}"


def _advice(message: str) -> str:
    if "libascend" in message or "libge" in message or "libgraph" in message:
        return "A library of CANN is not found: source its set_env.sh"
    if "GLIBC" in message or "GLIBCXX" in message:
        return "This wheel is for a newer system: use an older wheel, or a container"
    return ""


def _versions(names: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = ""
    return found


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return platform.platform()


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "Hardware")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0

