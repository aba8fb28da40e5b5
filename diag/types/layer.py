"""Layer by layer: who answers whom, how far apart they are, and whose fault it is."""

from __future__ import annotations

import math
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from diag.types.dtype import DType
from diag.types.metrics import Metrics

Facts = Dict[str, Any]
"""JSON-able values by name."""


class Verdict(StrEnum):
    """The answer for one tensor or for the whole; ordered from good to bad by ``rank``."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WATCH = "watch"
    NOT_COMPARABLE = "not_comparable"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """0 pass, 1 watch, 2 not comparable, 3 fail."""
        return list(Verdict).index(self)


class MappingKind(StrEnum):
    """How a target value was found to answer a golden one."""

    NAME = "name"
    FUSED = "fused"
    VALUE = "value"
    STRUCTURE = "structure"
    MANUAL = "manual"
    NONE = "none"


class Role(StrEnum):
    """What a layer does with the error."""

    CLEAN = "clean"
    INHERITS = "inherits"
    INJECTS = "injects"
    AMPLIFIES = "amplifies"
    NOT_COMPARABLE = "not_comparable"


class Stage(StrEnum):
    """Who made the error: the converter wrote something else, or the runtime computes it wrong."""

    CONVERSION = "conversion"
    RUNTIME = "runtime"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """Which rule decided a verdict, in a form that every language can tell (``diag.compare.reasons``).

    Attributes:
        rule: key of its sentence.
        metric: what was measured (``noise_ratio``, ``rel_l2``, ``outlier``, …); empty where the rule needs no number.
        value: of that metric.
        limit: which the value crossed, or keeps.
        values: the other facts of the sentence.
        also: decisions that the sentence quotes or that are told after it.
    """

    rule: str
    metric: str = ""
    value: float = math.nan
    limit: float = math.nan
    values: Facts = field(default_factory=dict)
    also: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """How sure we are that the two tensors are the same one.

    ``confidence`` runs from 0 to 1. ``golden_nodes`` are all golden nodes that the target node does the work of.
    ``layout`` is the permutation that brings the golden tensor to the target's axis order; None: the same order.
    """

    kind: MappingKind
    confidence: float
    golden_nodes: tuple[str, ...] = ()
    layout: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class LayerResult:
    """One golden tensor and what became of it. Fields as ``layers`` in the contract; ``dtype`` is the target's.

    ``reason`` is ``decision`` in English; ``expected`` is the relative L2 error that a healthy target must show here.
    ``reference_own_input`` is the own-input error of the same target node in the reference runtime, when the target
    ran somewhere else: it tells a wrong conversion from a wrong runtime.
    """

    index: int
    golden_node: str
    golden_op: str
    golden_tensor: str
    target_node: str | None
    target_op: str | None
    target_tensor: str | None
    mapping: Mapping
    shape: tuple[int, ...] | None
    dtype: DType
    verdict: Verdict
    reason: str
    cumulative: Metrics | None
    own_input: Metrics | None
    role: Role
    reference_own_input: Metrics | None = None
    decision: Decision | None = None
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class OutputResult:
    """One final output. These decide the verdict of the whole."""

    golden_tensor: str
    target_tensor: str | None
    verdict: Verdict
    reason: str
    cumulative: Metrics | None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the golden node (or fused group) and the target node say differently.

    ``kind``: attribute, weight, dtype, layout, axis, activation, missing, extra, arithmetic.
    ``golden`` and ``target`` are the two sides as short text; ``explains`` is true when putting the golden's side
    into the target node makes its own-input error go away.
    """

    kind: str
    name: str
    golden: str
    target: str
    detail: str = ""
    explains: bool = False


@dataclass(frozen=True, slots=True)
class Culprit:
    """A layer that injects error.

    ``score`` is its own-input error over the noise expected there. ``values`` are the facts that the words of
    ``finding`` need.
    """

    golden_node: str
    golden_nodes: tuple[str, ...]
    target_node: str | None
    score: float
    stage: Stage
    why: str
    own_input: Metrics | None
    finding: str
    differences: tuple[Difference, ...] = ()
    values: Facts = field(default_factory=dict)
