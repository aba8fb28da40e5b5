"""What became of conversions: each model's file, its first run, and the reason where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from diag.types.finding import Finding
from diag.types.layer import OutputResult, Verdict


class ConvertStatus(StrEnum):
    """How a conversion ended. Only ``ok`` is success."""

    OK = "ok"
    UNCHECKED = "unchecked"
    WRONG = "wrong"
    NOT_RUNNING = "not_running"
    FAILED = "failed"
    KEPT = "kept"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Smoke:
    """The first run of a converted model on generated inputs, judged against the ONNX model in onnxruntime.

    Attributes:
        ran: whether it was opened and ran.
        verdict: of its outputs; NOT_COMPARABLE where it did not run.
        runtime, runtime_version, device: where it ran.
        problem: why it did not run or was not tried; "" if it ran.
        hint: what to do about that.
        outputs: each final output against the golden one.
        shapes: the input shapes that it ran with, by name; for dynamic profiles those of ``profile``.
        profile: number of the dynamic profile, from 1; 0 for a static model.
        seconds: opening and running it.
        log: what the runtime printed, where it failed.
    """

    ran: bool
    verdict: Verdict
    runtime: str = ""
    runtime_version: str = ""
    device: str = "cpu"
    problem: str = ""
    hint: str = ""
    outputs: tuple[OutputResult, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    profile: int = 0
    seconds: float = 0.0
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a line of a log means, for a person."""

    title: str
    explanation: str
    advice: str


@dataclass(frozen=True, slots=True)
class RootCause:
    """The line of a log that says why: its finding, the line as printed, where it stands (from 1).

    ``words`` by language: the catalogue of logs has its own, with placeholders that the finding alone cannot fill.
    """

    finding: Finding
    text: str
    file: str = ""
    line: int | None = None
    words: Mapping[str, Said] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conversion:
    """One model's conversion.

    Attributes:
        source: the ONNX model that was asked for.
        output: the MindIR that can be loaded; None where there is none.
        status: see ``ConvertStatus``.
        config: the converter's options by section, as they were given to it.
        command: the same conversion as words for ``converter_lite``.
        tool: "converter_lite" or "python"; ``tool_version`` "" where unknown; ``tool_path``: the program.
        seconds: of the converter alone.
        smoke: the first run; None where nothing was converted.
        log: everything that the converter printed.
        root_cause: the decisive line of a failure; None where the log does not say.
        ending: how the process ended ("exit code 255", "SIGSEGV", "hung"); "" for a normal end.
        findings: everything worth telling, the worst first.
        rewrites: names of the rewrites that were applied before, in order.
        rewritten: the ONNX that was converted, where rewrites were applied; what they changed is in ``.diff`` beside.
        change: the largest relative change of any output that they made, measured in onnxruntime.
        digest: hash of the model and of all options: what resuming compares.
        smokes: the first runs of all dynamic profiles that were tried; ``smoke`` is the worst of them.
    """

    source: Path
    output: Path | None
    status: ConvertStatus
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    tool: str = ""
    tool_version: str = ""
    tool_path: str = ""
    seconds: float = 0.0
    smoke: Smoke | None = None
    log: Path | None = None
    root_cause: RootCause | None = None
    ending: str = ""
    findings: tuple[Finding, ...] = ()
    rewrites: tuple[str, ...] = ()
    rewritten: Path | None = None
    digest: str = ""
    smokes: tuple[Smoke, ...] = ()
    name: str = ""
    change: float = 0.0


@dataclass(frozen=True, slots=True)
class Conversions:
    """Everything that ``diag convert`` did; ``diag.convert/1`` of the contract."""

    verdict: Verdict
    models: tuple[Conversion, ...]
    findings: tuple[Finding, ...]
    environment: Mapping[str, Any]
    wall_s: float
    peak_bytes: int
    run: str | None = None
