"""Everything that a preflight is told, resolved once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.compare.plan import InputChoice
from diag.runtimes.interface import RuntimeSpec


@dataclass(frozen=True, slots=True)
class LintPlan:
    """One preflight.

    Attributes:
        model: the ONNX model.
        runtime, version, device: for which converter and runtime.
        inputs: where the inputs come from: what a node's data are decides about some known defects.
        measure: measure nodes whose form was not measured on this runtime, which then must be here.
        apply: names of rewrites to apply ("all": those that avoid something); empty: none.
        output: the rewritten model.
        told: the options as the user gave them, for the report.
    """

    model: Path
    runtime: str = "mindspore-lite"
    version: str = "2.0.0"
    device: str = "cpu"
    inputs: InputChoice = field(default_factory=InputChoice)
    measure: RuntimeSpec | None = None
    apply: tuple[str, ...] = ()
    output: Path | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
