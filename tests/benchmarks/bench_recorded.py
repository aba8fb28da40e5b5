"""Recordings of an NPU: how fast a folder is read, and a comparison judged. Prints ratios and goals.

    python tests/benchmarks/bench_recorded.py [OPERATIONS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from onnx import helper

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from npu_dumps import Emulator, Part
from npu_model import run
from small_models import save, value

from diag.formats.tensor_dump import read

READ_GOAL_MS, COMPARE_GOAL_MS = 1.0, 25.0


def chain(folder: Path, count: int) -> tuple[Path, Path, Path]:
    """A chain of small layers and its recording: model, dumps, graph."""
    rng = np.random.default_rng(0)
    held = {f"w{k}": (rng.normal(size=(64, 64)) / 8).astype(np.float32) for k in range(count // 2)}
    nodes = []
    for k in range(count // 2):
        nodes += [helper.make_node("MatMul", [f"t{2 * k}", f"w{k}"], [f"t{2 * k + 1}"], f"/block.{k}/MatMul"),
                  helper.make_node("Tanh", [f"t{2 * k + 1}"], [f"t{2 * k + 2}"], f"/block.{k}/Tanh")]
    last = f"t{2 * (count // 2)}"
    model = save(folder / "m.onnx", nodes, [value("t0", (16, 64))], [value(last, (16, 64))], held)
    parts = [Part(n.name, n.op_type, (n.name,)) for n in nodes]
    done = Emulator(model, parts, folder / "dump").run({"t0": rng.normal(size=(16, 64)).astype(np.float32)})
    return model, done.folder, done.graph


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as work:
        model, dumps, graph = chain(Path(work), count)
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            found = read(dumps)
            times.append(time.perf_counter() - begin)
        each = min(times) / len(found.ops) * 1e3
        print(f"read: {len(found.ops)} operations in {min(times):.3f} s (best of 5), {each:.3f} ms each; "
              f"goal {READ_GOAL_MS} ms: {'kept' if each <= READ_GOAL_MS else 'MISSED'}")
        for name, more in (("by names", {}), ("by the graph", {"graph": graph})):
            begin = time.perf_counter()
            verdict = run(model, dumps, Path(work) / name.replace(" ", "-"), checks=False, **more).verdict
            spent = time.perf_counter() - begin
            each = spent / count * 1e3
            print(f"compare {name}: {spent:.2f} s, {each:.2f} ms an operation, {verdict.value}; "
                  f"goal {COMPARE_GOAL_MS} ms: {'kept' if each <= COMPARE_GOAL_MS else 'MISSED'}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
