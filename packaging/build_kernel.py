"""Hatch build hook: compiles the metrics kernel into the package where there is a C compiler.

It never fails a build: without the kernel the same numbers come from numpy, more slowly. An editable install gets it
too, beside its source.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("diag/compare/metrics/kernel.c")
CLONES = '-DCLONES=__attribute__((target_clones({})))'
# From best to plainest; the first that the compiler takes. None of them changes how NaN and infinities behave.
BASE = ("-O3", "-shared", "-fPIC", "-std=gnu11", "-fno-trapping-math", "-fno-math-errno", "-fvisibility=hidden")
VARIANTS = (
    ("-fopenmp-simd", CLONES.format('"arch=x86-64-v4","arch=x86-64-v3","default"')),
    ("-fopenmp-simd", CLONES.format('"avx512f","avx2","default"')),
    ("-fopenmp-simd",),
    (),
)


class BuildKernel(BuildHookInterface):
    """Adds the library to wheels, and to the source tree for editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """``version`` is "standard" or "editable"."""
        if self.target_name != "wheel":
            return
        library = compile_kernel(Path(self.root))
        if library is None:
            self.app.display_warning("The metrics kernel was not built; numpy will do its work.")
        elif version != "editable":
            relative = library.relative_to(self.root).as_posix()
            build_data["force_include"][str(library)] = relative
            build_data["pure_python"] = False
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"py3-none-{platform}"


def compile_kernel(root: Path) -> Path | None:
    """Compile the kernel beside its source; None where no compiler can."""
    compiler = _compiler()
    source = root / SOURCE
    library = source.with_name("libkernel.so")  # "kernel.so" would shadow kernel.py
    if compiler is None or sys.platform == "win32" or not source.is_file():
        return None
    for flags in VARIANTS:
        fresh = library.with_name(f"libkernel.{os.getpid()}.so")
        command = [compiler, *BASE, *flags, str(source), "-o", str(fresh)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode == 0 and fresh.is_file():
            fresh.replace(library)  # a running program keeps the old one
            return library
        fresh.unlink(missing_ok=True)
    return None


def _compiler() -> str | None:
    named = os.environ.get("CC", "").split()
    return next((found for name in (*named[:1], "cc", "gcc", "clang") if (found := shutil.which(name))), None)
