"""How quickly the window opens, how long its event loop is blocked, what it keeps in memory.

    python tests/benchmarks/bench_window.py [start] [gaps] [memory]

start    first window against a plain PySide6 window: at most 1.5 times
gaps     longest gap of the event loop while 3,000 layers are compared and shown: at most 100 ms
memory   growth over 100 runs of the sample: flat
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT))

LAYERS = 3000
RUNS = 100
STARTS = 9

PLAIN = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QPushButton
app = QApplication([]); app.setStyle("Fusion")
w = QMainWindow(); w.setCentralWidget(QPushButton("x")); w.resize(1280, 800); w.show()
QTimer.singleShot(0, app.quit); app.exec()
import os; os._exit(0)
"""
OURS = """
import sys, os, pathlib
from app.application import Application, make_qt
from app.settings import Settings
from app.window import MainWindow
MainWindow._furnish = lambda self: os._exit(0)
app = make_qt(["x"]); Application(app, Settings(pathlib.Path(sys.argv[1]))).open(); app.exec()
"""


def start(home: Path) -> bool:
    """Whole process until the first picture is painted; the two alternate, so that both meet the same machine."""
    times: dict[str, list[float]] = {"plain": [], "ours": []}
    for _ in range(STARTS):
        for name, code in (("plain", PLAIN), ("ours", OURS)):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code, str(home / "w.ini")], cwd=ROOT, check=True,
                           stderr=subprocess.DEVNULL)
            times[name].append(1000 * (time.perf_counter() - began))
    plain, ours = statistics.median(times["plain"]), statistics.median(times["ours"])
    print(f"first window        {ours:6.0f} ms, plain {plain:.0f} ms: {ours / plain:.2f} times (goal 1.5)")
    return ours <= 1.5 * plain


def gaps(home: Path) -> bool:
    """Compare two models of 3,000 layers in the window, with every plot there."""
    from PySide6.QtCore import QEventLoop, QTimer

    from diag.compare.plan import ComparePlan
    from diag.jobs.compare import CompareJob

    golden, target = model(home / "golden.onnx", 1.0), model(home / "target.onnx", 1.001)
    application, window = opened(home)
    window.desk.curve.furnish()
    window.desk.tensor.furnish()
    pause(300)
    seen: list[tuple[float, str]] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        seen.append((now - last, window.desk.session.state.value))
        last = now

    timer = QTimer(interval=2)
    timer.timeout.connect(tick)
    timer.start()
    began = time.perf_counter()
    window.desk.work.compare(CompareJob(ComparePlan(golden, target, home / "run", checks=False), "auto"))
    loop = QEventLoop()
    window.desk.session.graphs_changed.connect(lambda _: QTimer.singleShot(1000, loop.quit))
    QTimer.singleShot(600_000, loop.quit)
    loop.exec()
    timer.stop()
    worst = max(seen)
    rows = len(window.desk.session.rows)
    print(f"longest gap         {1000 * worst[0]:6.0f} ms ({worst[1]}) while {rows:,} layers were compared in "
          f"{time.perf_counter() - began:.0f} s (goal 100 ms); next: "
          + ", ".join(f"{1000 * g:.0f} ({s})" for g, s in sorted(seen)[-5:-1]))
    application.shut_down()
    pause(50)
    return worst[0] <= 0.1


def memory(home: Path) -> bool:
    """The sample again and again in one window."""
    application, window = opened(home)
    window.desk.curve.furnish()
    window.desk.tensor.furnish()
    sizes = []
    for i in range(RUNS):
        window.do("sample")
        while window.desk.work.busy:
            pause(20)
        window.do("culprit")
        pause(150)
        gc.collect()
        sizes.append(resident())
        if i % 20 == 9:
            print(f"  after {i + 1:3d} runs: {sizes[-1]:.1f} MB")
    warm = sizes[RUNS // 5]
    growth = (sizes[-1] - warm) / (RUNS - RUNS // 5)
    print(f"memory              {sizes[-1]:6.1f} MB after {RUNS} runs, {growth * 1024:+.0f} KB a run since run "
          f"{RUNS // 5} (goal: flat, below 100 KB)")
    application.shut_down()
    pause(50)
    return growth * 1024 < 100


def opened(home: Path) -> tuple:
    """An application with a furnished window."""
    from PySide6.QtWidgets import QApplication

    from app.application import Application, make_qt
    from app.settings import Settings

    application = Application(QApplication.instance() or make_qt(["bench"]), Settings(home / "w.ini"))
    window = application.open()
    while window.desk is None:
        pause(20)
    return application, window


def model(path: Path, factor: float) -> Path:
    """A chain of layers; one weight in the middle is another."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights = [], []
    for i in range(LAYERS):
        weight = np.full(16, 1.0 + (i % 7 - 3) * 1e-3, np.float32)
        if i == LAYERS // 2:
            weight *= np.float32(factor)
        weights.append(numpy_helper.from_array(weight, f"w{i}"))
        nodes.append(helper.make_node("Mul" if i % 2 else "Add", [f"t{i}", f"w{i}"], [f"t{i + 1}"],
                                      name=f"/block.{i // 20}/layer_{i}"))
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4, 16]) for n in ("t0", f"t{LAYERS}")]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def pause(ms: int) -> None:
    """Let the event loop run."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def resident() -> float:
    """Private memory of this process, MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    """1 if a goal is missed."""
    chosen = sys.argv[1:] or ["start", "gaps", "memory"]
    with tempfile.TemporaryDirectory() as home:
        os.environ["DIAG_HOME"] = home
        results = [{"start": start, "gaps": gaps, "memory": memory}[name](Path(home)) for name in chosen]
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main())
