"""AOE, the tuner of CANN: plans and commands, its result files and printed output, why it had no effect."""

from __future__ import annotations

from diag.tools.aoe.result import read_result

__all__ = ["read_result"]
