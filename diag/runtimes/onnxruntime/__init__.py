"""onnxruntime in this process: the golden side, and the engine under the reference runtime."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort

from diag.cancel import Cancel
from diag.errors import UsageError
from diag.formats.onnx import load
from diag.runtimes.interface import RunOptions, RuntimeSpec
from diag.runtimes.onnxruntime.program import from_onnx
from diag.runtimes.onnxruntime.session import ProgramSession


def only_cpu(name: str, options: RunOptions) -> None:
    """Raise UsageError for any other device: these runtimes compute in this process."""
    if options.device != "cpu":
        raise UsageError(f"{name} finds no device '{options.device}' here", where="devices: cpu",
                         hint="See: diag runtime doctor")


class OnnxRuntime:
    """Opens ONNX models."""

    def __init__(self) -> None:
        self.spec = RuntimeSpec("onnxruntime", ort.__version__)

    def open(self, path: Path, options: RunOptions, cancel: Cancel) -> ProgramSession:
        """A session over the model's own nodes, graph optimisation off."""
        cancel.check()
        only_cpu("onnxruntime", options)
        return ProgramSession(from_onnx(load(path)), options.threads)
