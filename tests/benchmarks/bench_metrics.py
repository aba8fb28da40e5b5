"""Speed, accuracy and memory of the metrics, against one read of the same memory.

    python tests/benchmarks/bench_metrics.py [--elements 100000000] [--rounds 5]

Speeds are ratios, the best of some interleaved rounds: other work on the machine disturbs both sides alike.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import sys
import time
import tracemalloc

import numpy as np

from diag.compare.metrics import compare, kernel_name
from diag.types.dtype import DType

GOALS = {"c": 2.0, "numpy": 6.0}
ACCURACY = 1e-6
MEMORY_MB = 64


def main() -> int:
    """Print a line for each goal; the exit status is 1 when one is missed."""
    options = argparse.ArgumentParser()
    options.add_argument("--elements", type=int, default=100_000_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    golden, target = pair(chosen.elements, 1e-3)
    good = [speed(golden, target, path, chosen.rounds) for path in paths()]
    narrow = golden[:chosen.elements // 5].astype(np.float16), target[:chosen.elements // 5].astype(np.float16)
    for path in paths():
        ratio = best_ratio(*narrow, path, DType.FLOAT16, chosen.rounds)
        print(f"      {path:<6} fp16 pairs: {ratio:.1f} x read (no goal: the conversion bounds it)")
    good += [accuracy(chosen.elements // 2, noise, path) for noise in (1e-2, 1e-3, 1e-4) for path in paths()]
    good += [memory(golden, target, path) for path in paths()]
    return 0 if all(good) else 1


def paths() -> list[str]:
    """What can compute here, "c" first where it was built."""
    os.environ.pop("DIAG_KERNEL", None)
    return list(dict.fromkeys([kernel_name(), "numpy"]))


def pair(elements: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Normal values and the same with relative noise, float32."""
    rng, part = np.random.default_rng(7), 1 << 20
    golden, target = np.empty(elements, np.float32), np.empty(elements, np.float32)
    for start in range(0, elements, part):
        piece = golden[start:start + part]
        piece[:] = rng.standard_normal(piece.size, dtype=np.float32)
        target[start:start + part] = piece + np.float32(noise) * rng.standard_normal(piece.size, dtype=np.float32)
    return golden, target


def seconds(work) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best_ratio(golden, target, path: str, dtype: DType, rounds: int) -> float:
    """Best time of the metrics over the best time of reading both arrays once (their maximum, as integers)."""
    os.environ["DIAG_KERNEL"] = path
    words = [x.view(np.int32) for x in (golden, target)]
    reads, works = [], []
    for _ in range(rounds + 1):
        reads += [seconds(lambda: [w.max() for w in words]) for _ in range(2)]
        works.append(seconds(lambda: compare(golden, target, target_dtype=dtype)))
    return min(works[1:]) / min(reads[1:])


def speed(golden, target, path: str, rounds: int) -> bool:
    """float32 pairs."""
    ratio = best_ratio(golden, target, path, DType.FLOAT32, rounds)
    return tell(ratio <= GOALS[path], f"{path:<6} fp32 pairs: {ratio:.1f} x read, goal {GOALS[path]:g}")


def accuracy(elements: int, noise: float, path: str) -> bool:
    """1 - cosine against long double."""
    os.environ["DIAG_KERNEL"] = path
    golden, target = pair(elements, noise)
    gg = tt = dd = np.longdouble(0)
    for start in range(0, elements, 1 << 20):
        g, t = (x[start:start + (1 << 20)].astype(np.longdouble) for x in (golden, target))
        gg, tt, dd = gg + g @ g, tt + t @ t, dd + (t - g) @ (t - g)
    shrink = (tt - gg) / (np.sqrt(tt) + np.sqrt(gg))
    want = float((dd - shrink * shrink) / (2 * np.sqrt(gg) * np.sqrt(tt)))
    found = compare(golden, target, target_dtype=DType.FLOAT32).one_minus_cosine
    error = abs(found / want - 1) if want else math.inf
    return tell(error <= ACCURACY, f"{path:<6} 1-cos = {want:.1e}: relative error {error:.1e}, goal {ACCURACY:g}")


def memory(golden, target, path: str) -> bool:
    """What is allocated while comparing, and by how much the process grew."""
    os.environ["DIAG_KERNEL"] = path
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compare(golden, target, target_dtype=DType.FLOAT16)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    tracemalloc.start()
    compare(golden, target, target_dtype=DType.FLOAT16)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return tell(max(peak, grown) <= MEMORY_MB, f"{path:<6} extra memory: {peak:.0f} MB allocated at most, process grew "
                                               f"by {grown:.0f} MB, goal {MEMORY_MB}")


def tell(good: bool, text: str) -> bool:
    """Print one line."""
    print(f"{'PASS' if good else 'FAIL'}  {text}", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
