"""A large dump of the Ascend compiler: how fast it is read, as a ratio to google's text_format on the same text.

python tests/benchmarks/bench_ge.py [MEGABYTES]

text_format reads the ONNX-like form with the onnx package's own classes, on a smaller file of the same operations: its
time grows with the text. The ratio is of processor time, which other work on the machine does not stretch. Goals:
200 MB in 1.5 s and 300 MB (mapped pages included), 100 times text_format, one node with all its attributes in 10 ms.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ATTRIBUTES = 42
READ = """
import json, resource, sys, time
from pathlib import Path
from diag.formats import ge_dump
started, cpu = time.perf_counter(), time.process_time()
model = ge_dump.read(Path(sys.argv[1]))
opened, cpu = time.perf_counter() - started, time.process_time() - cpu
started = time.perf_counter()
body = model.main.ops[len(model.main.ops) // 2].body
print(json.dumps({"open_s": opened, "cpu_s": cpu, "ops": len(model.main.ops), "strict": model.strict,
                  "node_s": time.perf_counter() - started, "attributes": len(body.attributes),
                  "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
GOOGLE = """
import json, sys, time
import onnx
from google.protobuf import text_format
text = open(sys.argv[1], encoding="utf-8").read()
started = time.process_time()
model = text_format.Parse(text, onnx.ModelProto())
print(json.dumps({"s": time.process_time() - started, "ops": len(model.graph.node)}))
"""


PROTO_ATTRIBUTE = """    attr {{
      key: "_attribute_{i}"
      value {{
        list {{
          s: "layer{n}_{i}"
          i: {i}
          val_type: VT_LIST_STRING
        }}
      }}
    }}
"""
PROTO_OP = """  op {{
    name: "layer{n}"
    type: "Conv2D"
    input: "layer{before}:0"
{attributes}    id: {n}
    output_desc {{
      dtype: DT_FLOAT16
      shape {{
        dim: 1
        dim: 16
      }}
      layout: "NC1HWC0"
    }}
  }}
"""
ONNX_ATTRIBUTE = """    attribute {{
      name: "_attribute_{i}"
      ints: {i}
      strings: "layer{n}_{i}"
      type: STRINGS
    }}
"""
ONNX_OP = """  node {{
    input: "layer{before}:0"
    output: "layer{n}:0"
    name: "layer{n}"
    op_type: "ge:Conv2D"
{attributes}  }}
"""


def operation(n: int, *, proto: bool) -> str:
    """An operation as GE prints it, with as many attributes as a real one."""
    one, whole = (PROTO_ATTRIBUTE, PROTO_OP) if proto else (ONNX_ATTRIBUTE, ONNX_OP)
    return whole.format(n=n, before=max(0, n - 1), attributes="".join(one.format(n=n, i=i) for i in range(ATTRIBUTES)))


def write(path: Path, megabytes: float, *, proto: bool) -> int:
    """A graph of that size; returns its bytes."""
    written = number = 0
    with path.open("w", encoding="ascii") as file:
        file.write('name: "model"\ngraph {\n  name: "main"\n' if proto else 'ir_version: 1\ngraph {\n')
        while written < megabytes * 1e6:
            written += file.write(operation(number, proto=proto))
            number += 1
        file.write("}\n" if proto else '  name: "main"\n}\n')
    return path.stat().st_size


def run(script: str, path: Path) -> dict[str, float]:
    """The script in a process of its own."""
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print every number beside its goal."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "ge_onnx_00000001_graph_1_Build.pbtxt"
        small_bytes = write(small, 5, proto=False)
        google = min((run(GOOGLE, small) for _ in range(2)), key=lambda r: r["s"])
        slow = small_bytes / 1e6 / google["s"]
        print(f"text_format: {google['s']:.2f} s for {small_bytes / 1e6:.1f} MB, {slow:.2f} MB/s")
        for proto in (True, False):
            name = "ge_proto_00000002_graph_1_Build.txt" if proto else "ge_onnx_00000002_graph_1_Build.pbtxt"
            path = Path(folder) / name
            size = write(path, megabytes, proto=proto)
            started = time.perf_counter()
            path.read_bytes()
            floor = time.perf_counter() - started
            found = min((run(READ, path) for _ in range(3)), key=lambda r: r["open_s"])
            speed = size / 1e6 / found["cpu_s"]
            print(f"{path.name}: {size / 1e6:.0f} MB, {found['ops']:,} operations, strict {found['strict']}")
            print(f"  opened in {found['open_s']:.2f} s (goal 1.5 at 200 MB; reading the bytes alone {floor:.2f} s), "
                  f"processor {found['cpu_s']:.2f} s")
            print(f"  {speed / slow:.0f} x text_format in processor time (goal 100)")
            print(f"  peak {found['peak_mb']:.0f} MB, mapped pages included (goal 300)")
            print(f"  one node with {found['attributes']} attributes: {found['node_s'] * 1000:.1f} ms (goal 10)")
            path.unlink()


if __name__ == "__main__":
    main()
