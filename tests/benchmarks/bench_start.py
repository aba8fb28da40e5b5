"""``diag --version`` against a bare Python, median of alternating runs.

    python tests/benchmarks/bench_start.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOAL = 3.0
RUNS = 15


def _seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> int:
    bare, ours = [], []
    for _ in range(RUNS):
        bare.append(_seconds(["-I", "-c", "pass"]))
        ours.append(_seconds(["-m", "diag.cli.main", "--version"]))
    ratio = statistics.median(o / b for o, b in zip(ours, bare, strict=True))
    passed = ratio <= GOAL
    print(f"diag --version: {statistics.median(ours) * 1e3:.0f} ms against {statistics.median(bare) * 1e3:.0f} ms, "
          f"{ratio:.2f}x (goal <= {GOAL}): {'PASS' if passed else 'FAIL'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
