"""Everything that an emulation is told, resolved once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.compare.plan import DEFAULT_BUDGET, InputChoice

ACCUMULATE = ("float32", "device", "narrow")
DEFAULT_SEARCH_S = 300.0


@dataclass(frozen=True, slots=True)
class PrecisionPlan:
    """One emulation and the search for a plan.

    Attributes:
        model: the ONNX model.
        out: folder of what is written; made if it is not there.
        inputs: where the inputs come from.
        dtype: what the device keeps floats in: float16 or bfloat16.
        accumulate: how products are summed: in float32 as onnxruntime does; ``device``: in float32, sixteen at a
            time; ``narrow``: sixteen at a time, the running sum kept in ``dtype``.
        saturate: whether too large values become the largest number, not infinity.
        wanted: relative L2 error allowed for each output; None: the limit up to which an output passes.
        search: whether layers' effects are measured and a plan is looked for.
        search_s: seconds after which the search begins nothing new.
        version: of the converter that the configuration is for.
        budget: memory for tensors, bytes.
        jobs: processor cores; None: the machine's.
        told: the options as the user gave them, for the report.
    """

    model: Path
    out: Path
    inputs: InputChoice = field(default_factory=InputChoice)
    dtype: str = "float16"
    accumulate: str = "float32"
    saturate: bool = False
    wanted: float | None = None
    search: bool = True
    search_s: float = DEFAULT_SEARCH_S
    version: str = "2.0.0"
    budget: int = DEFAULT_BUDGET
    jobs: int | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
