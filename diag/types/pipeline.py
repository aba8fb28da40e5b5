"""A pipeline of several models, and what swapping its submodels found out. Field meanings: the contract,
``diag.pipeline/1``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from diag.types.finding import Finding
from diag.types.layer import Culprit, Verdict
from diag.types.metrics import NAN, Metrics


class PipelineKind(StrEnum):
    """Who wires the submodels: our own loop, diffusers, or the spec itself."""

    IMG2IMG = "sd-img2img"
    TEXT2IMG = "sd-text2img"
    DIFFUSERS = "diffusers"
    CHAIN = "chain"


class SwapKind(StrEnum):
    """Which submodels run as their MindIR in a run."""

    GOLDEN = "golden"
    SINGLE = "single"
    LEAVE_ONE_OUT = "leave_one_out"
    ALL = "all"
    PAIR = "pair"


@dataclass(frozen=True, slots=True)
class Submodel:
    """One model of a pipeline. ``mindir`` is "" where it has none; it may be another ONNX model as well.

    ``inputs`` (chain only) says where each input comes from: ``input:NAME`` or ``SUBMODEL.OUTPUT``.
    """

    name: str
    onnx: str
    mindir: str = ""
    runtime: str = "auto"
    device: str = "cpu"
    dtype: str = "auto"
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A whole pipeline and one request to it. Paths are absolute; "" is none.

    Attributes:
        path: the spec's own file.
        image: picture to start from (sd-img2img).
        scheduler: ``scheduler_config.json``'s content, ``_class_name`` included.
        tokenizer: folder of the tokenizer; ``feature_extractor``: its ``preprocessor_config.json``.
        height, width: of the picture, pixels; 0: what the models say.
        scaling: of the VAE's latents.
        truncate_prompt: cut a prompt that is too long, instead of refusing it.
        arrays: ``.npz`` with the inputs of a chain; what is missing there is generated with ``seed``.
        outputs: names of the chain's final outputs, ``SUBMODEL.OUTPUT``; empty: those that nobody reads.
        folder: diffusers folder (kind diffusers).
    """

    kind: PipelineKind
    submodels: tuple[Submodel, ...]
    path: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    image: str = ""
    steps: int = 20
    strength: float = 0.75
    guidance: float = 7.5
    seed: int = 0
    scheduler: Mapping[str, Any] = field(default_factory=dict)
    tokenizer: str = ""
    feature_extractor: str = ""
    height: int = 0
    width: int = 0
    scaling: float = 0.18215
    truncate_prompt: bool = False
    arrays: str = ""
    outputs: tuple[str, ...] = ()
    folder: str = ""

    def submodel(self, name: str) -> Submodel:
        """The submodel of a name; KeyError if there is none."""
        for one in self.submodels:
            if one.name == name:
                return one
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class ImageMetrics:
    """Distance of a picture from the golden one, both in [0, 1]. ``psnr`` in dB; NaN for equal pictures."""

    psnr: float = NAN
    ssim: float = NAN
    max_abs: float = NAN

    @property
    def equal(self) -> bool:
        """Whether the pictures are the same to the last bit."""
        return self.max_abs == 0


@dataclass(frozen=True, slots=True)
class StepDivergence:
    """One denoising step of a swap: latents after it against the golden ones.

    ``latents`` is free running: the swap's own latents went in. ``teacher_forced``: golden latents went in, so it is
    what this step alone adds.
    """

    step: int
    timestep: float
    latents: Metrics
    teacher_forced: Metrics | None = None


@dataclass(frozen=True, slots=True)
class SwapRun:
    """One run of the pipeline with some submodels as MindIR.

    ``picture`` and ``latents_file`` are file names in the run folder, "" if there are none. ``outputs`` are the final
    outputs of a chain. ``error`` says why there is no result.
    """

    kind: SwapKind
    swapped: tuple[str, ...]
    verdict: Verdict
    reason: str
    image: ImageMetrics | None = None
    latents: Metrics | None = None
    submodel_outputs: Mapping[str, Metrics] = field(default_factory=dict)
    outputs: Mapping[str, Metrics] = field(default_factory=dict)
    steps: tuple[StepDivergence, ...] = ()
    seconds: float = 0.0
    picture: str = ""
    error: Finding | None = None


@dataclass(frozen=True, slots=True)
class SubmodelResult:
    """One submodel: where it ran, and its own error on the inputs that the golden pipeline gave it.

    Attributes:
        outputs: metrics of the worst call, by output name.
        output, call: which output shows the error, and the first call (from 0) that shows it; its recorded inputs are
            ``boundary/<name>-<call>.npz``.
        error: largest relative L2 error over all outputs and calls.
        ratio: that error over what is usual among the healthy submodels of this pipeline (infinite: null).
        calls: its calls in one run.
        golden_ms, target_ms: median time of a call.
        comparison: run folder of its layer comparison, relative to the pipeline's, "" if there was none.
        random_nodes: nodes of the ONNX that draw random numbers (their mean is used).
        target_random: nodes of the MindIR that do, where it is off.
        unstable: relative L2 error between two answers of the target to the same input; 0 is what it should be.
        blind: its outputs can hide an error: all are decisions, or repeat an input. It was looked into.
        note: why it does not run where one would expect.
        error_finding: why it does not run at all.
    """

    name: str
    onnx: str
    mindir: str
    runtime: str
    runtime_version: str
    device: str
    dtype: str
    verdict: Verdict
    reason: str
    outputs: Mapping[str, Metrics] = field(default_factory=dict)
    output: str = ""
    error: float = NAN
    ratio: float = NAN
    call: int = 0
    calls: int = 0
    golden_ms: float = NAN
    target_ms: float = NAN
    comparison: str = ""
    random_nodes: tuple[str, ...] = ()
    target_random: tuple[str, ...] = ()
    unstable: float = 0.0
    blind: bool = False
    note: str = ""
    error_finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class PipelineCulprit:
    """A submodel at fault, best first. ``layer`` is the injecting layer, as ``diag compare`` names it.

    ``score`` is the submodel's error over what is usual here; ``step`` the call at which it diverges first.
    ``comparison`` is as in SubmodelResult.
    """

    submodel: str
    score: float
    why: str
    step: int = 0
    layer: Culprit | None = None
    comparison: str = ""


@dataclass(frozen=True, slots=True)
class PipelineDiagnosis:
    """Everything that ``diag pipeline locate`` found out. Pictures, latents and recorded inputs lie in the run folder.

    Attributes:
        runs: golden first, then golden again, the swaps, in the order in which they ran.
        steps: of the first culprit's swap.
        noise: two golden runs against each other; ``latent_noise`` their last latents.
        masked: pairs of culprits whose errors cancel.
        amplified: submodels that are right in each step, and whose swap still changes the picture.
        flagged: the safety checker blacked out golden's picture; None: there is no safety checker.
        golden_picture, source_picture: files in the run folder, "" if there are none.
    """

    verdict: Verdict
    spec: PipelineSpec
    submodels: tuple[SubmodelResult, ...]
    runs: tuple[SwapRun, ...]
    culprits: tuple[PipelineCulprit, ...]
    steps: tuple[StepDivergence, ...]
    noise: ImageMetrics | None
    latent_noise: Metrics | None
    masked: tuple[tuple[str, str], ...]
    amplified: tuple[str, ...]
    flagged: bool | None
    findings: tuple[Finding, ...]
    environment: Mapping[str, Any]
    wall_s: float
    peak_bytes: int
    golden_picture: str = ""
    source_picture: str = ""
    run: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """One plain run (``diag pipeline run``): files in the run folder, seconds and calls by submodel."""

    spec: PipelineSpec
    swapped: tuple[str, ...]
    picture: str
    steps: int
    flagged: bool | None
    seconds: Mapping[str, float]
    calls: Mapping[str, int]
    wall_s: float
    peak_bytes: int
    run: str
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """A run that ended is a pass: it is compared with nothing."""
        return Verdict.PASS
