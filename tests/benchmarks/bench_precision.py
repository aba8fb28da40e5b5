"""How much of the compute stays in fp16 at the wanted accuracy, and what the emulation costs.

    python tests/benchmarks/bench_precision.py [FOLDER with SUBMODEL/model.onnx]

Prints for each submodel of the pipeline the error of fp16 throughout; then, for the contract's limit and for errors
that fp16 throughout misses (3/4 and 1/2 of its own), how much of the products' work a plan keeps in fp16. float32
throughout, the documents' switch, keeps none of it there. Goal: at equal accuracy (both within the contract's limit)
at least 90 % on every submodel.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from diag.cancel import Cancel
from diag.precision.engine import emulate
from diag.precision.settings import PrecisionPlan
from diag.types.precision import Emulation

SUBMODELS = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "safety_checker")
HERE = Path(__file__).resolve()
TINY = HERE.parents[3] / "shared" / "samples" / "diffusion" / "tiny" / "onnx"
SHIPPED = HERE.parents[2] / "resources" / "samples" / "pipeline" / "healthy" / "onnx"
GOAL = 0.9


def run(model: Path, folder: Path, wanted: float | None) -> Emulation:
    *_, last = emulate(PrecisionPlan(model, folder, wanted=wanted, search_s=60), Cancel())
    return last.result


def main() -> int:
    """Print the table; 1 if the goal is missed."""
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else TINY if TINY.exists() else SHIPPED
    missed = 0
    macs = kept = 0.0
    print(f"{'submodel':15} {'wanted':>14} {'fp16 alone':>10} {'plan':>9} {'layers kept':>11} {'work in fp16':>12} "
          f"{'runs':>5} {'s':>6}")
    with tempfile.TemporaryDirectory() as place:
        for name in SUBMODELS:
            model = home / name / "model.onnx"
            if not model.exists():
                continue
            alone = run(model, Path(place), None)
            for label, wanted in (("limit", None), ("3/4 of fp16's", 0.75), ("1/2 of fp16's", 0.5)):
                start = time.monotonic()
                error = alone.plan.all_narrow.error if alone.plan else float("nan")
                found = alone if wanted is None else run(model, Path(place), wanted * error)
                plan = found.plan
                if plan is None or not plan.reached:
                    print(f"{name:15} {label:>14}  no plan")
                    missed += 1
                    continue
                share = 1 - plan.point.macs_kept
                seconds = found.wall_s if wanted is None else time.monotonic() - start
                print(f"{name:15} {label:>14} {plan.all_narrow.error:10.2e} {plan.point.error:9.2e} "
                      f"{len(plan.kept):11,} {100 * share:11.3f}% {found.measured_runs:5} {seconds:6.1f}", flush=True)
                if wanted is None:
                    work = float(sum(r.macs for r in found.layers))
                    macs, kept = macs + work, kept + work * share
                    missed += share < GOAL
    total = kept / macs if macs else 0.0
    print(f"all submodels at the limit: {100 * total:.3f} % of {macs / 1e6:,.0f} million products in fp16 "
          f"(goal {100 * GOAL:.0f} % each; float32 throughout: 0 %)")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
