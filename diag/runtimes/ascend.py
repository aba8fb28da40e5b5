"""What of Ascend is on this machine: NPUs, and CANN with the environment that it wants."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SET_ENV = (Path("/usr/local/Ascend/ascend-toolkit/set_env.sh"), Path("/usr/local/Ascend/nnae/set_env.sh"),
            Path("/usr/local/Ascend/cann/set_env.sh"))
_TIMEOUT_S = 20.0
_SHELLS_OWN = {"_", "SHLVL", "PWD", "OLDPWD", "LINES", "COLUMNS"}
_NPU = re.compile(r"davinci(\d+)")


@dataclass(frozen=True, slots=True)
class Ascend:
    """What was found.

    Attributes:
        devices: "ascend:0" … for every NPU that the kernel driver shows.
        cann: CANN's folder, "" if there is none.
        cann_version: as its version file says, "" if unknown.
        sourced: whether our own environment already has CANN's variables.
        env: variables to add so that a worker finds CANN; empty when sourced.
        npu_smi: path of the tool, "" if it is not there.
    """

    devices: tuple[str, ...] = ()
    cann: str = ""
    cann_version: str = ""
    sourced: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    npu_smi: str = ""


def look(dev: Path = Path("/dev"), scripts: tuple[Path, ...] = _SET_ENV) -> Ascend:
    """What is there. A CANN that is installed but not sourced is sourced in a shell to learn its variables."""
    numbers = sorted(int(match[1]) for path in dev.glob("davinci*") if (match := _NPU.fullmatch(path.name)))
    devices = tuple(f"ascend:{number}" for number in numbers)
    tool = shutil.which("npu-smi") or ""
    home = os.environ.get("ASCEND_HOME_PATH", "")
    if home:
        return Ascend(devices, home, _version(Path(home)), True, {}, tool)
    script = next((path for path in scripts if path.is_file()), None)
    if script is None:
        return Ascend(devices, npu_smi=tool)
    env = _sourced(script)
    home = env.get("ASCEND_HOME_PATH", str(script.parent))
    return Ascend(devices, home, _version(Path(home)), False, env, tool)


def _sourced(script: Path) -> dict[str, str]:
    """The variables that sourcing the script sets or changes; {} if it fails."""
    try:
        done = subprocess.run(["/bin/bash", "-c", '. "$1" >/dev/null 2>&1; exec /usr/bin/env -0', "bash", str(script)],
                              stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError):
        return {}
    pairs = (item.partition("=") for item in done.stdout.decode("utf-8", "replace").split("\0") if item)
    return {name: value for name, _, value in pairs
            if os.environ.get(name) != value and name not in _SHELLS_OWN}


def _version(home: Path) -> str:
    for name in ("compiler/version.info", "runtime/version.info", "version.info", "version.cfg"):
        try:
            match = re.search(r"^Version\s*=\s*(\S+)", (home / name).read_text(errors="replace"), re.MULTILINE)
        except OSError:
            continue
        if match:
            return match[1]
    return ""
