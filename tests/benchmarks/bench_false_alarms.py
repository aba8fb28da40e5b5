"""How often two equal models are told different. The promise is at most 5 %; simulated noise, and real runtimes.

    python tests/benchmarks/bench_false_alarms.py [--trials 100] [--lite 20]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import small_models
from perf import test_perf_false_alarms as noises

from diag.cancel import Cancel
from diag.events import Finished
from diag.perf.load import Load
from diag.perf.measure import measure
from diag.perf.pairing import paired, ratio
from diag.perf.plan import BenchPlan, Contender
from diag.runtimes.discover import discover
from diag.runtimes.interface import RuntimeSpec

PROMISE = 0.05
SIMULATED = 4000
SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "healthy"


def main() -> int:
    """1 if the promise is broken beyond chance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--lite", type=int, default=20)
    args = parser.parse_args()
    broken = False
    rng = np.random.default_rng(7)
    for noise in (noises._lognormal, noises._heavy, noises._two_speeds, noises._by_opening, noises._follows_itself):
        told = sum(paired(list(noise(rng)), list(noise(rng)), noises.NUMBERS).different is True
                   for _ in range(SIMULATED))
        broken |= report(f"simulated {noise.__name__.strip('_')}", told, SIMULATED)
    with tempfile.TemporaryDirectory() as folder:
        tiny = Contender(small_models.perceptron(Path(folder) / "m.onnx"), RuntimeSpec("onnxruntime", ""))
        broken |= real("onnxruntime, perceptron", tiny, args.trials)
    whole = Contender(SAMPLE / "text_encoder.onnx", RuntimeSpec("onnxruntime", ""))
    broken |= real("onnxruntime, text encoder", whole, args.trials)
    lite = next((s for s in discover() if s.name == "mindspore-lite" and s.usable), None)
    if lite is not None and args.lite:
        broken |= real("MindSpore Lite, text encoder", Contender(SAMPLE / "text_encoder.mindir", lite), args.lite)
    return int(broken)


def real(name: str, one: Contender, trials: int) -> bool:
    """The same model twice, ``trials`` times."""
    load, told = Load(), 0
    for _ in range(trials):
        *_, last = measure(BenchPlan((one, one)), Cancel())
        if not isinstance(last, Finished):
            raise TypeError(last)
        told += ratio(*last.result).different is True
    return report(f"{name} (others used {100 * load.others():.0f} % of the machine)", told, trials)


def report(name: str, told: int, trials: int) -> bool:
    """Print a rate; whether it is above the promise by more than three standard deviations."""
    sigma = (PROMISE * (1 - PROMISE) / trials) ** 0.5
    print(f"{name:<80} {told:>4} of {trials:<5} = {100 * told / trials:5.2f} %   promise {100 * PROMISE:.0f} %",
          flush=True)
    return told / trials > PROMISE + 3 * sigma


if __name__ == "__main__":
    sys.exit(main())
