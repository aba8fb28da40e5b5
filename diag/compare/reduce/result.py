"""What came out of a reduction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diag.types.comparison import ModelRun
from diag.types.layer import Verdict
from diag.types.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Focus:
    """What the sub-model was made around.

    Attributes:
        kind: "culprit", "layer" (asked for by name) or "interval" (an output fails and no layer alone does).
        golden_node, golden_tensor, target_node, target_tensor: the layer; of an interval, its last one.
        stage: conversion, runtime or unknown.
        blames: golden node of the culprit that the part contains; may be empty.
        why: one sentence; may be empty.
        finding: its code; may be empty.
        recorded: own-input error that the comparison measured; None if it did not.
    """

    kind: str
    golden_node: str
    golden_tensor: str
    target_node: str
    target_tensor: str
    stage: str = "unknown"
    blames: str = ""
    why: str = ""
    finding: str = ""
    recorded: Metrics | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of the target part, and the golden tensor behind it.

    ``layout`` is the permutation that brings the golden tensor to the target's axis order, None: the same order;
    then it is reshaped to ``shape`` and cast to ``dtype``.
    """

    name: str
    value: str
    golden: str
    dtype: str
    shape: tuple[int, ...]
    layout: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class OutputError:
    """One output of the target part against the golden one."""

    golden: str
    target: str
    verdict: Verdict
    reason: str
    metrics: Metrics | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sub-model that was tried: hops around the focus (-1: an interval), its size, and whether it fails."""

    context: int
    target_nodes: int
    golden_nodes: int
    shows: bool
    error: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """Whether converting the golden part makes the fault again. ``tried`` is false where it was not, with the reason.

    ``error`` is the relative L2 error of what the new conversion computes.
    """

    tried: bool
    reproduces: bool
    note: str
    converter: str = ""
    error: float | None = None


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of the bundle; ``size`` in bytes."""

    name: str
    size: int
    sha256: str
    what: str


@dataclass(frozen=True, slots=True)
class Reduction:
    """Everything that ``diag reduce`` found out.

    ``verdict``: fail if a sub-model fails (``bundle`` holds it, checked), pass if nothing fails, not_comparable if the
    error of the comparison does not come again. ``golden_total`` and ``target_total`` count the nodes of the whole
    models.
    """

    verdict: Verdict
    note: str
    golden: ModelRun
    target: ModelRun
    focus: Focus | None = None
    context: int = 0
    golden_nodes: tuple[str, ...] = ()
    target_nodes: tuple[str, ...] = ()
    golden_total: int = 0
    target_total: int = 0
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    errors: tuple[OutputError, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    again: Again | None = None
    weights_bytes: int = 0
    files: tuple[BundleFile, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    bundle: str | None = None
    archive: str | None = None
    run: str | None = None
    wall_s: float = 0.0
    peak_bytes: int = 0
