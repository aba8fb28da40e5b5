"""MindSpore, in a Python of its own: runs the MindIR that MindSpore exported."""

from __future__ import annotations

from pathlib import Path

from diag.cancel import Cancel
from diag.runtimes.interface import RunOptions, RuntimeSpec
from diag.runtimes.mindir_session import MindIRSession


class MindSpore:
    """Opens MindIR models that MindSpore exported; it does not know the operators of a Lite conversion."""

    def __init__(self, spec: RuntimeSpec) -> None:
        self.spec = spec

    def open(self, path: Path, options: RunOptions, cancel: Cancel) -> MindIRSession:
        """See ``Runtime.open``."""
        return MindIRSession(self.spec, path, options, cancel)
