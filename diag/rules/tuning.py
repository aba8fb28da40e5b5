"""What the proofs say about a tuning: is it really faster, and is it still right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from diag.rules.codes import finding
from diag.types.bench import Bench
from diag.types.codes import Code
from diag.types.finding import Finding
from diag.types.layer import Verdict
from diag.types.tuning import Accuracy, TunedTask

_WORSE = 2.0
"""How many times the error may grow while its verdict stays the same before that is told."""


def of_speed(tasks: Sequence[TunedTask], bench: Bench) -> Iterator[Finding]:
    """AOE's promise against the measurement: told where the interval rules the promised ratio out."""
    promised = max((t.improvement for t in tasks if math.isfinite(t.improvement)), default=0.0)
    one = next(iter(bench.comparison), None)
    if one is None or promised <= 0.001 or one.different is None:
        return
    if one.low > 1 / (1 + promised):
        yield finding(Code.TUNING_NOT_CONFIRMED, Path(bench.models[one.b].path).name, percent=100 * promised,
                      ratio=one.ratio, low=one.low, high=one.high)


def of_accuracy(before: Accuracy, after: Accuracy) -> Iterator[Finding]:
    """Worse verdict, or an error that grew beyond what rounding moves: told as a loss."""
    name = Path(after.path).name
    told: dict[str, Any] = {side: f"{one.metric} {_error(one.error)}"
                            for side, one in (("before", before), ("after", after))}
    grown = after.error > _WORSE * max(before.error, 1e-7) and after.verdict is not Verdict.PASS
    code = Code.TUNING_ACCURACY if after.verdict.rank > before.verdict.rank or grown else Code.TUNING_ACCURACY_KEPT
    yield finding(code, name, **told)


def _error(value: float) -> str:
    return "NaN" if math.isinf(value) else f"{value:.2g}" if math.isfinite(value) else "unknown"
