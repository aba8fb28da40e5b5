"""Real files that tests read where they are present, and skip where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "samples"


def shared(relative: str) -> Path:
    """The real sample, or the test is skipped."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"the sample {relative} is not on this machine")
    return path
