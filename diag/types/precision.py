"""What a narrower type does to a model, and what must stay in float32: what reports and window share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diag.types.comparison import InputUsed, ModelRun
from diag.types.finding import Finding
from diag.types.layer import OutputResult, Verdict
from diag.types.metrics import NAN


@dataclass(frozen=True, slots=True)
class Lost:
    """Elements that storage changed beyond rounding.

    ``overflow``: finite, became infinite (or the largest number, where the device saturates); ``underflow``: became
    zero; ``subnormal``: kept with fewer digits; ``nan``: are no numbers after storage.
    """

    overflow: int = 0
    underflow: int = 0
    subnormal: int = 0
    nan: int = 0


@dataclass(frozen=True, slots=True)
class WeightLost:
    """A weight that the type cannot hold. ``largest``: magnitude before it was stored; ``size``: elements."""

    name: str
    size: int
    largest: float
    smallest: float
    lost: Lost


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One float32 tensor of the model and what the narrower type does to it.

    Attributes:
        index: of the node in the file.
        macs: pairs of a multiplication and an addition; 0 where the layer is no product.
        elements: of the tensor.
        largest: largest finite magnitude in float32.
        headroom: the type's largest number over ``largest``; below 1 it overflows.
        own_nr: noise-floor ratio of the layer alone in the narrow type, on float32 inputs: 1 is mere storage.
        own_rel_l2, rel_l2, nr: relative L2 error of the layer alone; the same and its noise-floor ratio with
            everything before it narrow too.
        lost: of this tensor with everything before it narrow.
        own_lost: of this tensor with only this layer narrow.
        effect: relative L2 error of the worst final output if only this layer is narrow; NaN where not measured, and
            where ``breaks``: the output is not finite then.
        share: whether ``effect`` is this layer's part of a group that was measured together.
        kept: whether the plan keeps the layer in float32.
    """

    index: int
    node: str
    op: str
    tensor: str
    shape: tuple[int, ...]
    macs: int
    elements: int
    largest: float
    headroom: float
    own_nr: float
    own_rel_l2: float
    nr: float
    rel_l2: float
    lost: Lost
    own_lost: Lost
    weights: tuple[WeightLost, ...] = ()
    effect: float = NAN
    breaks: bool = False
    share: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class ParetoPoint:
    """One choice of layers to keep, measured on the whole model.

    Attributes:
        layers: how many are kept in float32.
        macs_kept: share of the products' work that stays in float32, 0…1.
        elements_kept: share of the written elements that stay in float32.
        casts: borders between the two types.
        error: relative L2 error of the worst final output, measured; NaN where it is not finite.
        excess: the worst final output's error over what is wanted of it: up to 1 it is good; NaN where not finite.
    """

    layers: int
    macs_kept: float
    elements_kept: float
    casts: int
    error: float
    excess: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Layers to keep in float32.

    Attributes:
        wanted: relative L2 error allowed by final output.
        reached: whether the wanted error is reached; verified on the whole model.
        kept: nodes to keep, in running order.
        kept_ops: how many of them are of each operator.
        point: what keeping them costs and gives.
        all_narrow, all_wide: the two ends: nothing kept, everything kept.
        pareto: further choices, from the cheapest to the dearest.
        runs: whole runs of the model that the search took.
        smallest: whether each kept layer was proved necessary: without it the wanted error is missed.
        note: what a reader must know.
        by_type: every layer of the kept operators kept, which is what a list of operator types does; None where
            nothing is kept.
    """

    wanted: Mapping[str, float]
    reached: bool
    kept: tuple[str, ...]
    kept_ops: Mapping[str, int]
    point: ParetoPoint
    all_narrow: ParetoPoint
    all_wide: ParetoPoint
    pareto: tuple[ParetoPoint, ...]
    runs: int
    smallest: bool
    note: str = ""
    by_type: ParetoPoint | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where not-a-number values come from.

    Attributes:
        node, op, tensor: the first layer that gives NaN where float32 gives none; ``count`` elements.
        source: the node, weight or input before it in which values became infinite.
        constant: the value of the constant behind it; NaN where it is no constant.
        path: nodes from the source to the layer, both ends included.
    """

    node: str
    op: str
    tensor: str
    count: int
    source: str
    constant: float
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was made: what it is for, its place."""

    purpose: str
    path: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The plan's ONNX file with casts, run by onnxruntime: error of the worst output, and whether it is as wanted."""

    path: str
    error: float
    excess: float
    agrees: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Emulation:
    """Everything that ``diag precision`` found out. ``outputs`` are those of the whole model in the narrow type."""

    verdict: Verdict
    model: ModelRun
    dtype: str
    accumulate: str
    saturate: bool
    outputs: tuple[OutputResult, ...]
    layers: tuple[LayerRow, ...]
    input_overflow: Mapping[str, int]
    origin: Origin | None
    plan: Plan | None
    mixed: Checked | None
    files: tuple[Written, ...]
    findings: tuple[Finding, ...]
    inputs: tuple[InputUsed, ...]
    environment: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    measured_runs: int = 0
    wall_s: float = 0.0
    peak_bytes: int = 0
    run: str | None = None
