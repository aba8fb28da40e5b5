"""How fast, and in how much memory, a 1.5 GB ONNX model opens, against onnx.load in the same run.

Run it: ``python tests/benchmarks/bench_open.py [--size BYTES] [--nodes N] [--runs N]``. Makes the model in a temporary
folder, measures each method in processes of its own (page cache warm), prints a table and PASS or FAIL per goal, and
exits 1 if a goal is missed. Times leave imports out; memory is the process's anonymous memory, imports included.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

ROOT = Path(__file__).resolve().parents[2]
GOAL_S, GOAL_MB, GOAL_RATIO = 0.050, 60, 30
METHODS = {
    "diag": "from diag.formats.onnx import load as open_",
    "onnx.load": "from onnx import load as open_",
}
CHILD = """
import json, sys, time
sys.path.insert(0, {root!r})
{imports}
begin = time.perf_counter()
model = open_({path!r})
print(json.dumps(time.perf_counter() - begin), flush=True)
sys.stdin.read(1)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_540_000_000, help="bytes of weights")
    parser.add_argument("--nodes", type=int, default=3300, help="nodes of the graph")
    parser.add_argument("--runs", type=int, default=5, help="processes per method")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.onnx"
        write_model(path, args.size, args.nodes)
        print(f"{path.stat().st_size:,} bytes, {args.nodes:,} nodes, {args.runs} processes per method")
        results = {name: [measure(imports, path) for _ in range(args.runs)] for name, imports in METHODS.items()}
    return report(results)


def report(results: dict[str, list[tuple[float, float]]]) -> int:
    seconds = {name: statistics.median(s for s, _ in runs) for name, runs in results.items()}
    memory = {name: max(mb for _, mb in runs) for name, runs in results.items()}
    print(f"{'method':<12}{'median ms':>12}{'min..max ms':>20}{'peak anonymous MB':>20}")
    for name, runs in results.items():
        spread = f"{min(s for s, _ in runs) * 1e3:.1f}..{max(s for s, _ in runs) * 1e3:.1f}"
        print(f"{name:<12}{seconds[name] * 1e3:>12.1f}{spread:>20}{memory[name]:>20.1f}")
    ratio = seconds["onnx.load"] / seconds["diag"]
    goals = ((seconds["diag"] <= GOAL_S, f"opens in {seconds['diag'] * 1e3:.1f} ms (goal {GOAL_S * 1e3:.0f})"),
             (memory["diag"] <= GOAL_MB, f"takes {memory['diag']:.1f} MB of anonymous memory (goal {GOAL_MB})"),
             (ratio >= GOAL_RATIO, f"is {ratio:.0f} times as fast as onnx.load (goal {GOAL_RATIO})"))
    for reached, words in goals:
        print("PASS" if reached else "FAIL", words)
    return 0 if all(reached for reached, _ in goals) else 1


def measure(imports: str, path: Path) -> tuple[float, float]:
    """Seconds of one opening, and the highest anonymous memory seen in that process, in MB."""
    code = CHILD.format(root=str(ROOT), imports=imports, path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as child:
        status, peak = Path(f"/proc/{child.pid}/status"), 0.0
        reader = child.stdout.fileno()
        import select
        while not select.select([reader], [], [], 0.002)[0]:
            peak = max(peak, anonymous_mb(status))
        seconds = json.loads(child.stdout.readline())
        peak = max(peak, anonymous_mb(status))
        child.communicate("\n")
    return seconds, peak


def anonymous_mb(status: Path) -> float:
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")), 0.0)


def write_model(path: Path, size: int, nodes: int) -> None:
    """A chain of MatMul, Add, LayerNormalization and the like, as of a transformer, its large weights inline."""
    skeleton, tensors = chain(size, nodes)
    block = np.random.default_rng(3).standard_normal(1 << 22, np.float32).tobytes()
    graph = skeleton.graph.SerializeToString()
    pieces = []
    for proto, length in tensors:
        head = proto.SerializeToString() + b"\x4a" + varint(length)
        pieces.append((b"\x2a" + varint(len(head) + length) + head, length))
    total = len(graph) + sum(len(head) + length for head, length in pieces)
    skeleton.ClearField("graph")
    with path.open("wb") as file:
        file.write(skeleton.SerializeToString() + b"\x3a" + varint(total) + graph)
        for head, length in pieces:
            file.write(head)
            while length:
                length -= file.write(block[:length])
    time.sleep(0.5)


def chain(size: int, nodes: int) -> tuple[onnx.ModelProto, list[tuple[onnx.TensorProto, int]]]:
    layers = max(nodes // 6, 1)
    width = int((size / 4 / layers) ** 0.5)
    tensors, protos, x = [], [], "x"
    for i in range(layers):
        name = f"/encoder/layers.{i}/attention"
        tensors.append((onnx.TensorProto(name=f"encoder.layers.{i}.weight", dims=[width, width],
                                         data_type=onnx.TensorProto.FLOAT), 4 * width * width))
        protos += [
            helper.make_node("LayerNormalization", [x, "scale", "bias"], [f"{name}/n"], f"{name}/norm", axis=-1,
                             epsilon=1e-5, stash_type=1),
            helper.make_node("MatMul", [f"{name}/n", f"encoder.layers.{i}.weight"], [f"{name}/m"], f"{name}/MatMul"),
            helper.make_node("Constant", [], [f"{name}/c"], f"{name}/Constant",
                             value=helper.make_tensor("", onnx.TensorProto.FLOAT, [], [0.5])),
            helper.make_node("Mul", [f"{name}/m", f"{name}/c"], [f"{name}/s"], f"{name}/Mul"),
            helper.make_node("Transpose", [f"{name}/s"], [f"{name}/t"], f"{name}/Transpose", perm=[0, 1]),
            helper.make_node("Add", [f"{name}/t", x], [f"{name}/y"], f"{name}/Add"),
        ]
        x = f"{name}/y"
    tensors += [(onnx.TensorProto(name=n, dims=[width], data_type=onnx.TensorProto.FLOAT), 4 * width)
                for n in ("scale", "bias")]
    value = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["batch", width]) for n in ("x", x)]
    graph = helper.make_graph(protos, "big", value[:1], value[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tensors


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


if __name__ == "__main__":
    sys.exit(main())
