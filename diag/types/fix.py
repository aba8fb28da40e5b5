"""What a repair tried and proved: what the reports, the window and the run folder share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from diag.types.comparison import ModelRun
from diag.types.finding import Finding
from diag.types.layer import Verdict
from diag.types.metrics import NAN


class Step(StrEnum):
    """What a try changes, the cheapest first."""

    AGAIN = "again"
    REWRITE = "rewrite"
    OPSET = "opset"
    PRECISION = "precision"
    FLOAT32 = "float32"
    CONVERTER = "converter"


class Came(StrEnum):
    """What came of a try. Only ``proved`` is a fix."""

    PROVED = "proved"
    HELPED = "helped"
    SAME = "same"
    WORSE = "worse"
    NOT_CONVERTED = "not_converted"
    NOT_RUNNING = "not_running"
    NOT_PROVED_ONNX = "not_proved_onnx"
    NOT_HERE = "not_here"


@dataclass(frozen=True, slots=True)
class Measured:
    """A comparison in short: the worst output's relative L2 error (NaN where it is not finite), and who is to blame."""

    verdict: Verdict
    error: float
    culprits: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    run: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """One hypothesis, carried out.

    Attributes:
        step, name: what it changes: "layer_norm_decomposed", "enforce_fp32", a converter's version …
        nodes: golden nodes that it changes; none: the whole model.
        base: names of earlier changes that it builds on.
        came: what came of it; ``reason``: why, where that is not the measured error.
        after: the comparison of what it made with the original.
        onnx, output: the model that was converted, and what became of it; "" where there is none.
        command: the same conversion on the command line.
    """

    step: Step
    name: str
    nodes: tuple[str, ...]
    base: tuple[str, ...]
    came: Came
    after: Measured | None
    reason: str = ""
    onnx: str = ""
    output: str = ""
    command: str = ""
    seconds: float = NAN


@dataclass(frozen=True, slots=True)
class Fix:
    """Everything that ``diag fix`` found out.

    Attributes:
        verdict: PASS where a try is proved or nothing was wrong, else FAIL.
        before: the pair as it was given.
        proved: position in ``tries`` of the one that is proved; None if none is.
        output: the proved model; "" if there is none.
        converter: who converted: "mindspore-lite 2.0.0".
    """

    verdict: Verdict
    golden: ModelRun
    target: ModelRun
    before: Measured
    tries: tuple[Try, ...]
    proved: int | None
    output: str
    converter: str
    findings: tuple[Finding, ...]
    environment: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    wall_s: float = 0.0
    peak_bytes: int = 0
    run: str | None = None


@dataclass(frozen=True, slots=True)
class SubmodelFix:
    """The repair of one submodel at fault."""

    name: str
    fix: Fix


@dataclass(frozen=True, slots=True)
class PipelineFix:
    """Everything that ``diag fix SPEC.toml`` found out.

    Attributes:
        verdict: of the pipeline with what was repaired.
        spec: the pipeline's file; ``fixed``: a new one that names the repaired models, "" where there is none.
        before, after: verdict of the search for the submodel at fault; ``after`` None where nothing was repaired.
        culprits: submodels at fault, and those that still are after the repair.
        psnr: dB of the worst picture of any swap against golden's, before and after; NaN where there is none.
    """

    verdict: Verdict
    spec: str
    fixed: str
    before: Verdict
    after: Verdict | None
    culprits: tuple[str, ...]
    left: tuple[str, ...]
    submodels: tuple[SubmodelFix, ...]
    psnr: tuple[float, float] = (NAN, NAN)
    environment: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    wall_s: float = 0.0
    peak_bytes: int = 0
    run: str | None = None
