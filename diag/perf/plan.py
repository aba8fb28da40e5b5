"""Everything that a benchmark is told, resolved once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from diag.compare.plan import InputChoice
from diag.runtimes.interface import RuntimeSpec

DEFAULT_RUNS = 60
DEFAULT_ROUNDS = 6
DEFAULT_WARMUP = 5
DEFAULT_MAX_S = 120.0


@dataclass(frozen=True, slots=True)
class Contender:
    """One model on one runtime. ``key`` decrypts it; ``label`` tells it from another of the same file."""

    path: Path
    spec: RuntimeSpec
    device: str = "cpu"
    label: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """One measurement.

    Attributes:
        contenders: the first is what the others are compared with.
        inputs: where the inputs come from; models with the same input names get the same arrays.
        runs: samples of each model, over all rounds.
        rounds: how often each model is opened anew; the ratio's interval needs 3, and is exact from 6 on.
        warmup: runs before the clock counts, in each round.
        threads: of the runtime; 0 leaves it to the runtime.
        optimise: whether onnxruntime may optimise the graph, as deployed.
        max_s: no further sample is begun after this time.
        layers: whether to time each layer too (one more opening, profiled).
        run: a recorded comparison whose errors are shown beside the layers' times.
        out: the run folder; samples are written into it as they are taken, so that a stop loses none. None: nowhere.
        slower: the share by which a model may be slower than the first before that is a failure; None: never.
    """

    contenders: tuple[Contender, ...]
    inputs: InputChoice = field(default_factory=InputChoice)
    runs: int = DEFAULT_RUNS
    rounds: int = DEFAULT_ROUNDS
    warmup: int = DEFAULT_WARMUP
    threads: int = 1
    optimise: bool = True
    max_s: float = DEFAULT_MAX_S
    layers: bool = False
    run: Path | None = None
    slower: float | None = None
    out: Path | None = None
