"""The words of ``converter_lite`` for a plan: what is run, and what "copy as command" gives."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from diag.tools.converter.plan import ConverterPlan
from diag.tools.converter.profiles import shapes_text


def command(program: str, plan: ConverterPlan, onnx: Path, output: Path, config: Path | None) -> tuple[str, ...]:
    """``output``: with its ending, which the converter adds itself; ``config``: the file with the sections."""
    words = [program, "--fmk=ONNX", f"--modelFile={onnx}", f"--outputFile={output.with_suffix('')}",
             f"--saveType={plan.save_type}", f"--optimize={plan.optimize}"]
    if plan.shapes and plan.dynamic is None:
        words.append(f"--inputShape={shapes_text(plan.shapes)}")
    if config is not None:
        words.append(f"--configFile={config}")
    return tuple(words + [f"--{name}={value}" for name, value in plan.flags.items()])


def shell(words: Sequence[str]) -> str:
    """One line to paste; keys of encrypted models are not shown."""
    return " ".join(shlex.quote(_hidden(word)) for word in words)


def _hidden(word: str) -> str:
    name, equals, _ = word.partition("=")
    return f"{name}=…" if equals and name.lower().endswith("cryptkey") else word
