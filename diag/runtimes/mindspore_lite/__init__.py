"""MindSpore Lite, in a Python of its own: runs MindIR models and converts ONNX to MindIR."""

from __future__ import annotations

from pathlib import Path

from diag.cancel import Cancel
from diag.runtimes.interface import RunOptions, RuntimeSpec
from diag.runtimes.mindir_session import MindIRSession


class MindSporeLite:
    """Opens MindIR models on the CPU or on an Ascend device."""

    def __init__(self, spec: RuntimeSpec) -> None:
        self.spec = spec

    def open(self, path: Path, options: RunOptions, cancel: Cancel) -> MindIRSession:
        """See ``Runtime.open``."""
        return MindIRSession(self.spec, path, options, cancel)
