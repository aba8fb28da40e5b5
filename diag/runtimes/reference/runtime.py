"""The reference runtime as a Runtime: MindIR files on any machine, with all their tensors."""

from __future__ import annotations

from pathlib import Path

from diag import __version__
from diag.cancel import Cancel
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR
from diag.runtimes.interface import RunOptions, RuntimeSpec
from diag.runtimes.onnxruntime import only_cpu
from diag.runtimes.onnxruntime.session import ProgramSession
from diag.runtimes.reference.program import lower


class Reference:
    """Opens MindIR models."""

    def __init__(self) -> None:
        self.spec = RuntimeSpec("reference", __version__)

    def open(self, path: Path, options: RunOptions, cancel: Cancel) -> ProgramSession:
        """A session over the model's own nodes; ``untappable`` says which of them are not covered."""
        cancel.check()
        only_cpu("reference", options)
        return ProgramSession(lower(MINDIR.read(path, ReadOptions(options.key))), options.threads)
