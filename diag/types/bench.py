"""What a benchmark measured: one series of times a model, their ratios, and how every number came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diag.types.finding import Finding
from diag.types.layer import Verdict


@dataclass(frozen=True, slots=True)
class Interval:
    """Between ``low`` and ``high`` lies the true value in ``confidence`` (0..1) of such measurements.

    ``method`` says how it was found: order_statistics, rounds, hodges_lehmann; "" where there is none (NaN bounds).
    """

    low: float
    high: float
    confidence: float
    method: str


@dataclass(frozen=True, slots=True)
class Series:
    """The times of one model.

    Attributes:
        path: the model, or what a recorded file calls it; ``label`` tells two series of one file apart.
        threads: 0 means the runtime's own choice.
        source: "measured", or the file that it was imported from.
        clock: what the clock ran around (``words.clock`` of the reports).
        batch: runs that one sample is the mean of: short runs are timed several at a time.
        samples_ms: in the order they were measured; empty where a recorded file holds only a summary.
        rounds: the round of each sample; the model was opened anew for each.
        median: interval of the median, ms.
        mad_ms: median absolute deviation.
        build_ms: opening the model, the median of the rounds; NaN where unknown.
        drift: slope of the times over the measurement as a share of the median; 0 where none can be told from noise.
        outliers: samples beyond five robust standard deviations above the median.
    """

    path: str
    label: str
    runtime: str
    runtime_version: str
    device: str
    threads: int
    source: str
    clock: str
    warmup: int
    runs: int
    batch: int
    samples_ms: tuple[float, ...]
    rounds: tuple[int, ...]
    median_ms: float
    median: Interval
    p90_ms: float
    min_ms: float
    max_ms: float
    mean_ms: float
    mad_ms: float
    build_ms: float = float("nan")
    drift: float = 0.0
    outliers: int = 0


@dataclass(frozen=True, slots=True)
class Ratio:
    """Time of series ``b`` over that of series ``a`` (indices): above 1, b is slower.

    ``different`` only when the whole interval lies on one side of 1; None where nothing can be said.
    """

    a: int
    b: int
    ratio: float
    low: float
    high: float
    different: bool | None
    method: str
    pairs: int
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class LayerTime:
    """One layer: how long it takes in each model, and how wrong it is.

    Attributes:
        node, op: of the first model, or of the second where the first has no such layer.
        times_ms: mean time of one run, by model; NaN where the model has no such layer or it was fused into another.
        shares: of the model's summed layer time, 0..1.
        cumulative, own_input: errors from a recorded comparison, NaN where there is none; ``metric`` names them.
        verdict, role: of that comparison; "" without one.
    """

    node: str
    op: str
    target_node: str
    times_ms: tuple[float, ...]
    shares: tuple[float, ...]
    metric: str = ""
    cumulative: float = float("nan")
    own_input: float = float("nan")
    verdict: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class LayerNote:
    """How the layer times of one model were measured.

    ``method``: profile, alone, none. ``joined``: the share (0..1) of the profiled time that belongs to a layer of the
    table, or of the nodes that could be timed alone. ``problem``: why not all. ``overhead_ms``: what any run of a
    single node costs at most, the cheapest node's time.
    """

    method: str
    runs: int
    joined: float
    problem: str = ""
    overhead_ms: float = float("nan")


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that ``diag bench`` found out; ``diag.bench/1`` of the contract."""

    verdict: Verdict
    models: tuple[Series, ...]
    comparison: tuple[Ratio, ...]
    findings: tuple[Finding, ...]
    environment: Mapping[str, Any]
    wall_s: float
    peak_bytes: int
    layers: tuple[LayerTime, ...] = ()
    layer_notes: tuple[LayerNote, ...] = ()
    run: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
