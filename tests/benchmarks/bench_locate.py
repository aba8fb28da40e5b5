"""How often the planted layer is named: all pairs of the corpus, on the reference runtime and on MindSpore Lite.

    python tests/benchmarks/bench_locate.py --mslite-python PYTHON37 [--seed N] [--corpus FOLDER]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]
from corpus.pairs import Pair, load  # noqa: E402
from corpus.score import Score, made, score_all  # noqa: E402

from diag.runtimes.interface import Runtime, RuntimeSpec  # noqa: E402
from diag.runtimes.mindspore_lite import MindSporeLite  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mslite-python", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, help="a folder that make.py filled; otherwise one is made")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pairs = load(args.corpus) if args.corpus else made(Path(scratch) / "corpus", args.mslite_python, args.seed)
        real = MindSporeLite(RuntimeSpec("mindspore-lite", "2.0.0", args.mslite_python))
        good = [_report("reference", [p for p in pairs if p.truth.reference or not p.truth.sites], None, scratch),
                _report("mindspore-lite", pairs, real, scratch)]
    return 0 if all(good) else 1


def _report(name: str, pairs: Sequence[Pair], runtime: Runtime | None, scratch: str) -> bool:
    started = time.monotonic()
    scores = list(score_all(pairs, runtime, Path(scratch) / name))
    faulty, healthy = [s for s in scores if not s.healthy], [s for s in scores if s.healthy]
    for s in scores:
        if (s.healthy and s.culprits) or (not s.healthy and s.rank != 1):
            print("  " + _line(s))
    first, three = sum(s.rank == 1 for s in faulty), sum(1 <= s.rank <= 3 for s in faulty)
    false = sum(bool(s.culprits) for s in healthy)
    good = first >= 0.95 * len(faulty) and three == len(faulty) and not false
    print(f"{name}: first {first}/{len(faulty)} (goal 95 %), first three {three}/{len(faulty)} (goal all), "
          f"the node itself {sum(s.exact for s in faulty)}, explained {sum(s.explained for s in faulty)}, "
          f"healthy with a culprit {false}/{len(healthy)} (goal 0), {time.monotonic() - started:.0f} s: "
          f"{'PASS' if good else 'FAIL'}")
    return good


def _line(s: Score) -> str:
    named = ", ".join(f"{c.golden_node} ({c.why})" for c in s.culprits[:3])
    return f"{s.pair.name}: {s.error or s.verdict}; named: {named}; right: {[x.node for x in s.pair.truth.sites]}"


if __name__ == "__main__":
    sys.exit(main())
