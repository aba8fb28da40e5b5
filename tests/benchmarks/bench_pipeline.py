"""A search against the bare runs that it needs: golden twice, each swap alone, all but one, all. Goal: at most twice.

    python tests/benchmarks/bench_pipeline.py [--spec pipeline.toml] [--runs 3]

The bare runs are what a script by hand would do: models opened once, then run after run, nothing compared, nothing
remembered, nothing written. The search has all of that, the submodels' own errors, teacher-forced steps, pictures and
latents on disk, and the layers of the submodel at fault.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]
from diag.cancel import Cancel  # noqa: E402
from diag.pipeline.locate import locate  # noqa: E402
from diag.pipeline.models import Pool, look  # noqa: E402
from diag.pipeline.plan import DEFAULT_BUDGET, PipelinePlan  # noqa: E402
from diag.pipeline.runs import application  # noqa: E402
from diag.pipeline.spec import load  # noqa: E402
from diag.pipeline.swap import Memory, Swapped  # noqa: E402
from diag.runtimes.discover import discover  # noqa: E402
from diag.runtimes.interface import RuntimeSpec  # noqa: E402
from diag.types.pipeline import PipelineSpec  # noqa: E402

SHIPPED = Path(__file__).resolve().parents[2] / "resources" / "samples" / "pipeline"
GOAL = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", type=Path, help="another pipeline; default: the shipped ones, healthy and defect")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    specs = [args.spec] if args.spec else [SHIPPED / "healthy" / "pipeline.toml", SHIPPED / "defect" / "pipeline.toml"]
    known = list(discover())
    real = any(s.name == "mindspore-lite" and s.usable for s in known)
    runtimes = ["reference", "mindspore-lite"] if real else ["reference"]
    good = True
    for path in specs:
        for runtime in runtimes:
            good = _compare(load(path), runtime, known, args.runs) and good
    return 0 if good else 1


def _compare(spec: PipelineSpec, runtime: str, known: Sequence[RuntimeSpec], runs: int) -> bool:
    bare, searched, layers = [], [], []
    for _ in range(runs):  # turn by turn: the machine's moods hit all of them
        bare.append(_bare(spec, runtime, known))
        searched.append(_search(spec, runtime, known, layers=False))
        layers.append(_search(spec, runtime, known, layers=True))
    base = statistics.median(bare)
    ratios = [statistics.median(found) / base for found in (searched, layers)]
    good = ratios[0] <= GOAL
    print(f"{Path(spec.path).parent.name}, {runtime}: bare runs {base:.2f} s; search {ratios[0]:.2f} times (goal "
          f"{GOAL:g}), with layers of the suspects {ratios[1]:.2f} times: {'PASS' if good else 'FAIL'}", flush=True)
    return good


def _search(spec: PipelineSpec, runtime: str, known: Sequence[RuntimeSpec], *, layers: bool) -> float:
    """Seconds; the run folder's removal is not the search's work."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        for _ in locate(PipelinePlan(spec, Path(folder) / "run", runtime, layers=layers), known, Cancel()):
            pass
        return time.perf_counter() - started


def _bare(spec: PipelineSpec, runtime: str, known: Sequence[RuntimeSpec]) -> float:
    """Seconds."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        models = look(spec, known, Path(folder), runtime)
        names = [n for n, m in models.items() if m.target is not None]
        swaps = [(), (), *((n,) for n in names), *(tuple(o for o in names if o != n) for n in names), tuple(names)]
        cancel = Cancel()
        with Pool(models, DEFAULT_BUDGET, 2, 1, cancel) as pool:
            memory = Memory(Path(folder) / "memory", {})
            app = application(spec, Swapped(models, pool, memory, (), cancel, fresh=True))
            for swapped in swaps:
                for _ in app.run(Swapped(models, pool, memory, swapped, cancel, fresh=True)):
                    pass
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
