"""What a result says of the process that made it."""

from __future__ import annotations

import platform
import resource
import sys

from diag import __version__


def versions() -> dict[str, str]:
    """Of this program, of Python and of the system."""
    return {"diag": __version__, "python": platform.python_version(), "platform": platform.platform()}


def peak_bytes() -> int:
    """Largest resident size of this process so far (mapped model files included)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
