"""The whole result of one comparison: what the report writers, the window and the run folder share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diag.types.finding import Finding
from diag.types.layer import Culprit, Decision, LayerResult, OutputResult, Verdict

RECORDING = "recording"
"""``ModelRun.runtime`` of a target that ran before, elsewhere, and of which only tensors are here."""


@dataclass(frozen=True, slots=True)
class ModelRun:
    """Which model ran where. ``sha256`` is of the file's bytes."""

    path: str
    sha256: str
    format: str
    runtime: str
    runtime_version: str
    device: str
    dtype: str


@dataclass(frozen=True, slots=True)
class InputUsed:
    """One input as it was given to both models: where it came from and where it was saved."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    source: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A tensor without a counterpart, and why."""

    tensor: str
    node: str
    op: str
    reason: str
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that ``diag compare`` found out. Field meanings: the contract, ``diag.compare/1``."""

    verdict: Verdict
    golden: ModelRun
    target: ModelRun
    outputs: tuple[OutputResult, ...]
    layers: tuple[LayerResult, ...]
    culprits: tuple[Culprit, ...]
    first_divergence: tuple[str, str] | None
    unmatched_golden: tuple[Unmatched, ...]
    unmatched_target: tuple[Unmatched, ...]
    checks: Mapping[str, Any]
    findings: tuple[Finding, ...]
    inputs: tuple[InputUsed, ...]
    environment: Mapping[str, Any]
    preset: str
    wall_s: float
    peak_bytes: int
    run: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
