"""Streaming comparison against loading and running both models once, in pairs of runs on the same files.

    python tests/benchmarks/bench_compare.py [small|large] [--runs N] [--polygraphy]

The baseline is one process that loads each model in onnxruntime with its defaults and runs it once. Ours is the whole
``diag compare`` command with all its processes. ``--polygraphy`` measures Polygraphy's Comparator too, if installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import tempfile
from pathlib import Path

from processes import Measured, measure
from synthetic import write

GOALS = {"small": (1.6, 2.4), "large": (1.4, 2.1)}
MEMORY_MB = 400

ONCE = """
import sys, numpy as np, onnxruntime as ort
feeds = dict(np.load(sys.argv[1] + "/inputs.npz"))
for name in ("golden", "target"):
    session = ort.InferenceSession(f"{sys.argv[1]}/{name}.onnx", providers=["CPUExecutionProvider"])
    session.run(None, feeds)
    del session
"""

POLYGRAPHY = """
import sys, numpy as np
from polygraphy import constants
from polygraphy.backend.onnx import BytesFromOnnx, ModifyOutputs, OnnxFromPath
from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx
from polygraphy.comparator import Comparator, SimpleCompareFunc
feeds = dict(np.load(sys.argv[1] + "/inputs.npz"))
def runner(name):
    model = ModifyOutputs(OnnxFromPath(f"{sys.argv[1]}/{name}.onnx"), outputs=constants.MARK_ALL)
    return OnnxrtRunner(SessionFromOnnx(BytesFromOnnx(model)), name=name)
results = Comparator.run([runner("golden"), runner("target")], data_loader=[feeds])
Comparator.compare_accuracy(results, compare_func=SimpleCompareFunc())
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=tuple(GOALS), nargs="?", default="small")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--polygraphy", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / args.size
        nodes = write(folder, args.size)
        print(f"{args.size}: {nodes} nodes, {args.runs} pairs of runs")
        good = _ours(folder, args.size, args.runs)
        if args.polygraphy:
            good = _polygraphy(folder) and good
    return 0 if good else 1


def _diag(folder: Path, *more: str) -> list[str]:
    return ["-m", "diag.cli.main", "compare", str(folder / "golden.onnx"), str(folder / "target.onnx"), "--inputs",
            str(folder / "inputs.npz"), "-q", "--out", str(folder / "run"), *more]


def _ours(folder: Path, size: str, runs: int) -> bool:
    measure(["-c", ONCE, str(folder)])  # files and compiled imports are warm from here on
    measure(_diag(folder))
    ratios: dict[str, list[float]] = {"cumulative": [], "own input": []}
    memory = {"cumulative": 0.0, "own input": 0.0}
    for _ in range(runs):
        once = measure(["-c", ONCE, str(folder)])
        for kind, option in (("cumulative", "--no-own-input"), ("own input", "--own-input")):
            mine: Measured = measure(_diag(folder, option))
            ratios[kind].append(mine.wall_s / once.wall_s)
            memory[kind] = max(memory[kind], mine.anon_mb)
            print(f"  once {once.wall_s:.2f} s {once.anon_mb:.0f} MB; {kind} {mine.wall_s:.2f} s {mine.anon_mb:.0f} MB")
    good = True
    for (kind, values), goal in zip(ratios.items(), GOALS[size], strict=True):
        ratio = statistics.median(values)
        passed = ratio <= goal and memory[kind] <= MEMORY_MB
        good = good and passed
        print(f"{size} {kind}: {ratio:.2f}x (goal <= {goal}), {memory[kind]:.0f} MB anonymous (goal <= {MEMORY_MB}): "
              f"{'PASS' if passed else 'FAIL'}")
    return good


def _polygraphy(folder: Path) -> bool:
    if importlib.util.find_spec("polygraphy") is None:
        print("polygraphy is not installed: pip install polygraphy")
        return True
    mine, theirs = measure(_diag(folder, "--no-own-input")), measure(["-c", POLYGRAPHY, str(folder)])
    faster, leaner = theirs.wall_s / mine.wall_s, theirs.anon_mb / mine.anon_mb
    print(f"against Polygraphy: {faster:.1f}x faster (goal >= 15), {leaner:.1f}x less memory (goal >= 20 on large)")
    return faster >= 15


if __name__ == "__main__":
    sys.exit(main())
