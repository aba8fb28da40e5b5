"""How fast the graph view lays out, paints, opens and follows a selection.

Run it: ``python tests/benchmarks/bench_graph.py``. Prints a table with PASS or FAIL per goal; exits 1 if one is missed.
Paint times are of whole repaints at 1600x1000 on the offscreen platform, over pans and zooms from all to nearest. The
goal is held against the processor time of the painting thread, which never waits for anything: on a busy machine the
time by the clock, printed below it, also holds what other processes took. With ``-v`` each zoom is printed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
from graph_samples import compared, flat, unet, wide  # noqa: E402
from PySide6.QtCore import QPointF  # noqa: E402
from PySide6.QtGui import QImage, QPainter  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from app.graph.canvas import Canvas  # noqa: E402
from app.graph.layout import place  # noqa: E402
from app.graph.model import build  # noqa: E402
from app.graph.order import order  # noqa: E402
from app.graph.overlay import NO_LINKS, overlay  # noqa: E402
from app.graph.palette import GraphPalette  # noqa: E402
from app.graph.pane import Pane  # noqa: E402
from app.graph.view import GraphView  # noqa: E402
from app.theme import LIGHT  # noqa: E402
from diag.cancel import Cancel  # noqa: E402
from diag.types.graph import Graph  # noqa: E402

_LAYOUT_S, _LAYOUT_50K_S, _PAINT_MS, _OPEN_S, _SELECT_MS = 0.5, 1.5, 8.0, 3.0, 100.0


class Table:
    """Rows of the result."""

    def __init__(self) -> None:
        self.missed = False

    def row(self, what: str, found: float, goal: float | None, unit: str) -> None:
        """Print one; without a goal it is for information."""
        told = "" if goal is None else f"<= {goal:g} {unit}  {'PASS' if found <= goal else 'FAIL'}"
        self.missed |= goal is not None and found > goal
        print(f"{what:<62}{found:>9.3g} {unit:<3} {told}", flush=True)


def main() -> int:
    """All of it."""
    app, table = QApplication([]), Table()
    for name, graph, goal in (("10,000 nodes in scopes", unet(10_000), _LAYOUT_S),
                              ("10,000 nodes, flat", flat(10_000), _LAYOUT_S),
                              ("50,000 nodes in scopes", unet(50_000), _LAYOUT_50K_S),
                              ("50,000 nodes, flat", flat(50_000), _LAYOUT_50K_S)):
        _layouts(table, name, graph, goal)
    for name, graph in (("50,000 nodes in scopes, all open", unet(50_000)), ("50,000 nodes, flat", flat(50_000)),
                        ("50,000 nodes, 220 side by side", wide(50_000, 220))):
        _paints(app, table, name, graph)
    _opens(app, table)
    return int(table.missed)


def _layouts(table: Table, name: str, graph: Graph, goal: float) -> None:
    model = build(graph, "golden")
    widths, everything = np.full(model.size, 150.0), frozenset(range(model.root, model.size))
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        arrangement = order(model, Cancel())
        picture = place(model, arrangement, widths, everything, Cancel())
        times.append(time.perf_counter() - begin)
    table.row(f"layout, {name} ({len(picture.items):,} boxes, all open)", float(np.median(times)), goal, "s")
    scope = int(np.argmax(np.where(np.arange(model.size) > model.root, model.leaves, 0)))
    if scope > model.root:
        begin = time.perf_counter()
        place(model, arrangement, widths, everything - {scope}, Cancel(), picture)
        table.row("  one scope closed again", time.perf_counter() - begin, None, "s")


def _paints(app: QApplication, table: Table, name: str, graph: Graph) -> None:
    view = GraphView(GraphPalette.of(LIGHT))
    view.resize(1600, 1080)
    pane = view.panes[0]
    comparison = compared(graph, graph)
    view.set_graphs(build(graph, "golden", overlay(graph, comparison, "golden")), None, NO_LINKS)
    view.show()
    _wait(app, view)
    pane.open_all(pane.model.root)
    _wait(app, view)
    canvas = pane.canvas
    canvas.resize(1600, 1000)
    image, times = QImage(1600, 1000, QImage.Format.Format_ARGB32_Premultiplied), []
    canvas.fit()
    lowest = canvas.view.zoom
    centre = canvas.scene.boxes.box[len(canvas.scene.boxes.box) // 2]
    for zoom in np.geomspace(lowest, 2.5, 24):
        canvas.zoom_by(float(zoom) / canvas.view.zoom)
        canvas.centre_at((float(centre[0]), float(centre[1])))
        for step in range(12):
            canvas.pan(23.0, 31.0 * (1 if step % 4 else -3))
            if step % 6 == 5:
                canvas.zoom_by(1.07, QPointF(400, 300))
            times.append(_paint(canvas, image))
    wall, milliseconds = np.array(times).T * 1e3
    table.row(f"paint p95, {name}, any zoom", float(np.percentile(milliseconds, 95)), _PAINT_MS, "ms")
    worst = milliseconds.reshape(24, 12)
    table.row("  worst zoom's median", float(np.median(worst, 1).max()), None, "ms")
    table.row("  longest", float(milliseconds.max()), None, "ms")
    table.row("  p95 by the clock", float(np.percentile(wall, 95)), None, "ms")
    if "-v" in sys.argv:
        for zoom, row in zip(np.geomspace(lowest, 2.5, 24), worst, strict=True):
            print(f"    {zoom:.5f} {np.median(row):.2f} {row.max():.2f}")
    view.shut_down()
    view.close()


def _paint(canvas: Canvas, image: QImage) -> tuple[float, float]:
    """By the clock, and of this thread; s."""
    begin, own = time.perf_counter(), time.thread_time()
    painter = QPainter(image)
    canvas.render_to(painter)
    painter.end()
    return time.perf_counter() - begin, time.thread_time() - own


def _opens(app: QApplication, table: Table) -> None:
    for size, goal in ((8_400, _OPEN_S), (20_000, None)):
        golden, target = unet(size), unet(size, fused=True)
        comparison = compared(golden, target)
        view = GraphView(GraphPalette.of(LIGHT))
        view.resize(1600, 1000)
        view.show()
        begin = time.perf_counter()
        view.open(golden, target, comparison)
        longest = _wait(app, view)
        table.row(f"opening {len(golden.nodes):,} and {len(target.nodes):,} nodes with a comparison",
                  time.perf_counter() - begin, goal, "s")
        table.row("  longest stop of the event loop", longest * 1e3, None, "ms")
    _selects(app, table, view)
    view.shut_down()
    view.close()


def _selects(app: QApplication, table: Table, view: GraphView) -> None:
    for pane in view.panes:
        pane.open_all(pane.model.root)
    _wait(app, view)
    image = QImage(1600, 1000, QImage.Format.Format_ARGB32_Premultiplied)
    nodes = [*range(0, view.panes[0].model.first_input, 997), view.panes[0].model.root + 5]
    times = []
    for node in nodes:
        begin = time.perf_counter()
        view.panes[0].picked.emit(node)
        app.processEvents()
        both: list[Pane] = list(view.panes)
        for pane in both:
            _paint(pane.canvas, image)
        times.append(time.perf_counter() - begin)
    table.row("selection in step, 20,000 nodes all open, both painted (longest)", max(times) * 1e3, _SELECT_MS, "ms")


def _wait(app: QApplication, view: GraphView) -> float:
    """Until nothing is worked on; the longest stop of the event loop, s."""
    longest, last = 0.0, time.perf_counter()
    while view.busy:
        app.processEvents()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        time.sleep(0.002)
        last = time.perf_counter()
    app.processEvents()
    return longest


if __name__ == "__main__":
    sys.exit(main())
