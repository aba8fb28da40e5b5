"""Everything that a comparison is told, resolved once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.compare.inputs import InputChoice

DEFAULT_BUDGET = 2 * 2**30


@dataclass(frozen=True, slots=True)
class ComparePlan:
    """One comparison.

    Attributes:
        golden: the ONNX model that is right by definition.
        target: what it became: a MindIR, or another ONNX.
        inputs: where the inputs come from.
        out: the run folder; made if it is not there.
        device: "cpu" or "ascend:N", for the target's runtime.
        dtype: what the target computes in: "auto", "float32", "float16", "bfloat16".
        own_input: whether each layer's own error is measured too (each target node runs once more).
        preset: "calibrated" or "mindstudio".
        pairs: target value or node name → golden tensor, given by hand.
        budget: memory for tensors, bytes.
        threads: threads of the target's runtime; the golden always has the machine's.
        key: decrypts the target.
        checks: whether golden stability and the taps' effect are measured.
        told: the options as the user gave them, for the report.
    """

    golden: Path
    target: Path
    out: Path
    inputs: InputChoice = field(default_factory=InputChoice)
    device: str = "cpu"
    dtype: str = "auto"
    own_input: bool = True
    preset: str = "calibrated"
    pairs: Mapping[str, str] = field(default_factory=dict)
    budget: int = DEFAULT_BUDGET
    threads: int = 1
    key: bytes | None = None
    checks: bool = True
    told: Mapping[str, Any] = field(default_factory=dict)
