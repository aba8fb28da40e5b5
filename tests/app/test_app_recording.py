"""A recording in the window: dropped with its model and graph, compared, its culprit shown."""

from __future__ import annotations

import os
from pathlib import Path

from npu_model import channel, recording

from app.dialogs.compare import CompareDialog
from app.models.draft import Draft, check
from app.pages.table import COMPARE, page_of
from app.pairs import Pair, sort_out
from diag.types.layer import Stage, Verdict

from conftest import settle  # isort: skip
from test_app_story import finish  # isort: skip
from test_app_window import dialog, drop  # isort: skip


def dropped(tmp_path: Path) -> tuple[Path, Path, Path]:
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)})
    return model, tmp_path / "dump", done.graph


def test_a_model_and_a_recording_are_a_pair(tmp_path: Path) -> None:
    model, folder, graph = dropped(tmp_path)
    assert sort_out([folder, model]).pairs == (Pair(model, folder),)
    assert sort_out([model, folder, graph]).pairs == (Pair(model, folder, graph),)
    assert sort_out([tmp_path]).pairs == (Pair(model, folder),)
    assert sort_out([folder]).alone == (folder,)


def test_the_fields_are_checked_for_a_recording(tmp_path: Path) -> None:
    model, folder, graph = dropped(tmp_path)
    good = check(Draft(str(model), str(folder), graph=str(graph)))
    assert good.problems == {}
    assert good.job is not None
    assert good.job.plan.graph == graph
    assert [(p.used.name, p.used.source) for p in good.inputs] == [("x", "recorded on the device")]
    empty = tmp_path / "empty"
    empty.mkdir()
    bad = check(Draft(str(model), str(empty), graph=str(model)))
    assert set(bad.problems) == {"target", "graph"}
    assert "Expected tensor dumps in this folder" in bad.problems["target"]


def test_from_drop_to_culprit_of_a_recording(opened, qtbot, tmp_path: Path) -> None:
    model, folder, graph = dropped(tmp_path)
    window = opened()
    drop(window, model, folder, graph)
    asked: CompareDialog = dialog(window, CompareDialog)
    qtbot.waitUntil(asked.start.isEnabled, timeout=20_000)
    assert asked.graph.text() == str(graph)
    assert asked.graph.isVisibleTo(asked)
    assert not asked.runtime.isVisibleTo(asked)
    shot(asked, "dialog")
    asked.start.click()
    finish(window, qtbot)
    settle(window, qtbot)
    desk = window.desk
    found = desk.session.comparison
    assert found.verdict is Verdict.FAIL
    assert [(c.golden_node, c.stage) for c in found.culprits] == [("conv2", Stage.RUNTIME)]
    assert "the NPU's Conv2D gets index 17 of axis 1 wrong" in desk.banner.sentence.text()
    desk.banner.culprit.click()
    assert desk.session.selection.golden_node == "conv2"
    assert desk.session.graphs.problem == ""
    assert "conv2" in [n.name for n in desk.session.graphs.target.nodes]
    assert f"--graph {graph}" in desk.work.jobs[-1].command
    window.resize(1600, 950)
    qtbot.waitUntil(lambda: desk.why.model.rowCount() > 0, timeout=20_000)
    shot(window, "window")


def test_the_graph_is_asked_for_where_it_means_something(opened, qtbot, tmp_path: Path) -> None:
    model, folder, _ = dropped(tmp_path)
    window = opened()
    drop(window, model)
    asked: CompareDialog = dialog(window, CompareDialog)
    assert not asked.graph.isVisibleTo(asked)
    asked.target.edit.setText(str(folder))
    qtbot.waitUntil(lambda: asked.graph.isVisibleTo(asked), timeout=20_000)
    asked.target.edit.setText(str(model))
    qtbot.waitUntil(lambda: not asked.graph.isVisibleTo(asked), timeout=20_000)
    asked.reject()


def shot(widget: object, name: str) -> None:
    """A picture for people, where one is wanted."""
    folder = os.environ.get("DIAG_SHOTS")
    if folder:
        widget.grab().save(str(Path(folder) / f"{name}.png"))  # type: ignore[attr-defined]


def test_the_three_belong_to_the_comparison_and_the_graph_alone_does_not(tmp_path: Path) -> None:
    model, folder, graph = dropped(tmp_path)
    assert page_of([model, folder, graph]) == COMPARE
    assert page_of([folder, model]) == COMPARE
    assert page_of([graph]) == "graphs"
