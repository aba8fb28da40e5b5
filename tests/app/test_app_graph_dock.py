"""The graph in the window: it follows the session, the session follows it, pairings by hand are kept and used."""

from __future__ import annotations

import gc
import json
from dataclasses import replace

from app.garbage import Collector
from app.graph.view import Picked
from app.maps import known_map
from app.window import MainWindow
from diag.cancel import Cancel
from diag.events import Finished
from diag.jobs.compare import run_compare
from diag.types.comparison import Comparison

from conftest import sample_job  # isort: skip
from test_app_window import CULPRIT  # isort: skip


def shown(window: MainWindow, qtbot) -> None:
    view = window.desk.graph.view
    window.desk.show_dock("graph")
    qtbot.waitUntil(lambda: view.panes[0].model is not None and view.panes[1].model is not None, timeout=20_000)


def test_the_graph_follows_the_session(on_run: MainWindow, qtbot):
    shown(on_run, qtbot)
    view = on_run.desk.graph.view
    on_run.do("culprit")
    on_run.desk.show_dock("graph")
    pane = view.panes[0]
    qtbot.waitUntil(lambda: pane.selected is not None and pane.selected >= 0, timeout=5000)
    assert pane.model.graph.nodes[pane.selected].name == CULPRIT


def test_the_session_follows_the_graph(on_run: MainWindow, qtbot):
    shown(on_run, qtbot)
    graph = on_run.desk.session.graphs.golden
    node = next(n for n in graph.nodes if n.name == CULPRIT)
    on_run.desk.graph.view.selected.emit(Picked("golden", node, (CULPRIT,)))
    assert on_run.desk.session.selection.golden_node == CULPRIT


def test_a_graph_that_nobody_looks_at_is_not_laid_out(on_run: MainWindow, qtbot):
    on_run.desk.show_dock("why")
    qtbot.wait(50)
    assert on_run.desk.graph.view.panes[0].model is None


def test_a_pairing_by_hand_is_kept_and_used_again(on_run: MainWindow, qtbot):
    desk = on_run.desk
    assert known_map(desk.session.comparison) is None
    desk.graph.view.match_requested.emit(("golden_tensor", "target_value"))
    file = known_map(desk.session.comparison)
    assert json.loads(file.read_text()) == {"target_value": "golden_tensor"}
    assert "F5" in on_run.statusBar().currentMessage()
    desk.graph.view.match_requested.emit(("other", "value"))
    assert json.loads(file.read_text()) == {"target_value": "golden_tensor", "value": "other"}


def test_long_results_cross_the_process_whole(tmp_path, monkeypatch):
    """The sample has fewer layers than one line holds: this makes them many pieces."""
    job = sample_job(tmp_path / "whole")
    *_, plain = run_compare(job, Cancel())
    assert isinstance(plain, Finished)
    monkeypatch.setattr("diag.jobs.host._PIECE", 7)
    sent = pieces_of(plain.result)
    assert sent.layers == plain.result.layers
    assert replace(sent, layers=()) == replace(plain.result, layers=())


def pieces_of(result: Comparison) -> Comparison:
    """As if sent by the child and read by the parent."""
    import io

    from diag.jobs.host import _send_result
    from diag.jobs.remote import _events
    from diag.workspace.codec import to_json

    out = io.StringIO()
    _send_result(out, to_json(result))
    lines = [line.encode() for line in out.getvalue().splitlines()]
    assert sum(b'"piece"' in line[:20] for line in lines) > 10
    events = list(_events(lines, Comparison))
    assert len(events) == 1
    return events[0].result


def test_garbage_is_collected_between_events_only(qapp):
    collector = Collector()
    collector.start()
    assert not gc.isenabled()
    for _ in range(2000):
        cycle: list[object] = []
        cycle.append(cycle)
    before = gc.get_count()[0]
    collector.collect()
    assert gc.get_count()[0] < before
    collector.stop()
    assert gc.isenabled()
