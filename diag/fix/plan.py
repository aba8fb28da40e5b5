"""Everything that a repair is told, resolved once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.compare.plan import ComparePlan
from diag.pipeline.plan import PipelinePlan
from diag.tools.converter.plan import ConverterPlan

DEFAULT_TRIES = 12


@dataclass(frozen=True, slots=True)
class FixPlan:
    """One repair.

    Attributes:
        compare: how the pair is compared, before and after each try; its ``out`` is the folder of the repair.
        convert: how models are converted: shapes, optimize, configuration … (``onnx`` and ``output`` are set by tries).
        output: where the proved model goes; None: into the folder.
        tries: most conversions.
        told: the options as the user gave them, for the report.
    """

    compare: ComparePlan
    convert: ConverterPlan
    output: Path | None = None
    tries: int = DEFAULT_TRIES
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PipelineFixPlan:
    """``pipeline``: how it is searched, its ``out`` is the folder of the repair; ``tries``: of each submodel."""

    pipeline: PipelinePlan
    tries: int = DEFAULT_TRIES
    told: Mapping[str, Any] = field(default_factory=dict)
