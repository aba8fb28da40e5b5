"""Which runtime times or runs a file, where the user leaves it open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from diag.errors import RuntimeUnavailable
from diag.formats.registry import identify
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.registry import choose


def spec_for(path: Path, name: str, device: str, known: Sequence[RuntimeSpec],
             say: Callable[[str], object] = lambda _text: None) -> RuntimeSpec:
    """The runtime of a model: the one named, or for ``auto`` what the file runs in when it is deployed.

    A MindIR falls back to the reference runtime on the CPU, which is told to ``say``. Raises RuntimeUnavailable,
    UsageError, FormatError.
    """
    onnx = identify(path) == "onnx"
    if name != "auto":
        return choose(known, name, device)
    if onnx:
        return choose(known, "onnxruntime", device)
    try:
        return choose(known, "mindspore-lite", device)
    except RuntimeUnavailable as error:
        if device != "cpu":
            raise
        say(f"{error.message}: {path.name} runs in the reference runtime, whose speed is not that of the deployed "
            f"model. {error.hint}")
        return choose(known, "reference", device)
