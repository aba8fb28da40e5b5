"""Recordings of an NPU: how fast a folder is read, and a comparison judged. Prints ratios and goals.

    python tests/benchmarks/bench_recorded.py [OPERATIONS [SIDE]]

With SIDE also a chain of few layers of [1, 8, SIDE, SIDE]: its peak of memory, against one float32 tensor of that size
and against the budget of a comparison (2 GiB; 4096 makes tensors of 512 MiB).
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

from benchmarks.processes import measure
from npu_dumps import Emulator, Part
from npu_model import run
from small_models import save, value

from diag.compare.plan import DEFAULT_BUDGET
from diag.formats.tensor_dump import read

READ_GOAL_MS, COMPARE_GOAL_MS = 1.0, 25.0
COMMAND = "import sys; from diag.cli.main import main; main(sys.argv[1:])"


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


def wide(folder: Path, side: int) -> tuple[Path, Path, Path]:
    """Few large layers between a small input and a small output."""
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("Add", ["x", "e"], ["w"], "/expand"), helper.make_node("Relu", ["w"], ["a"], "/relu"),
             helper.make_node("Add", ["a", "c"], ["b"], "/add"), helper.make_node("Sigmoid", ["b"], ["y"], "/sigmoid"),
             helper.make_node("ReduceMean", ["y"], ["z"], "/mean", axes=[2, 3])]
    held = {"c": np.full((1, 8, 1, 1), 0.5, np.float32), "e": rng.normal(size=(1, 8, side, 1)).astype(np.float32)}
    model = save(folder / "m.onnx", nodes, [value("x", (1, 8, 1, side))], [value("z", (1, 8, 1, 1))], held)
    done = Emulator(model, [Part(n.name, n.op_type, (n.name,)) for n in nodes], folder / "dump").run(
        {"x": rng.normal(size=(1, 8, 1, side)).astype(np.float32)})
    return model, done.folder, done.graph


def large(side: int) -> None:
    """Measure and print the memory of a comparison of large layers."""
    with tempfile.TemporaryDirectory() as work:
        model, dumps, graph = wide(Path(work), side)
        found = measure(["-c", COMMAND, "compare", str(model), str(dumps), "--graph", str(graph), "--out",
                         str(Path(work) / "run")])
        one = 8 * side * side * 4 / 2**20
        print(f"layers of {one:.0f} MiB: {found.wall_s:.1f} s, peak {found.anon_mb:.0f} MiB of all processes, "
              f"{found.anon_mb / one:.1f} tensors; {found.anon_mb / (DEFAULT_BUDGET / 2**20):.2f} of the budget "
              f"(goal 1 and 0.3 GiB for the program itself)")


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
    if len(sys.argv) > 2:
        large(int(sys.argv[2]))


if __name__ == "__main__":
    main()
